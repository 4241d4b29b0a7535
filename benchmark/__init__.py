"""EmbedMark: evaluate text-embedding models on any task that a file describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark._version import __version__

if TYPE_CHECKING:
    from benchmark.evaluation import evaluate as evaluate

__all__ = ["__version__", "evaluate"]


def __getattr__(name: str) -> Any:
    # Lazy: importing the package must load nothing heavy.
    if name == "evaluate":
        from benchmark.evaluation import evaluate

        return evaluate
    raise AttributeError(f"module 'benchmark' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)

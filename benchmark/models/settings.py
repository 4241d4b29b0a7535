"""How a model makes its vectors where no option says it, and on what device, for its results."""

from __future__ import annotations

import sys
from typing import Any

from benchmark.protocols import Composite, Encoder, Fitted, Lookup, Model


def settings_of(model: Model) -> dict[str, Any]:
    """Plain values by name: what holds in fact, whoever decided it (option, file or library).

    ``similarity``; ``dtype`` of the vectors that are compared; and where the adapter says so
    ``max_tokens`` (None: no limit) and ``max_query_tokens``, ``pooling``, ``normalize``,
    ``weights`` (their type), and more of its own in a property ``manifest``. A model made of models
    has a table of these for each of its parts, by name.
    """
    if isinstance(model, Composite):
        return {part.identity.name: settings_of(part) for part in model.parts}
    found: dict[str, Any] = {"similarity": model.similarity}
    if isinstance(model, Encoder | Fitted | Lookup):
        found["dtype"] = "float32"
    for name in ("max_tokens", "max_query_tokens"):
        if hasattr(model, name):
            found[name] = getattr(model, name)
    return dict(sorted({**found, **model.identity.effective, **_own(model)}.items()))


def device_of(model: Model) -> str:
    """What computes a model's vectors, a GPU by its product's name; '' where nobody says.

    Several devices, or those of a model's parts, stand with commas between, each once.
    """
    if isinstance(model, Composite):
        names = [device_of(part) for part in model.parts]
    else:
        names = [_named(name) for name in _device(model).split(",")]
    return ", ".join(dict.fromkeys(name for name in names if name))


def _own(model: Any) -> dict[str, Any]:
    return dict(getattr(model, "manifest", {}))


def _device(model: Any) -> str:
    """The device of a model, or else of that which it is made from or wraps."""
    inner = getattr(model, "base", getattr(model, "model", None))
    found = getattr(model, "device", None)
    return str(found or "") if found or inner is None else _device(inner)


def _named(device: str) -> str:
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_available():
        return device
    return f"cuda ({torch.cuda.get_device_name(device)})"

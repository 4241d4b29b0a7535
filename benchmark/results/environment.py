"""The software and machine that a number was measured on; nothing that names a person or host."""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from typing import Any

from benchmark.results.commit import own_commit

# The packages that touch a vector or a score: module -> distribution.
_PACKAGES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "pyarrow": "pyarrow",
    "torch": "torch",
    "transformers": "transformers",
    "sentence_transformers": "sentence-transformers",
    "tokenizers": "tokenizers",
    "onnxruntime": "onnxruntime",
    "model2vec": "model2vec",
    "wordllama": "wordllama",
    "bm25s": "bm25s",
    "mteb": "mteb",
}


def environment(device: str = "") -> dict[str, Any]:
    """Versions of Python and of the packages that this process has loaded, our commit, machine.

    ``device`` is what computed the vectors, where that is known.
    """
    loaded = {
        name: _version(module, name) for module, name in _PACKAGES.items() if module in sys.modules
    }
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        **({"device": device} if device else {}),
        **({"commit": own_commit()} if own_commit() else {}),
        "packages": {name: found for name, found in loaded.items() if found},
    }


@cache
def _version(module: str, distribution: str) -> str:
    """What a loaded module says of itself, or else its metadata, which take longer to read."""
    if isinstance(known := getattr(sys.modules[module], "__version__", None), str):
        return known
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def peak_memory_mb() -> float:
    """The largest resident memory of this process so far, in MB; 0 where the system cannot say."""
    try:
        import resource  # POSIX only
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)

"""The software and machine that a number was measured on; nothing that names a person or host."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow", "torch", "sentence-transformers")


def environment() -> dict[str, Any]:
    """Versions of Python and of the packages that touch a score, system, processor count."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "packages": found,
    }


def peak_memory_mb() -> float:
    """The largest resident memory of this process so far, in MB; 0 where the system cannot say."""
    try:
        import resource  # POSIX only
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)

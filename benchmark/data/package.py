"""Find the files of an installed package without importing it."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from benchmark.errors import DataError, MissingExtraError

EXTRA = "starter"


def find_file(package: str, path: str, needed_by: str = "this task") -> Path:
    """The file or folder ``path`` of the distribution ``package``.

    ``path`` starts where the distribution's own file list starts (``gensim/test/test_data``), since
    a distribution and what it installs may have different names (edgartools installs edgar). The
    package is neither imported nor asked for its version: a fingerprint of the content decides
    whether the data is what it should be. Raises MissingExtraError when the package is not
    installed, DataError when it has no such file or the path leaves the installation.
    """
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        raise MissingExtraError(package, EXTRA, needed_by) from None
    root = Path(str(distribution.locate_file(""))).resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root):
        raise DataError(f"{package}: the path '{path}' leaves the package; name a file inside it")
    if not found.exists():
        raise DataError(
            f"{package} {distribution.version}: has no file '{path}'; {install_hint(package)}"
        )
    return found


def wrong_shape(path: Path, what: str) -> DataError:
    """The error for a file that is not what its reader expects: ``what`` was found instead."""
    return DataError(
        f"{path}: {what}; another version of the package may be installed: run: {_PIP}"
    )


def install_hint(package: str) -> str:
    """What to do when a package lacks a file: the version that the extra asks for has it.

    >>> install_hint("gensim")
    "install the version that the extra pins: pip install --upgrade 'embedmark[starter]' gensim"
    """
    return f"install the version that the extra pins: {_PIP} {package}"


_PIP = f"pip install --upgrade 'embedmark[{EXTRA}]'"

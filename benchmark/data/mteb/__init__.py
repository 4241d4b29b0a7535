"""Tasks and benchmarks of an installed mteb, run by name: its facts, files of them, its data."""

from __future__ import annotations

from pathlib import Path

PREFIX = "mteb:"
"""What stands before the name of a task or benchmark of mteb where tasks are asked for."""


def is_benchmark(name: str) -> bool:
    """Whether the installed mteb has a benchmark of this name; without an mteb none is."""
    from benchmark.data.mteb.index import is_installed, read_index

    return is_installed() and name in read_index(name)["benchmarks"]


def files_of(name: str) -> tuple[Path, dict[str, Path]]:
    """The file of a task or benchmark of mteb, and the files of all tasks that it needs by name.

    They are made of what mteb's registry says. Raises UsageError for a name that mteb lacks, and
    for a task that cannot run here.
    """
    from benchmark.data.mteb.files import written

    return written(name)

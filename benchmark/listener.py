"""What follows a run: told of each job, its progress, findings and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmark.results.frame import Row


class Listener(Protocol):
    """What follows a run: a progress bar, a log, or nothing."""

    def job(self, model: str, task: str, number: int, jobs: int) -> None: ...
    def progress(self, done: int, total: int) -> None: ...
    def note(self, message: str) -> None: ...
    def rows(self, rows: Sequence[Row]) -> None: ...


class Silent:
    """A listener that does nothing."""

    def job(self, model: str, task: str, number: int, jobs: int) -> None:
        """Ignore."""

    def progress(self, done: int, total: int) -> None:
        """Ignore."""

    def note(self, message: str) -> None:
        """Ignore."""

    def rows(self, rows: Sequence[Row]) -> None:
        """Ignore."""

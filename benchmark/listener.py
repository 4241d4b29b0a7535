"""What follows a run: told of each job, its progress, findings and rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from benchmark.results.frame import Row


class Listener(Protocol):
    """What follows a run: a progress bar, a log, or nothing.

    ``progress`` is told the share of the run that is done, 0 to 1, and how fast; also by the thread
    that encodes ahead, as is ``note``.
    """

    def job(self, model: str, task: str, number: int, jobs: int) -> None: ...
    def progress(self, share: float, pace: str) -> None: ...
    def note(self, message: str) -> None: ...
    def rows(self, rows: Sequence[Row]) -> None: ...


class Silent:
    """A listener that does nothing."""

    def job(self, model: str, task: str, number: int, jobs: int) -> None:
        """Ignore."""

    def progress(self, share: float, pace: str) -> None:
        """Ignore."""

    def note(self, message: str) -> None:
        """Ignore."""

    def rows(self, rows: Sequence[Row]) -> None:
        """Ignore."""

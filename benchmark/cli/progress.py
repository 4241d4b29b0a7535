"""Progress on stderr: a bar with rate and estimate in a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from benchmark.results.frame import Row


class TerminalListener:
    """Follows a run; notes are printed on stderr, each once, also where there is no terminal."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._bar: Any = None
        self._bar_task: Any = None
        self._share = 0.0

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                Progress,
                TaskProgressColumn,
                TextColumn,
                TimeElapsedColumn,
                TimeRemainingColumn,
            )

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TextColumn("{task.fields[pace]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
            self._bar_task = self._bar.add_task("", total=1.0, pace="")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def job(self, model: str, task: str, number: int, jobs: int) -> None:
        """Name what runs now."""
        if self._bar is not None:
            self._bar.update(self._bar_task, description=f"{number}/{jobs} {model} on {task}")

    def progress(self, share: float, pace: str) -> None:
        """Move the bar, which is of the whole run; never back."""
        if self._bar is not None:
            self._share = max(self._share, share)
            self._bar.update(self._bar_task, completed=self._share, pace=pace)

    def download(self, done: int, total: int) -> None:
        """Say how many bytes of a task's data are here, of those that are wanted."""
        if self._bar is not None:
            pace = f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB downloaded"
            self._bar.update(self._bar_task, pace=pace)

    def note(self, message: str) -> None:
        """Print a finding that the user should know of."""
        if message in self._said:
            return
        self._said.add(message)
        if self._bar is not None:
            self._bar.console.print(f"note: {message}", markup=False, highlight=False)
        else:
            print(f"note: {message}", file=sys.stderr)

    def rows(self, rows: Sequence[Row]) -> None:
        """Nothing: the table is printed at the end."""


@contextmanager
def counter(what: str) -> Iterator[Callable[[int, int], None]]:
    """Count things of one sort, as done and total, with a rate and an estimate."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def move(done: int, total: int) -> None:
            elapsed = bar.tasks[0].elapsed or 0.0
            rate = f", {done / elapsed:,.0f}/s" if elapsed > 0 else ""
            text = f"{done:,} of {total:,} {what}{rate}"
            bar.update(task, completed=done, total=total, description=text)

        yield move

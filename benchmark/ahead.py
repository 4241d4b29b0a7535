"""Run an iterator in a thread, a little ahead of whoever reads it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

_POLL = 0.2  # seconds; a wait without end cannot be interrupted on Windows
_END = object()


class _StoppedError(BaseException):
    """The reader has left; no Exception, so that no guard of foreign code takes it for one."""


@contextmanager
def run_ahead(make: Callable[[Callable[[], None]], Iterator[T]]) -> Iterator[Iterator[T]]:
    """The items of ``make(check)``, in order, one of them made in advance.

    An error of the iterator is raised where its item would have come. When the block is left,
    however it is left, ``check()`` raises in the thread, which ends before the block does: within
    the time between two calls of ``check``.
    """
    line = _Line()
    # A daemon: a second Ctrl-C, while the block waits for a long batch, ends the process.
    thread = threading.Thread(target=line.work, args=(make,), name="ahead", daemon=True)
    thread.start()
    try:
        yield line.items()
    finally:
        line.left.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class _Line:
    """What stands between the thread and the reader: items, or the error that ended them."""

    ready: queue.Queue[tuple[Any, BaseException | None]] = field(
        default_factory=lambda: queue.Queue(maxsize=1)
    )
    left: threading.Event = field(default_factory=threading.Event)

    def work(self, make: Callable[[Callable[[], None]], Iterator[Any]]) -> None:
        with suppress(_StoppedError):
            try:
                for item in make(self.check):
                    self.put(item)
                self.put(_END)
            except _StoppedError:
                raise
            except BaseException as error:  # noqa: BLE001 -- raised again by the reader
                self.put(_END, error)

    def check(self) -> None:
        if self.left.is_set():
            raise _StoppedError

    def put(self, item: Any, error: BaseException | None = None) -> None:
        while True:
            self.check()
            with suppress(queue.Full):
                self.ready.put((item, error), timeout=_POLL)
                return

    def items(self) -> Iterator[Any]:
        while True:
            try:
                item, error = self.ready.get(timeout=_POLL)
            except queue.Empty:
                continue
            if error is not None:
                raise error
            if item is _END:
                return
            yield item

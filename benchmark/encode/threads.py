"""Threads of torch, where several batches of one model run side by side."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def one_thread_each() -> Iterator[Callable[[], None]]:
    """What each thread that runs a batch calls first, so that torch uses that thread alone.

    Then the cores work on batches of their own and wait for each other at no layer, and the bytes
    do not depend on how many cores there are. Afterwards torch has the threads that it had.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        yield lambda: None
        return
    before = torch.get_num_threads()
    try:
        yield lambda: torch.set_num_threads(1)
    finally:
        torch.set_num_threads(before)

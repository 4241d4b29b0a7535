"""An asynchronous iterator read from ordinary code: its loop runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")


def in_background(items: AsyncGenerator[Item, None]) -> Iterator[Item]:
    """Give the items one by one; works also where the caller's thread runs a loop (a notebook).

    The generator goes on while the reader is busy, and is cancelled when the reader stops.
    """
    found: SimpleQueue[tuple[Item] | BaseException | None] = SimpleQueue()
    loop = asyncio.new_event_loop()
    work = loop.create_task(_pump(items, found))
    thread = threading.Thread(target=_run, args=(loop, work), name="endpoint", daemon=True)
    thread.start()
    try:
        while (item := found.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item[0]
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(work.cancel)
        thread.join()
        loop.close()


async def _pump(
    items: AsyncGenerator[Item, None], found: SimpleQueue[tuple[Item] | BaseException | None]
) -> None:
    try:
        async with aclosing(items):
            async for item in items:
                found.put((item,))
    except BaseException as error:  # noqa: BLE001 -- it is raised where the items are read
        found.put(error)
    else:
        found.put(None)


def _run(loop: asyncio.AbstractEventLoop, work: asyncio.Task[None]) -> None:
    loop.run_until_complete(work)
    loop.run_until_complete(loop.shutdown_asyncgens())

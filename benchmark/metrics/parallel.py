"""Independent pieces of arithmetic side by side: threads, with one BLAS thread in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import ThreadpoolController, threadpool_info

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MOST = 16  # threads: what each thread holds counts against memory


def threads() -> int:
    """As many as BLAS would use, so that OMP_NUM_THREADS and the like are obeyed; at most 16."""
    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return max(1, min(MOST, max(pools, default=1)))


def spread(
    function: Callable[[Item], Outcome], items: Iterable[Item], *, most: int = MOST
) -> list[Outcome]:
    """The function of every item, in the order of the items; the first error is raised.

    At most ``most`` run at once, where each holds much memory.

    Threads over whole pieces do better than threads inside small products: two BLAS threads that
    wait for each other on a busy machine take fifteen times as long as one. And what one BLAS
    thread computes does not depend on how many processors there are.

    >>> spread(abs, [-1, 2])
    [1, 2]
    """
    pieces = list(items)
    count = min(threads(), len(pieces), most)
    # Libraries are searched here, not in the threads: the search waits for the interpreter while it
    # holds the loader's lock, and an import in another thread waits the other way round.
    controller = ThreadpoolController()
    with controller.limit(limits=1):
        if count < 2:
            return [function(item) for item in pieces]
        # OpenMP counts threads per calling thread, so each sets its own limit.
        with ThreadPoolExecutor(count, initializer=lambda: controller.limit(limits=1)) as pool:
            return list(pool.map(function, pieces))

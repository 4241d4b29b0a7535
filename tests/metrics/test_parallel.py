"""Pieces side by side: order, errors, and one BLAS thread in each."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from benchmark.metrics.parallel import spread, threads


def blas_threads() -> set[int]:
    """How many threads each BLAS of this process would use now."""
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_results_stand_in_the_order_of_the_items() -> None:
    """Whichever thread is done first."""
    assert [number * number for number in range(50)] == spread(lambda n: n * n, range(50))


def test_nothing_to_do() -> None:
    """No items, no results."""
    assert [] == spread(abs, [])


def test_the_first_error_is_raised() -> None:
    """An error in a thread is an error of the whole."""
    with pytest.raises(ZeroDivisionError):
        spread(lambda n: 1 // n, [1, 0])


def test_each_piece_has_one_blas_thread_and_the_limit_is_lifted_after() -> None:
    """What a piece computes does not depend on the number of processors."""
    before = blas_threads()
    found = spread(lambda _: blas_threads(), range(4))

    assert [{1}] * 4 == found
    assert before == blas_threads()


def test_a_limit_of_the_user_is_obeyed() -> None:
    """OMP_NUM_THREADS=1 and the like leave one thread in all."""
    with threadpool_limits(1):
        assert 1 == threads()

"""Correlations by hand, and where they are undefined."""

from __future__ import annotations

import math

import pytest

from benchmark.metrics.correlation import average_ranks, pearson, spearman


def test_pearson_by_hand() -> None:
    """x - 2 = -1 0 1, y - 3 = -2 0 2 + noise: (2 + 0 + 1) / sqrt(2 * 5) for y - 3 = -2 1 1."""
    assert pearson([1, 2, 3], [1, 4, 4]) == pytest.approx(3 / math.sqrt(2 * 6))


def test_spearman_by_hand() -> None:
    """Ranks 1 2 3 4 and 2 1 4 3: 1 - 6 * (1 + 1 + 1 + 1) / (4 * 15) = 0.6."""
    assert spearman([1, 2, 3, 4], [20, 10, 40, 30]) == pytest.approx(0.6)


def test_ties_share_their_mean_rank() -> None:
    """The two 5 hold ranks 2 and 3, so 2.5 each."""
    assert average_ranks([5, 1, 5, 9]).tolist() == [2.5, 1.0, 2.5, 4.0]


@pytest.mark.parametrize("values", [[2.0, 2.0, 2.0], [0.0, 0.0, 0.0]])
def test_constant_is_undefined(values: list[float]) -> None:
    """A series without spread correlates with nothing."""
    assert math.isnan(pearson(values, [1, 2, 3]))
    assert math.isnan(spearman([1, 2, 3], values))


def test_one_pair_is_undefined() -> None:
    """A correlation needs two pairs."""
    assert math.isnan(spearman([1], [2]))


def test_no_pair_is_undefined() -> None:
    """Nothing correlates with nothing."""
    assert math.isnan(spearman([], []))

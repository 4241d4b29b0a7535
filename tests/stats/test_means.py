"""Means in which a missing score is never passed over."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.stats.means import mean, mean_over_kinds, mean_over_tasks, means_by_kind

KINDS = {"A": "sts", "B": "sts", "C": "bitext"}
EQUAL = {"A": 1.0, "B": 1.0, "C": 1.0}


def test_means_by_hand() -> None:
    """Over tasks (0.5 + 0.7 + 0.3) / 3; over kinds ((0.5 + 0.7) / 2 + 0.3) / 2."""
    scores: dict[str, float | None] = {"A": 0.5, "B": 0.7, "C": 0.3}
    by_kind = means_by_kind(scores, KINDS, EQUAL)
    over_tasks, over_kinds = mean_over_tasks(scores, EQUAL), mean_over_kinds(by_kind)

    assert 0.5 == pytest.approx(over_tasks, abs=1e-15)
    assert 0.45 == pytest.approx(over_kinds, abs=1e-15)
    assert ["sts", "bitext"] == list(by_kind)


def test_weights_by_hand() -> None:
    """(3 x 0.5 + 1 x 0.7) / 4 within the kind; (3 x 0.5 + 0.7 + 2 x 0.3) / 6 over all tasks."""
    scores: dict[str, float | None] = {"A": 0.5, "B": 0.7, "C": 0.3}
    weights = {"A": 3.0, "B": 1.0, "C": 2.0}

    assert 0.55 == pytest.approx(means_by_kind(scores, KINDS, weights)["sts"], abs=1e-15)
    assert 2.8 / 6 == pytest.approx(mean_over_tasks(scores, weights), abs=1e-15)


def test_a_missing_score_empties_every_mean_that_needs_it() -> None:
    """The kind of the missing task has no mean, nor do the means over tasks and kinds."""
    scores = {"A": 0.5, "B": 0.7, "C": None}
    by_kind = means_by_kind(scores, KINDS, EQUAL)

    assert by_kind["bitext"] is None
    assert by_kind["sts"] is not None
    assert mean_over_tasks(scores, EQUAL) is None
    assert mean_over_kinds(by_kind) is None


def test_the_mean_of_nothing_is_missing() -> None:
    """No values give no mean, and never 0."""
    assert mean([]) is None
    assert mean_over_kinds({}) is None


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20), st.randoms())
def test_the_order_changes_no_bit(values: list[float], random: Random) -> None:
    """Shuffled values have the same mean to the last bit, within the values' range."""
    shuffled = values.copy()
    random.shuffle(shuffled)
    found = mean(values)

    assert found == mean(shuffled)
    assert found is not None
    assert min(values) - 1e-15 <= found <= max(values) + 1e-15


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=20))
def test_equal_weights_are_no_weights(values: list[float]) -> None:
    """Weights of 1 give the unweighted mean to the last bit."""
    assert mean(values) == mean(values, [1.0] * len(values))


def test_sums_are_exactly_rounded() -> None:
    """Ten times 0.1 is 1, which plain addition misses."""
    assert 0.1 == mean([0.1] * 10)
    assert not math.isclose(sum([0.1] * 10), 1.0, rel_tol=0, abs_tol=0)

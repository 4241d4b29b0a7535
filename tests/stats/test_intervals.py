"""Intervals against scipy's, on clusters, and at the ends of the range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from benchmark.stats.components import crossed_error
from benchmark.stats.influence import spearman_influence
from benchmark.stats.intervals import (
    correlation_interval,
    mean_interval,
    precision_interval,
    share_interval,
    standard_error,
)


@pytest.mark.parametrize("hits", [0, 3, 1000, 1990, 2000])
def test_of_zeros_and_ones_it_is_wilsons(hits: int) -> None:
    """At 2,000 Student's quantile is the normal's to three digits."""
    found = mean_interval(np.repeat([1.0, 0.0], [hits, 2000 - hits]))
    wilson = binomtest(hits, 2000).proportion_ci(0.95, method="wilson")

    assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), abs=2e-4)


def test_in_the_middle_it_is_students() -> None:
    """Far from the ends the score interval and mean +- t s / sqrt(n) agree."""
    values = np.random.default_rng(0).uniform(0.3, 0.7, 500)
    found = mean_interval(values)
    half = t.ppf(0.975, 499) * values.std(ddof=1) / np.sqrt(500)

    assert found.low == pytest.approx(values.mean() - half, abs=2e-5)
    assert found.high == pytest.approx(values.mean() + half, abs=2e-5)


def test_clusters_that_agree_count_once() -> None:
    """Each value five times in a cluster: the error of the 100 values, not of 500."""
    values = np.random.default_rng(1).random(100)
    error, freedom = standard_error(np.repeat(values, 5), np.repeat(np.arange(100), 5))

    assert error == pytest.approx(standard_error(values)[0], rel=1e-12)
    assert 99 == freedom


def test_clusters_of_one_change_nothing() -> None:
    """Every example its own cluster."""
    values = np.random.default_rng(2).random(60)

    assert standard_error(values) == pytest.approx(standard_error(values, np.arange(60)))


@given(st.lists(st.floats(0, 1), min_size=2, max_size=60))
def test_the_mean_is_inside_and_the_interval_in_range(values: list[float]) -> None:
    """Whatever the values."""
    found = mean_interval(np.array(values))
    mean = float(np.mean(values))

    assert 0 <= found.low <= mean + 1e-12
    assert mean - 1e-12 <= found.high <= 1


def test_one_example_has_no_interval() -> None:
    """Nor has one cluster: its variance is unknown."""
    assert np.isnan(mean_interval(np.array([0.5])).low)
    assert np.isnan(mean_interval(np.array([0.5, 0.7]), np.array([3, 3])).high)


def test_a_perfect_score_keeps_a_width_and_a_constant_one_has_none() -> None:
    """Fifty hits of fifty may be 0.93; fifty times 0.5 is 0.5."""
    assert mean_interval(np.ones(50)).low == pytest.approx(0.925, abs=0.001)
    flat = mean_interval(np.full(50, 0.5))

    assert (0.5, 0.5) == (flat.low, flat.high)


def test_a_correlation_stays_below_one() -> None:
    """Fisher's z keeps the ends inside, and a perfect correlation has no width."""
    one = np.arange(30.0)
    other = one.copy()
    other[[3, 4]] = other[[4, 3]]
    found = correlation_interval(0.999, spearman_influence(one, other))
    perfect = correlation_interval(1.0, np.zeros(30))

    assert 0.9 < found.low < 0.999 < found.high < 1
    assert (1.0, 1.0) == (perfect.low, perfect.high)
    assert precision_interval(0.0, np.zeros(50), 25).high == 0.0


def test_crossed_error_of_no_interaction_adds_both() -> None:
    """Values that are text + draw: the error is that of both means, less nothing."""
    draws = np.random.default_rng(4)
    texts, rounds = draws.normal(size=200), draws.normal(size=10)
    error, _ = crossed_error(0.5 + texts[None] + rounds[:, None])

    assert error**2 == pytest.approx(texts.var(ddof=1) / 200 + rounds.var(ddof=1) / 10, rel=1e-9)


def test_crossed_error_of_one_draw_is_that_of_texts() -> None:
    """Nothing tells how draws differ."""
    values = np.random.default_rng(5).random((1, 40))

    assert crossed_error(values) == pytest.approx(standard_error(values[0]))


def test_share_interval_widens_with_the_error() -> None:
    """More error, wider on both sides."""
    narrow = share_interval(0.8, 0.01, 99, 100, "x")
    wide = share_interval(0.8, 0.03, 99, 100, "x")

    assert wide.low < narrow.low < 0.8 < narrow.high < wide.high

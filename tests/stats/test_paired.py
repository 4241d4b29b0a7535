"""Paired differences against scipy: flips, Student's t, corrections; and degenerate ones."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import false_discovery_control, permutation_test, ttest_rel

from benchmark.stats.flips import sign_flips
from benchmark.stats.intervals import mean_interval
from benchmark.stats.paired import (
    combined_difference,
    false_discovery_rate,
    holm,
    mean_difference,
    sampled_difference,
    student_difference,
)

RNG = np.random.default_rng(3)
ONE, OTHER = RNG.random(60), RNG.random(60) * 0.9


def mean_of_pairs(one: np.ndarray, other: np.ndarray, axis: int) -> np.ndarray:
    """The statistic that scipy permutes."""
    return np.asarray((one - other).mean(axis=axis))


@pytest.mark.parametrize("count", [6, 9, 13])
def test_few_examples_are_flipped_in_every_way(count: int) -> None:
    """p is scipy's exact one, to the last digit."""
    one, other = ONE[:count], OTHER[:count]
    exact = permutation_test(
        (one, other), mean_of_pairs, permutation_type="samples", n_resamples=np.inf
    )

    assert mean_difference(one - other).p == pytest.approx(exact.pvalue, abs=1e-12)


def test_many_examples_are_flipped_at_random() -> None:
    """p is scipy's of other random patterns, to four standard errors of both; seeded here."""
    found = mean_difference(ONE - OTHER)
    drawn = permutation_test(
        (ONE, OTHER), mean_of_pairs, permutation_type="samples", n_resamples=9999, rng=1
    )

    assert found.p == pytest.approx(drawn.pvalue, abs=4 * math.sqrt(2 * 0.25 / 1e4))
    assert found == mean_difference(ONE - OTHER)


def test_of_many_examples_it_is_students_t() -> None:
    """p and interval of 2,000 examples, as the central limit theorem has them."""
    one, other = RNG.random(2000), RNG.random(2000) + 0.015
    found, student = mean_difference(one - other), ttest_rel(one, other)
    low, high = student.confidence_interval()

    assert found.p == pytest.approx(student.pvalue, abs=0.02)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=2e-3)


def test_p_is_never_0_and_still_small() -> None:
    """A plain difference of 500 examples lies far below what a sample of patterns can count."""
    found = mean_difference(0.3 + 0.1 * RNG.standard_normal(500))

    assert 0 < found.p < 1e-50


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1, 0.15, 0.2])
@pytest.mark.parametrize("count", [8, 60])
def test_the_interval_holds_0_just_where_p_is_above_5_percent(shift: float, count: int) -> None:
    """They are one test."""
    p, low, high = sign_flips((ONE - OTHER)[:count] + shift, np.ones(count))

    assert (p > 0.05) == (low <= 0 <= high)


def test_groups_flip_whole() -> None:
    """Each value five times in its group is as much as each once."""
    differences = ONE - OTHER
    once = mean_difference(differences)
    grouped = mean_difference(np.repeat(differences, 5), np.repeat(np.arange(60), 5))

    assert grouped.p == once.p
    assert (grouped.interval.low, grouped.interval.high) == pytest.approx(
        (once.interval.low, once.interval.high)
    )
    assert 60 == grouped.interval.n
    assert mean_difference(np.repeat(differences, 5)).p < once.p


def test_all_ties_are_no_proof_of_equality() -> None:
    """p is 1, and the interval as wide as that of no case among so many."""
    found = mean_difference(np.zeros(100))

    assert 1.0 == found.p
    assert found.interval.high == pytest.approx(1 - mean_interval(np.ones(100)).low)
    assert found.interval.low == -found.interval.high
    assert math.isnan(found.detectable)


def test_one_win_among_many_ties_does_not_exclude_a_loss() -> None:
    """Flips see one difference only; the shares of wins and losses see how little that is."""
    found = mean_difference(np.r_[1.0, np.zeros(199)])

    assert 1.0 == found.p
    assert found.interval.low < -0.005
    assert found.interval.high > 0.02


@pytest.mark.parametrize("differences", [np.array([]), np.array([0.5])])
def test_one_example_tells_nothing(differences: np.ndarray) -> None:
    """Neither p nor ends."""
    found = mean_difference(differences)

    assert math.isnan(found.p)
    assert found.interval.ends is None


def test_five_examples_cannot_reach_5_percent() -> None:
    """p is two of 32 patterns at best, so no end is known."""
    found = mean_difference(np.ones(5))

    assert 0.0625 == found.p
    assert found.interval.ends is None


def test_a_constant_difference_has_no_width() -> None:
    """It is far from 0 in every pattern, and its effect and detectable size are unknown."""
    found = mean_difference(np.full(50, 0.25))

    assert found.p <= 1e-4
    assert (0.25, 0.25) == (found.interval.low, found.interval.high)
    assert math.isnan(found.effect)
    assert math.isnan(found.detectable)


def test_students_p_is_scipys() -> None:
    """Of any paired differences."""
    differences = ONE - OTHER
    error = float(differences.std(ddof=1) / np.sqrt(60))
    found = student_difference(float(differences.mean()), error, 59, 60, "t")

    assert found.p == pytest.approx(ttest_rel(ONE, OTHER).pvalue)
    assert found.effect == pytest.approx(differences.mean() / differences.std(ddof=1))


def test_the_detectable_difference_is_found_four_times_of_five() -> None:
    """Samples whose mean differs by it, with the deviation that it was taken from."""
    detectable = student_difference(0.0, 0.1, 99, 100, "t").detectable
    samples = detectable + RNG.standard_normal((4000, 100))
    t = samples.mean(axis=1) / (samples.std(axis=1, ddof=1) / 10)

    assert np.mean(np.abs(t) > 1.984217) == pytest.approx(0.8, abs=0.025)


def test_a_mean_over_parts_adds_errors_as_squares() -> None:
    """Two tasks alike halve the variance; parts that may be the same texts do not."""
    one = student_difference(0.1, 0.05, 1e6, 1000, "t")
    both = combined_difference([one, one], [1.0, 1.0])
    same = combined_difference([one, one], [1.0, 1.0], alike=[7, 7])

    assert both is not None
    assert same is not None
    assert both.interval.error == pytest.approx(0.05 / math.sqrt(2))
    assert both.p == pytest.approx(0.0046777, rel=1e-3)  # of z = 2 * sqrt(2)
    assert same.p == pytest.approx(one.p, rel=1e-4)


def test_tasks_as_a_sample_are_scipys_t_over_tasks() -> None:
    """Whatever errors the tasks have."""
    found = sampled_difference((ONE - OTHER).tolist(), [1.0] * 60)

    assert found is not None
    assert found.p == pytest.approx(ttest_rel(ONE, OTHER).pvalue)
    assert sampled_difference([0.5], [1.0]) is None


def test_tasks_of_one_data_set_count_as_one() -> None:
    """Every task three times says no more than once."""
    once = [0.1, 0.3, -0.2, 0.4, 0.2]
    alone = sampled_difference(once, [1.0] * 5)
    copied = sampled_difference(once * 3, [1.0] * 15, ["a", "b", "c", "d", "e"] * 3)

    assert alone is not None
    assert copied is not None
    assert copied.interval.ends == pytest.approx(alone.interval.ends)
    assert copied.p == pytest.approx(alone.p)
    assert (4.0, 5) == (copied.interval.freedom, copied.interval.n)
    assert sampled_difference(once, [1.0] * 5, ["a"] * 5) is None


def test_corrections() -> None:
    """The false-discovery rate is scipy's; Holm's is defined by what it refuses."""
    p = RNG.random(40) ** 3
    stepped = [
        max(min(1.0, (40 - below) * q) for below, q in enumerate(np.sort(p)) if q <= each)
        for each in p
    ]

    assert false_discovery_rate(p.tolist()) == pytest.approx(false_discovery_control(p))
    assert holm(p.tolist()) == pytest.approx(stepped)


def test_what_has_no_p_counts_in_no_correction() -> None:
    """It stays without one."""
    found = holm([0.02, math.nan, 0.03])

    assert [0.04, 0.04] == [found[0], found[2]]
    assert math.isnan(found[1])
    assert all(math.isnan(each) for each in false_discovery_rate([math.nan]))

"""The difference of two scores of the same examples: interval, p, and what could have been seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.stats.combining import combined_interval, sampled_interval
from benchmark.stats.flips import sign_flips
from benchmark.stats.intervals import (
    LEVEL,
    Interval,
    share_interval,
    standard_error,
    student_interval,
)
from benchmark.stats.student import t_quantile, t_tails

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

POWER = 0.8
_FEW = 10  # examples that differ


@dataclass(frozen=True, slots=True)
class Paired:
    """A difference of two scores with its 95 % interval, and the two-sided p of its being 0.

    ``p`` is NaN where nothing tells, as of one example. ``interval.n`` counts examples, or groups
    of them that vary together.
    """

    difference: float
    interval: Interval
    p: float

    @property
    def effect(self) -> float:
        """The standardised mean difference: over the deviation of one example's, Cohen's d_z.

        Where examples vary together it is over that of a group. NaN without a deviation.
        """
        spread = self.interval.error * math.sqrt(self.interval.n)
        return self.difference / spread if spread > 0 else math.nan

    @property
    def detectable(self) -> float:
        """The smallest difference that such data show at 5 %, two-sided, four times of five.

        NaN without a deviation.
        """
        error, freedom = self.interval.error, self.interval.freedom
        if not error > 0 or not freedom > 0:
            return math.nan
        # Within the share 2 * POWER - 1 on both sides lies POWER below its upper end.
        return (t_quantile(freedom, LEVEL) + t_quantile(freedom, 2 * POWER - 1)) * error


def mean_difference(differences: Array, clusters: NDArray[np.int64] | None = None) -> Paired:
    """The mean of ``differences`` ``(n,)`` by sign flips; ``clusters`` ``(n,)`` flip whole.

    Where fewer than ten examples differ, flips see little of how rare a difference is: the interval
    then reaches at least as far as those of the shares of wins and of losses, Wilson's, combined as
    by Zou and Donner 2008, times the size of a difference (1 where there is none). If all are 0, p
    is 1. Clusters ``(n, 2)``, two of each example, cannot flip: there it is Student's t. One
    example, or one group, has no p and no ends.

    >>> mean_difference(np.array([0.0] * 4 + [1.0] * 8)).p
    0.0078125
    """
    mean = float(differences.mean()) if len(differences) else math.nan
    error, freedom = standard_error(differences, clusters)
    n = round(freedom) + 1
    if clusters is not None and clusters.ndim == 2 and differences.any():
        return student_difference(mean, error, freedom, n, "Student's t, clusters")
    method = "sign flips" if clusters is None else "sign flips, clusters"
    if len(differences) < 2 or n < 2:
        return Paired(mean, Interval(math.nan, math.nan, error, freedom, method, n), math.nan)
    if not differences.any():
        low, high = _reach(differences, n)
        return Paired(mean, Interval(low, high, error, freedom, method, n), 1.0)
    sums, sizes = differences, np.ones(len(differences))
    if clusters is not None:
        _, place = np.unique(clusters, return_inverse=True)
        sums = np.asarray(np.bincount(place, differences), np.float64)
        sizes = np.bincount(place).astype(np.float64)
    p, low, high = sign_flips(sums, sizes)
    if np.count_nonzero(differences) < _FEW:
        wide = _reach(differences, n)
        low, high = min(low, wide[0]), max(high, wide[1])
    if not math.isfinite(low) or not math.isfinite(high):
        low = high = math.nan
    return Paired(mean, Interval(low, high, error, freedom, method, n), p)


def student_difference(
    difference: float, error: float, freedom: float, n: int, method: str
) -> Paired:
    """A difference of known ``error`` by Student's t.

    Without an error p is 1 for a difference of 0, else NaN.

    >>> round(student_difference(2.776445, 1.0, 4.0, 5, "t").p, 6)
    0.05
    """
    return _by_student(difference, student_interval(difference, error, freedom, method, n))


def combined_difference(
    parts: Sequence[Paired], weights: Sequence[float], alike: Sequence[object] | None = None
) -> Paired | None:
    """The weighted mean of differences, by their errors; see ``combined_interval``.

    None where a part has no error. One part stays as it is. p is Student's, on the scale on which
    the end of the interval towards 0 has 5 %, so that both say the same.
    """
    if len(parts) == 1:
        return parts[0] if math.isfinite(parts[0].interval.error) else None
    differences = [each.difference for each in parts]
    found = combined_interval(differences, [each.interval for each in parts], weights, alike)
    if found is None:
        return None
    return _by_student(float(np.average(differences, weights=weights)), found)


def sampled_difference(
    differences: Sequence[float], weights: Sequence[float], groups: Sequence[object] | None = None
) -> Paired | None:
    """The weighted mean of the differences of tasks that are a sample, by Student's t over them.

    Tasks of one of the ``groups`` are drawn together. None for fewer than two groups.
    """
    if len(set(range(len(differences)) if groups is None else groups)) < 2:
        return None
    found = sampled_interval(differences, weights, groups)
    return _by_student(float(np.average(differences, weights=weights)), found)


def holm(p: Sequence[float]) -> list[float]:
    """p-values corrected for how many there are, against any false alarm; NaN are not counted.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    return _corrected(p, lambda values, count: np.maximum.accumulate(values * count[::-1]))


def false_discovery_rate(p: Sequence[float]) -> list[float]:
    """p-values corrected so that of all differences found at most that share is none.

    NaN are not counted. Source: Benjamini and Hochberg 1995.

    >>> false_discovery_rate([0.01, 0.04, 0.03])
    [0.03, 0.04, 0.04]
    """

    def correct(values: Array, count: Array) -> Array:
        scaled = values * count[-1] / count
        return np.asarray(np.minimum.accumulate(scaled[::-1])[::-1], np.float64)

    return _corrected(p, correct)


def _corrected(p: Sequence[float], correct: Callable[[Array, Array], Array]) -> list[float]:
    values = np.array(p, np.float64)
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return list(p)
    order = known[np.argsort(values[known], kind="stable")]
    values[order] = np.minimum(correct(values[order], np.arange(1.0, len(order) + 1)), 1.0)
    return [float(value) for value in values]


def _by_student(difference: float, interval: Interval) -> Paired:
    """With the p of Student's t, its unit that of the interval's end towards 0."""
    if difference == 0:
        return Paired(difference, interval, 1.0 if math.isfinite(interval.error) else math.nan)
    inner = interval.low if difference > 0 else interval.high
    unit = abs(difference - inner) / t_quantile(max(interval.freedom, 1.0), LEVEL)
    if not unit > 0 or not math.isfinite(unit):
        return Paired(difference, interval, math.nan)
    return Paired(difference, interval, t_tails(difference / unit, interval.freedom))


def _reach(differences: Array, n: int) -> tuple[float, float]:
    """The interval of the mean by how many of ``n`` win and lose, and by how much they do."""
    differing = differences[differences != 0]
    size = float(np.sqrt(np.mean(differing**2))) if len(differing) else 1.0
    ends = []
    for share in (float(np.mean(differences > 0)), float(np.mean(differences < 0))):
        error = math.sqrt(share * (1 - share) / n)
        found = share_interval(share, error, n - 1.0, n, "")
        ends.append((share - found.low, found.high - share))
    (wins_low, wins_high), (losses_low, losses_high) = ends
    mean = float(differences.mean())
    return (
        mean - size * math.hypot(wins_low, losses_high),
        mean + size * math.hypot(wins_high, losses_low),
    )

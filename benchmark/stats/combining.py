"""The interval of a mean of scores that have intervals, and of scores that are a sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from benchmark.stats.intervals import Interval, student_interval


def combined_interval(
    scores: Sequence[float],
    intervals: Sequence[Interval | None],
    weights: Sequence[float],
    alike: Sequence[object] | None = None,
) -> Interval | None:
    """The interval of a weighted mean of scores, by their standard errors.

    Scores are independent, but those whose ``alike`` are equal may be of the same examples, as
    languages of one text are, and their errors add in full: that is right or too wide. None where a
    score has no interval. One score keeps its own. The ends lie as far from the mean as the parts'
    ends do together, which keeps them in range and a width where all parts are perfect; where an
    end is unknown, by Student's t. ``n`` counts all examples; Satterthwaite's approximation gives
    the freedom. Source: Zou and Donner 2008, the method of variance estimates recovery.
    """
    known = [each for each in intervals if each is not None and math.isfinite(each.error)]
    if not known or len(known) < len(scores):
        return None
    if len(known) == 1:
        return known[0]
    shares = [weight / math.fsum(weights) for weight in weights]
    groups = list(range(len(known))) if alike is None else list(alike)

    def together(parts: Sequence[float]) -> list[float]:
        sums: dict[object, float] = {}
        for group, share, part in zip(groups, shares, parts, strict=True):
            sums[group] = sums.get(group, 0.0) + share * part
        return list(sums.values())

    mean = math.fsum(share * score for share, score in zip(shares, scores, strict=True))
    errors = together([each.error for each in known])
    error, n = math.hypot(*errors), sum(each.n for each in known)
    below = math.fsum(
        (s * e.error) ** 4 / max(e.freedom, 1) for s, e in zip(shares, known, strict=True)
    )
    alone = math.fsum((s * e.error) ** 2 for s, e in zip(shares, known, strict=True))
    freedom = alone**2 / below if below > 0 else float(n - len(known))
    method = "errors of the parts"
    if not all(math.isfinite(end) for each in known for end in (each.low, each.high)):
        return student_interval(mean, error, freedom, method, n)
    low = math.hypot(*together([s - e.low for s, e in zip(scores, known, strict=True)]))
    high = math.hypot(*together([e.high - s for s, e in zip(scores, known, strict=True)]))
    return Interval(mean - low, mean + high, error, freedom, method, n)


def sampled_interval(
    scores: Sequence[float], weights: Sequence[float], groups: Sequence[object] | None = None
) -> Interval:
    """The interval of a weighted mean of scores that are a sample themselves, as of tasks.

    Scores of one of the ``groups``, as of tasks made of one data set, are drawn together; ``n``
    counts the groups, and of one there are no ends. Source: Cochran 1977, section 6.
    """
    values, shares = np.array(scores), np.array(weights) / math.fsum(weights)
    mean = float(shares @ values)
    names = [str(group) for group in (range(len(values)) if groups is None else groups)]
    _, place = np.unique(names, return_inverse=True)
    off = np.bincount(place, shares * (values - mean))
    count = len(off)
    error = math.sqrt(count / (count - 1) * float(np.sum(off**2))) if count > 1 else math.nan
    method = "tasks as a sample"
    return student_interval(mean, error, count - 1.0, method, count)

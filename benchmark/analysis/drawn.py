"""What the score of examples drawn from a task tells of the whole task's score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.analysis.contributions import Contributions, Record, record_of
from benchmark.stats.intervals import Interval, bounded_interval, transformed_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Samples: TypeAlias = "Mapping[str, NDArray[Any]]"
"""The records of a part's examples as they are stored: a mean's values are ``value``."""
_VALUE = "value"
_MOST = 1e6  # degrees of freedom, beyond which Student's t is normal
_LEAST = 0.002  # shares nearer to 0 or 1 count as this: log odds have no ends


def size_of(samples: Samples) -> int:
    """How many examples there are records of; 0 for none."""
    return len(next(iter(samples.values()), ()))


def score_of(kind: str, main_score: str, samples: Samples, rows: NDArray[np.int64]) -> float:
    """The score of some examples, by the records of all; NaN where records do not tell it."""
    record = _record(kind, main_score, {name: values[rows] for name, values in samples.items()})
    if record is None:
        return math.nan
    if isinstance(record, Contributions):
        return float(record.values.mean()) if len(record.values) else math.nan
    return float(np.mean([each.mean() for each in record.whole]))


def drawing_error(
    kind: str, main_score: str, samples: Samples, order: NDArray[np.int64], whole: int
) -> tuple[float, float]:
    """The standard error of the score of examples drawn without return from ``whole`` of them.

    ``order`` ``(n,)`` are their places among the strata; examples of one place were drawn together
    and count as one. A place was drawn every so many, so neighbours tell how much those of one
    stratum differ: the mean of squared successive differences, times the share that was not drawn.
    Scores that no example has a part of are scored again on four fifths of the examples instead.
    Returns error and freedom; NaN and 0 where there is none. Source: Wolter 2007, "Introduction to
    Variance Estimation", section 8.
    """
    count = size_of(samples)
    left = math.sqrt(max(0.0, 1 - count / whole))
    record = _record(kind, main_score, samples)
    if record is None or count < 2:
        return math.nan, 0.0
    if isinstance(record, Contributions):
        values = record.values.mean(axis=1)
        places = order if len(order) == count else np.arange(count)
        unit = np.unique(places, return_inverse=True)[1]
        off = np.bincount(unit, weights=values - values.mean())
        if len(off) < 2:
            return math.nan, 0.0
        variance = float(np.sum(np.diff(off) ** 2)) / (2 * (len(off) - 1))
        # The freedom of successive differences of normal values: von Neumann et al. 1941.
        return math.sqrt(variance * len(off)) / count * left, 2 * (len(off) - 1) / 3
    again = np.mean([each.mean(axis=0) for each in record.again], axis=0)
    if len(again) < 2:
        return math.nan, 0.0
    kept = count * 4 // 5
    error = float(again.std(ddof=1)) * math.sqrt(kept / (count - kept))
    return error * left, float(min(count, len(again)) - 1)


def whole_interval(
    kind: str,
    main_score: str,
    value: float,
    error: tuple[float, float],
    rises: Sequence[tuple[float, float]] = (),
) -> tuple[float, Interval]:
    """The whole task's score as a smaller one tells it, and its 95 % interval.

    ``error`` is that of the drawing, with its freedom. ``rises`` are pairs of scores of models for
    which both are known: of the same examples in the whole task, and in its smaller form, which
    raises them. Their mean difference is taken off, and how far another model's may lie from it
    joins the error (``_spread``; freedom by Satterthwaite). Scores between 0 and 1 are compared by
    their log odds, since neither a low nor a high score can rise as far as one in the middle. A
    single pair has no spread, and leaves no interval.
    """
    low, high = _bounds(kind, main_score)
    drawn, freedom = error
    share = (low, high) == (0.0, 1.0)
    there = _log_odds if share else np.asarray
    shifts = np.array([float(there(after) - there(before)) for before, after in rises])
    estimate, spread, known, slope = value, 0.0, math.inf, 1.0
    if len(shifts):
        moved = float(there(value)) - float(shifts.mean())
        estimate = 1 / (1 + math.exp(-moved)) if share else moved
        slope = estimate * (1 - estimate) if share else 1.0
        spread, known = _spread(shifts)
        if share:
            inside = min(max(value, _LEAST), 1 - _LEAST)
            drawn *= slope / (inside * (1 - inside))
    spread *= slope
    total = math.hypot(drawn, spread)
    if spread > 0 and freedom > 0:
        below = drawn**4 / freedom + spread**4 / known
        freedom = total**4 / below if below > 0 else math.inf
    freedom = min(freedom, _MOST)
    estimate = min(max(estimate, low), high)
    method = "drawn without return" + (", rise of other models" if len(rises) else "")
    if kind == "sts" or main_score.endswith("_ap"):
        scale = "z" if kind == "sts" else "logit"
        return estimate, transformed_interval(estimate, total, freedom, method, scale)
    if math.isinf(high):
        return estimate, transformed_interval(estimate, total, freedom, method, "none")
    return estimate, bounded_interval(estimate, total, freedom, (low, high), method)


def _spread(shifts: Array) -> tuple[float, float]:
    """By how much another model's shift may differ from the mean of these, and the freedom of that.

    At least half of the mean: a few models do not show how one of another sort differs, and a
    smaller form that has all that is relevant does not lower a score.
    """
    count = len(shifts)
    if count < 2:
        return math.nan, 0.0
    seen, floor = float(shifts.std(ddof=1)) * math.sqrt(1 + 1 / count), abs(shifts.mean()) / 2
    return (seen, count - 1) if seen > floor else (float(floor), math.inf)


def _log_odds(share: float) -> float:
    inside = min(max(share, _LEAST), 1 - _LEAST)
    return math.log(inside / (1 - inside))


def _record(kind: str, main_score: str, samples: Samples) -> Record | None:
    named = {main_score if name == _VALUE else name: each for name, each in samples.items()}
    return record_of(kind, main_score, named)


def _bounds(kind: str, main_score: str) -> tuple[float, float]:
    if kind == "regression" and main_score != "kendalltau":
        return -math.inf, math.inf
    both = main_score in ("p-MRR", "kendalltau") or kind in ("sts", "summarization")
    return (-1.0, 1.0) if both else (0.0, 1.0)

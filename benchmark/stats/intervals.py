"""95 % intervals of scores, each on the scale where its error is nearest to normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """A score's interval and what it stands on.

    ``error`` is the standard error, ``freedom`` its degrees of freedom, ``method`` the name that
    the table in ``docs/uncertainty.md`` explains, ``n`` the number of examples or clusters.
    """

    low: float
    high: float
    error: float
    freedom: float
    method: str
    n: int


def standard_error(values: Array, clusters: NDArray[np.int64] | None = None) -> tuple[float, float]:
    """The standard error of the mean of ``values`` ``(n,)``, and its degrees of freedom.

    ``clusters`` ``(n,)`` are numbers of what examples share; examples of one cluster are drawn
    together. One example, or one cluster, has an error that is not a number and no freedom. Source:
    the linearised ratio estimator, Cochran 1977, "Sampling Techniques", 3rd edition, section 6.

    >>> error, freedom = standard_error(np.array([0.0, 1.0, 0.0, 1.0]))
    >>> round(error, 6), freedom
    (0.288675, 3.0)
    """
    count = len(values)
    if clusters is None:
        if count < 2:
            return float("nan"), 0.0
        return float(values.std(ddof=1) / np.sqrt(count)), float(count - 1)
    _, place = np.unique(clusters, return_inverse=True)
    groups = int(place.max()) + 1 if count else 0
    if groups < 2:
        return float("nan"), 0.0
    off = np.bincount(place, weights=values - values.mean(), minlength=groups)
    return float(np.sqrt(groups / (groups - 1) * np.sum(off**2)) / count), float(groups - 1)


def share_interval(mean: float, error: float, freedom: float, n: int, method: str) -> Interval:
    """The interval of a mean of values between 0 and 1.

    It is Wilson's score interval with the number of examples that would give a proportion this
    error: mean (1 - mean) / error^2, and Student's t for the normal quantile. For values 0 and 1
    that is all but Wilson's own; near the ends it stays inside [0, 1] and keeps a width where all
    values are equal to 0 or 1 (there ``n`` examples count). Values that are all equal elsewhere
    have no width. Source: Wilson 1927; Korn and Graubard 1998 for the effective size.

    >>> found = share_interval(1.0, 0.0, 49, 50, "score")
    >>> round(found.low, 3), found.high
    (0.925, 1.0)
    """
    from scipy.stats import t

    if not freedom > 0 or not np.isfinite(error):
        return Interval(float("nan"), float("nan"), error, freedom, method, n)
    inside = max(mean * (1 - mean), 0.0)
    if error > 0 and inside > 0:
        size = inside / error**2
    elif inside > 0:
        return Interval(mean, mean, error, freedom, method, n)
    else:
        size = float(n)
    quantile = float(t.ppf((1 + LEVEL) / 2, freedom))
    square = quantile**2 / size
    middle = (mean + square / 2) / (1 + square)
    half = quantile / (1 + square) * np.sqrt(inside / size + square / (4 * size))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(float(min(low, mean)), float(max(high, mean)), error, freedom, method, n)


def mean_interval(values: Array, clusters: NDArray[np.int64] | None = None) -> Interval:
    """The interval of a mean of values between 0 and 1; see ``share_interval``."""
    error, freedom = standard_error(values, clusters)
    mean = float(values.mean()) if len(values) else float("nan")
    method = "score" if clusters is None else "score, clusters"
    return share_interval(mean, error, freedom, int(freedom) + 1, method)


def correlation_interval(
    correlation: float, influence: Array, clusters: NDArray[np.int64] | None = None
) -> Interval:
    """The interval of a correlation, by its influences ``(n,)``, on Fisher's z.

    A correlation of 1 or -1 has no width. Source: the influence form is exact in the limit for any
    distribution, where formulas in n alone are not (``docs/uncertainty.md``).
    """
    error, freedom = standard_error(influence, clusters)
    method = "influence on Fisher's z" + ("" if clusters is None else ", clusters")
    return _transformed(
        correlation, error, freedom, method, np.arctanh, np.tanh, 1 - correlation**2
    )


def precision_interval(
    value: float, influence: Array, clusters: NDArray[np.int64] | None = None
) -> Interval:
    """The interval of average precision, by its influences ``(n,)``, on the logit scale.

    A value of 0 or 1 has no width.
    """
    error, freedom = standard_error(influence, clusters)
    method = "influence on the logit" + ("" if clusters is None else ", clusters")
    return _transformed(value, error, freedom, method, _logit, _expit, value * (1 - value))


def _transformed(
    value: float,
    error: float,
    freedom: float,
    method: str,
    there: object,
    back: object,
    slope: float,
) -> Interval:
    """value +- t x error on another scale, on which the error is divided by ``slope``."""
    from scipy.stats import t

    n = int(freedom) + 1
    if not freedom > 0 or not np.isfinite(error) or not np.isfinite(value):
        return Interval(float("nan"), float("nan"), error, freedom, method, n)
    if slope <= 1e-12 or error == 0:
        return Interval(value, value, error, freedom, method, n)
    half = float(t.ppf((1 + LEVEL) / 2, freedom)) * error / slope
    low, high = (float(back(there(value) + sign * half)) for sign in (-1, 1))  # type: ignore[operator]
    return Interval(low, high, error, freedom, method, n)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _expit(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))

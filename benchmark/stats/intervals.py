"""95 % intervals of scores, each on the scale where its error is nearest to normal."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.stats.student import t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Clusters = NDArray[np.int64] | None

LEVEL = 0.95
FEW = 10


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

    @property
    def few(self) -> bool:
        """Whether it stands on so few examples that it says little."""
        return self.n < FEW

    @property
    def ends(self) -> list[float] | None:
        """Both ends, or None where there are none."""
        return [self.low, self.high] if math.isfinite(self.low) else None

    def to_json(self) -> dict[str, Any]:
        """As a result file holds it; null for what is not a number."""
        return {
            "low": finite(self.low),
            "high": finite(self.high),
            "level": LEVEL,
            "standard_error": finite(self.error),
            "freedom": round(self.freedom, 3),
            "method": self.method,
            "n": self.n,
            **({"few": True} if self.few else {}),
        }


def read_interval(content: Any) -> Interval | None:
    """What ``to_json`` wrote; None when it is none."""
    try:
        low, high, error = (
            float("nan") if content[name] is None else float(content[name])
            for name in ("low", "high", "standard_error")
        )
        freedom, method = float(content["freedom"]), str(content["method"])
        return Interval(low, high, error, freedom, method, int(content["n"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def finite(value: float) -> float | None:
    """The number, or None for NaN and infinity."""
    return value if math.isfinite(value) else None


def standard_error(values: Array, clusters: Clusters = None) -> tuple[float, float]:
    """The standard error of the mean of ``values`` ``(n,)``, and its degrees of freedom.

    ``clusters`` ``(n,)`` are numbers of what examples share; examples of one cluster are drawn
    together. One example, or one cluster, has an error that is not a number and no freedom. Source:
    the linearised ratio estimator, Cochran 1977, "Sampling Techniques", 3rd edition, section 6.
    Clusters ``(n, 2)`` are the two things that an example is a pair of; see ``_pair_error``.

    >>> error, freedom = standard_error(np.array([0.0, 1.0, 0.0, 1.0]))
    >>> round(error, 6), freedom
    (0.288675, 3.0)
    """
    count = len(values)
    if clusters is None:
        if count < 2:
            return float("nan"), 0.0
        return float(values.std(ddof=1) / np.sqrt(count)), float(count - 1)
    if clusters.ndim == 2:
        return _pair_error(values - values.mean(), clusters)
    _, place = np.unique(clusters, return_inverse=True)
    groups = int(place.max()) + 1 if count else 0
    if groups < 2:
        return float("nan"), 0.0
    off = np.bincount(place, weights=values - values.mean(), minlength=groups)
    return float(np.sqrt(groups / (groups - 1) * np.sum(off**2)) / count), float(groups - 1)


def _pair_error(off: Array, clusters: NDArray[np.int64]) -> tuple[float, float]:
    """The error of a mean over pairs, of which two vary together when they share a thing.

    The freedom is that of the number of things, or of pairs if fewer; things in unequal numbers of
    pairs count as fewer (Kish 1965). At least the error of pairs that share nothing. Source:
    Aronow, Samii and Assenova 2015, "Cluster-robust variance estimation for dyadic data".
    """
    count = len(off)
    things, place = np.unique(clusters, return_inverse=True)
    place = place.reshape(clusters.shape)
    apart = place[:, 0] != place[:, 1]
    first, second = place[:, 0], place[apart, 1]
    sums = np.bincount(first, off, len(things)) + np.bincount(second, off[apart], len(things))
    used = np.bincount(first, minlength=len(things)) + np.bincount(second, minlength=len(things))
    alone = float(np.sum(off**2))
    together = float(np.sum(sums**2)) - float(np.sum(off[apart] ** 2))
    size = min(count, used.sum() ** 2 / np.sum(used.astype(np.float64) ** 2))
    if size < 2:
        return float("nan"), 0.0
    return math.sqrt(size / (size - 1) * max(together, alone)) / count, float(size - 1)


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
    if not freedom > 0 or not np.isfinite(error):
        return Interval(float("nan"), float("nan"), error, freedom, method, n)
    inside = max(mean * (1 - mean), 0.0)
    if error > 0 and inside > 0:
        size = inside / error**2
    elif inside > 0:
        return Interval(mean, mean, error, freedom, method, n)
    else:
        size = float(n)
    quantile = t_quantile(freedom, LEVEL)
    square = quantile**2 / size
    middle = (mean + square / 2) / (1 + square)
    half = quantile / (1 + square) * np.sqrt(inside / size + square / (4 * size))
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Interval(float(min(low, mean)), float(max(high, mean)), error, freedom, method, n)


def mean_interval(values: Array, clusters: Clusters = None) -> Interval:
    """The interval of a mean of values between 0 and 1; see ``share_interval``."""
    error, freedom = standard_error(values, clusters)
    mean = float(values.mean()) if len(values) else float("nan")
    method = "score" if clusters is None else "score, clusters"
    return share_interval(mean, error, freedom, int(freedom) + 1, method)


def correlation_interval(
    correlation: float, influence: Array, clusters: Clusters = None
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
    value: float, influence: Array, positives: int, clusters: Clusters = None
) -> Interval:
    """The interval of average precision, by its influences ``(n,)``, on the logit scale.

    Where fewer than five of the ``positives`` are lost (positives x (1 - value) < 5), what a sample
    happens to lack is most of what can be lost, and the influences do not see it: the interval is
    then at least a score interval of as many examples as positives.
    """
    error, freedom = standard_error(influence, clusters)
    method = "influence on the logit" + ("" if clusters is None else ", clusters")
    found = _transformed(value, error, freedom, method, _logit, _expit, value * (1 - value))
    if positives * (1 - value) >= 5 or not freedom > 0 or positives < 1:
        return found
    inside = value * (1 - value)
    size = positives if error == 0 else min(inside / error**2, positives)
    floor = math.sqrt(inside / size) if inside > 0 else 0.0
    wider = share_interval(value, floor, freedom, positives, f"{method}, score")
    return replace(
        wider, low=min(wider.low, found.low), high=max(wider.high, found.high), error=error,
        n=int(freedom) + 1,
    )  # fmt: skip


def bounded_interval(
    mean: float, error: float, freedom: float, bounds: tuple[float, float], method: str
) -> Interval:
    """``share_interval`` of a mean of values between two other ``bounds``, as -1 and 1."""
    low, width = bounds[0], bounds[1] - bounds[0]
    n = int(freedom) + 1
    found = share_interval((mean - low) / width, error / width, freedom, n, method)
    return replace(found, low=low + width * found.low, high=low + width * found.high, error=error)


def student_interval(
    mean: float, error: float, freedom: float, method: str, n: int | None = None
) -> Interval:
    """mean +- t x error, for a mean of values without bounds."""
    n = int(freedom) + 1 if n is None else n
    if not freedom > 0 or not np.isfinite(error):
        return Interval(float("nan"), float("nan"), error, freedom, method, n)
    half = t_quantile(freedom, LEVEL) * error
    return Interval(mean - half, mean + half, error, freedom, method, n)


def transformed_interval(
    value: float, error: float, freedom: float, method: str, scale: str
) -> Interval:
    """value +- t x error on a ``scale``: Fisher's ``z``, the ``logit``, or ``none``."""
    if scale == "z":
        return _transformed(value, error, freedom, method, np.arctanh, np.tanh, 1 - value**2)
    if scale == "logit":
        return _transformed(value, error, freedom, method, _logit, _expit, value * (1 - value))
    return student_interval(value, error, freedom, method)


def lost_interval(value: float, error: float, freedom: float, method: str) -> Interval:
    """The interval of 1 less a ratio, as R2 is, on the scale of the ratio's logarithm."""
    found = student_interval(value, error, freedom, method)
    lost = 1 - value
    if lost <= 0 or not np.isfinite(found.low):
        return found
    factor = math.exp((found.high - value) / lost)
    return replace(found, low=1 - lost * factor, high=1 - lost / factor)


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
    n = int(freedom) + 1
    if not freedom > 0 or not np.isfinite(error) or not np.isfinite(value):
        return Interval(float("nan"), float("nan"), error, freedom, method, n)
    if slope <= 1e-12 or error == 0:
        return Interval(value, value, error, freedom, method, n)
    half = t_quantile(freedom, LEVEL) * error / slope
    low, high = (float(back(there(value) + sign * half)) for sign in (-1, 1))  # type: ignore[operator]
    return Interval(low, high, error, freedom, method, n)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))


def _expit(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))

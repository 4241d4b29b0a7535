"""Predict the scores that a model was not measured on, from models that resemble it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

BANDWIDTH = 1.0
"""In standard deviations a task: a model that far from the one predicted weighs exp(-1/2)."""
FLOOR = 0.02
"""What every model weighs at least, so that one far from all others is predicted by all."""
SHRINKAGE = 0.2
"""How far correlations are drawn to zero; as ``docs/downsampling.md`` compares."""
_EDGE = 1.0  # percent; beyond it a score's logit says more of noise than of the model


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of ``m`` models on all ``t`` tasks, in percent.

    ``scores`` ``(m, t)`` holds the measured scores as they are. ``covariance`` ``(m, t, t)`` is
    that of what is not known of them, zero where measured. ``distance`` ``(m,)`` is how far the
    nearest fitted model is, in standard deviations a measured task.
    """

    scores: Array
    covariance: Array
    distance: Array

    def deviation(self, weights: Array) -> Array:
        """The standard deviation of a weighted sum of scores, ``(m,)``."""
        variance = np.einsum("t,mtu,u->m", weights, self.covariance, weights)
        deviation: Array = np.sqrt(np.maximum(variance, 0.0))
        return deviation


def predict(
    known: Array,
    chosen: NDArray[np.int64],
    measured: Array,
    *,
    bandwidth: float = BANDWIDTH,
    shrinkage: float = SHRINKAGE,
) -> Prediction:
    """Predict all scores of models from those on some tasks, and say how sure that is.

    ``known`` ``(n, t)`` are the scores of fitted models in percent, NaN where missing; ``chosen``
    are the numbers of the ``k`` measured tasks; ``measured`` is ``(m, k)``. Scores are taken to the
    logit scale, where a point near the end of the range weighs more than one in the middle. For
    each model the mean and the correlations over tasks are those of the fitted models, weighted by
    a Gaussian kernel of their distance on the measured tasks; the correlations are shrunk to zero;
    what was not measured follows by conditioning. The variance grows by 1 + (1 + q) / n, with n
    the effective number of models and q the squared Mahalanobis length of what was measured, as
    that of a regression's prediction does, so a model far from all others has a wide one.

    A missing score of a fitted model is first replaced by its conditional mean. A task on which all
    fitted models agree carries no information and is predicted at that value. With all tasks
    chosen nothing is predicted. Source: local likelihood (Tibshirani and Hastie 1987) of a Gaussian
    with a covariance shrunk as by Ledoit and Wolf (2004).
    """
    floor = np.where(np.nanmin(known, axis=0) < 0, -100.0, 0.0)
    values = filled(_logit(known, floor))
    seen = _logit(measured, floor[chosen])
    centre, spread = values.mean(axis=0), _spread(values)
    ours = (values[:, chosen] - centre[chosen]) / spread[chosen]
    theirs = (seen - centre[chosen]) / spread[chosen]
    count, tasks = len(measured), known.shape[1]
    scores = np.empty((count, tasks))
    covariance = np.zeros((count, tasks, tasks))
    distance = np.empty(count)
    rest = np.setdiff1d(np.arange(tasks), chosen)
    for model in range(count):
        apart = ((ours - theirs[model]) ** 2).mean(axis=1)
        distance[model] = np.sqrt(apart.min())
        weights = np.exp(-apart / (2 * bandwidth**2)) + FLOOR
        weights /= weights.sum()
        mean, around = _conditional(values, weights, chosen, seen[model], shrinkage)
        scores[model, rest] = _percent(mean, floor[rest])
        slope = _slope(mean, floor[rest])
        covariance[model][np.ix_(rest, rest)] = around * np.outer(slope, slope)
    scores[:, chosen] = measured
    return Prediction(scores, covariance, distance)


def _conditional(
    values: Array, weights: Array, chosen: NDArray[np.int64], seen: Array, shrinkage: float
) -> tuple[Array, Array]:
    """Mean and covariance of the other tasks, given the chosen ones, on the logit scale."""
    centre = weights @ values
    spread = np.sqrt(weights @ (values - centre) ** 2)
    spread[spread < 1e-9] = 1e-9
    standard = (values - centre) / spread
    correlation = (1 - shrinkage) * (standard * weights[:, None]).T @ standard
    correlation[np.diag_indices_from(correlation)] = 1.0
    rest = np.setdiff1d(np.arange(values.shape[1]), chosen)
    across = correlation[np.ix_(chosen, rest)]
    gain = np.linalg.solve(correlation[np.ix_(chosen, chosen)], across)
    offset = (seen - centre[chosen]) / spread[chosen]
    length = offset @ np.linalg.solve(correlation[np.ix_(chosen, chosen)], offset)
    effective = 1 / np.sum(weights**2)
    around = correlation[np.ix_(rest, rest)] - across.T @ gain
    around *= np.outer(spread[rest], spread[rest]) * (1 + (1 + length) / effective)
    return centre[rest] + spread[rest] * (offset @ gain), around


def filled(values: Array, rounds: int = 20) -> Array:
    """Replace missing values by their conditional means under one shrunk Gaussian.

    Rows are models, columns tasks, NaN is missing; a column without any value is an error of the
    caller's. The means and the covariance are computed again from the filled values until nothing
    moves, as the EM algorithm does, but without the spread of what is filled in.

    >>> filled(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, np.nan]])).round(1).tolist()
    [[1.0, 2.0], [2.0, 4.0], [3.0, 4.5]]
    """
    missing = np.isnan(values)
    found = np.where(missing, np.nanmean(values, axis=0), values)
    if not missing.any():
        return found
    for _ in range(rounds):
        centre, spread = found.mean(axis=0), _spread(found)
        standard = (found - centre) / spread
        correlation = (1 - SHRINKAGE) * standard.T @ standard / len(found)
        correlation[np.diag_indices_from(correlation)] = 1.0
        before = found.copy()
        for row in np.flatnonzero(missing.any(axis=1)):
            gap, have = np.flatnonzero(missing[row]), np.flatnonzero(~missing[row])
            gain = np.linalg.solve(correlation[np.ix_(have, have)], correlation[np.ix_(have, gap)])
            found[row, gap] = centre[gap] + spread[gap] * (standard[row, have] @ gain)
        if np.abs(found - before).max() < 1e-6:
            break
    return found


def _spread(values: Array) -> Array:
    spread = values.std(axis=0)
    return np.where(spread < 1e-9, 1.0, spread)


def _logit(percent: Array, floor: Array) -> Array:
    """Scores between ``floor`` (0, or -100 where a task has negative scores) and 100, as logits."""
    share = np.clip((percent - floor) / (100 - floor), _EDGE / 100, 1 - _EDGE / 100)
    logits: Array = np.log(share / (1 - share))
    return logits


def _percent(logit: Array, floor: Array) -> Array:
    scores: Array = floor + (100 - floor) / (1 + np.exp(-logit))
    return scores


def _slope(logit: Array, floor: Array) -> Array:
    """Percent a logit, where it stands."""
    share = 1 / (1 + np.exp(-logit))
    slope: Array = (100 - floor) * share * (1 - share)
    return slope

"""Predict the scores that a model was not measured on, from models that resemble it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]

BANDWIDTH = 0.4
"""In standard deviations: a model that far from the one predicted weighs exp(-1/2)."""
FLOOR = 0.02
"""What every model weighs at least, so that one far from all others is predicted by all."""
SIBLING = 5.0
"""How many times more a model of the same maker weighs: they share training data and habits."""
TO_KINDS, TO_ZERO = 0.4, 0.05
"""How far correlations are drawn to the mean of their pair of kinds, and to zero.

``docs/downsampling.md`` compares these constants on families of models held out.
"""
_FILLING = 0.2  # how far correlations are drawn to zero to fill in a missing score
_EDGE = 1.0  # percent; beyond it a score's logit says more of noise than of the model
_NEGATIVE = 0.1  # of a task's scores; with more, its range is taken to begin at -100


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected of ``m`` models on all ``t`` tasks, in percent.

    ``scores`` ``(m, t)`` holds the measured scores as they are. ``covariance`` ``(m, t, t)`` is
    that of what is not known of them, zero where measured. ``distance`` ``(m,)`` is how far the
    nearest fitted model is, in standard deviations a measured task, all kinds counting alike.
    """

    scores: Array
    covariance: Array
    distance: Array

    def deviation(self, weights: Array) -> Array:
        """The standard deviation of a weighted sum of scores, ``(m,)``."""
        variance = np.einsum("mtu,t,u->m", self.covariance, weights, weights)
        deviation: Array = np.sqrt(np.maximum(variance, 0.0))
        return deviation


def predict(
    known: Array,
    chosen: NDArray[np.int64],
    measured: Array,
    kinds: Sequence[str],
    *,
    siblings: Flags | None = None,
    without: Flags | None = None,
    bandwidth: float = BANDWIDTH,
    to_kinds: float = TO_KINDS,
    to_zero: float = TO_ZERO,
    sibling: float = SIBLING,
) -> Prediction:
    """Predict all scores of models from those on some tasks, and say how sure that is.

    ``known`` ``(n, t)`` are the scores of fitted models in percent, NaN where missing; ``chosen``
    are the numbers of the ``k`` measured tasks; ``measured`` is ``(m, k)``; ``kinds`` names the
    kind of each of the ``t`` tasks. ``siblings`` and ``without``, ``(m, n)``, mark fitted models of
    the same maker and those that must not be drawn on.

    Scores are taken to the logit scale, where a point near the end of the range weighs more than
    one in the middle; a score below the range's start counts as its start. For each model the mean
    and the correlations over tasks are those of the fitted models, weighted by a Gaussian kernel of
    their distance on the measured tasks; the correlations are drawn to the mean correlation of
    their two kinds and to zero; what was not measured follows by conditioning. The variance grows
    by 1 + (1 + q) / n, with n the effective number of models and q the squared Mahalanobis length
    of what was measured, as that of a regression's prediction does, so a model far from all others
    has a wide one.

    A missing score of a fitted model is first replaced by its conditional mean. A task on which all
    fitted models agree carries no information and is predicted at that value. With all tasks
    chosen nothing is predicted. Source: local likelihood (Tibshirani and Hastie 1987) of a Gaussian
    whose correlations are shrunk to a structure (Ledoit and Wolf 2003).
    """
    tasks = known.shape[1]
    start = np.where(np.nanmean(known < 0, axis=0) > _NEGATIVE, -100.0, 0.0)
    values = filled(_logit(known, start))
    centre, spread = values.mean(axis=0), _spread(values)
    values = (values - centre) / spread
    flat = values.std(axis=0) < 1e-9
    seen = (_logit(measured, start[chosen]) - centre[chosen]) / spread[chosen]
    seen[:, flat[chosen]] = 0.0
    numbers = np.unique(np.asarray(kinds), return_inverse=True)[1]
    apart = _apart(seen, values[:, chosen], numbers[chosen])
    weights = np.exp(-apart / (2 * bandwidth**2)) + FLOOR
    if siblings is not None:
        weights = np.where(siblings, sibling, 1.0) * weights
    if without is not None:
        weights = np.where(without, 0.0, weights)
        apart = np.where(without, np.inf, apart)
    weights /= weights.sum(axis=1, keepdims=True)
    local, deviations, correlations = _moments(values, weights)
    groups = np.unique(np.where(flat, -1 - np.arange(tasks), numbers), return_inverse=True)[1]
    correlations = _shrunk(correlations, groups, to_kinds, to_zero)
    rest = np.setdiff1d(np.arange(tasks), chosen)
    offset = (seen - local[:, chosen]) / deviations[:, chosen]
    mean, around, length = _conditional(correlations, chosen, rest, offset)
    growth = 1 + (1 + length) * (weights**2).sum(axis=1)
    logits = centre[rest] + spread[rest] * (local[:, rest] + deviations[:, rest] * mean)
    slope = _slope(logits, start[rest]) * spread[rest] * deviations[:, rest]
    scores = np.empty((len(measured), tasks))
    scores[:, chosen], scores[:, rest] = measured, _percent(logits, start[rest])
    covariance = np.zeros((len(measured), tasks, tasks))
    around = around * slope[:, :, None] * slope[:, None, :] * growth[:, None, None]
    covariance[:, rest[:, None], rest] = around
    return Prediction(scores, covariance, np.sqrt(apart.min(axis=1)))


def _apart(ours: Array, theirs: Array, kinds: NDArray[np.int64]) -> Array:
    """Squared distances ``(m, n)``: the mean over kinds of the mean over a kind's tasks."""
    shares = 1 / np.bincount(kinds)[kinds]
    shares = np.sqrt(shares / shares.sum())
    one, two = ours * shares, theirs * shares
    square = (one**2).sum(axis=1)[:, None] + (two**2).sum(axis=1) - 2 * one @ two.T
    return np.asarray(np.maximum(square, 0.0), np.float64)


def _moments(values: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Weighted means and deviations ``(m, t)``, and correlations ``(m, t, t)``."""
    count, tasks = len(weights), values.shape[1]
    products = (values[:, :, None] * values[:, None, :]).reshape(len(values), -1)
    mean = weights @ values
    covariance = (weights @ products).reshape(count, tasks, tasks)
    covariance -= mean[:, :, None] * mean[:, None, :]
    variance = np.maximum(np.einsum("mtt->mt", covariance), 0.0)
    deviation = np.sqrt(np.maximum(variance, 1e-12))
    return mean, deviation, covariance / (deviation[:, :, None] * deviation[:, None, :])


def _shrunk(
    correlations: Array, kinds: NDArray[np.int64], to_kinds: float, to_zero: float
) -> Array:
    """Drawn to the mean over each pair of kinds, and to zero; the diagonal is one."""
    member = (kinds[None, :] == np.unique(kinds)[:, None]).astype(np.float64)
    sizes = member.sum(axis=1)
    pairs = np.outer(sizes, sizes) - np.diag(sizes)
    own = np.einsum("mtt,kt->mk", correlations, member)
    sums = member @ correlations @ member.T - own[:, :, None] * np.eye(len(sizes))
    means = sums / np.maximum(pairs, 1.0)
    target = means[:, kinds[:, None], kinds]
    found: Array = (1 - to_kinds - to_zero) * correlations + to_kinds * target
    found[:, np.arange(len(kinds)), np.arange(len(kinds))] = 1.0
    return found


def _conditional(
    correlations: Array, chosen: NDArray[np.int64], rest: NDArray[np.int64], offset: Array
) -> tuple[Array, Array, Array]:
    """Standard mean and covariance of the other tasks given the chosen, and their length."""
    across = correlations[:, chosen[:, None], rest]
    block = correlations[:, chosen[:, None], chosen]
    solved = np.linalg.solve(block, np.concatenate([across, offset[:, :, None]], axis=2))
    gain, turned = solved[:, :, :-1], solved[:, :, -1]
    around = correlations[:, rest[:, None], rest] - across.transpose(0, 2, 1) @ gain
    return (
        np.einsum("mk,mkr->mr", offset, gain),
        around,
        np.einsum("mk,mk->m", offset, turned),
    )


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
        correlation = (1 - _FILLING) * standard.T @ standard / len(found)
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


def _logit(percent: Array, start: Array) -> Array:
    """Scores between ``start`` (0, or -100 where many scores are negative) and 100, as logits."""
    share = np.clip((percent - start) / (100 - start), _EDGE / 100, 1 - _EDGE / 100)
    logits: Array = np.log(share / (1 - share))
    return logits


def _percent(logit: Array, start: Array) -> Array:
    scores: Array = start + (100 - start) / (1 + np.exp(-logit))
    return scores


def _slope(logit: Array, start: Array) -> Array:
    """Percent a logit, where it stands."""
    share = 1 / (1 + np.exp(-logit))
    slope: Array = (100 - start) * share * (1 - share)
    return slope

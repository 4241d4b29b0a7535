"""Errors of scores of whole samples, from scores of most of it; no example is ever doubled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SUBSAMPLES = 100
_SEED = 42
_LEAST = 4  # examples that subsamples can be of


@lru_cache(maxsize=4)
def subsamples(count: int) -> NDArray[np.bool_]:
    """``(SUBSAMPLES, count)``: which four fifths each keeps, always the same for a count."""
    draws = np.random.default_rng(_SEED).random((SUBSAMPLES, count))
    return draws.argsort(axis=1, kind="stable") < _kept(count)


@dataclass(frozen=True, slots=True)
class Replicates:
    """A score, and the same of subsamples of its ``count`` examples; a level of each is an array.

    ``whole`` ``(draws,)`` and ``again`` ``(draws, SUBSAMPLES)``: the score is a mean over levels
    and, in each, over draws. Fewer than four examples have no subsamples.
    """

    whole: tuple[NDArray[np.float64], ...]
    again: tuple[NDArray[np.float64], ...]
    count: int

    def minus(self, other: Replicates) -> Replicates:
        """The difference on every draw and subsample, which two models of one task share."""
        return Replicates(
            tuple(a - b for a, b in zip(self.whole, other.whole, strict=True)),
            tuple(a - b for a, b in zip(self.again, other.again, strict=True)),
            self.count,
        )


def replicates(statistic: Callable[[NDArray[np.int64]], float], count: int) -> Replicates:
    """``statistic`` of rows of the whole, and of subsamples of four fifths of it."""
    whole = np.array([statistic(np.arange(count))])
    kept = subsamples(count) if count >= _LEAST else ()
    again = np.array([[statistic(np.flatnonzero(each)) for each in kept]])
    return Replicates((whole,), (again,), count)


def v_measure_replicates(
    truth: Sequence[NDArray[np.int64]],
    clusters: Sequence[NDArray[np.int64]],
    times: Sequence[NDArray[np.int64]],
    *,
    adjusted: bool = False,
) -> Replicates:
    """A V-measure that is a mean over levels and draws, on subsamples of texts, clusters held.

    ``adjusted`` takes the adjusted mutual information instead.

    A level has labels ``(n,)``, -1 where a text lacks it, and by draw ``(n, draws)`` the cluster of
    each text, -1 where it was not drawn, and how often it was drawn. Never a resample with
    replacement: copies of a text raise the score.
    """
    count = len(truth[0])
    kept = subsamples(count).T if count >= _LEAST else np.ones((count, 0))
    chosen = kept.astype(np.float32)
    whole, again = [], []
    for labels, found, drawn in zip(truth, clusters, times, strict=True):
        columns = range(found.shape[1])
        again.append(
            np.stack([_v(chosen, labels, found[:, d], drawn[:, d], adjusted) for d in columns])
        )
        whole.append(v_measures(labels, found, drawn, adjusted=adjusted))
    return Replicates(tuple(whole), tuple(again), count)


def replicates_error(found: Replicates) -> tuple[float, float]:
    """The standard error of a score, or of a difference, and its degrees of freedom.

    The variance over subsamples of r of n examples, times r / (n - r), is that of other examples:
    the delete-d jackknife, d = n/5. The spread of the draws over their number adds that of other
    draws, which were made anew; the error is at least that of the draws alone. Satterthwaite's
    approximation gives the freedom. Fewer than four examples have no error. Source: Shao and Wu
    1989, "A general theory for jackknife variance estimation".
    """
    count, levels = found.count, len(found.whole)
    if count < _LEAST:
        return float("nan"), 0.0
    by_part, of_draws, alone_draws, freedom = np.zeros(SUBSAMPLES), 0.0, 0.0, 0
    for whole, each in zip(found.whole, found.again, strict=True):
        by_part += each.mean(axis=0) / levels
        draws = len(whole)
        if draws > 1:
            # What differs by text and draw is in both spreads; it is taken out of the draws'.
            alone, shared = each.var(axis=1, ddof=1).mean(), each.mean(axis=0).var(ddof=1)
            again = max(float(alone - shared), 0.0) * _scale(count) ** 2 / (draws - 1)
            spread = float(whole.var(ddof=1)) / draws
            alone_draws += spread / levels**2
            of_draws += max(spread - again, 0.0) / levels**2
            freedom += draws - 1
    of_texts = float(by_part.var(ddof=1)) * _scale(count) ** 2
    total = of_texts + of_draws
    if total <= 0:
        return 0.0, float(count - 1)
    if alone_draws > total:
        return float(np.sqrt(alone_draws)), float(freedom)
    below = of_texts**2 / (min(count, SUBSAMPLES) - 1) + of_draws**2 / max(freedom, 1)
    return float(np.sqrt(total)), float(total**2 / below)


def error_by_subsamples(
    statistic: Callable[[NDArray[np.int64]], float], count: int
) -> tuple[float, float]:
    """``replicates_error`` of ``replicates``."""
    return replicates_error(replicates(statistic, count))


def v_measure_error(
    truth: Sequence[NDArray[np.int64]],
    clusters: Sequence[NDArray[np.int64]],
    times: Sequence[NDArray[np.int64]],
) -> tuple[float, float]:
    """``replicates_error`` of ``v_measure_replicates``."""
    return replicates_error(v_measure_replicates(truth, clusters, times))


def v_measures(
    truth: NDArray[np.int64],
    clusters: NDArray[np.int64],
    times: NDArray[np.int64],
    *,
    adjusted: bool = False,
) -> NDArray[np.float64]:
    """The V-measure of each draw ``(draws,)`` of one level; see ``v_measure_replicates``."""
    everything = np.ones((len(truth), 1), np.float32)
    return np.concatenate(
        [
            _v(everything, truth, clusters[:, draw], times[:, draw], adjusted)
            for draw in range(clusters.shape[1])
        ]
    )


def _kept(count: int) -> int:
    return count * 4 // 5


def _scale(count: int) -> float:
    return float(np.sqrt((_kept(count)) / (count - _kept(count))))


def _v(
    kept: NDArray[np.float32],
    labels: NDArray[np.int64],
    clusters: NDArray[np.int64],
    times: NDArray[np.int64],
    adjusted: bool = False,
) -> NDArray[np.float64]:
    """V-measure of each column of ``kept`` ``(n, s)``; a text counts as often as it was drawn.

    ``adjusted``: mutual information less that of chance, over the mean entropy less that. What
    chance gives is exact for the whole, and grows as texts become fewer.
    """
    used = np.flatnonzero((clusters >= 0) & (times > 0))
    if not len(used):
        return np.zeros(kept.shape[1])
    width = int(clusters.max()) + 1
    order = used[np.argsort(labels[used] * width + clusters[used], kind="stable")]
    codes = labels[order] * width + clusters[order]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    weighted = kept[order]
    if (times[order] > 1).any():
        weighted = weighted * times[order, None].astype(np.float32)
    # A column for each label in each cluster; sums of whole numbers, so exact.
    sizes = np.add.reduceat(weighted, starts, axis=0).T.astype(np.float64)
    sides = []
    for part in np.divmod(codes[starts], width):
        known, place = np.unique(part, return_inverse=True)
        sides.append(_entropy(sizes @ (place[:, None] == np.arange(len(known))).astype(float)))
    both = sides[0] + sides[1]
    shared = np.maximum(both - _entropy(sizes), 0.0)
    if adjusted:
        drawn = times[used]
        chance = _chance(np.repeat(labels[used], drawn), np.repeat(clusters[used], drawn))
        by_chance = chance * drawn.sum() / np.maximum(sizes.sum(axis=1), 1.0)
        shared, both = shared - by_chance, both - 2 * by_chance
    return np.asarray(
        np.divide(2 * shared, both, out=np.ones(kept.shape[1]), where=np.abs(both) > 1e-12),
        np.float64,
    )


def _chance(labels: NDArray[np.int64], clusters: NDArray[np.int64]) -> float:
    """The mutual information of two series of these sizes that have nothing to do with each other.

    Source: Vinh, Epps and Bailey, JMLR 11 (2010).
    """
    from sklearn.metrics.cluster import contingency_matrix, expected_mutual_information

    table = contingency_matrix(labels, clusters, sparse=True).astype(np.int64)
    return float(expected_mutual_information(table, len(labels)))


def _entropy(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row's shares."""
    total = np.maximum(sizes.sum(axis=1), 1e-300)
    logs = np.log(np.where(sizes > 0, sizes, 1.0))
    return np.asarray(np.log(total) - (sizes * logs).sum(axis=1) / total, np.float64)

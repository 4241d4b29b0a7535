"""Errors of scores of whole samples, from scores of halves of it; no example is ever doubled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALVES = 100
_SEED = 42


def halves(count: int) -> NDArray[np.bool_]:
    """``(HALVES, count)``: which examples each half keeps, always the same for a count."""
    draws = np.random.default_rng(_SEED).random((HALVES, count))
    return draws.argsort(axis=1, kind="stable") < count // 2


def error_by_halves(
    statistic: Callable[[NDArray[np.int64]], float], count: int
) -> tuple[float, float]:
    """The standard error of ``statistic`` of rows, from that of halves of ``count`` rows.

    The variance over subsamples of r of n rows, times r / (n - r): the delete-d jackknife, d = n/2.
    Fewer than four examples have no error. Source: Shao and Wu 1989, "A general theory for
    jackknife variance estimation".
    """
    if count < 4:
        return float("nan"), 0.0
    kept = halves(count)
    values = np.array([statistic(np.flatnonzero(each)) for each in kept])
    return float(values.std(ddof=1) * _scale(count)), float(min(count, HALVES) - 1)


def v_measure_error(
    truth: Sequence[NDArray[np.int64]],
    clusters: Sequence[NDArray[np.int64]],
    times: Sequence[NDArray[np.int64]],
) -> tuple[float, float]:
    """The standard error of a V-measure that is a mean over levels and draws, and its freedom.

    A level has labels ``(n,)``, -1 where a text lacks it, and by draw ``(n, draws)`` the cluster of
    each text, -1 where it was not drawn, and how often it was drawn. Halves of the texts give the
    variance for other texts (never a resample with replacement: copies of a text raise the score),
    clusters held; the spread of the draws over their number adds that of other draws, which were
    clustered anew. Satterthwaite's approximation gives the freedom.
    """
    count = len(truth[0])
    if count < 4:
        return float("nan"), 0.0
    kept = halves(count).astype(np.float64)
    by_half, of_draws, freedom = np.zeros(HALVES), 0.0, 0
    everything = np.ones((1, count))
    for labels, found, drawn in zip(truth, clusters, times, strict=True):
        draws = range(found.shape[1])
        each = np.stack([_v(kept, labels, found[:, d], drawn[:, d]) for d in draws])
        whole = np.concatenate([_v(everything, labels, found[:, d], drawn[:, d]) for d in draws])
        by_half += each.mean(axis=0) / len(truth)
        if len(whole) > 1:
            of_draws += float(whole.var(ddof=1)) / len(whole) / len(truth) ** 2
            freedom += len(whole) - 1
    of_texts = float(by_half.var(ddof=1)) * _scale(count) ** 2
    total = of_texts + of_draws
    if total <= 0:
        return 0.0, float(count - 1)
    below = of_texts**2 / (min(count, HALVES) - 1) + of_draws**2 / max(freedom, 1)
    return float(np.sqrt(total)), float(total**2 / below)


def _scale(count: int) -> float:
    return float(np.sqrt((count // 2) / (count - count // 2)))


def _v(
    kept: NDArray[np.float64],
    labels: NDArray[np.int64],
    clusters: NDArray[np.int64],
    times: NDArray[np.int64],
) -> NDArray[np.float64]:
    """V-measure of each row of ``kept`` ``(rows, n)``; a text counts as often as it was drawn."""
    used = np.flatnonzero((clusters >= 0) & (times > 0))
    if not len(used):
        return np.zeros(len(kept))
    weights = times[used].astype(np.float64)
    pairs = labels[used] * (int(clusters.max()) + 1) + clusters[used]
    entropies = [
        _entropy(kept[:, used], codes, weights) for codes in (labels[used], clusters[used], pairs)
    ]
    sides = entropies[0] + entropies[1]
    shared = np.maximum(sides - entropies[2], 0.0)
    return np.asarray(
        np.divide(2 * shared, sides, out=np.ones(len(kept)), where=sides > 1e-12), np.float64
    )


def _entropy(
    kept: NDArray[np.float64], codes: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    from scipy.sparse import csr_matrix

    known, place = np.unique(codes, return_inverse=True)
    shape = (len(codes), len(known))
    member: Any = csr_matrix((weights, (np.arange(len(codes)), place)), shape=shape)
    sizes = np.asarray(kept @ member)
    total = np.maximum(sizes.sum(axis=1), 1e-300)
    logs = np.log(np.where(sizes > 0, sizes, 1.0))
    return np.asarray(np.log(total) - (sizes * logs).sum(axis=1) / total, np.float64)

"""How well the scores of a ranking tell good from bad answers: the abstention nAUC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]

CONFIDENCES = ("max", "std", "diff1")
_RATES = np.linspace(0, 1, 11)[:-1]  # abstain on 0 %, 10 %, ... 90 % of the queries


def confidences(scores: Floats) -> dict[str, NDArray[np.float64]]:
    """Confidence of each ranking of shape ``(queries, depth)``, descending, NaN where it is short.

    ``max`` is the best score, ``std`` the standard deviation of all, ``diff1`` the lead of the best
    over the second; 0 where the ranking is too short for it.
    """
    queries, depth = scores.shape
    if depth == 0:
        return {name: np.zeros(queries) for name in CONFIDENCES}
    best = np.nan_to_num(scores[:, 0].astype(np.float64))
    lead = np.zeros(queries)
    if depth > 1:
        lead = np.nan_to_num(best - scores[:, 1])
    return {"max": best, "std": _spread(scores), "diff1": lead}


def nauc(confidence: Floats, metrics: Floats) -> NDArray[np.float64]:
    """Normalised area under the abstention curve of each column of ``metrics``.

    ``confidence`` is ``(queries,)``, ``metrics`` ``(queries, m)``; returns ``(m,)``, at most 1. At
    each rate the least confident queries are set aside and the mean of the rest is taken; the area
    is scaled between no use (0) and setting aside the worst (1). Queries of equal confidence count
    with their mean. NaN where the metric is the same for all queries.
    Source: Gisserot-Boukhlef et al., arXiv:2402.12997, as mteb computes it.

    >>> nauc(np.array([0.1, 0.2, 0.3]), np.array([[0.0], [0.5], [1.0]]))
    array([1.])
    """
    if len(confidence) == 0:
        return np.full(metrics.shape[1], np.nan)
    order = np.argsort(confidence, kind="stable")
    curve = _curve(_group_means(confidence[order], metrics[order]))
    # Equal metrics have their own value as their mean, so the oracle needs no grouping.
    oracle = _curve(np.sort(metrics, axis=0))
    area, best = _area(curve), _area(oracle)
    flat = oracle[0] * (_RATES[-1] - _RATES[0])
    varied = (metrics != metrics[0]).any(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(varied & (best != flat), (area - flat) / (best - flat), np.nan)


def naucs(scores: Floats, per_query: Mapping[str, Floats]) -> dict[str, float]:
    """The nAUC of each metric by each confidence, ``nauc_<metric>_<confidence>``, as in mteb.

    ``scores`` as for ``confidences``; ``per_query`` are values ``(queries,)`` by the metric's name,
    of which hit rates are left out.
    """
    names = [name for name in per_query if not name.startswith("hit_rate")]
    table = np.stack([per_query[name] for name in names], axis=1)
    areas = {kind: nauc(confidence, table) for kind, confidence in confidences(scores).items()}
    return {
        f"nauc_{name}_{kind}": float(values[at])
        for at, name in enumerate(names)
        for kind, values in areas.items()
    }


def _spread(scores: Floats) -> NDArray[np.float64]:
    spread = np.zeros(len(scores))
    step = max(1, (1 << 16) // scores.shape[1])  # a block and what is made of it stay in cache
    for start in range(0, len(scores), step):
        block = scores[start : start + step].astype(np.float64)
        missing = np.isnan(block)
        if not missing.any():
            spread[start : start + step] = block.std(axis=1)
            continue
        count = np.maximum((~missing).sum(axis=1), 1)
        mean = np.where(missing, 0, block).sum(axis=1) / count
        deviation = np.where(missing, 0, block - mean[:, None])
        spread[start : start + step] = np.sqrt((deviation**2).sum(axis=1) / count)
    return spread


def _group_means(keys: Floats, values: Floats) -> Floats:
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sizes = np.diff(np.r_[starts, len(keys)])
    if len(starts) == len(keys):
        return values
    means = np.add.reduceat(values, starts, axis=0) / sizes[:, None]
    return np.repeat(means, sizes, axis=0)


def _curve(ordered: Floats) -> Floats:
    count = len(ordered)
    # round() is to even on halves, which is part of the reference's definition.
    kept = [ordered[min(round(rate * count), count - 1) :] for rate in _RATES]
    return np.stack([part.mean(axis=0) for part in kept])


def _area(curve: Floats) -> Floats:
    steps = np.diff(_RATES)[:, None]
    area: Floats = np.sum(steps * (curve[1:] + curve[:-1]) / 2, axis=0)
    return area

"""Scores of ranked documents, one value per query: nDCG, MAP, recall, precision, MRR, hit rate.

Everything is computed from the hits alone, the judged documents that a ranking holds, so the cost
grows with judgements and not with the depth of the ranking. Values are those of trec_eval.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    PerQuery = NDArray[np.float64]

_BLOCK = 1 << 20  # comparisons at once, which stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Judgements:
    """Relevant documents: parallel arrays ``(m,)`` of query number, document number and gain.

    Gains are above 0. ``queries`` is how many queries there are; a query may have no judgement.
    """

    query: NDArray[np.int64]
    document: NDArray[np.int64]
    gain: NDArray[np.float64]
    queries: int


@dataclass(frozen=True, slots=True)
class Hits:
    """The relevant documents that a ranking holds, ordered by query and rank.

    ``query``, ``rank`` (from 0) and ``gain`` are parallel ``(h,)`` arrays; ``judgements`` are those
    the ranking was compared with.
    """

    query: NDArray[np.int64]
    rank: NDArray[np.int64]
    gain: NDArray[np.float64]
    judgements: Judgements

    @property
    def relevant(self) -> NDArray[np.int64]:
        """How many relevant documents each query has, found or not."""
        return np.bincount(self.judgements.query, minlength=self.judgements.queries)


def find_hits(documents: NDArray[np.integer[Any]], judgements: Judgements) -> Hits:
    """Look the judged documents up in rankings of shape ``(queries, depth)``, best first.

    A negative document number in the ranking is padding and never a hit; documents of a row are
    distinct.
    """
    count, depth = len(judgements.query), documents.shape[1]
    wanted = judgements.document.astype(documents.dtype)
    step = max(1, _BLOCK // max(1, depth))
    found, ranks = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, count, step):
        part = slice(start, start + step)
        same = documents[judgements.query[part]] == wanted[part, None]
        rows, columns = np.divmod(np.flatnonzero(same), depth)  # faster than over two axes
        found.append(rows + start)
        ranks.append(columns)
    judged, rank = np.concatenate(found), np.concatenate(ranks)
    real = judgements.document[judged] >= 0
    judged, rank = judged[real], rank[real]
    query = judgements.query[judged]
    order = np.lexsort((rank, query))
    return Hits(query[order], rank[order], judgements.gain[judged][order], judgements)


def ndcg(hits: Hits, *, k: int) -> PerQuery:
    """Normalised discounted cumulative gain of the first k, per query: ``(queries,)`` in 0..1.

    Linear gain over log2(rank + 1), by the ideal order of all relevant documents; 0 for a query
    without any. Source: Järvelin and Kekäläinen, TOIS 20 (2002); trec_eval's ``ndcg_cut``.
    """
    judged = hits.judgements
    order = np.lexsort((-judged.gain, judged.query))
    query, gain = judged.query[order], judged.gain[order]
    ideal = _discounted(query, _position_in_group(query), gain, judged.queries, k)
    gained = _discounted(hits.query, hits.rank, hits.gain, judged.queries, k)
    return _ratio(gained, ideal)


def average_precision_at(hits: Hits, *, k: int) -> PerQuery:
    """Mean of the precision at each hit in the first k, over all relevant: ``(queries,)`` in 0..1.

    0 for a query without a relevant document; trec_eval's ``map_cut``.
    """
    precision = (_position_in_group(hits.query) + 1) / (hits.rank + 1)
    return _ratio(_sum(hits, precision, k), hits.relevant)


def recall(hits: Hits, *, k: int) -> PerQuery:
    """Share of the relevant documents that the first k hold: ``(queries,)`` in 0..1.

    0 for a query without a relevant document.
    """
    return _ratio(_sum(hits, None, k), hits.relevant)


def precision(hits: Hits, *, k: int) -> PerQuery:
    """Share of the first k that is relevant: ``(queries,)`` in 0..1.

    A ranking shorter than k divides by k as well.
    """
    return _sum(hits, None, k) / k


def reciprocal_rank(hits: Hits, *, k: int) -> PerQuery:
    """One over the rank of the first hit, 0 when it is beyond k: ``(queries,)`` in 0..1."""
    first = _position_in_group(hits.query) == 0
    inside = first & (hits.rank < k)
    values = np.zeros(hits.judgements.queries)
    values[hits.query[inside]] = 1 / (hits.rank[inside] + 1)
    return values


def hit_rate(hits: Hits, *, k: int) -> PerQuery:
    """1 where the first k hold a relevant document, else 0: ``(queries,)``."""
    return (_sum(hits, None, k) > 0).astype(np.float64)


PER_QUERY = {
    "ndcg": ndcg,
    "map": average_precision_at,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}
"""mteb's name of each score (before ``_at_k``) and its function of hits and k."""


def _discounted(
    query: NDArray[np.int64],
    rank: NDArray[np.int64],
    gain: NDArray[np.float64],
    queries: int,
    k: int,
) -> PerQuery:
    inside = rank < k
    weights = gain[inside] / np.log2(rank[inside] + 2)
    return np.bincount(query[inside], weights, minlength=queries).astype(np.float64)


def _sum(hits: Hits, values: NDArray[np.float64] | None, k: int) -> PerQuery:
    inside = hits.rank < k
    weights = None if values is None else values[inside]
    counts = np.bincount(hits.query[inside], weights, minlength=hits.judgements.queries)
    return counts.astype(np.float64)


def _position_in_group(groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2, ... within each run of equal values."""
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else groups
    sizes = np.diff(np.r_[starts, len(groups)])
    return np.arange(len(groups)) - np.repeat(starts, sizes)


def _ratio(above: PerQuery, below: NDArray[Any]) -> PerQuery:
    ratios: PerQuery = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return ratios

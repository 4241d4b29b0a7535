"""Scores of rankings with equal similarities: the mean over every order of what is tied.

A ranking by document id is one of many that fit the same similarities. These expectations need no
id: what changes with the ids alone shows as a difference between the two. All are exact, not drawn.
Source: McSherry and Najork, ECIR 2008.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.metrics.retrieval import Hits, Judgements

    PerQuery = NDArray[np.float64]

_BLOCK = 1 << 20  # comparisons at once, which stay in the processor's cache


@dataclass(frozen=True, slots=True)
class Ties:
    """The groups of equal scores that hold a relevant document, ordered by query and rank.

    Parallel ``(g,)`` arrays: ``start`` is the group's first rank (from 0), ``size`` its documents,
    ``hits`` its relevant ones, ``gain`` the sum of their gains, ``before`` the relevant documents
    in better groups.
    """

    query: NDArray[np.int64]
    start: NDArray[np.int64]
    size: NDArray[np.int64]
    hits: NDArray[np.int64]
    gain: NDArray[np.float64]
    before: NDArray[np.int64]
    judgements: Judgements


def find_ties(hits: Hits, scores: NDArray[np.floating[Any]], *, k: int) -> Ties:
    """The tied groups around hits; ``scores`` is ``(queries, depth)``, descending, NaN at its end.

    Groups that begin beyond the first ``k`` are left out. A group that the ranking cuts off at its
    depth counts as what the ranking holds of it.
    """
    depth = scores.shape[1]
    if depth > k:
        hits = _reaching(hits, scores, k)
    count = len(hits.query)
    start, size = np.zeros(count, np.int64), np.zeros(count, np.int64)
    step = max(1, _BLOCK // max(1, depth))
    for first in range(0, count, step):
        part = slice(first, first + step)
        same = scores[hits.query[part]] == scores[hits.query[part], hits.rank[part]][:, None]
        start[part], size[part] = same.argmax(axis=1), same.sum(axis=1)
    changes = (hits.query[1:] != hits.query[:-1]) | (start[1:] != start[:-1])
    at = np.flatnonzero(np.r_[count > 0, changes])
    number = np.diff(np.r_[at, count])
    gain = np.add.reduceat(hits.gain, at) if count else np.empty(0)
    query = hits.query[at]
    total = np.cumsum(number) - number
    new = np.flatnonzero(np.r_[len(query) > 0, query[1:] != query[:-1]])
    before = total - np.repeat(total[new], np.diff(np.r_[new, len(query)]))
    return Ties(query, start[at], size[at], number, gain, before, hits.judgements)


def ndcg(ties: Ties, *, k: int) -> PerQuery:
    """Expected nDCG of the first k, per query: each place of a group has the group's mean gain.

    >>> from benchmark.metrics.retrieval import Judgements, find_hits
    >>> one = np.array([0])
    >>> hits = find_hits(np.array([[5, 6]]), Judgements(one, np.array([5]), np.ones(1), 1))
    >>> ndcg(find_ties(hits, np.array([[0.5, 0.5]]), k=1), k=1)
    array([0.5])
    """
    judged = ties.judgements
    order = np.lexsort((-judged.gain, judged.query))
    query, gain = judged.query[order], judged.gain[order]
    counts = np.bincount(query, minlength=judged.queries)
    place = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
    inside = place < k
    weights = gain[inside] / np.log2(place[inside] + 2)
    ideal = np.bincount(query[inside], weights, minlength=judged.queries)
    discount = np.r_[0.0, np.cumsum(1 / np.log2(np.arange(k) + 2))]
    seen = discount[np.minimum(ties.start + ties.size, k)] - discount[np.minimum(ties.start, k)]
    return _ratio(_by_query(ties, ties.gain / ties.size * seen), ideal)


def average_precision_at(ties: Ties, *, k: int) -> PerQuery:
    """Expected average precision of the first k, per query.

    A relevant document at place i of a group has, of the group's other h - 1 relevant ones, on
    average (i - 1) (h - 1) / (n - 1) before it.
    """
    places = _places(ties, k)
    other = (ties.hits - 1) / np.maximum(ties.size - 1, 1)
    harmonic = np.r_[0.0, np.cumsum(1 / np.arange(1, k + 1))]
    first = np.minimum(ties.start, k)
    inverse = harmonic[first + places] - harmonic[first]
    whole = (ties.before + 1 - other - other * ties.start) * inverse + other * places
    return _ratio(_by_query(ties, ties.hits / ties.size * whole), _relevant(ties))


def recall(ties: Ties, *, k: int) -> PerQuery:
    """Expected share of the relevant documents that the first k hold, per query."""
    return _ratio(_by_query(ties, ties.hits / ties.size * _places(ties, k)), _relevant(ties))


def precision(ties: Ties, *, k: int) -> PerQuery:
    """Expected share of the first k that is relevant, per query."""
    return _by_query(ties, ties.hits / ties.size * _places(ties, k)) / k


def reciprocal_rank(ties: Ties, *, k: int) -> PerQuery:
    """Expected reciprocal of the rank of the first hit, 0 beyond k, per query."""
    first = ties.before == 0
    start, size, hits = ties.start[first], ties.size[first], ties.hits[first]
    value = np.zeros(len(start))
    chance = hits / size  # that the first hit stands at this place of the group
    for place in range(min(k, int(size.max(initial=0)))):
        value += np.where(start + place < k, chance / (start + place + 1), 0)
        # Of C(n - j, h - 1) / C(n, h), the value for the next place j.
        left = np.maximum(size - place - 1, 1)
        chance = chance * np.maximum(size - place - hits, 0) / left
    found = np.zeros(ties.judgements.queries)
    found[ties.query[first]] = value
    return found


def hit_rate(ties: Ties, *, k: int) -> PerQuery:
    """Chance that the first k hold a relevant document, per query."""
    first = ties.before == 0
    size, hits = ties.size[first], ties.hits[first]
    beyond = size - _places(ties, k)[first]
    none = np.ones(len(size))
    for hit in range(int(hits.max(initial=0))):
        chance = np.maximum(beyond - hit, 0) / np.maximum(size - hit, 1)
        none *= np.where(hit < hits, chance, 1)
    found = np.zeros(ties.judgements.queries)
    found[ties.query[first]] = 1 - none
    return found


EXPECTED = {
    "ndcg": ndcg,
    "map": average_precision_at,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "hit_rate": hit_rate,
}
"""The name of each score, as in ``benchmark.metrics.retrieval``, and its expectation."""


def _reaching(hits: Hits, scores: NDArray[np.floating[Any]], k: int) -> Hits:
    """The hits whose score is not below that at place k."""
    kept = ~(scores[hits.query, hits.rank] < scores[hits.query, k - 1])
    return replace(hits, query=hits.query[kept], rank=hits.rank[kept], gain=hits.gain[kept])


def _places(ties: Ties, k: int) -> NDArray[np.int64]:
    """How many of the group's places are among the first k."""
    places: NDArray[np.int64] = np.clip(k - ties.start, 0, ties.size)
    return places


def _by_query(ties: Ties, values: NDArray[np.float64]) -> PerQuery:
    counts = np.bincount(ties.query, values, minlength=ties.judgements.queries)
    return counts.astype(np.float64)


def _relevant(ties: Ties) -> NDArray[np.int64]:
    return np.bincount(ties.judgements.query, minlength=ties.judgements.queries)


def _ratio(above: PerQuery, below: NDArray[Any]) -> PerQuery:
    ratios: PerQuery = np.divide(above, below, out=np.zeros(len(above)), where=below > 0)
    return ratios

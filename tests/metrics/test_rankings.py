"""Ranking scores by hand, and against a direct computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.retrieval import PER_QUERY, Hits, Judgements, find_hits


def hits_of(ranking: list[list[int]], judged: list[tuple[int, int, float]]) -> Hits:
    """Hits of small rankings; judgements are (query, document, gain)."""
    query, document, gain = zip(*judged, strict=True)
    judgements = Judgements(
        np.array(query), np.array(document), np.array(gain, dtype=float), len(ranking)
    )
    return find_hits(np.array(ranking), judgements)


RANKING = [[4, 1, 7, 2]]
JUDGED = [(0, 1, 2.0), (0, 2, 1.0), (0, 9, 1.0)]
"""Hits at ranks 2 (gain 2) and 4 (gain 1); document 9 is never found."""

IDEAL = 2 / math.log2(2) + 1 / math.log2(3) + 1 / math.log2(4)


@pytest.mark.parametrize(
    ("name", "k", "expected"),
    [
        ("ndcg", 4, (2 / math.log2(3) + 1 / math.log2(5)) / IDEAL),
        ("ndcg", 2, (2 / math.log2(3)) / (2 / math.log2(2) + 1 / math.log2(3))),
        ("map", 4, (1 / 2 + 2 / 4) / 3),
        ("map", 3, (1 / 2) / 3),
        ("recall", 4, 2 / 3),
        ("precision", 4, 2 / 4),
        ("precision", 10, 2 / 10),
        ("mrr", 4, 1 / 2),
        ("mrr", 1, 0.0),
        ("hit_rate", 1, 0.0),
        ("hit_rate", 2, 1.0),
    ],
)
def test_by_hand(name: str, k: int, expected: float) -> None:
    """Each score of one small ranking."""
    assert PER_QUERY[name](hits_of(RANKING, JUDGED), k=k).tolist() == pytest.approx([expected])


@pytest.mark.parametrize("name", sorted(PER_QUERY))
def test_a_query_without_relevant_documents_scores_zero(name: str) -> None:
    """Query 1 has no judgement and counts 0."""
    hits = hits_of([[1, 2], [3, 4]], [(0, 1, 1.0)])

    assert PER_QUERY[name](hits, k=1).tolist() == [1.0, 0.0]


def test_padding_is_never_a_hit() -> None:
    """Neither padding in the ranking nor an absent document in the judgements matches."""
    hits = hits_of([[3, -1, -2]], [(0, -2, 1.0), (0, 3, 1.0)])

    assert hits.rank.tolist() == [0]
    assert PER_QUERY["recall"](hits, k=3).tolist() == [0.5]


@settings(max_examples=60, deadline=None)
@given(
    queries=st.integers(1, 6),
    documents=st.integers(1, 12),
    k=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
def test_equals_a_direct_computation(queries: int, documents: int, k: int, seed: int) -> None:
    """The same values as loops over every ranking, which follow the definitions."""
    generator = np.random.default_rng(seed)
    gains = generator.integers(0, 4, (queries, documents)).astype(float)
    ranking = np.array([generator.permutation(documents) for _ in range(queries)])
    query, document = np.nonzero(gains)
    judgements = Judgements(query, document, gains[query, document], queries)
    hits = find_hits(ranking, judgements)
    expected = [_direct(gains[row], ranking[row], k) for row in range(queries)]

    for name, function in PER_QUERY.items():
        values = function(hits, k=k)
        assert values.tolist() == pytest.approx([each[name] for each in expected])
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@settings(max_examples=30, deadline=None)
@given(documents=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_perfect_is_one(documents: int, seed: int) -> None:
    """The ideal order scores 1 where the score can reach it."""
    gains = np.random.default_rng(seed).integers(1, 4, documents).astype(float)
    ranking = np.argsort(-gains)[None]
    judgements = Judgements(np.zeros(documents, int), np.arange(documents), gains, 1)
    hits = find_hits(ranking, judgements)

    for function in PER_QUERY.values():
        assert function(hits, k=documents).tolist() == pytest.approx([1.0])


def _direct(gains: np.ndarray, ranking: np.ndarray, k: int) -> dict[str, float]:
    found = [gains[document] for document in ranking[:k]]
    ideal = sorted(gains, reverse=True)[:k]
    relevant = int((gains > 0).sum())
    ranks = [rank for rank, gain in enumerate(found, 1) if gain > 0]
    precisions = [(position + 1) / rank for position, rank in enumerate(ranks)]
    best = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ideal, 1))
    gained = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(found, 1))
    return {
        "ndcg": gained / best if best else 0.0,
        "map": sum(precisions) / relevant if relevant else 0.0,
        "recall": len(ranks) / relevant if relevant else 0.0,
        "precision": len(ranks) / k,
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "hit_rate": float(bool(ranks)),
    }

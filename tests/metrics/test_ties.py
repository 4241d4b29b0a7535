"""Expectations over tied orders: the mean of the plain score over every order, by brute force."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.metrics import ties
from benchmark.metrics.retrieval import PER_QUERY, Judgements, find_hits

Groups = list[list[int]]


def orders(groups: Groups) -> list[list[int]]:
    """Every ranking that keeps the groups in their order."""
    return [
        [document for group in chosen for document in group]
        for chosen in product(*(list(permutations(group)) for group in groups))
    ]


def tied_run(groups: Groups) -> tuple[np.ndarray, np.ndarray]:
    """One ranking of the groups, and its scores."""
    documents = np.array([[document for group in groups for document in group]])
    scores = [float(-n) for n, group in enumerate(groups) for _ in group]
    return documents, np.array([scores])


@pytest.mark.parametrize("name", PER_QUERY)
@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    gains=st.lists(st.integers(0, 2), min_size=13, max_size=13),
    k=st.integers(1, 8),
)
def test_equals_the_mean_over_all_orders(
    name: str, sizes: list[int], gains: list[int], k: int
) -> None:
    """Every score, at every k; document 12 is judged and never found."""
    numbers = iter(range(12))
    groups = [[next(numbers) for _ in range(size)] for size in sizes]
    relevant = np.flatnonzero(gains)
    judgements = Judgements(
        np.zeros(len(relevant), np.int64), relevant, np.array(gains, float)[relevant], 1
    )
    documents, scores = tied_run(groups)
    found = ties.find_ties(find_hits(documents, judgements), scores, k=k)
    rankings = np.array(orders(groups))
    repeated = Judgements(
        np.repeat(np.arange(len(rankings)), len(relevant)),
        np.tile(judgements.document, len(rankings)),
        np.tile(judgements.gain, len(rankings)),
        len(rankings),
    )
    values = PER_QUERY[name](find_hits(rankings, repeated), k=k)

    assert ties.EXPECTED[name](found, k=k)[0] == pytest.approx(values.mean(), abs=1e-12)


@pytest.mark.parametrize("name", PER_QUERY)
def test_without_ties_it_is_the_plain_score(name: str) -> None:
    """Several queries, one of them without any judgement, one with padding."""
    generator = np.random.default_rng(0)
    documents = np.array([generator.permutation(30) for _ in range(6)])
    scores = -np.sort(-generator.random((6, 30)), axis=1).astype(np.float32)
    documents[5, 20:], scores[5, 20:] = -1, np.nan
    query = np.repeat(np.arange(1, 6), 4)
    document = np.concatenate([generator.choice(30, 4, replace=False) for _ in range(5)])
    judgements = Judgements(query, document, generator.integers(1, 4, 20).astype(float), 6)
    hits = find_hits(documents, judgements)

    for k in (1, 3, 10, 100):
        found = ties.find_ties(hits, scores, k=k)
        expected = PER_QUERY[name](hits, k=k)
        assert ties.EXPECTED[name](found, k=k) == pytest.approx(expected, abs=1e-12)


def test_no_hits() -> None:
    """A ranking without a relevant document scores 0."""
    empty = np.empty(0, np.int64)
    hits = find_hits(np.array([[0, 1]]), Judgements(empty, empty, np.empty(0), 1))
    found = ties.find_ties(hits, np.array([[1.0, 1.0]]), k=2)

    assert [function(found, k=2)[0] for function in ties.EXPECTED.values()] == [0.0] * 6

"""Search among codes: by hand, through an index, and scored again by whole queries."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.metrics.quantization import floats, quantised, ranges_of
from benchmark.metrics.search import numbers_of, recall_of_search, search, similarity_of
from benchmark.metrics.similarity import normalised
from benchmark.metrics.topk import top_k
from benchmark.protocols import Compression, Embeddings

QUERIES, DOCUMENTS, WIDTH = 12, 300, 40


def unit(count: int, seed: int) -> Any:
    """Random vectors of unit length."""
    return normalised(np.random.default_rng(seed).standard_normal((count, WIDTH)))


def compressed(dtype: str, rescore: int = 0) -> Embeddings:
    """Queries and a corpus in codes."""
    whole = {"queries": unit(QUERIES, 0), "corpus": unit(DOCUMENTS, 1)}
    ranges = ranges_of([whole["corpus"]])
    codes = {name: quantised(vectors, dtype, ranges) for name, vectors in whole.items()}
    how = Compression(dtype, WIDTH, ranges, rescore, {"queries": whole["queries"]})
    return Embeddings(codes, "cosine", how)


ORDER = np.random.default_rng(2).permutation(DOCUMENTS)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_integers_are_ranked_by_their_product(dtype: str) -> None:
    """As an index of bytes does: not by cosine."""
    embeddings = compressed(dtype)
    products = numbers_of(embeddings, "queries") @ numbers_of(embeddings, "corpus").T
    run = search(embeddings, k=20, order=ORDER)
    expected = [np.lexsort((-ORDER, -row))[:20].tolist() for row in products]

    assert "dot" == similarity_of(embeddings)
    assert expected == run.documents.tolist()


@pytest.mark.parametrize("dtype", ["int8", "uint8", "binary"])
def test_the_best_are_scored_again(dtype: str) -> None:
    """Three times the five best by whole queries; what follows keeps its order below them."""
    embeddings = compressed(dtype, rescore=3)
    how = embeddings.compression
    assert how is not None
    first = search(compressed(dtype), k=30, order=ORDER)
    again = search(embeddings, k=30, order=ORDER, best=5)
    restored = floats(np.asarray(embeddings["corpus"]), dtype, WIDTH, how.ranges)
    products = np.asarray(how.queries["queries"] @ restored.T)
    for query in range(QUERIES):
        before, after = first.documents[query], again.documents[query]
        scores = products[query, after[:15]]

        assert set(before[:15]) == set(after[:15])
        assert sorted(scores, reverse=True) == pytest.approx(scores.tolist(), abs=1e-6)
        assert scores == pytest.approx(again.scores[query, :15], abs=1e-5)
        assert before[15:].tolist() == after[15:].tolist()
    assert (np.diff(again.scores, axis=1) <= 0).all()


def test_all_scored_again_is_the_ranking_of_whole_queries() -> None:
    """With as many candidates as documents nothing of the first search is left."""
    embeddings = compressed("int8", rescore=1000)
    how = embeddings.compression
    assert how is not None
    restored = floats(np.asarray(embeddings["corpus"]), "int8", WIDTH, how.ranges)
    exact = top_k(how.queries["queries"], restored, k=20, order=ORDER, similarity="dot")

    assert exact.documents.tolist() == search(embeddings, k=20, order=ORDER).documents.tolist()


def test_half_precision_keeps_the_similarity() -> None:
    """Numbers of half precision are compared as the model compares."""
    embeddings = compressed("float16")
    rounded = numbers_of(embeddings, "corpus")
    exact = top_k(numbers_of(embeddings, "queries"), rounded, k=20, order=ORDER)

    assert "cosine" == similarity_of(embeddings)
    assert rounded.dtype == np.float32
    assert exact.documents.tolist() == search(embeddings, k=20, order=ORDER).documents.tolist()


@pytest.mark.parametrize("rescore", [0, 2])
@pytest.mark.parametrize("dtype", ["float16", "int8", "binary"])
def test_an_index_of_codes_finds_what_exact_search_finds(dtype: str, rescore: int) -> None:
    """The flat index of faiss, up to the order of equal scores."""
    pytest.importorskip("faiss")
    embeddings = compressed(dtype, rescore)
    exact = search(embeddings, k=20, order=ORDER, best=10)
    found = search(embeddings, k=20, order=ORDER, best=10, index="flat")
    recall = recall_of_search(found, embeddings, order=ORDER, best=10)

    if dtype != "binary":
        assert exact.documents.tolist() == found.documents.tolist()
        assert recall == 1.0
    assert recall > 0.9

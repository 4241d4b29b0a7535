"""Exact search: order, ties, blocks, and sparse rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics import topk
from benchmark.metrics.topk import nearest, top_k


def test_by_hand() -> None:
    """Cosines of (1, 0) with (1, 0), (0, 1), (1, 1): 1, 0 and 0.7071."""
    run = top_k(np.array([[2.0, 0.0]]), np.array([[3.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), k=2)

    assert run.documents.tolist() == [[0, 2]]
    assert run.scores.tolist() == [pytest.approx([1.0, np.sqrt(0.5)])]


def test_ties_stand_by_order_descending() -> None:
    """Three equal documents; the one whose id ranks highest comes first."""
    run = top_k(np.ones((1, 2)), np.ones((3, 2)), k=2, order=np.array([1, 2, 0]))

    assert run.documents.tolist() == [[1, 0]]


def test_a_corpus_smaller_than_k() -> None:
    """The ranking is as long as the corpus."""
    assert top_k(np.ones((2, 3)), np.ones((4, 3)), k=9).documents.shape == (2, 4)


def test_no_documents() -> None:
    """Nothing is found in nothing."""
    assert top_k(np.ones((2, 3)), np.ones((0, 3)), k=9).documents.shape == (2, 0)


def test_negative_zero_ties_with_zero() -> None:
    """0 and -0 are one score."""
    run = top_k(np.array([[0.0, 1.0]]), np.array([[-1.0, -0.0], [1.0, 0.0]]), k=2, similarity="dot")

    assert run.documents.tolist() == [[1, 0]]


def test_nearest_takes_the_first_of_equal_ones() -> None:
    """Constant vectors: every query finds row 0."""
    assert nearest(np.ones((3, 4)), np.ones((5, 4))).tolist() == [0, 0, 0]


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@settings(max_examples=40, deadline=None)
@given(
    queries=st.integers(1, 9),
    documents=st.integers(1, 40),
    k=st.integers(1, 45),
    seed=st.integers(0, 2**32 - 1),
)
def test_blocks_equal_a_full_sort(
    similarity: str, queries: int, documents: int, k: int, seed: int
) -> None:
    """Blocks of a few rows find what sorting everything finds, with many ties."""
    generator = np.random.default_rng(seed)
    left = generator.integers(-1, 2, (queries, 2)).astype(np.float32)
    right = generator.integers(-1, 2, (documents, 2)).astype(np.float32)
    order = generator.permutation(documents)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(topk, "_DOCUMENTS", 7)
        patch.setattr(topk, "_QUERIES", 4)
        run = top_k(left, right, k=k, order=order, similarity=similarity)
        first = nearest(left, right, similarity=similarity)
    full = top_k(left, right, k=documents, order=order, similarity=similarity)
    scores = np.take_along_axis(full.scores, np.argsort(full.documents, axis=1), axis=1)
    expected = np.array([np.lexsort((-order, -row))[:k] for row in scores])

    assert scores == pytest.approx(_scores(left, right, similarity), abs=1e-6)
    assert run.documents.tolist() == expected.tolist()
    assert first.tolist() == scores.argmax(axis=1).tolist()


def test_sparse_rows_equal_dense_ones() -> None:
    """CSR rows give the scores of the same rows as arrays."""
    sparse = pytest.importorskip("scipy.sparse")
    generator = np.random.default_rng(0)
    left = (generator.random((5, 30)) * (generator.random((5, 30)) < 0.3)).astype(np.float32)
    right = (generator.random((60, 30)) * (generator.random((60, 30)) < 0.3)).astype(np.float32)
    for similarity in ("cosine", "dot", "euclidean"):
        dense = top_k(left, right, k=10, similarity=similarity)
        found = top_k(
            sparse.csr_matrix(left), sparse.csr_matrix(right), k=10, similarity=similarity
        )

        assert found.scores == pytest.approx(dense.scores, abs=1e-6)


def _scores(left: NDArray[np.float32], right: NDArray[np.float32], similarity: str) -> object:
    if similarity == "euclidean":
        return -np.linalg.norm(left[:, None] - right[None], axis=2)
    if similarity == "cosine":
        left = left / np.maximum(np.linalg.norm(left, axis=1), 1e-12)[:, None]
        right = right / np.maximum(np.linalg.norm(right, axis=1), 1e-12)[:, None]
    return left @ right.T

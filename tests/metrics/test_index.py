"""Search through faiss: what the exact index finds, what the approximate ones miss."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmark.errors import MissingExtraError, ModelError
from benchmark.metrics.index import INDEXES, index_problems, recall_of_run, search_index
from benchmark.metrics.topk import top_k
from tests.kinds.kinds_help import score


def rows(count: int, seed: int) -> Any:
    """Random vectors."""
    return np.random.default_rng(seed).standard_normal((count, 8)).astype(np.float32)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
def test_the_flat_index_finds_what_exact_search_finds(similarity: str) -> None:
    """The same documents and scores."""
    pytest.importorskip("faiss")
    queries, documents = rows(9, 0), rows(200, 1)
    found = search_index(queries, documents, k=10, index="flat", similarity=similarity)
    exact = top_k(queries, documents, k=10, similarity=similarity)

    assert exact.documents.tolist() == found.documents.tolist()
    assert exact.scores == pytest.approx(found.scores, abs=1e-5)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("index", ["hnsw", "ivf"])
def test_an_approximate_index_finds_most(index: str, similarity: str) -> None:
    """On random vectors, and the same every time."""
    pytest.importorskip("faiss")
    queries, documents = rows(50, 0), rows(3_000, 1)
    found = search_index(queries, documents, k=10, index=index, similarity=similarity)
    again = search_index(queries, documents, k=10, index=index, similarity=similarity)
    order = np.arange(3_000)
    recall = recall_of_run(found, queries, documents, order=order, similarity=similarity)

    assert again.documents.tolist() == found.documents.tolist()
    assert 0.8 < recall <= 1


def test_few_documents_and_none() -> None:
    """k beyond the corpus, and an empty corpus."""
    pytest.importorskip("faiss")

    assert search_index(rows(2, 0), rows(3, 1), k=9, index="ivf").documents.shape == (2, 3)
    assert search_index(rows(2, 0), rows(0, 1), k=9, index="hnsw").documents.shape == (2, 0)


def test_recall_is_reported_beside_the_scores() -> None:
    """Under a name of its own, and the scores are those of the exact search."""
    pytest.importorskip("faiss")
    tables = {
        "corpus": pa.table({"id": ["a", "b", "c"], "text": ["a", "b", "c"]}),
        "queries": pa.table({"id": ["q"], "text": ["q"]}),
        "qrels": pa.table({"query-id": ["q"], "corpus-id": ["b"], "score": [1.0]}),
    }
    vectors = {"queries": [[1, 0]], "corpus": [[1, 0], [1, 1], [0, 1]]}
    exact = score("retrieval", tables, vectors).metrics
    found = score("retrieval", tables, vectors, index="flat").metrics

    assert {"index_recall": 1.0} == {name: found[name] for name in found.keys() - exact.keys()}
    assert exact["ndcg_at_10"] == found["ndcg_at_10"]


def test_sparse_rows_are_refused() -> None:
    """With the way out."""
    sparse = pytest.importorskip("scipy.sparse")

    with pytest.raises(ModelError, match="remove index from"):
        search_index(sparse.csr_matrix(rows(2, 0)), rows(3, 1), k=1, index="flat")


def test_without_faiss(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra."""
    monkeypatch.setitem(sys.modules, "faiss", None)

    with pytest.raises(MissingExtraError, match=r"embedmark\[faiss\]"):
        search_index(rows(2, 0), rows(3, 1), k=1, index="flat")


def test_an_unknown_index() -> None:
    """A hint stands in the message; known ones have none."""
    assert [] == [problem for index in INDEXES for problem in index_problems(index)]
    assert [("index", "unknown index 'flt'; did you mean 'flat'?")] == index_problems("flt")

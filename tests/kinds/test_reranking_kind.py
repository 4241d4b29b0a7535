"""Reranking: only candidates count, whoever ranks them, and wrong candidates."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmark.kinds import reranking
from benchmark.protocols import Run
from tests.kinds.kinds_help import findings, make_task, score, table


def tables(candidates: list[tuple[str, str]]) -> dict[str, Any]:
    """Two queries, four documents; q1 seeks d2, q2 seeks d4."""
    query, document = zip(*candidates, strict=True)
    return {
        "corpus": table(id=["d1", "d2", "d3", "d4"], text=["a", "b", "c", "d"]),
        "queries": table(id=["q1", "q2"], text=["x", "y"]),
        "qrels": table(
            **{"query-id": ["q1", "q2"], "corpus-id": ["d2", "d4"], "score": [1.0, 1.0]}
        ),
        "top_ranked": table(**{"query-id": list(query), "corpus-id": list(document)}),
    }


GIVEN = tables([("q1", "d1"), ("q1", "d2"), ("q2", "d4"), ("q2", "d3"), ("q2", "d4")])
VECTORS = {
    "queries": [[1, 0], [0, 1]],
    "corpus": [[1, 1], [2, 1], [0, 1], [1, 9]],
}


def test_by_hand() -> None:
    """q1: d2 (.89) before d1 (.71), found first. q2: d3 (1) before d4 (.99), found second."""
    found = score("reranking", GIVEN, VECTORS)

    assert found.samples["map_at_1000"].tolist() == [1.0, 0.5]
    assert found.metrics["mrr_at_1"] == 0.5


def test_sparse_vectors() -> None:
    """CSR rows rank as the same rows in arrays."""
    sparse = pytest.importorskip("scipy.sparse")
    rows = {
        name: sparse.csr_matrix(np.array(values, dtype=np.float32))
        for name, values in VECTORS.items()
    }

    assert score("reranking", GIVEN, rows).metrics == pytest.approx(
        score("reranking", GIVEN, VECTORS).metrics, nan_ok=True, abs=1e-6
    )


def test_a_searcher_ranks_the_whole_corpus() -> None:
    """What is no candidate is taken out, so that the ranks close up."""
    task = make_task("reranking")
    data = reranking.read(GIVEN, task, random.Random(42))
    run = Run(
        np.array([[2, 3, 1, 0], [0, 1, 3, 2]], dtype=np.int32),
        np.array([[4, 3, 2, 1], [4, 3, 2, 1]], dtype=np.float32),
    )

    assert reranking.depth(data, task) == 4
    assert reranking.judge(data, run, task).samples["map_at_1000"].tolist() == [1.0, 1.0]


def test_constant_vectors_stand_by_id() -> None:
    """d2 before d1 and d4 before d3: ids descending."""
    found = score("reranking", GIVEN, {"queries": np.ones((2, 2)), "corpus": np.ones((4, 2))})

    assert found.metrics["map_at_1000"] == 1.0


def test_a_query_without_candidates_counts_zero() -> None:
    """Its ranking is empty."""
    found = score("reranking", tables([("q1", "d2")]), VECTORS)

    assert found.samples["map_at_1000"].tolist() == [1.0, 0.0]


def test_checks() -> None:
    """Absent candidates are errors; a query without candidates is a warning."""
    found = findings("reranking", tables([("q1", "d2"), ("q1", "d9"), ("q7", "d1")]))

    assert found["absent_candidate"].message == (
        "small.csv row 2: names the document 'd9', which is absent; add the document or remove it"
    )
    assert found["candidate_of_absent_query"].level == "error"
    assert found["query_without_candidates"].message.startswith("small.csv row 2: the query 'q2' ")
    assert findings("reranking", GIVEN) == {}


def test_requests_of_several_queries_by_hand() -> None:
    """u1's queries x and y see d2 at 1 and d1 at .9: d2 first. u2 seeks d4, which is second."""
    given = {
        "corpus": table(id=["d1", "d2", "d3", "d4"], text=["a", "b", "c", "d"]),
        "queries": table(id=["u1_0", "u1_1", "u2_0"], text=["x", "y", "z"]),
        "qrels": table(
            **{
                "query-id": ["u1_0", "u1_1", "u2_0"],
                "corpus-id": ["d2", "d2", "d4"],
                "score": [1.0, 1.0, 1.0],
            }
        ),
        "top_ranked": table(
            **{
                "query-id": ["u1_0", "u1_0", "u1_1", "u1_1", "u2_0", "u2_0"],
                "corpus-id": ["d1", "d2", "d1", "d2", "d3", "d4"],
            }
        ),
    }
    vectors = {
        "queries": [[1, 0], [0, 1], [1, 0]],
        "corpus": [[0.9, 0.44], [0, 1], [1, 0], [1, 1]],
    }
    main = "max_over_subqueries_map_at_1000"
    found = score("reranking", given, vectors, main_score=main, max_over_subqueries=True)

    assert found.metrics["map_at_1000"] == pytest.approx((0.5 + 1 + 0.5) / 3)
    assert found.metrics[main] == found.metrics[f"{main}_tied_expectation"] == 0.75
    assert found.samples[main].tolist() == [1.0, 0.5]
    assert found.examples == 2

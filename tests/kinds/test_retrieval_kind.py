"""Retrieval: by hand, ties, padded and unsorted runs, judgements that are odd, wrong data."""

from __future__ import annotations

import random
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.kinds import long_context, retrieval
from benchmark.protocols import Run
from tests.kinds.kinds_help import findings, make_task, score, table


def tables(
    judged: list[tuple[str, str, float]],
    *,
    documents: tuple[str, ...] = ("d1", "d2", "d10"),
    queries: tuple[str, ...] = ("q1", "q2"),
) -> dict[str, Any]:
    """A collection whose texts repeat the ids."""
    query, document, gain = zip(*judged, strict=True)
    return {
        "corpus": table(id=list(documents), text=[f"text of {name}" for name in documents]),
        "queries": table(id=list(queries), text=[f"text of {name}" for name in queries]),
        "qrels": table(
            **{"query-id": list(query), "corpus-id": list(document), "score": list(gain)}
        ),
    }


JUDGED = tables([("q1", "d1", 1.0), ("q2", "d10", 2.0)])


def judge(data: dict[str, Any], documents: Any, scores: Any, **options: Any) -> Any:
    """Scores of a run over corpus rows."""
    task = make_task("retrieval", **options)
    read = retrieval.read(data, task, random.Random(42))
    run = Run(np.array(documents, dtype=np.int32), np.array(scores, dtype=np.float32))
    return retrieval.judge(read, run, task)


def test_by_hand() -> None:
    """q1 finds its document first; q2 second, so 1 / log2(3)."""
    vectors = {"queries": [[1, 0], [1, 1]], "corpus": [[1, 0], [1, 1], [0, 1]]}
    found = score("retrieval", JUDGED, vectors)

    # q2 has cosines .7071 (d1), 1 (d2) and .7071 (d10); "d10" sorts after "d1", so it is second.
    assert found.samples["ndcg_at_10"].tolist() == pytest.approx([1.0, 1 / np.log2(3)])
    assert found.metrics["mrr_at_1"] == 0.5
    assert found.metrics["accuracy"] == 0.5
    assert found.examples == 2


def test_writes_every_metric_of_mteb() -> None:
    """Six scores and five nAUC families with three confidences, at seven k, and accuracy.

    The main score's expectation over tied orders is ours alone.
    """
    found = score("retrieval", JUDGED, {"queries": np.eye(2), "corpus": np.ones((3, 2))})

    assert set(retrieval.METRICS) <= set(found.metrics)
    assert sum(name.startswith("nauc_") for name in found.metrics) == 5 * 7 * 3
    assert len(found.metrics) == 6 * 7 + 1 + 5 * 7 * 3 + 1
    assert "ndcg_at_10_tied_expectation" in found.metrics


def test_expects_the_mean_over_tied_orders() -> None:
    """Three documents tie; one is relevant, so that a third of the orders put it first."""
    judged = {**JUDGED}
    found = score("retrieval", judged, {"queries": np.eye(2), "corpus": np.ones((3, 2))})
    places = 1 / np.log2([2, 3, 4])

    assert found.metrics["ndcg_at_10"] != found.metrics["ndcg_at_10_tied_expectation"]
    assert places.min() < found.metrics["ndcg_at_10_tied_expectation"] < 1


def test_constant_vectors_stand_by_id() -> None:
    """All documents tie: d2, d10, d1 by id descending."""
    task = make_task("retrieval")
    data = retrieval.read(JUDGED, task, random.Random(42))

    assert [data.corpus[int(at)].as_py() for at in data.tie_order] == [
        "text of d2",
        "text of d10",
        "text of d1",
    ]
    assert score(
        "retrieval", JUDGED, {"queries": np.ones((2, 2)), "corpus": np.ones((3, 2))}
    ).metrics["mrr_at_10"] == pytest.approx((1 / 3 + 1 / 2) / 2)


def test_a_run_is_sorted_with_its_ties() -> None:
    """A searcher's rows in any order, with padding anywhere, are judged the same."""
    sorted_run = judge(JUDGED, [[1, 2, 0], [2, 1, -1]], [[3, 1, 1], [2, 1, 0]])
    shuffled = judge(JUDGED, [[0, 1, 2], [-1, 2, 1]], [[1, 3, 1], [9, 2, 1]])

    assert shuffled.metrics == pytest.approx(sorted_run.metrics, nan_ok=True)
    assert sorted_run.samples["ndcg_at_10"].tolist() == pytest.approx([0.5, 1.0])


def test_a_run_without_documents() -> None:
    """Finding nothing scores 0."""
    found = judge(JUDGED, [[-1], [-1]], [[0], [0]])

    assert found.metrics["ndcg_at_10"] == 0.0


def test_identical_ids_are_taken_out() -> None:
    """The document with the query's own id is not counted as found."""
    data = tables([("a", "b", 1.0), ("b", "a", 1.0)], documents=("a", "b", "c"), queries=("a", "b"))
    run = [[0, 1, 2], [1, 2, 0]], [[3, 2, 1], [3, 2, 1]]

    assert judge(data, *run).metrics["mrr_at_10"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert judge(data, *run, ignore_identical_ids=True).metrics["mrr_at_10"] == (
        pytest.approx((1 + 1 / 2) / 2)
    )
    assert judge(data, *run, skip_first_result=True).metrics["mrr_at_10"] == (
        pytest.approx((1 + 1 / 2) / 2)
    )


def test_queries_without_judgement_are_dropped_and_counted() -> None:
    """A query without judgements is not asked; one with only zeros counts 0."""
    data = tables([("q1", "d1", 1.0), ("q2", "d1", 0.0)], queries=("q1", "q2", "q3"))
    task = make_task("retrieval")
    read = retrieval.read(data, task, random.Random(42))
    found = judge(data, [[0], [0]], [[1], [1]])

    assert len(retrieval.plan(read, task)["queries"].texts) == 2
    assert found.metrics["ndcg_at_10"] == 0.5
    # The corpus has three documents; 5, 10, 20, 100 and 1,000 are beyond it.
    assert found.warnings == {
        "query_without_judgement": 1,
        "query_without_relevant": 1,
        "k_beyond_corpus": 5,
    }


def test_a_pair_judged_twice_is_told() -> None:
    """The last judgement counts, as in mteb, which says nothing."""
    data = tables([("q1", "d1", 1.0), ("q2", "d1", 1.0), ("q1", "d1", 0.0)], queries=("q1", "q2"))
    found = findings("retrieval", data)["repeated_judgement"]

    assert ("warning", 1) == (found.level, found.count)
    assert "small.csv row 3: this pair is judged in an earlier row too" in found.message
    assert judge(data, [[0], [0]], [[1], [1]]).metrics["ndcg_at_10"] == 0.5


def test_absent_documents_count_as_relevant() -> None:
    """A judged document that the corpus lacks is never found, as in mteb."""
    data = tables([("q1", "d1", 1.0), ("q1", "gone", 1.0), ("q1", "lost", 1.0)])

    assert judge(data, [[0, 1, 2]], [[3, 2, 1]]).metrics["recall_at_10"] == pytest.approx(1 / 3)


def test_the_last_judgement_of_a_pair_counts() -> None:
    """As in a dictionary."""
    data = tables([("q1", "d1", 3.0), ("q1", "d2", 1.0), ("q1", "d1", 0.0)])

    assert judge(data, [[0, 1]], [[2, 1]]).metrics["mrr_at_10"] == 0.5


def test_judgements_without_scores_are_one() -> None:
    """The score column may be left out."""
    data = {**JUDGED, "qrels": JUDGED["qrels"].drop_columns(["score"])}

    assert judge(data, [[0], [2]], [[1], [1]]).metrics["ndcg_at_10"] == 1.0


def test_roles_and_depth() -> None:
    """Queries and documents are told apart; a ranking is as deep as the largest k."""
    task = make_task("retrieval", k_values=[1, 2])
    data = retrieval.read(JUDGED, task, random.Random(42))
    plan = retrieval.plan(data, task)

    assert [request.role for request in plan.values()] == ["query", "document"]
    assert retrieval.depth(data, task) == 2
    assert "ndcg_at_2" in retrieval.metrics_of(task.options)


def test_long_context_is_a_retrieval() -> None:
    """Only its usual score differs."""
    found = score("long_context", JUDGED, {"queries": np.eye(2), "corpus": np.ones((3, 2))})

    assert long_context.MAIN_SCORE == "ndcg_at_1"
    assert len(found.samples["ndcg_at_1"]) == 2


def test_a_document_vector_that_is_not_finite_is_named() -> None:
    """The request and the row."""
    vectors = {"queries": np.eye(2), "corpus": [[1, 0], [0, 1], [np.nan, 0]]}

    with pytest.raises(ModelError, match=r"^request 'corpus' row 3: "):
        score("retrieval", JUDGED, vectors)


def test_a_sparse_vector_that_is_not_finite_is_named() -> None:
    """The row is found from the entry."""
    sparse = pytest.importorskip("scipy.sparse")
    corpus = sparse.csr_matrix(np.array([[1, 0], [0, 0], [2, np.inf]], dtype=np.float32))
    queries = sparse.csr_matrix(np.eye(2, dtype=np.float32))

    with pytest.raises(ModelError, match=r"^request 'corpus' row 3: "):
        score("retrieval", JUDGED, {"queries": queries, "corpus": corpus})


def test_checks() -> None:
    """Judgements of absent rows are errors; useless queries and duplicates are warnings."""
    data = tables(
        [("q1", "d1", 1.0), ("q9", "d1", 1.0), ("q1", "d8", 1.0), ("q1", "d9", 1.0)],
        queries=("q1", "q2"),
    )
    data["corpus"] = table(id=["d1", "d2"], text=["secret", "secret"])
    found = findings("retrieval", data)

    assert found["absent_query"].message == (
        "small.csv row 2: judges the query 'q9', which is absent; "
        "add the query or remove the judgement"
    )
    assert found["absent_document"].count == 2
    assert found["absent_document"].level == "error"
    assert found["query_without_relevant"].message.startswith("small.csv row 2: the query 'q2' ")
    assert found["duplicate_document"].level == "warning"
    assert not any("secret" in each.message for each in found.values())


def test_checks_of_empty_tables() -> None:
    """A corpus of zero rows is an error."""
    data = {**JUDGED, "corpus": JUDGED["corpus"].slice(0, 0)}

    assert findings("retrieval", data)["empty_corpus"].level == "error"


def test_scores_without_scipy_and_scikit_learn() -> None:
    """Ranking and judging dense vectors loads neither."""
    code = """
import sys
from tests.kinds.test_retrieval_kind import JUDGED, np, score
before = set(sys.modules)
score("retrieval", JUDGED, {"queries": np.eye(2), "corpus": np.ones((3, 2))})
loaded = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(loaded & {"sklearn", "scipy", "pandas"}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

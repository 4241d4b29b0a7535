"""Instructions: joined to queries, and p-MRR by hand."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.kinds import instruction_reranking, instruction_retrieval, retrieval
from benchmark.metrics.instruction import rank_change
from benchmark.protocols import Run
from tests.kinds.kinds_help import findings, make_task, score, table


def tables(changed: list[tuple[str, str]]) -> dict[str, Any]:
    """Query q with two instructions, three candidates."""
    query, document = zip(*changed, strict=True)
    ids = ["q-og", "q-changed"]
    return {
        "corpus": table(id=["d1", "d2", "d3"], text=["a", "b", "c"]),
        "queries": table(id=ids, text=["x", "x"], instruction=["any", "only c"]),
        "qrels": table(**{"query-id": ids, "corpus-id": ["d1", "d3"], "score": [1.0, 1.0]}),
        "top_ranked": table(
            **{"query-id": [q for q in ids for _ in range(3)], "corpus-id": ["d1", "d2", "d3"] * 2}
        ),
        "changed": table(**{"query-id": list(query), "corpus-id": list(document)}),
    }


CHANGED = tables([("q", "d1"), ("q", "d2")])


def test_instructions_follow_their_query() -> None:
    """Text, space, instruction."""
    task = make_task("instruction_reranking")
    data = instruction_reranking.read(CHANGED, task, random.Random(42))
    queries = instruction_reranking.plan(data, task)["queries"].texts

    assert queries.to_pylist() == ["x any", "x only c"]


def test_a_retrieval_takes_instructions_too() -> None:
    """The column is optional there."""
    data = retrieval.read(CHANGED, make_task("retrieval"), random.Random(42))

    assert data.queries.to_pylist() == ["x any", "x only c"]


def test_p_mrr_by_hand() -> None:
    """d1 falls from 1 to 3: 1 - 1/3. d2 stays 2: 0. Their mean is 1/3."""
    vectors = {"queries": [[1, 0], [0, 1]], "corpus": [[1, 0], [1, 1], [0, 1]]}
    found = score("instruction_reranking", CHANGED, vectors)

    assert found.metrics["p-MRR"] == pytest.approx(1 / 3)
    assert found.samples["p-MRR"].tolist() == pytest.approx([1 / 3])
    assert found.metrics["og"]["mrr_at_1"] == 1.0
    assert found.metrics["changed"]["mrr_at_1"] == 1.0
    assert found.metrics["mrr_at_1"] == 1.0


def test_constant_vectors_do_not_follow() -> None:
    """No rank changes."""
    vectors = {"queries": np.ones((2, 2)), "corpus": np.ones((3, 2))}

    assert score("instruction_reranking", CHANGED, vectors).metrics["p-MRR"] == 0.0


def test_an_absent_document_stands_below_the_last() -> None:
    """d1 is first and then not found among one: rank 2, so 1 - 1/2; d2 is 2 and then 2."""
    task = make_task("instruction_reranking")
    data = instruction_reranking.read(CHANGED, task, random.Random(42))
    run = Run(np.array([[0, 1], [2, -1]], np.int32), np.array([[2, 1], [1, 0]], np.float32))

    assert instruction_reranking.judge(data, run, task).metrics["p-MRR"] == pytest.approx(1 / 4)


def test_checks() -> None:
    """Both versions of a query must be there."""
    found = findings("instruction_reranking", tables([("q", "d1"), ("other", "d1")]))

    assert found["query_without_pair"].message == (
        "small.csv row 2: there are no two queries 'other-og' and 'other-changed'; "
        "add both versions or remove the row"
    )
    assert findings("instruction_reranking", CHANGED) == {}


@settings(max_examples=60, deadline=None)
@given(before=st.integers(1, 1000), after=st.integers(1, 1000))
def test_rank_change_is_bounded_and_antisymmetric(before: int, after: int) -> None:
    """Between -1 and 1, and the way back has the other sign."""
    there, back = rank_change([before, after], [after, before]).tolist()

    assert -1 <= there <= 1
    assert there == pytest.approx(-back)


def test_instruction_retrieval_needs_the_column() -> None:
    """A retrieval of its own type, in which the instruction is not optional."""
    vectors = {"queries": np.eye(2), "corpus": np.ones((3, 2))}

    assert instruction_retrieval.TABLES["queries"]["instruction"] == "text"
    assert instruction_retrieval.TASK_TYPE == "InstructionRetrieval"
    assert len(score("instruction_retrieval", CHANGED, vectors).samples["ndcg_at_20"]) == 2

"""Kinds that rank, on random data of several parts: each of mteb's numbers agrees."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.comparing import DEVIATION, compare
from tests.oracle.harness import make_task
from tests.oracle.mteb_task import Tables
from tests.oracle.random_tables import PARTS, collection, random_vectors

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
@pytest.mark.parametrize("same_ids", [False, True])
def test_retrieval(similarity: str, values: str, same_ids: bool) -> None:
    """All metrics at all k and all nAUC; ties by document id; the query's own id left out."""
    parts = {
        part: collection("/".join(part), documents=120, queries=40, seed=n, same_ids=same_ids)
        for n, part in enumerate(PARTS)
    }
    task = make_task("retrieval", parts, "ndcg_at_10", {"ignore_identical_ids": same_ids})
    vectors = random_vectors(parts, values=values)
    still = DEVIATION if values == "ties" else {}

    compare(task, parts, vectors, similarity, still=still)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_reranking(similarity: str, values: str) -> None:
    """Given candidates, more for some queries than for others, and none for one."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        found = collection("/".join(part), documents=90, queries=30, seed=n)
        generator = np.random.default_rng(n)
        ranked = [
            {"query-id": query, "corpus-id": f"d{document}"}
            for query in found["queries"].column("id").to_pylist()
            for document in generator.choice(90, generator.integers(1, 40), replace=False)
            if query != "q3"
        ]
        parts[part] = {**found, "top_ranked": pa.Table.from_pylist(ranked)}
    task = make_task("reranking", parts, "map_at_1000", {})
    vectors = random_vectors(parts, values=values)
    still = DEVIATION if values == "ties" else {}

    compare(task, parts, vectors, similarity, still=still)


@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_instruction_reranking(values: str) -> None:
    """p-MRR, and every score of all queries and of both halves."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        found = collection("/".join(part), documents=60, queries=24, seed=n)
        pairs = [f"p{row // 2}{('-og', '-changed')[row % 2]}" for row in range(24)]
        renamed = dict(zip(found["queries"].column("id").to_pylist(), pairs, strict=True))
        generator = np.random.default_rng(n)
        ranked = [
            {"query-id": query, "corpus-id": f"d{document}"}
            for query in pairs
            for document in generator.choice(60, 30, replace=False)
        ]
        changed = [
            {"query-id": f"p{pair}", "corpus-id": f"d{document}"}
            for pair in range(12)
            for document in generator.choice(60, 3, replace=False)
        ]
        judged = found["qrels"].to_pylist()
        parts[part] = {
            "corpus": found["corpus"],
            "queries": pa.table(
                {
                    "id": pairs,
                    "text": found["queries"].column("text"),
                    "instruction": [f"find {query}" for query in pairs],
                }
            ),
            "qrels": pa.Table.from_pylist(
                [{**row, "query-id": renamed[row["query-id"]]} for row in judged]
            ),
            "top_ranked": pa.Table.from_pylist(ranked),
            "changed": pa.Table.from_pylist(changed),
        }
    task = make_task("instruction_reranking", parts, "p-MRR", {})
    vectors = random_vectors(parts, values=values)
    still = DEVIATION if values == "ties" else {}

    compare(task, parts, vectors, still=still)

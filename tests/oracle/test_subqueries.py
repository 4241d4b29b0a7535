"""Requests of several queries score as mteb's ``max_over_subqueries`` scores them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmark.kinds import reranking
from benchmark.protocols import Run
from tests.kinds.kinds_help import make_task, table

metrics = pytest.importorskip("mteb._evaluators.retrieval_metrics")

pytestmark = pytest.mark.oracle
REQUESTS, QUERIES, CANDIDATES = 40, 3, 12


def test_every_metric_is_mtebs() -> None:
    """On random scores, some of them equal, at every k."""
    draws = np.random.default_rng(3)
    documents = [f"d{n}" for n in range(60)]
    given: list[tuple[str, str]] = []
    judged: list[tuple[str, str]] = []
    for request in range(REQUESTS):
        shown = draws.choice(documents, CANDIDATES, replace=False).tolist()
        for query in range(QUERIES):
            name = f"impression_{request}_{query}"
            given += [(name, document) for document in shown]
            judged += [(name, document) for document in shown[: 1 + request % 3]]
    queries = list(dict.fromkeys(name for name, _ in given))
    tables = {
        "corpus": table(id=documents, text=documents),
        "queries": table(id=queries, text=queries),
        "qrels": table(**{"query-id": [q for q, _ in judged], "corpus-id": [d for _, d in judged]}),
        "top_ranked": table(
            **{"query-id": [q for q, _ in given], "corpus-id": [d for _, d in given]}
        ),
    }
    task = make_task("reranking", "max_over_subqueries_map_at_1000", max_over_subqueries=True)
    data = reranking.read(tables, task, random.Random(42))
    scores = draws.random(len(data.query), dtype=np.float32)
    scores[5::7] = scores[4::7][: len(scores[5::7])]  # equal scores stand by document id
    run: Run = reranking.run_of(data, scores, task)
    ours = reranking.judge(data, run, task)

    results: dict[str, dict[str, float]] = {}
    for query, document, score in zip(data.query, data.document, scores.tolist(), strict=True):
        results.setdefault(queries[query], {})[documents[document]] = score
    relevant: dict[str, dict[str, int]] = {}
    for name, document in judged:
        relevant.setdefault(name, {})[document] = 1
    theirs = metrics.max_over_subqueries(relevant, results, [1, 3, 5, 10, 20, 100, 1000])

    compared = {name: ours.metrics[name] for name in theirs}
    assert len(compared) > 40
    assert compared == pytest.approx(theirs, abs=1e-5, nan_ok=True)
    assert ours.examples == REQUESTS

"""Requests of several queries, such as what a reader clicked: documents count by their best score.

As mteb 2.26.24 joins them (``max_over_subqueries`` of ``_evaluators/retrieval_metrics.py``):
queries whose ids are alike up to the last underscore are one request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics.retrieval import Judgements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Run, Scores

PREFIX = "max_over_subqueries_"
"""Before the name of a metric that is taken over requests."""


def requests_of(ids: Sequence[str]) -> NDArray[np.int64]:
    """The request of each query ``(q,)``, numbered as they first occur.

    >>> requests_of(["u1_0", "u1_1", "u2_0"]).tolist()
    [0, 0, 1]
    """
    numbers: dict[str, int] = {}
    names = (name.rpartition("_")[0] for name in ids)
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def best_scores(
    run: Run, requests: NDArray[np.int64], documents: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Parallel ``(p,)`` arrays: request, document, its best score for a query of the request."""
    found = run.documents >= 0
    request = np.broadcast_to(requests[:, None], found.shape)[found]
    keys, place = np.unique(request * documents + run.documents[found], return_inverse=True)
    best = np.full(len(keys), -np.inf, dtype=np.float32)
    np.maximum.at(best, place, run.scores[found])
    return keys // documents, keys % documents, best


def judgements_of(judged: Judgements, requests: NDArray[np.int64]) -> Judgements:
    """The judgements of each request: those of its last query, since all of its queries share them.

    >>> two = Judgements(np.array([0, 1]), np.array([5, 6]), np.ones(2), queries=2)
    >>> joined = judgements_of(two, np.array([0, 0]))
    >>> joined.document.tolist(), joined.queries
    ([6], 1)
    """
    count = int(requests.max(initial=-1)) + 1
    last = np.full(count, -1, dtype=np.int64)
    last[requests] = np.arange(len(requests))
    use = last[requests[judged.query]] == judged.query
    request = requests[judged.query[use]]
    order = np.argsort(request, kind="stable")
    return Judgements(request[order], judged.document[use][order], judged.gain[use][order], count)


def with_requests(scores: Scores, joined: Scores, main_score: str) -> Scores:
    """The scores of queries with those of requests beside them, named with the prefix."""
    named = {f"{PREFIX}{name}": value for name, value in joined.metrics.items()}
    metrics = {**scores.metrics, **named}
    if not main_score.startswith(PREFIX):
        return replace(scores, metrics=metrics)
    kept = {name: joined.samples[name] for name in ("top", "cluster") if name in joined.samples}
    bare = main_score.removeprefix(PREFIX)
    samples = {main_score: joined.samples[bare], **kept} if bare in joined.samples else {}
    return replace(scores, metrics=metrics, samples=samples, examples=joined.examples)

"""Reranking: order each query's given candidates, a retrieval that searches nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds import retrieval, subqueries
from benchmark.kinds.common import column, finding_at, options_of, same_width, vectors_of
from benchmark.kinds.retrieval import METRICS, RANKING_OPTIONS, RetrievalData
from benchmark.metrics.search import similarity_of
from benchmark.metrics.similarity import similarity_of_pairs
from benchmark.protocols import Run

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Finding, Plan, Scores, Tables
    from benchmark.task import Task

TASK_TYPE = "Reranking"
TABLES = {**retrieval.TABLES, "top_ranked": {"query-id": "id", "corpus-id": "id"}}
MAIN_SCORE = "map_at_1000"
OPTIONS: dict[str, Any] = {**RANKING_OPTIONS, "max_over_subqueries": False}

__all__ = [
    "MAIN_SCORE",
    "METRICS",
    "OPTIONS",
    "TABLES",
    "TASK_TYPE",
    "check",
    "depth",
    "evaluate",
    "judge",
    "metrics_of",
    "pairs",
    "plan",
    "rank",
    "read",
    "run_of",
]


@dataclass(frozen=True, slots=True)
class RerankingData:
    """A retrieval, and its candidates as parallel ``(c,)`` arrays of query and document number.

    Candidates are distinct and ordered by query. ``requests`` ``(q,)`` is which request each query
    is a part of, None where the task joins none.
    """

    base: RetrievalData
    query: NDArray[np.int64]
    document: NDArray[np.int64]
    requests: NDArray[np.int64] | None = None

    @property
    def tie_order(self) -> NDArray[np.int64]:
        """All documents by id descending, the order in which equal scores stand."""
        return self.base.tie_order


def metrics_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that ``main_score`` may take; ``max_over_subqueries`` adds those of requests."""
    names = retrieval.metrics_of(options)
    joined = options.get("max_over_subqueries", False)
    return (*names, *(f"{subqueries.PREFIX}{name}" for name in names)) if joined else names


def read(tables: Tables, task: Task, draws: random.Random) -> RerankingData:
    """A retrieval's data with the candidates of its judged queries; nothing is drawn.

    Candidates of queries without judgement, and repeated ones, are left out.
    """
    import pyarrow.compute as pc

    base = retrieval.read(tables, task, draws)
    judged = column(tables["queries"], "id").take(base.kept_queries)
    ranked = tables["top_ranked"]
    query = pc.index_in(column(ranked, "query-id"), value_set=judged)
    document = pc.index_in(column(ranked, "corpus-id"), value_set=column(tables["corpus"], "id"))
    pairs = np.stack(
        [pc.fill_null(part, -1).to_numpy().astype(np.int64) for part in (query, document)], axis=1
    )
    pairs = np.unique(pairs[(pairs >= 0).all(axis=1)], axis=0)
    joined = options_of(task, OPTIONS)["max_over_subqueries"]
    requests = subqueries.requests_of(judged.to_pylist()) if joined else None
    return RerankingData(base, pairs[:, 0], pairs[:, 1], requests)


def plan(data: RerankingData, task: Task) -> Plan:
    """The judged queries and the corpus, with their roles."""
    return retrieval.plan(data.base, task)


def depth(data: RerankingData, task: Task) -> int:
    """A searcher ranks the whole corpus, and ``judge`` keeps the candidates."""
    return depth_of_corpus(data)


def depth_of_corpus(data: RerankingData) -> int:
    """How many documents the corpus has."""
    return len(data.base.corpus)


def rank(data: RerankingData, embeddings: Embeddings, task: Task) -> Run:
    """The candidates of each query by the model's own similarity, ties by id descending."""
    queries: Any = vectors_of(embeddings, "queries", len(data.base.queries))
    corpus: Any = vectors_of(embeddings, "corpus", len(data.base.corpus))
    same_width(embeddings, "queries", "corpus")
    scores = similarity_of_pairs(
        queries, corpus, data.query, data.document, name=similarity_of(embeddings)
    )
    return run_of(data, scores, task)


def pairs(data: RerankingData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The candidates as parallel ``(c,)`` arrays: rows of the plan's queries and of its corpus."""
    return data.query, data.document


def run_of(data: RerankingData, scores: NDArray[np.float32], task: Task) -> Run:
    """The ranking by scores of ``pairs``, ``(c,)``, higher is better, ties by id descending."""
    return _run(data, scores, retrieval.depth(data.base, task))


def judge(data: RerankingData, run: Run, task: Task) -> Scores:
    """A retrieval's scores of a ranking, in which only candidates count.

    With ``max_over_subqueries`` the scores of requests made of several queries stand beside them.
    """
    return _judge(data, candidates_only(data, run), task)


def candidates_only(data: RerankingData, run: Run) -> Run:
    """The run with -1 in place of every document that is no candidate of its query."""
    count = len(data.base.corpus)
    rows = np.arange(len(run.documents))[:, None]
    given = data.query * count + data.document
    candidate = np.isin(rows * count + run.documents, given) & (run.documents >= 0)
    documents = np.where(candidate, run.documents, -1).astype(np.int32)
    return Run(documents, run.scores)


def evaluate(data: RerankingData, embeddings: Embeddings, task: Task) -> Scores:
    """``rank`` and then ``judge``."""
    return _judge(data, rank(data, embeddings, task), task)


def check(tables: Tables, task: Task) -> list[Finding]:
    """A retrieval's findings; a candidate that is absent is an error, a query without a warning.

    mteb stops with a KeyError at the one, and says in its log that it passes over the other.
    """
    import pyarrow.compute as pc

    found = retrieval.check(tables, task)
    ranked = tables["top_ranked"]
    for name, table, code, noun in (
        ("query-id", "queries", "candidate_of_absent_query", "query"),
        ("corpus-id", "corpus", "absent_candidate", "document"),
    ):
        known = column(tables[table], "id")
        present = pc.is_in(column(ranked, name), value_set=known)
        rows = np.flatnonzero(~present.to_numpy(zero_copy_only=False))
        if len(rows):
            ident = ranked.column(name)[int(rows[0])].as_py()
            what, action = f"names the {noun} '{ident}', which is absent", f"add the {noun}"
            found.append(finding_at("error", code, ranked, rows, what, f"{action} or remove it"))
    has = pc.is_in(column(tables["queries"], "id"), value_set=column(ranked, "query-id"))
    rows = np.flatnonzero(~has.to_numpy(zero_copy_only=False))
    if len(rows):
        ident = tables["queries"].column("id")[int(rows[0])].as_py()
        what, action = f"the query '{ident}' has no candidates", "it counts 0; add its candidates"
        code = "query_without_candidates"
        found.append(finding_at("warning", code, tables["queries"], rows, what, action))
    return found


def _judge(data: RerankingData, run: Run, task: Task) -> Scores:
    scores = retrieval.judge(data.base, run, task)
    if data.requests is None:
        return scores
    request, document, best = subqueries.best_scores(run, data.requests, len(data.base.corpus))
    judged = subqueries.judgements_of(data.base.judgements, data.requests)
    nobody = np.full(judged.queries, -1, dtype=np.int64)
    joined = RerankingData(replace(data.base, judgements=judged, same_id=nobody), request, document)
    ranking = _run(joined, best, retrieval.depth(data.base, task))
    bare = replace(task, main_score=task.main_score.removeprefix(subqueries.PREFIX))
    found = retrieval.judge(joined.base, ranking, bare)
    return subqueries.with_requests(scores, found, task.main_score)


def _run(data: RerankingData, scores: NDArray[np.float32], most: int) -> Run:
    """Ragged scores as rows of the best ``most``, padded with -1."""
    queries = data.base.judgements.queries
    order = np.lexsort((-data.base.order[data.document], -scores, data.query))
    query, document, ordered = data.query[order], data.document[order], scores[order]
    counts = np.bincount(query, minlength=queries)
    place = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = max(1, min(most, int(counts.max(initial=0))))
    documents = np.full((queries, width), -1, dtype=np.int32)
    values = np.zeros((queries, width), dtype=np.float32)
    kept = place < width
    documents[query[kept], place[kept]] = document[kept]
    values[query[kept], place[kept]] = ordered[kept]
    return Run(documents, values)

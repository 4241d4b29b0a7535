"""Retrieval: rank the whole corpus for each query and compare with judged documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    check_vectors_of,
    column,
    empty_tables,
    options_of,
    same_width,
)
from benchmark.kinds.defects import OPTION, defects_of, rounded_means
from benchmark.kinds.judgements import gains, id_ranks, last_of_each
from benchmark.kinds.records import of_queries
from benchmark.kinds.retrieval_checks import check_judgements
from benchmark.metrics import abstention, ties
from benchmark.metrics.index import EXACT, index_problems
from benchmark.metrics.retrieval import PER_QUERY, Judgements, find_hits
from benchmark.metrics.search import recall_of_search, search
from benchmark.metrics.torch_order import torch_top_k
from benchmark.protocols import Request, Run, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Finding, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "Retrieval"
TABLES = {
    "corpus": {"id": "id", "text": "text"},
    "queries": {"id": "id", "text": "text", "instruction": "text?"},
    "qrels": {"query-id": "id", "corpus-id": "id", "score": "number?"},
}
RANKING_OPTIONS: dict[str, Any] = {
    "k_values": [1, 3, 5, 10, 20, 100, 1000],
    "ignore_identical_ids": False,
    "skip_first_result": False,
    **OPTION,
}
OPTIONS: dict[str, Any] = {**RANKING_OPTIONS, "index": EXACT}
MAIN_SCORE = "ndcg_at_10"
TIED = "_tied_expectation"  # after the main score's name: its mean over every order of ties


def metrics_of(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that ``main_score`` may take under these options (``k_values``)."""
    ks = options.get("k_values", OPTIONS["k_values"])
    return (*(f"{name}_at_{k}" for name in PER_QUERY for k in ks), "accuracy")


METRICS = metrics_of(OPTIONS)


@dataclass(frozen=True, slots=True)
class RetrievalData:
    """Queries with judgements, the corpus, and the judgements between them.

    ``kept_queries`` are the rows of the query table that were kept, those with a judgement.
    ``order`` ``(n,)`` is the rank of each document's id, which breaks ties (descending).
    ``same_id`` ``(q,)`` is the document with the query's own id, -1 without one. A judged document
    that the corpus lacks has the number -2: it is never found, but counts as relevant.
    """

    queries: pa.Array
    corpus: pa.Array
    judgements: Judgements
    order: NDArray[np.int64]
    same_id: NDArray[np.int64]
    kept_queries: NDArray[np.int64]
    warnings: Mapping[str, int]
    query_ids: pa.Array | None = None
    corpus_ids: pa.Array | None = None

    @property
    def tie_order(self) -> NDArray[np.int64]:
        """All documents by id descending, the order in which equal scores stand."""
        return np.argsort(-self.order)


def read(tables: Tables, task: Task, draws: random.Random) -> RetrievalData:
    """Turn ids into row numbers and drop queries without any judgement; nothing is drawn.

    Of repeated judgements of one pair the last counts. Scores are cut to whole numbers, as mteb
    reads them; without a score column every judgement is 1. An instruction follows its query after
    a space. A k beyond the corpus takes all of it, as in mteb; such k are counted in the warnings.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    corpus_ids = column(tables["corpus"], "id")
    query_ids = column(tables["queries"], "id")
    qrels = tables["qrels"]
    judged_query = pc.index_in(column(qrels, "query-id"), value_set=query_ids)
    judged_document = pc.index_in(column(qrels, "corpus-id"), value_set=corpus_ids)
    query = pc.fill_null(judged_query, -1).to_numpy().astype(np.int64)
    document = pc.fill_null(judged_document, -2).to_numpy().astype(np.int64)
    gain = gains(qrels)
    kept_queries = np.unique(query[query >= 0])
    last = last_of_each(query, document, column(qrels, "corpus-id"))
    use = last & (query >= 0) & (gain > 0)
    judgements = Judgements(
        np.searchsorted(kept_queries, query[use]), document[use], gain[use], len(kept_queries)
    )
    kept_ids = query_ids.take(pa.array(kept_queries))
    same_id = pc.index_in(kept_ids, value_set=corpus_ids)
    found = np.bincount(judgements.query, minlength=judgements.queries)
    counts = {
        "query_without_judgement": len(query_ids) - len(kept_queries),
        "query_without_relevant": int((found == 0).sum()),
        "k_beyond_corpus": sum(k > len(corpus_ids) for k in _k_values(task)),
    }
    return RetrievalData(
        queries=_with_instructions(tables["queries"]).take(pa.array(kept_queries)),
        corpus=column(tables["corpus"], "text"),
        judgements=judgements,
        order=id_ranks(corpus_ids),
        same_id=pc.fill_null(same_id, -1).to_numpy().astype(np.int64),
        kept_queries=kept_queries,
        warnings={name: count for name, count in counts.items() if count},
        query_ids=kept_ids,
        corpus_ids=corpus_ids,
    )


def plan(data: RetrievalData, task: Task) -> Plan:
    """The judged queries and the whole corpus, with their roles."""
    return {
        "queries": Request(data.queries, "query", ids=data.query_ids),
        "corpus": Request(data.corpus, "document", ids=data.corpus_ids),
    }


def depth(data: RetrievalData, task: Task) -> int:
    """How many documents a ranking must hold for each query."""
    return min(max(_k_values(task)), len(data.corpus))


def rank(data: RetrievalData, embeddings: Embeddings, task: Task) -> Run:
    """The most similar documents of each query by the model's own similarity, ties by id.

    With ``upstream_defects`` "all" among equal ones at the end of a ranking those that torch takes.
    """
    check_vectors_of(embeddings, "queries", len(data.queries))
    check_vectors_of(embeddings, "corpus", len(data.corpus))
    same_width(embeddings, "queries", "corpus")
    index = str(options_of(task, OPTIONS)["index"])
    whole = embeddings.compression is None
    if index == EXACT and whole and defects_of(task) == "all":
        both = embeddings["queries"], embeddings["corpus"]
        k, own = depth(data, task), embeddings.similarity
        return torch_top_k(*both, k=k, order=data.order, similarity=own)
    return search(embeddings, k=depth(data, task), order=data.order, index=index, best=_k_of(task))


def judge(data: RetrievalData, run: Run, task: Task) -> Scores:
    """Scores of a ranking at every k, as trec_eval's, and how its confidence abstains (nAUC).

    ``run`` holds corpus row numbers; equal scores are put in order of document id, descending.
    Under ``ignore_identical_ids`` a document with the query's own id is taken out. Beside the main
    score stands its expectation over all orders of equal scores, which mteb does not have. With
    ``upstream_defects`` "all" means are rounded to five decimals, as in mteb.
    """
    options, ks = options_of(task, OPTIONS), _k_values(task)
    documents, scores = ordered(data, run)
    if options["ignore_identical_ids"]:
        documents, scores = _without(documents, scores, data.same_id)
    if options["skip_first_result"]:
        documents, scores = documents[:, 1:], scores[:, 1:]
    hits = find_hits(documents, data.judgements)
    per_query = {
        f"{name}_at_{k}": function(hits, k=k) for name, function in PER_QUERY.items() for k in ks
    }
    metrics = {name: _mean(values) for name, values in per_query.items()}
    if defects_of(task) == "all":
        metrics = rounded_means(per_query)
    metrics["accuracy"] = metrics[f"recall_at_{ks[0]}"] if ks[0] == 1 else _mean(_at_one(hits))
    metrics.update(abstention.naucs(scores, per_query))
    main = task.main_score
    source = "recall_at_1" if main == "accuracy" else main
    name, _, k = source.partition("_at_")
    if source in per_query and name in ties.EXPECTED:
        tied = ties.EXPECTED[name](ties.find_ties(hits, scores, k=int(k)), k=int(k))
        metrics[f"{main}{TIED}"] = _mean(tied)
    samples: dict[str, NDArray[Any]] = {}
    if source in per_query:
        samples = {main: per_query[source], **of_queries(data, documents)}
    return Scores(
        metrics, examples=data.judgements.queries, warnings=data.warnings, samples=samples
    )


def evaluate(data: RetrievalData, embeddings: Embeddings, task: Task) -> Scores:
    """``rank`` and then ``judge``.

    With an ``index`` of faiss, ``index_recall`` is the share of the nearest documents it found.
    """
    run = rank(data, embeddings, task)
    scores = replace(judge(data, run, task), search_seconds=run.seconds)
    if options_of(task, OPTIONS)["index"] == EXACT:
        return scores
    recall = recall_of_search(run, embeddings, order=data.order, best=_k_of(task))
    return replace(scores, metrics={**scores.metrics, "index_recall": recall})


def problems_of(task: Task) -> list[tuple[str, str]]:
    """An unknown index."""
    return index_problems(str(options_of(task, OPTIONS)["index"]))


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: an empty table, a judgement of an absent query or document.

    Warnings: a query without a relevant document, a pair judged twice, a document whose text
    occurred before.
    """
    return empty_tables(tables) or check_judgements(tables)


def _with_instructions(queries: pa.Table) -> pa.Array:
    if "instruction" not in queries.column_names:
        return column(queries, "text")
    import pyarrow as pa
    import pyarrow.compute as pc

    # Arrow joins strings of one width; those of a file are wide, those in memory may not be.
    texts, asked = (
        column(queries, name).cast(pa.large_string()) for name in ("text", "instruction")
    )
    joined = pc.binary_join_element_wise(texts, asked, pa.scalar(" ", pa.large_string()))
    return pc.coalesce(joined, texts)


def _k_values(task: Task) -> list[int]:
    return [int(k) for k in options_of(task, OPTIONS)["k_values"]]


def _k_of(task: Task) -> int | None:
    """The k of the main score; None where it has none."""
    k = task.main_score.rpartition("_at_")[2]
    return int(k) if k.isdecimal() else None


def ordered(data: RetrievalData, run: Run) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The run with padding last and ties by document id descending; padded scores are NaN."""
    documents = run.documents.astype(np.int32, copy=False)
    scores = run.scores.astype(np.float32, copy=False)
    padding = documents < 0
    if padding.any():
        scores = np.where(padding, np.float32(np.nan), scores)
    # Rows with ties, padding or another order; others need no look at the ids.
    rows = np.flatnonzero(~(scores[:, :-1] > scores[:, 1:]).all(axis=1))
    if documents.shape[1] < 2 or not len(rows):
        return documents, scores
    ranks = np.where(padding[rows], -1, data.order[documents[rows]])
    falling = np.where(padding[rows], -np.inf, scores[rows])
    before, after = falling[:, :-1], falling[:, 1:]
    in_order = (before > after) | ((before == after) & (ranks[:, :-1] >= ranks[:, 1:]))
    wrong = np.flatnonzero(~in_order.all(axis=1))  # none after our own search
    if not len(wrong):
        return documents, scores
    documents, scores = documents.copy(), scores.copy()
    order = np.lexsort((-ranks[wrong], -falling[wrong]))
    rows = rows[wrong]
    documents[rows] = np.take_along_axis(documents[rows], order, 1)
    scores[rows] = np.take_along_axis(scores[rows], order, 1)
    return documents, scores


def _without(
    documents: NDArray[np.int32], scores: NDArray[np.float32], unwanted: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    drop = (documents == unwanted[:, None]) & (documents >= 0)
    order = np.argsort(drop, axis=1, kind="stable")
    documents = np.take_along_axis(np.where(drop, -1, documents), order, 1)
    return documents, np.take_along_axis(np.where(drop, np.nan, scores), order, 1)


def _at_one(hits: Any) -> NDArray[np.float64]:
    return PER_QUERY["recall"](hits, k=1)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if len(values) else float("nan")

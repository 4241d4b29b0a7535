"""Instruction reranking: does a changed instruction move the documents it makes irrelevant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds import reranking, retrieval
from benchmark.kinds.common import column, finding_at
from benchmark.kinds.reranking import RerankingData, depth_of_corpus
from benchmark.metrics.instruction import rank_change
from benchmark.protocols import Run, Scores

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    from benchmark.kinds.retrieval import RetrievalData
    from benchmark.protocols import Embeddings, Finding, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "InstructionReranking"
TABLES = {**reranking.TABLES, "changed": {"query-id": "id", "corpus-id": "id"}}
METRICS = ("p-MRR", *retrieval.METRICS)
MAIN_SCORE = "p-MRR"
OPTIONS = retrieval.RANKING_OPTIONS

_BEFORE, _AFTER = "-og", "-changed"  # endings of query ids: the two instructions of one query


@dataclass(frozen=True, slots=True)
class InstructionData:
    """A reranking whose queries come in pairs, and the documents whose relevance changes.

    ``before`` ``(q,)`` marks the queries with the original instruction. The changed documents are
    parallel arrays: the pair they belong to, the rows of its two queries, and the document.
    """

    base: RerankingData
    before: NDArray[np.bool_]
    pair: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    document: NDArray[np.int64]

    @property
    def tie_order(self) -> NDArray[np.int64]:
        """All documents by id descending, the order in which equal scores stand."""
        return self.base.tie_order


def metrics_of(options: Any) -> tuple[str, ...]:
    """The names that ``main_score`` may take under these options (``k_values``)."""
    return ("p-MRR", *retrieval.metrics_of(options))


def read(tables: Tables, task: Task, draws: random.Random) -> InstructionData:
    """A reranking's data with the changed documents, by the query id without its ending.

    A pair of which one query is absent or without judgement is left out, as in mteb.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    base = reranking.read(tables, task, draws)
    ids = column(tables["queries"], "id").take(pa.array(base.base.kept_queries))
    changed = tables["changed"]
    name = column(changed, "query-id")
    found = [
        pc.fill_null(pc.index_in(pc.binary_join_element_wise(name, ending, ""), ids), -1)
        .to_numpy()
        .astype(np.int64)
        for ending in (_BEFORE, _AFTER)
    ]
    document = pc.index_in(column(changed, "corpus-id"), column(tables["corpus"], "id"))
    pair = name.dictionary_encode().indices.to_numpy().astype(np.int64)
    whole = (found[0] >= 0) & (found[1] >= 0)
    return InstructionData(
        base=base,
        before=pc.ends_with(ids, _BEFORE).to_numpy(zero_copy_only=False),
        pair=pair[whole],
        first=found[0][whole],
        second=found[1][whole],
        document=pc.fill_null(document, -2).to_numpy().astype(np.int64)[whole],
    )


def plan(data: InstructionData, task: Task) -> Plan:
    """The judged queries with their instructions, and the corpus, with their roles."""
    return reranking.plan(data.base, task)


def depth(data: InstructionData, task: Task) -> int:
    """A searcher ranks the whole corpus, and ``judge`` keeps the candidates."""
    return depth_of_corpus(data.base)


def rank(data: InstructionData, embeddings: Embeddings, task: Task) -> Run:
    """The candidates of each query by the model's own similarity, ties by id descending."""
    return reranking.rank(data.base, embeddings, task)


def pairs(data: InstructionData) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The candidates as parallel ``(c,)`` arrays: rows of the plan's queries and of its corpus."""
    return reranking.pairs(data.base)


def run_of(data: InstructionData, scores: NDArray[np.float32], task: Task) -> Run:
    """The ranking by scores of ``pairs``, ``(c,)``, higher is better, ties by id descending."""
    return reranking.run_of(data.base, scores, task)


def judge(data: InstructionData, run: Run, task: Task) -> Scores:
    """p-MRR, and a retrieval's scores of all queries and of each half (``og``, ``changed``).

    A changed document that a ranking lacks stands one place below its last. p-MRR is the mean over
    pairs of the mean over their documents; NaN when no pair is whole.
    """
    base = data.base.base
    documents, scores = retrieval.ordered(base, reranking.candidates_only(data.base, run))
    ranked = Run(documents, np.nan_to_num(scores))
    whole = retrieval.judge(base, ranked, task)
    halves = {
        name: dict(retrieval.judge(_only(base, rows), _rows(ranked, rows), task).metrics)
        for name, rows in (("og", data.before), ("changed", ~data.before))
        if rows.any()
    }
    change = rank_change(
        _ranks(documents, data.first, data.document), _ranks(documents, data.second, data.document)
    )
    pairs = np.unique(data.pair, return_inverse=True)[1]
    means = np.bincount(pairs, change) / np.bincount(pairs) if len(pairs) else np.empty(0)
    main = float(means.mean()) if len(means) else float("nan")
    samples = whole.samples
    if task.main_score == "p-MRR":
        first = np.unique(data.pair, return_index=True)[1]
        ranks = [_ranks(documents, each, data.document) for each in (data.first, data.second)]
        samples = {
            "p-MRR": means,
            "row": base.kept_queries[data.first[first]],
            "rank_before": _by_pair(pairs, ranks[0]),
            "rank_after": _by_pair(pairs, ranks[1]),
        }
    return replace(
        whole,
        metrics={**whole.metrics, "p-MRR": main, **halves},
        examples=len(means) if task.main_score == "p-MRR" else whole.examples,
        samples=samples,
    )


def evaluate(data: InstructionData, embeddings: Embeddings, task: Task) -> Scores:
    """``rank`` and then ``judge``."""
    return judge(data, rank(data, embeddings, task), task)


def check(tables: Tables, task: Task) -> list[Finding]:
    """A reranking's findings; a changed document whose query lacks a version is an error."""
    import pyarrow.compute as pc

    found = reranking.check(tables, task)
    changed, ids = tables["changed"], column(tables["queries"], "id")
    name = column(changed, "query-id")
    there = [
        pc.is_in(pc.binary_join_element_wise(name, ending, ""), value_set=ids).to_numpy(
            zero_copy_only=False
        )
        for ending in (_BEFORE, _AFTER)
    ]
    rows = np.flatnonzero(~(there[0] & there[1]))
    if len(rows):
        ident = name[int(rows[0])].as_py()
        what = f"there are no two queries '{ident}{_BEFORE}' and '{ident}{_AFTER}'"
        action = "add both versions or remove the row"
        found.append(finding_at("error", "query_without_pair", changed, rows, what, action))
    return found


def _ranks(
    documents: NDArray[np.int32], query: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The rank from 1 of each wanted document; one more than the ranking's length without it."""
    rows = documents[query]
    same = rows == wanted[:, None]
    length = (rows >= 0).sum(axis=1)
    place: NDArray[np.int64] = np.where(same.any(axis=1), same.argmax(axis=1), length)
    return place + 1


def _by_pair(pair: NDArray[np.int64], ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The ranks of each pair's documents as a row, -1 after the last."""
    counts = np.bincount(pair)
    order = np.argsort(pair, kind="stable")
    rows = np.full((len(counts), int(counts.max(initial=0))), -1, dtype=np.int64)
    rows[np.arange(rows.shape[1]) < counts[:, None]] = ranks[order]
    return rows


def _rows(run: Run, rows: NDArray[np.bool_]) -> Run:
    return Run(run.documents[rows], run.scores[rows])


def _only(data: RetrievalData, rows: NDArray[np.bool_]) -> RetrievalData:
    """The data of some of the queries."""
    import pyarrow as pa

    judged = data.judgements
    use = rows[judged.query]
    place = np.cumsum(rows) - 1
    return replace(
        data,
        queries=data.queries.filter(pa.array(rows)),
        judgements=replace(
            judged,
            query=place[judged.query[use]],
            document=judged.document[use],
            gain=judged.gain[use],
            queries=int(rows.sum()),
        ),
        same_id=data.same_id[rows],
        kept_queries=data.kept_queries[rows],
    )

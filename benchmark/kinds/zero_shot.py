"""Zero-shot classification: the label whose description is the most similar to the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    same_width,
    vectors_of,
)
from benchmark.metrics.classification import label_metrics
from benchmark.metrics.pairs import average_precision
from benchmark.metrics.topk import nearest
from benchmark.protocols import Request, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Finding, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "ZeroShotClassification"
TABLES = {
    "rows": {"text": "text", "label": "label"},
    "candidates": {"label": "label", "text": "text"},
}
METRICS = (
    "accuracy",
    "f1",
    "f1_weighted",
    "precision",
    "precision_weighted",
    "recall",
    "recall_weighted",
    "ap",
    "ap_weighted",
)
MAIN_SCORE = "accuracy"
OPTIONS: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class ZeroShotData:
    """Texts, the descriptions of the labels, and each text's label as a row of these."""

    texts: pa.Array
    candidates: pa.Array
    labels: NDArray[np.int64]


def read(tables: Tables, task: Task, draws: random.Random) -> ZeroShotData:
    """Labels become row numbers of the table ``candidates``, in its order; nothing is drawn."""
    import pyarrow as pa
    import pyarrow.compute as pc

    rows, known = tables["rows"], tables["candidates"]
    labels = pc.index_in(
        column(rows, "label").cast(pa.string()), value_set=column(known, "label").cast(pa.string())
    )
    return ZeroShotData(
        column(rows, "text"),
        column(known, "text"),
        pc.fill_null(labels, len(column(known, "label"))).to_numpy().astype(np.int64),
    )


def plan(data: ZeroShotData, task: Task) -> Plan:
    """The descriptions and the texts, without a role."""
    return {"candidates": Request(data.candidates), "text": Request(data.texts)}


def evaluate(data: ZeroShotData, embeddings: Embeddings, task: Task) -> Scores:
    """Accuracy, F1, precision and recall; of equally similar labels the first is taken.

    ``ap`` is given when exactly two labels occur: the similarity to the second description as a
    score of that label. mteb has no such task for text alone; this is its image task's protocol.
    """
    candidates = vectors_of(embeddings, "candidates", len(data.candidates))
    texts: Any = vectors_of(embeddings, "text", len(data.texts))
    same_width(embeddings, "candidates", "text")
    predicted = nearest(texts, candidates, similarity=embeddings.similarity)
    metrics: dict[str, Any] = {**label_metrics(data.labels, predicted), "ap": None}
    if len(np.unique(data.labels)) == 2 and len(data.candidates) > 1:
        metrics["ap"] = _second_label(data, candidates, texts, embeddings.similarity)
    metrics["ap_weighted"] = metrics["ap"]
    right = (predicted == data.labels).astype(np.float64)
    samples = {"accuracy": right} if task.main_score == "accuracy" else {}
    return Scores(metrics, examples=len(data.labels), samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: an empty table, a text whose label has no description."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = empty_tables(tables)
    rows, known = tables["rows"], tables["candidates"]
    present = pc.is_in(
        column(rows, "label").cast(pa.string()), value_set=column(known, "label").cast(pa.string())
    )
    lost = np.flatnonzero(~present.to_numpy(zero_copy_only=False))
    if len(lost):
        what, action = "its label is not among the candidates", "add its description there"
        found.append(finding_at("error", "label_without_description", rows, lost, what, action))
    return found


def _second_label(data: ZeroShotData, candidates: Any, texts: Any, similarity: str) -> float:
    from benchmark.metrics.similarity import paired_similarity

    second = candidates[np.ones(len(data.labels), dtype=np.int64)]
    scores = paired_similarity(texts, second, name=similarity)
    return average_precision(data.labels == 1, scores)

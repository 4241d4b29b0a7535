"""Pair classification: does the similarity of two texts tell duplicates from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    numbers,
    same_width,
    vectors_of,
)
from benchmark.kinds.defects import OPTION, cosine, defects_of, own_similarity
from benchmark.kinds.records import shared_texts
from benchmark.metrics import similarity
from benchmark.metrics.pairs import pair_metrics
from benchmark.protocols import Finding, Request, Scores
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "PairClassification"
TABLES = {"rows": {"sentence1": "text", "sentence2": "text", "label": "number"}}
_SIMILARITIES = ("similarity", "cosine", "manhattan", "euclidean", "dot")
_SCORES = ("accuracy", "f1", "precision", "recall", "ap")
METRICS = tuple(f"{name}_{score}" for name in (*_SIMILARITIES, "max") for score in _SCORES)
MAIN_SCORE = "max_ap"
OPTIONS: dict[str, Any] = {**OPTION}


@dataclass(frozen=True, slots=True)
class PairData:
    """Pairs of sentences and their ``(n,)`` labels, 1 for a duplicate and 0 for none."""

    sentence1: pa.Array
    sentence2: pa.Array
    labels: NDArray[np.int64]


def read(tables: Tables, task: Task, draws: random.Random) -> PairData:
    """The pairs of one split and subset; nothing is drawn."""
    rows = tables["rows"]
    labels = numbers(rows, "label").astype(np.int64)
    return PairData(column(rows, "sentence1"), column(rows, "sentence2"), labels)


def plan(data: PairData, task: Task) -> Plan:
    """Both sentences, without a role."""
    return {"sentence1": Request(data.sentence1), "sentence2": Request(data.sentence2)}


def evaluate(data: PairData, embeddings: Embeddings, task: Task) -> Scores:
    """mteb's metrics for four similarities and the model's own, and their maxima.

    Thresholds never split equal similarities; when all are equal, every metric but ``ap`` is 0 and
    ``ap`` is the share of duplicates. With ``upstream_defects`` "all" torch sums the model's own
    similarity, as in mteb; with "none" a zero vector has cosine 0, where scikit-learn's is 0.5, or
    1 with another zero vector.
    """
    defects = defects_of(task)
    first = vectors_of(embeddings, "sentence1", len(data.labels))
    second = vectors_of(embeddings, "sentence2", len(data.labels))
    same_width(embeddings, "sentence1", "sentence2")
    similarities = {
        "similarity": own_similarity(first, second, name=embeddings.similarity, defects=defects),
        "cosine": cosine(first, second, defects=defects),
        "manhattan": similarity.paired_manhattan(first, second),
        "euclidean": similarity.paired_euclidean(first, second),
        "dot": similarity.paired_dot(first, second),
    }
    by_name = {name: pair_metrics(data.labels, values) for name, values in similarities.items()}
    metrics = {
        f"{name}_{score}": value
        for name, scores in by_name.items()
        for score, value in scores.items()
    }
    for score in _SCORES:
        metrics[f"max_{score}"] = max(scores[score] for scores in by_name.values())
    name, _, score = task.main_score.rpartition("_")
    if name == "max":
        name = max(by_name, key=lambda each: by_name[each][score])
    samples = {
        "label": data.labels,
        "similarity": similarities[name].astype(np.float64),
        **shared_texts(data.sentence1, data.sentence2),
    }
    return Scores(metrics, examples=len(data.labels), samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, a label other than 0 and 1, only one of the two."""
    found = empty_tables(tables)
    rows = tables["rows"]
    labels = numbers(rows, "label")
    wrong = np.flatnonzero(~np.isin(labels, (0.0, 1.0)))
    if len(wrong):
        what, action = "the label is not 0 or 1", "write 1 for a duplicate and 0 for none"
        found.append(finding_at("error", "label_not_binary", rows, wrong, what, action))
    elif len(labels) and len(np.unique(labels)) == 1:
        message = f"every label is {labels[0]:.0f}; add pairs of the other label"
        found.append(Finding("error", "one_class", f"{source_of(rows)}: {message}"))
    return found

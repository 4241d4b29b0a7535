"""Bitext mining: find each sentence's translation among all second sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    repeated,
    same_width,
    vectors_of,
)
from benchmark.metrics.topk import nearest
from benchmark.protocols import Finding, Request, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "BitextMining"
TABLES = {"rows": {"sentence1": "text", "sentence2": "text"}}
METRICS = ("precision", "recall", "f1", "accuracy")
MAIN_SCORE = "f1"
OPTIONS: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class BitextData:
    """Parallel sentences: row i of the second is the translation of row i of the first."""

    sentence1: pa.Array
    sentence2: pa.Array


def read(tables: Tables, task: Task, draws: random.Random) -> BitextData:
    """The sentences of one split and subset; nothing is drawn."""
    rows = tables["rows"]
    return BitextData(column(rows, "sentence1"), column(rows, "sentence2"))


def plan(data: BitextData, task: Task) -> Plan:
    """Both sentences, without a role."""
    return {"sentence1": Request(data.sentence1), "sentence2": Request(data.sentence2)}


def evaluate(data: BitextData, embeddings: Embeddings, task: Task) -> Scores:
    """Weighted precision, recall, F1 and accuracy of the nearest second sentence.

    The model's own similarity decides; of equal ones the first row is taken. Each row is a class
    of its own, so the weighted scores are means over rows, and ``samples`` holds them.
    """
    count = len(data.sentence1)
    first = vectors_of(embeddings, "sentence1", count)
    second = vectors_of(embeddings, "sentence2", count)
    same_width(embeddings, "sentence1", "sentence2")
    found = nearest(first, second, similarity=embeddings.similarity)
    right = (found == np.arange(count)).astype(np.float64)
    chosen = np.bincount(found, minlength=count)  # how often each second sentence was taken
    samples = {
        "precision": right / np.maximum(chosen, 1),
        "recall": right,
        "f1": 2 * right / (1 + chosen),
        "accuracy": right,
    }
    metrics = {name: float(values.mean()) for name, values in samples.items()}
    kept = {name: values for name, values in samples.items() if name == task.main_score}
    return Scores(metrics, examples=count, samples=kept)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows. Warnings: a second sentence that occurs twice (one of them cannot win)."""
    found = empty_tables(tables)
    rows = tables["rows"]
    again = repeated(column(rows, "sentence2"))
    if len(again):
        what = "the second sentence occurs in an earlier row, so one of the two counts as wrong"
        action = "remove one of the rows if the score should reach 1"
        found.append(finding_at("warning", "duplicate_sentence2", rows, again, what, action))
    return found

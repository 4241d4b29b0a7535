"""Clustering of given sets: mini-batch k-means on each set of texts, compared with its labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    in_threads,
    label_codes,
    options_of,
    vectors_of,
)
from benchmark.metrics.clustering import v_measure
from benchmark.protocols import Request, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Finding, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "Clustering"
TABLES = {"rows": {"set": "id", "text": "text", "label": "label"}}
METRICS = ("v_measure",)
MAIN_SCORE = "v_measure"
OPTIONS: dict[str, Any] = {"clustering_batch_size": 500, "seed": 42}


@dataclass(frozen=True, slots=True)
class LegacyData:
    """Texts, their ``(n,)`` labels, and the rows of each set in order."""

    texts: pa.Array
    labels: NDArray[np.int64]
    sets: tuple[NDArray[np.int64], ...]


def read(tables: Tables, task: Task, draws: random.Random) -> LegacyData:
    """The texts by set, sets in the order in which they first occur; nothing is drawn."""
    rows = tables["rows"]
    (labels,), _ = label_codes(column(rows, "label"))
    codes = column(rows, "set").dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes))[:-1])
    sets = tuple(part for part in parts if len(part))
    return LegacyData(column(rows, "text"), labels, sets)


def plan(data: LegacyData, task: Task) -> Plan:
    """All texts, without a role."""
    return {"text": Request(data.texts)}


def evaluate(data: LegacyData, embeddings: Embeddings, task: Task) -> Scores:
    """Mean V-measure over the sets, its deviation, and every value.

    A set with one label counts 1, as in mteb. ``samples`` holds the value of each set.
    """
    vectors: Any = vectors_of(embeddings, "text", len(data.texts))
    options = options_of(task, OPTIONS)
    seed, batch = int(options["seed"]), int(options["clustering_batch_size"])

    def measure(rows: NDArray[np.int64]) -> float:
        return _v_measure(vectors[rows], data.labels[rows], seed, batch)

    values = in_threads(measure, data.sets)
    metrics: dict[str, Any] = {
        "v_measure": float(np.mean(values)),
        "v_measure_std": float(np.std(values)),
        "v_measures": values,
    }
    return Scores(metrics, examples=len(values), samples={"v_measure": np.array(values)})


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows. Warnings: a set with one label, which always counts 1."""
    found = empty_tables(tables)
    rows = tables["rows"]
    if rows.num_rows == 0:
        return found
    (labels,), _ = label_codes(column(rows, "label"))
    codes = column(rows, "set").dictionary_encode().indices.to_numpy(zero_copy_only=False)
    pairs = np.unique(np.stack([codes, labels]), axis=1)
    single = np.flatnonzero(np.bincount(pairs[0])[codes] == 1)
    if len(single):
        what, action = "its set has one label and always counts 1", "remove the set"
        found.append(finding_at("warning", "set_with_one_label", rows, single, what, action))
    return found


def _v_measure(vectors: Any, labels: NDArray[np.int64], seed: int, batch: int) -> float:
    """V-measure of as many clusters as the set has labels."""
    from sklearn.cluster import MiniBatchKMeans

    count = len(np.unique(labels))
    if count == 1:
        return 1.0
    means = MiniBatchKMeans(n_clusters=count, batch_size=batch, n_init="auto", random_state=seed)
    return v_measure(labels, means.fit(vectors).labels_)

"""Clustering: mini-batch k-means on bootstraps, compared with labels at each level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    in_threads,
    label_codes,
    options_of,
    vectors_of,
)
from benchmark.metrics.clustering import ami, v_measure
from benchmark.protocols import Finding, Request, Scores
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "Clustering"
TABLES = {"rows": {"text": "text", "label": "labels"}}
METRICS = ("v_measure", "ami")
MAIN_SCORE = "v_measure"
RUNNING_DRAWS = True
"""One generator runs on through all splits and subsets, so each must be read to score the next."""
OPTIONS: dict[str, Any] = {
    "max_fraction_of_documents_to_embed": 0.04,
    "max_document_to_embed": 0,
    "max_documents_per_cluster": 16_384,
    "n_clusters": 10,
    "k_mean_batch_size": 512,
    "max_depth": 0,
    "seed": 42,
}
_NUMBER, _COPIES = 4, 32_000_000  # bytes: of a float32, and of all vectors copied side by side


@dataclass(frozen=True, slots=True)
class Level:
    """One level of labels: the rows that have it, their labels, and the bootstraps of them.

    ``rows`` are positions among the texts, ``labels`` integers ``(len(rows),)``, ``bootstraps``
    positions in ``rows``, drawn with replacement.
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    bootstraps: tuple[NDArray[np.int64], ...]


@dataclass(frozen=True, slots=True)
class ClusteringData:
    """The texts to embed and the levels to cluster them by."""

    texts: pa.Array
    levels: tuple[Level, ...]


def read(tables: Tables, task: Task, draws: random.Random) -> ClusteringData:
    """Draw the texts to embed and all bootstraps, from ``draws``, in mteb's order.

    A row with fewer levels than others is left out of the deeper ones when labels are integers;
    with string labels it counts there as a class of its own, as in mteb.
    """
    options = options_of(task, OPTIONS)
    rows = tables["rows"]
    count = rows.num_rows
    wanted = _documents_to_embed(count, options)
    texts, labels = column(rows, "text"), column(rows, "label")
    if wanted is not None:
        chosen = np.array(draws.sample(range(count), k=wanted), dtype=np.int64)
        texts, labels = texts.take(_arrow(chosen)), labels.take(_arrow(chosen))
    levels = []
    for present, codes in _levels(labels, int(options["max_depth"])):
        bootstraps = tuple(
            choices(draws, len(present), int(options["max_documents_per_cluster"]))
            for _ in range(int(options["n_clusters"]))
        )
        levels.append(Level(present, codes, bootstraps))
    return ClusteringData(texts, tuple(levels))


def plan(data: ClusteringData, task: Task) -> Plan:
    """The drawn texts, without a role."""
    return {"text": Request(data.texts)}


def evaluate(data: ClusteringData, embeddings: Embeddings, task: Task) -> Scores:
    """Mean V-measure and AMI over bootstraps and levels, their deviations, and every value."""
    options = options_of(task, OPTIONS)
    vectors: Any = vectors_of(embeddings, "text", len(data.texts))
    bootstrap = int(options["max_documents_per_cluster"]) * vectors.shape[1] * _NUMBER
    most = max(1, _COPIES // max(1, bootstrap))
    measures: dict[str, list[float]] = {}
    information: dict[str, list[float]] = {}
    samples: dict[str, NDArray[np.int64]] = {}
    for number, level in enumerate(data.levels):
        at_level = vectors[level.rows]
        agreement = partial(_agreement, at_level, level.labels, options)
        pairs = in_threads(agreement, level.bootstraps, most=most)
        measures[f"Level {number}"] = [first for first, _, _ in pairs]
        information[f"Level {number}"] = [second for _, second, _ in pairs]
        samples |= _record(number, level, [found for _, _, found in pairs], len(data.texts))
    metrics: dict[str, Any] = {}
    for key, name, by_level in (
        ("v_measures", "v_measure", measures),
        ("ami_scores", "ami", information),
    ):
        values = [value for level_values in by_level.values() for value in level_values]
        metrics[key] = by_level
        metrics[name] = float(np.mean(values))
        metrics[f"{name}_std"] = float(np.std(values))
    return Scores(metrics, examples=len(data.texts), samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, fewer than two labels, or so few rows that none would be embedded."""
    found = empty_tables(tables)
    rows = tables["rows"]
    if rows.num_rows == 0:
        return found
    options = options_of(task, OPTIONS)
    wanted = _documents_to_embed(rows.num_rows, options)
    if wanted == 0:
        fraction = options["max_fraction_of_documents_to_embed"]
        message = f"{rows.num_rows} rows times max_fraction_of_documents_to_embed {fraction} is 0"
        action = 'set max_document_to_embed = "all" in [options]'
        found.append(Finding("error", "no_documents", f"{source_of(rows)}: {message}; {action}"))
    _, codes = next(iter(_levels(column(rows, "label"), 1)))
    if len(np.unique(codes)) < 2:
        message = "fewer than two labels; add rows with another label"
        found.append(Finding("error", "one_label", f"{source_of(rows)}: {message}"))
    return found


def choices(draws: random.Random, population: int, count: int) -> NDArray[np.int64]:
    """``draws.choices(range(population), k=count)`` as an array, and the same state after it.

    Python's generator and numpy's legacy one are the same Mersenne twister and make doubles alike,
    so the state is lent to numpy and taken back.

    >>> import random
    >>> choices(random.Random(42), 100, 3).tolist() == random.Random(42).choices(range(100), k=3)
    True
    """
    version, internal, gauss = draws.getstate()
    twister = np.random.RandomState()
    key, position = np.array(internal[:-1], dtype=np.uint32), int(internal[-1])
    twister.set_state(("MT19937", key, position, 0, 0.0))
    drawn = np.floor(twister.random_sample(count) * float(population)).astype(np.int64)
    after = twister.get_state(legacy=False)["state"]
    draws.setstate((version, (*after["key"].tolist(), int(after["pos"])), gauss))
    return drawn


def _documents_to_embed(count: int, options: Any) -> int | None:
    """How many texts are drawn; None for all of them, in their own order."""
    number = options["max_document_to_embed"]
    if number == "all":
        return None
    if number:
        return min(count, int(number))
    return min(count, int(float(options["max_fraction_of_documents_to_embed"]) * count))


def _levels(labels: pa.Array, max_depth: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each level, the rows that count there and their labels as integers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_list(labels.type) and not pa.types.is_large_list(labels.type):
        levels = [labels]
    else:
        lengths = pc.list_value_length(labels)
        deepest = pc.max(lengths).as_py() or 0
        depth = min(max_depth, deepest) if max_depth else deepest
        lists = labels.to_pylist()
        values = labels.type.value_type
        levels = [
            pa.array([row[at] if len(row) > at else None for row in lists], values)
            for at in range(depth)
        ]
    result = []
    for level in levels:
        if pa.types.is_integer(level.type):  # mteb marks a missing integer label with -1
            filled = pc.fill_null(level, -1)
            present = np.flatnonzero(filled.to_numpy() != -1)
        else:
            filled = pc.fill_null(level, "-1")
            present = np.arange(len(level))
        (codes,), _ = label_codes(filled.take(_arrow(present)))
        result.append((present, codes))
    return result


def _agreement(
    vectors: Any, labels: NDArray[np.int64], options: Any, drawn: NDArray[np.int64]
) -> tuple[float, float, NDArray[np.int64]]:
    """V-measure, AMI and clusters of one bootstrap; as many clusters as the level has labels."""
    from sklearn.cluster import MiniBatchKMeans

    clusters = MiniBatchKMeans(
        n_clusters=len(np.unique(labels)),
        batch_size=int(options["k_mean_batch_size"]),
        init="k-means++",
        n_init=1,
        random_state=int(options["seed"]),
    ).fit_predict(vectors[drawn])
    truth = labels[drawn]
    return v_measure(truth, clusters), ami(truth, clusters), clusters


def _record(
    number: int, level: Level, clusters: list[NDArray[np.int64]], texts: int
) -> dict[str, NDArray[np.int64]]:
    """A level's labels ``(texts,)``, and by draw ``(texts, draws)`` clusters and times drawn.

    Copies of a text are in one cluster. What is not there is -1: a label of a text that lacks the
    level, a cluster of a text that was not drawn.
    """
    label = np.full(texts, -1, dtype=np.int64)
    label[level.rows] = level.labels
    found = np.full((texts, len(clusters)), -1, dtype=np.int64)
    times = np.zeros((texts, len(clusters)), dtype=np.int64)
    for draw, (drawn, assigned) in enumerate(zip(level.bootstraps, clusters, strict=True)):
        found[level.rows[drawn], draw] = assigned
        times[level.rows, draw] = np.bincount(drawn, minlength=len(level.rows))
    return {f"label_{number}": label, f"cluster_{number}": found, f"times_{number}": times}


def _arrow(indices: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.array(indices)

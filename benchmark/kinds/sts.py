"""Semantic textual similarity: correlation of vector similarities with human scores of pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    numbers,
    options_of,
    same_width,
    vectors_of,
)
from benchmark.kinds.defects import OPTION, cosine, defects_of, own_similarity
from benchmark.kinds.records import shared_texts
from benchmark.metrics import similarity
from benchmark.metrics.correlation import pearson, spearman
from benchmark.protocols import Finding, Request, Scores
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "STS"
TABLES = {"rows": {"sentence1": "text", "sentence2": "text", "score": "number"}}
METRICS = (
    "pearson",
    "spearman",
    "cosine_pearson",
    "cosine_spearman",
    "manhattan_pearson",
    "manhattan_spearman",
    "euclidean_pearson",
    "euclidean_spearman",
)
MAIN_SCORE = "cosine_spearman"
OPTIONS: dict[str, Any] = {"min_score": 0.0, "max_score": 5.0, **OPTION}


@dataclass(frozen=True, slots=True)
class StsData:
    """Pairs of sentences and their ``(n,)`` scores, scaled to 0..1 by the options."""

    sentence1: pa.Array
    sentence2: pa.Array
    gold: NDArray[np.float64]


def read(tables: Tables, task: Task, draws: random.Random) -> StsData:
    """The pairs of one split and subset; nothing is drawn."""
    rows, options = tables["rows"], options_of(task, OPTIONS)
    low, high = float(options["min_score"]), float(options["max_score"])
    gold = (numbers(rows, "score") - low) / (high - low)
    return StsData(column(rows, "sentence1"), column(rows, "sentence2"), gold)


def plan(data: StsData, task: Task) -> Plan:
    """Both sentences, without a role."""
    return {"sentence1": Request(data.sentence1), "sentence2": Request(data.sentence2)}


def evaluate(data: StsData, embeddings: Embeddings, task: Task) -> Scores:
    """Correlations of the scores with three similarities and with the model's own.

    ``pearson`` and ``spearman`` take the model's own similarity. A correlation that is undefined
    because all similarities are equal counts 0 and is named in ``degenerate``; with
    ``upstream_defects`` "all" it is NaN as in mteb, and torch sums the model's own similarity. With
    "none" a zero vector has cosine 0, where scikit-learn's is 0.5, or 1 with another zero vector.
    """
    defects = defects_of(task)
    first = vectors_of(embeddings, "sentence1", len(data.gold))
    second = vectors_of(embeddings, "sentence2", len(data.gold))
    same_width(embeddings, "sentence1", "sentence2")
    similarities = {
        "": own_similarity(first, second, name=embeddings.similarity, defects=defects),
        "cosine_": cosine(first, second, defects=defects),
        "manhattan_": similarity.paired_manhattan(first, second),
        "euclidean_": similarity.paired_euclidean(first, second),
    }
    metrics: dict[str, float] = {}
    for prefix, values in similarities.items():
        metrics[f"{prefix}pearson"] = pearson(data.gold, values)
        metrics[f"{prefix}spearman"] = spearman(data.gold, values)
    undefined = tuple(name for name, value in metrics.items() if np.isnan(value))
    degenerate = () if defects == "all" else undefined
    metrics.update(dict.fromkeys(degenerate, 0.0))
    compared = similarities[task.main_score.rpartition("_")[0] + "_" * ("_" in task.main_score)]
    samples = {
        "gold": data.gold,
        "similarity": compared.astype(np.float64),
        **shared_texts(data.sentence1, data.sentence2),
    }
    return Scores(metrics, examples=len(data.gold), degenerate=degenerate, samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, or one score for all pairs (no correlation exists)."""
    found = empty_tables(tables)
    rows = tables["rows"]
    scores = numbers(rows, "score")
    if len(scores) and (scores == scores[0]).all():
        message = "every pair has the same score; a correlation needs at least two different ones"
        found.append(Finding("error", "constant_score", f"{source_of(rows)}: {message}"))
    return found

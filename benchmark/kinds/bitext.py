"""Bitext mining: find each sentence's translation among all second sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    options_of,
    repeated,
    same_width,
    vectors_of,
)
from benchmark.kinds.defects import OPTION, defects_of
from benchmark.kinds.records import shared
from benchmark.metrics.topk import nearest
from benchmark.metrics.torch_order import torch_nearest
from benchmark.protocols import Finding, Request, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "BitextMining"
TABLES = {"rows": {"sentence1": "text", "sentence2": "text"}}
METRICS = ("precision", "recall", "f1", "accuracy")
MAIN_SCORE = "f1"
OPTIONS: dict[str, Any] = {"parallel": False, "gold": False, **OPTION}
_WITH_GOLD = {
    "rows": {"sentence1": "text", "gold": "id"},
    "sentence2": {"id": "id", "text": "text"},
}


@dataclass(frozen=True, slots=True)
class BitextData:
    """First sentences, all second ones, and ``(n,)`` which of these translates each first one."""

    sentence1: pa.Array
    sentence2: pa.Array
    gold: NDArray[np.int64]


def tables_of(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """With ``gold`` the second sentences have a table of their own, as BUCC has them."""
    return _WITH_GOLD if options.get("gold") else TABLES


def columns_of(task: Task, subset: str) -> Mapping[str, str]:
    """With ``parallel`` all subsets are of one table, whose columns a subset names: ``deu-eng``."""
    if not options_of(task, OPTIONS)["parallel"]:
        return {}
    first, _, second = subset.partition("-")
    return {"sentence1": first, "sentence2": second}


def problems_of(task: Task) -> list[tuple[str, str]]:
    """``parallel`` with ``gold`` or with columns, and a subset that names no two columns."""
    options = options_of(task, OPTIONS)
    if not options["parallel"]:
        return []
    if options["gold"]:
        return [("gold", "options 'parallel' and 'gold' exclude each other; keep one of them")]
    if task.columns:
        message = "with 'parallel' the names of subsets are those of columns; remove [columns]"
        return [("[columns]", message)]
    wrong = [name for name in task.subsets if [bool(x) for x in name.split("-")] != [True, True]]
    action = "name two columns of the file, as in deu-eng"
    return [(name, f"subset '{name}' of a parallel task: {action}") for name in wrong]


def read(tables: Tables, task: Task, draws: random.Random) -> BitextData:
    """The sentences of one split and subset; row i translates row i unless ``gold`` says which.

    Nothing is drawn.
    """
    import pyarrow.compute as pc

    rows = tables["rows"]
    if "sentence2" not in tables:
        second = column(rows, "sentence2")
        return BitextData(column(rows, "sentence1"), second, np.arange(len(second)))
    known = tables["sentence2"]
    gold = pc.index_in(column(rows, "gold"), value_set=column(known, "id"))
    place = pc.fill_null(gold, -1).to_numpy().astype(np.int64)
    return BitextData(column(rows, "sentence1"), column(known, "text"), place)


def plan(data: BitextData, task: Task) -> Plan:
    """Both sentences, without a role; each language of a parallel task apart, to encode it once."""
    apart = bool(options_of(task, OPTIONS)["parallel"])
    return {
        "sentence1": Request(data.sentence1, apart=apart),
        "sentence2": Request(data.sentence2, apart=apart),
    }


def evaluate(data: BitextData, embeddings: Embeddings, task: Task) -> Scores:
    """Weighted precision, recall, F1 and accuracy of the nearest second sentence.

    The model's own similarity decides; of equal ones the first row is taken, with
    ``upstream_defects`` "all" the one that torch takes, as in mteb. Each second sentence
    is a class, weighted by the first ones that it translates, so the weighted scores are means
    over rows of their class's score, and ``samples`` holds these.
    """
    first = vectors_of(embeddings, "sentence1", len(data.sentence1))
    second = vectors_of(embeddings, "sentence2", len(data.sentence2))
    same_width(embeddings, "sentence1", "sentence2")
    search = torch_nearest if defects_of(task) == "all" else nearest
    found = search(first, second, similarity=embeddings.similarity)
    right = found == data.gold
    count = len(data.sentence2)
    chosen = np.bincount(found, minlength=count)  # how often each second sentence was taken
    wanted = np.bincount(data.gold, minlength=count)
    hits = np.bincount(found[right], minlength=count)
    samples = {
        "precision": (hits / np.maximum(chosen, 1))[data.gold],
        "recall": (hits / np.maximum(wanted, 1))[data.gold],
        "f1": (2 * hits / np.maximum(wanted + chosen, 1))[data.gold],
        "accuracy": right.astype(np.float64),
    }
    metrics = {name: float(values.mean()) for name, values in samples.items()}
    kept: dict[str, Any] = {task.main_score: samples[task.main_score], "found": found}
    kept |= shared(data.gold)  # sentences that have one translation
    return Scores(metrics, examples=len(data.gold), samples=kept)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, a gold sentence that is absent.

    Warnings: a second sentence that occurs twice, of which one cannot win; mteb scores it alike and
    says nothing.
    """
    import pyarrow.compute as pc

    found = empty_tables(tables)
    rows = tables["rows"]
    known, field = (tables["sentence2"], "text") if "sentence2" in tables else (rows, "sentence2")
    if known is not rows:
        there = pc.is_in(column(rows, "gold"), value_set=column(known, "id"))
        lost = np.flatnonzero(~there.to_numpy(zero_copy_only=False))
        if len(lost):
            ident = rows.column("gold")[int(lost[0])].as_py()
            what = f"names the second sentence '{ident}', which is absent"
            action = "add the sentence or remove the row"
            found.append(finding_at("error", "absent_gold", rows, lost, what, action))
    again = repeated(column(known, field))
    if len(again):
        what = "the second sentence occurs in an earlier row, so one of the two counts as wrong"
        action = "remove one of the rows if the score should reach 1"
        found.append(finding_at("warning", "duplicate_sentence2", known, again, what, action))
    return found

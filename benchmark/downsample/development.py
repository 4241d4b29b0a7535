"""Measure models on a whole task and on its smaller form: how much that raises their scores."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache as cache_calls
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.analysis.drawn import score_of, size_of
from benchmark.data.keep import cut_tables
from benchmark.downsample.corpus import choose_corpus, choose_queries, retrieval_of
from benchmark.downsample.examples import Chosen, Wanted, Whole, choose_examples
from benchmark.downsample.families import organisation
from benchmark.measure import can_measure, measure_part
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Model
from benchmark.ranking import PartRanker
from benchmark.results.record import Part
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SAME = ("sts", "pair_classification", "summarization", "reranking", "instruction_reranking",
        "clustering_legacy", "zero_shot_classification")  # fmt: skip
"""Kinds in which an example scores the same whatever other examples there are."""

WHOLE_DRAWN = ("clustering",)
"""Kinds whose score is of all examples together: what drawing changes is in the rise."""


@dataclass(frozen=True, slots=True)
class Known:
    """A model's main scores on a whole part and on its smaller form.

    ``same`` is the whole's score of the examples that are kept, and ``raised`` their score in the
    smaller form, with a corpus that no model of this one's organisation had a part in, as none of a
    new model's has; None where an example scores the same whatever others there are.
    """

    model: str
    full: float
    small: float
    same: float | None = None
    raised: float | None = None


def family_of(model: Model) -> str:
    """The organisation that a model is from."""
    return organisation(model.identity.name)


def prepared_part(whole: Whole, task: Task, tables: Mapping[str, pa.Table]) -> PreparedPart:
    """A part ready to encode, made of tables."""
    seed = int({**whole.kind.OPTIONS, **task.options}.get("seed", 42))
    data = whole.kind.read(tables, task, random.Random(seed))
    return PreparedPart(whole.split, whole.subset, data, whole.kind.plan(data, task))


def measure(model: Model, whole: Whole, task: Task, part: PreparedPart, cache: Path | None) -> Part:
    """One model's part, its records among it."""
    prepared = Prepared(task, whole.kind, (part,))
    return measure_part(model, prepared, part, cache, _silent)


def rankings_of(
    whole: Whole, models: Mapping[str, Model], part: PreparedPart, cache: Path | None
) -> dict[str, NDArray[np.int32]]:
    """What each model finds best in the whole corpus, ``(q, k)``; nothing where none is searched.

    ``part`` is the whole one, ready to encode.
    """
    if not _has_corpus(whole):
        return {}
    return {
        name: PartRanker(whole.kind, part, whole.task, cache, _silent).rank(model).documents
        for name, model in models.items()
        if can_measure(model, whole.kind)
    }


def choose_part(
    whole: Whole,
    small: Task,
    rankings: Mapping[str, NDArray[np.int32]],
    families: Mapping[str, str],
    wanted: Wanted,
) -> tuple[Chosen, Callable[[str], Chosen]]:
    """What a part keeps, and a function that tells what it would keep without a family's rankings.

    ``rankings`` are those of ``rankings_of``, ``families`` the family of each model.
    """
    if not _has_corpus(whole):
        chosen = choose_examples(whole, small, wanted)
        return chosen, lambda _: chosen
    retrieval = retrieval_of(whole, wanted)
    rows = choose_queries(retrieval, wanted)

    @cache_calls
    def without(family: str) -> Chosen:
        others = [each for name, each in rankings.items() if families[name] != family]
        return choose_corpus(retrieval, rows, others, wanted)

    return without(""), without


def known_of(
    whole: Whole,
    small: Task,
    models: Mapping[str, Model],
    full: Mapping[str, Part],
    chosen: Chosen,
    without: Callable[[str], Chosen],
    cache: Path | None,
) -> list[Known]:
    """Every model's scores on a whole part (``full``) and on what was chosen of it."""
    tables = cut_tables(whole.tables, chosen.kept, small.name)
    part = prepared_part(whole, small, tables)
    found = []
    for name, model in models.items():
        if name not in full or full[name].main_score is None:
            continue
        mine = measure(model, whole, small, part, cache)
        if mine.main_score is None:
            continue
        value = float(full[name].main_score or 0.0)
        same, raised = None, None
        if whole.task.kind not in SAME:
            raised = mine.main_score
            other = without(family_of(model))
            if other is not chosen:
                cut = cut_tables(whole.tables, other.kept, small.name)
                again = measure(model, whole, small, prepared_part(whole, small, cut), cache)
                raised = mine.main_score if again.main_score is None else again.main_score
            same = same_examples(whole, small, full[name], chosen)
        found.append(Known(name, value, mine.main_score, same, raised))
    return found


def same_examples(whole: Whole, small: Task, full: Part, chosen: Chosen) -> float:
    """The whole part's score on the examples that were chosen; on all where records do not tell."""
    if size_of(full.samples) == chosen.whole and small.kind not in WHOLE_DRAWN:
        score = score_of(small.kind, small.main_score, full.samples, chosen.rows)
        if np.isfinite(score):
            return score
    return float(full.main_score or 0.0)


def _has_corpus(whole: Whole) -> bool:
    return "corpus" in whole.tables and "top_ranked" not in whole.tables


def _silent(*_: Any) -> None:
    """Report nothing."""

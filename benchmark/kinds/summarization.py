"""Summarization: is a machine's summary as close to human ones as experts find it good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    numbers,
    options_of,
    same_width,
    vectors_of,
)
from benchmark.kinds.defects import OPTION, defects_of
from benchmark.metrics.correlation import pearson, spearman
from benchmark.metrics.similarity import similarity_of_pairs
from benchmark.protocols import Request, Scores

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Finding, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "Summarization"
TABLES = {
    "rows": {"text-id": "id", "text": "text", "score": "number"},
    "references": {"text-id": "id", "text": "text"},
}
_Correlation = Callable[[Any, Any], float]
_CORRELATIONS: Mapping[str, _Correlation] = {"pearson": pearson, "spearman": spearman}
METRICS = (
    "pearson",
    "spearman",
    "cosine_spearman",
    "cosine_pearson",
    "dot_pearson",
    "dot_spearman",
)
MAIN_SCORE = "cosine_spearman"
OPTIONS: dict[str, Any] = {
    "min_score": 0.0,
    "max_score": 5.0,
    "average_p_values": False,
    **OPTION,
}


@dataclass(frozen=True, slots=True)
class SummarizationData:
    """Machine summaries grouped by their text, human ones, and all pairs of the two.

    ``groups`` are where each text's summaries start and end; ``summary`` and ``reference`` are
    parallel ``(p,)`` positions of the pairs to compare, ordered by summary.
    """

    summaries: pa.Array
    references: pa.Array
    gold: NDArray[np.float64]
    groups: tuple[tuple[int, int], ...]
    summary: NDArray[np.int64]
    reference: NDArray[np.int64]


def read(tables: Tables, task: Task, draws: random.Random) -> SummarizationData:
    """Group the summaries by text; those of a text without a human summary are left out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    options = options_of(task, OPTIONS)
    low, high = float(options["min_score"]), float(options["max_score"])
    rows, human = tables["rows"], tables["references"]
    known = column(human, "text-id").dictionary_encode()
    text_of_reference = known.indices.to_numpy()
    text = pc.index_in(column(rows, "text-id"), value_set=known.dictionary)
    text = pc.fill_null(text, -1).to_numpy().astype(np.int64)
    order = np.argsort(text, kind="stable")
    order = order[text[order] >= 0]
    text = text[order]
    starts = np.flatnonzero(np.r_[True, text[1:] != text[:-1]]) if len(text) else text
    ends = np.r_[starts[1:], len(text)]
    by_text = np.argsort(text_of_reference, kind="stable")
    count = np.bincount(text_of_reference, minlength=len(known.dictionary))
    first = np.cumsum(count) - count
    summary = np.repeat(np.arange(len(text)), count[text])
    place = np.arange(len(summary)) - np.repeat(np.cumsum(count[text]) - count[text], count[text])
    return SummarizationData(
        summaries=column(rows, "text").take(pa.array(order)),
        references=column(human, "text"),
        gold=((numbers(rows, "score") - low) / (high - low))[order],
        groups=tuple(zip(starts.tolist(), ends.tolist(), strict=True)),
        summary=summary,
        reference=by_text[first[text[summary]] + place],
    )


def plan(data: SummarizationData, task: Task) -> Plan:
    """Both sorts of summaries, without a role."""
    return {"references": Request(data.references), "summaries": Request(data.summaries)}


def evaluate(data: SummarizationData, embeddings: Embeddings, task: Task) -> Scores:
    """Correlations of the closest human summary's similarity with the scores, mean over texts.

    A text whose scores, cosines or dot products are all equal is skipped, as in mteb, and counted
    in ``warnings``. An undefined correlation counts 0 and is named in ``degenerate``, as every
    metric is with no text left; with ``upstream_defects`` "all" both are NaN, as in mteb. With
    ``average_p_values`` a text's value is the mean of a correlation and its p-value, as in SummEval
    before its second version (https://github.com/embeddings-benchmark/mteb/issues/1156).
    """
    summaries: Any = vectors_of(embeddings, "summaries", len(data.summaries))
    references: Any = vectors_of(embeddings, "references", len(data.references))
    same_width(embeddings, "summaries", "references")
    own = embeddings.similarity
    closest = {
        name: _closest(data, summaries, references, name)
        for name in dict.fromkeys(("cosine", "dot", own))
    }
    with_p = options_of(task, OPTIONS)["average_p_values"]
    correlations = _averaged_with_p_values() if with_p else _CORRELATIONS
    values: dict[str, list[float]] = {name: [] for name in METRICS}
    skipped = 0
    for start, end in data.groups:
        gold = data.gold[start:end]
        taken = {name: scores[start:end] for name, scores in closest.items()}
        if any((part == part[0]).all() for part in (gold, taken["cosine"], taken["dot"])):
            skipped += 1
            continue
        for name, function in correlations.items():
            values[name].append(function(gold, taken[own]))
            values[f"cosine_{name}"].append(function(gold, taken["cosine"]))
            values[f"dot_{name}"].append(function(gold, taken["dot"]))
    undefined = tuple(n for n, found in values.items() if not found or np.isnan(found).any())
    counts = np.nan if defects_of(task) == "all" else 0.0
    samples = {name: np.nan_to_num(np.array(found), nan=counts) for name, found in values.items()}
    return Scores(
        {name: float(found.mean()) if len(found) else counts for name, found in samples.items()},
        examples=len(data.groups) - skipped,
        degenerate=undefined if counts == 0 else (),
        warnings={"text_with_equal_scores": skipped} if skipped else {},
        samples={name: found for name, found in samples.items() if name == task.main_score},
    )


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: an empty table, a summary whose text has no human summary."""
    import pyarrow.compute as pc

    found = empty_tables(tables)
    rows = tables["rows"]
    known = pc.is_in(column(rows, "text-id"), value_set=column(tables["references"], "text-id"))
    lost = np.flatnonzero(~known.to_numpy(zero_copy_only=False))
    if len(lost):
        ident = rows.column("text-id")[int(lost[0])].as_py()
        what, action = f"the text '{ident}' has no human summary", "add one or remove the row"
        found.append(finding_at("error", "text_without_reference", rows, lost, what, action))
    return found


def _averaged_with_p_values() -> Mapping[str, _Correlation]:
    """The mean of each correlation and the p-value that scipy gives beside it."""
    from scipy import stats

    def averaged(function: Callable[..., Any]) -> _Correlation:
        return lambda x, y: float(np.mean(function(x, y)))

    return {"pearson": averaged(stats.pearsonr), "spearman": averaged(stats.spearmanr)}


def _closest(
    data: SummarizationData, summaries: Any, references: Any, name: str
) -> NDArray[np.float64]:
    """For each summary the greatest similarity to a human summary of its text."""
    if len(data.summary) == 0:
        return np.empty(0)
    pairs = similarity_of_pairs(summaries, references, data.summary, data.reference, name=name)
    starts = np.flatnonzero(np.r_[True, data.summary[1:] != data.summary[:-1]])
    return np.maximum.reduceat(pairs, starts).astype(np.float64)

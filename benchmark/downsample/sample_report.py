"""Compare smaller tasks with whole ones, model by model: their order, and intervals that hold."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.analysis.comparison import combine_parts, compare_records
from benchmark.analysis.drawn import Samples
from benchmark.downsample.standing import Standing, standing_of_result
from benchmark.errors import ResultError
from benchmark.results.samples import read_samples, samples_path
from benchmark.results.task_result import TaskResult
from benchmark.task import Task

LEVEL = 0.05
"""The p below which a difference on the whole task is significant."""
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Both:
    """A model's score on the whole task, what its smaller form tells of it, and the records."""

    model: str
    full: float
    standing: Standing
    records: Mapping[str, Samples]

    @property
    def covered(self) -> bool | None:
        """Whether the interval holds the whole's score; None without an interval."""
        interval = self.standing.interval
        return None if interval is None else interval.low <= self.full <= interval.high


def models_of(small: Task, whole: Task, results: Sequence[TaskResult]) -> list[Both]:
    """The models with a whole result on both, in the order of their scores, best first."""
    found: dict[str, dict[Key, TaskResult]] = {small.name: {}, whole.name: {}}
    for result in results:
        wanted = {small.name: small, whole.name: whole}.get(result.task)
        fits = wanted is not None and result.task_digest == wanted.digest and result.limit is None
        if wanted is not None and fits:
            found[result.task][result.model, result.revision, result.slug] = result
    both = []
    for key, of_small in found[small.name].items():
        of_whole = found[whole.name].get(key)
        if of_whole is None:
            continue
        parts = {(e.split, e.subset) for e in of_small.entries}
        entries = [e for e in of_whole.entries if (e.split, e.subset) in parts]
        scores = [e.main_score for e in entries if e.main_score is not None]
        standing = standing_of_result(small, of_small.path)
        if standing is None or len(scores) < len(parts):
            continue
        digests = {f"{e.split}/{e.subset}": e.samples for e in entries}
        records, _ = read_samples(samples_path(of_whole.path), digests)
        name = " ".join(filter(None, (key[0], key[2])))
        both.append(Both(name, sum(scores) / len(scores), standing, records))
    return sorted(both, key=lambda each: -each.full)


def report_of(small: Task, whole: Task, results: Sequence[TaskResult]) -> dict[str, Any]:
    """What ``embedmark downsample report`` prints of one smaller task."""
    both = models_of(small, whole, results)
    content: dict[str, Any] = {
        "task": small.name,
        "of": whole.name,
        "cost_share": small.keep.get("cost"),
        "models": len(both),
        **figures(small, both),
        "scores": [_scores(each) for each in both],
    }
    return content


def figures(small: Task, both: Sequence[Both]) -> dict[str, Any]:
    """Rank correlations, pairs in order, offset and coverage; None where there is nothing to tell.

    ``offset`` is how much higher the smaller form's own scores are than the whole's, ``mae`` how
    far off what it tells of them is.
    """
    full = np.array([each.full for each in both])
    told = np.array([each.standing.whole for each in both])
    raw = np.array([each.standing.small for each in both])
    covered = [each.covered for each in both if each.covered is not None]
    widths = [
        each.standing.interval.high - each.standing.interval.low
        for each in both
        if each.standing.interval is not None
    ]
    pairs = significant_pairs(small, both)
    kept = sum((full[a] - full[b]) * (told[a] - told[b]) > 0 for a, b in pairs)
    return {
        **_correlations(full, told),
        "pairs": len(pairs),
        "pairs_kept": int(kept),
        "pairs_kept_share": kept / len(pairs) if pairs else None,
        "offset": float((raw - full).mean()) if len(both) else None,
        "mae": float(np.abs(told - full).mean()) if len(both) else None,
        "coverage95": sum(covered) / len(covered) if covered else None,
        "interval_width": float(np.mean(widths)) if widths else None,
    }


def significant_pairs(small: Task, both: Sequence[Both]) -> list[tuple[int, int]]:
    """The pairs of models whose whole scores differ, by the test of ``embedmark compare``."""
    found = []
    for a, b in itertools.combinations(range(len(both)), 2):
        one, other = both[a].records, both[b].records
        if not one or one.keys() != other.keys():
            continue
        try:
            parts = [
                compare_records(small.kind, small.main_score, one[key], other[key]) for key in one
            ]
        except ResultError:
            continue
        whole = combine_parts(parts)
        if whole is not None and whole.paired.p < LEVEL:
            found.append((a, b))
    return found


def _correlations(full: Any, told: Any) -> dict[str, float | None]:
    from scipy.stats import kendalltau, spearmanr

    if len(full) < 3:
        return {"spearman": None, "kendall": None}
    values = float(spearmanr(full, told).statistic), float(kendalltau(full, told).statistic)
    return {
        name: value if math.isfinite(value) else None
        for name, value in zip(("spearman", "kendall"), values, strict=True)
    }


def _scores(each: Both) -> dict[str, Any]:
    ends = each.standing.interval.ends if each.standing.interval else None
    return {
        "model": each.model,
        "full": each.full,
        "small": each.standing.small,
        "whole": each.standing.whole,
        "low": ends[0] if ends else None,
        "high": ends[1] if ends else None,
        "covered": each.covered,
    }

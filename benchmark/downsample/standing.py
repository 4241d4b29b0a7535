"""What a smaller task's measured score tells of the whole task's, with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.analysis.drawn import Samples, drawing_error, whole_interval
from benchmark.data.keep import kept_of
from benchmark.downsample.development import WHOLE_DRAWN
from benchmark.results.samples import read_samples, samples_path
from benchmark.results.store import read_result
from benchmark.stats.combining import combined_interval
from benchmark.stats.intervals import Interval
from benchmark.task import Task

_EXAMPLES = ("queries", "rows")  # tables whose rows are examples


@dataclass(frozen=True, slots=True)
class Standing:
    """A smaller task's score ``small``, what it makes the whole's, and the interval of that.

    ``rise`` is by how much the smaller form raised the models that it was made with, in the mean.
    """

    small: float
    whole: float
    interval: Interval | None
    rise: float


def standing_of(task: Task, split: str, subset: str, value: float, samples: Samples) -> Standing:
    """What one split and subset of a smaller task tells of the whole's.

    Without records of the examples, or with fewer than two models measured on both forms where one
    raises scores, there is no interval.
    """
    told: Mapping[str, Any] = task.keep.get("full", {}).get(f"{split}/{subset}", {})
    pairs = [
        (float(model["same"]), float(model["raised"]))
        for model in told.get("models", ())
        if "same" in model and "raised" in model
    ]
    kept = kept_of(task, split, subset)
    order = next((kept[name].order for name in _EXAMPLES if name in kept), None)
    error = float("nan"), 0.0
    if task.kind in WHOLE_DRAWN:
        error = 0.0, float("inf")
    elif order is not None and told:
        error = drawing_error(task.kind, task.main_score, samples, order, int(told["examples"]))
    whole, interval = whole_interval(task.kind, task.main_score, value, error, pairs)
    rise = sum(after - before for before, after in pairs) / len(pairs) if pairs else 0.0
    return Standing(value, whole, interval if interval.ends else None, rise)


def standing_of_result(task: Task, path: Path) -> Standing | None:
    """The same for a result file: the mean over its splits and subsets; None without a score."""
    result = read_result(path)
    if result is None:
        return None
    digests = {key: part.samples_digest for key, part in result.parts.items()}
    records, _ = read_samples(samples_path(path), digests)
    found = []
    for key, part in result.parts.items():
        if part.main_score is None:
            return None
        samples = records.get(key, {})
        found.append(standing_of(task, part.split, part.subset, part.main_score, samples))
    return mean_of(found)


def mean_of(found: Sequence[Standing]) -> Standing | None:
    """The mean over splits and subsets; None for none.

    What a smaller form raises a model by beyond others is alike in all of them, so where there are
    rises their errors add in full.
    """
    if len(found) < 2:
        return found[0] if found else None
    count = len(found)
    whole = [each.whole for each in found]
    alike = [0] * count if any(each.rise for each in found) else None
    interval = combined_interval(whole, [each.interval for each in found], [1.0] * count, alike)
    return Standing(
        sum(each.small for each in found) / count,
        sum(whole) / count,
        interval,
        sum(each.rise for each in found) / count,
    )

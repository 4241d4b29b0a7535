"""The interval of a main score, from what each example adds to it; docs/uncertainty.md says how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from benchmark.analysis.contributions import Contributions, Record, Samples, record_of
from benchmark.stats.components import clustered_error
from benchmark.stats.intervals import (
    Interval,
    bounded_interval,
    correlation_interval,
    lost_interval,
    precision_interval,
    share_interval,
    standard_error,
    student_interval,
)
from benchmark.stats.subsampling import Replicates, replicates_error

_BOUNDS = {"p-MRR": (-1.0, 1.0), "ami": (-1.0, 1.0)}  # of a score; 0 and 1 where nothing is said


def interval_of(kind: str, main_score: str, value: float, samples: Samples) -> Interval | None:
    """The 95 % interval of a main score, by its kind and the records of its examples.

    None where the records say nothing about the score (none were kept, or it is a metric that has
    no interval). With one example, or one cluster, its ends are NaN.
    """
    if not np.isfinite(value):
        return None
    record = record_of(kind, main_score, samples)
    return None if record is None else interval_of_record(kind, main_score, value, record, samples)


def interval_of_record(
    kind: str, main_score: str, value: float, record: Record, samples: Samples
) -> Interval:
    """``interval_of`` where what each example adds is known already."""
    if isinstance(record, Replicates):
        error, freedom = replicates_error(record)
        draws = "delete-d" if len(record.whole[0]) == 1 else "delete-d and draws"
        if main_score in _BOUNDS:
            found = bounded_interval(value, error, freedom, _BOUNDS[main_score], draws)
            return replace(found, n=record.count)
        return share_interval(value, error, freedom, record.count, draws)
    return _OF_KIND.get(kind, _mean)(main_score, value, record, samples)


def _mean(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    error, freedom = standard_error(record.values[:, 0], record.clusters)
    method = "score" if record.clusters is None else "score, clusters"
    return bounded_interval(value, error, freedom, _BOUNDS.get(name, (0.0, 1.0)), method)


def _correlation(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    return correlation_interval(value, record.values[:, 0], record.clusters)


def _summaries(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    """A mean over texts of each one's correlation."""
    error, freedom = standard_error(record.values[:, 0])
    return bounded_interval(value, error, freedom, (-1.0, 1.0), "score")


def _pairs(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    positives = int((samples["label"] == 1).sum())
    return precision_interval(value, record.values[:, 0], positives, record.clusters)


def _crossed(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    """Of a mean over texts and draws; texts that are equal are one."""
    error, freedom, count = clustered_error(record.values, record.clusters)
    method = "score, texts and draws" if record.values.shape[1] > 1 else "score"
    method += "" if record.clusters is None else ", clusters"
    return share_interval(value, error, freedom, count, method)


def _regression(name: str, value: float, record: Contributions, samples: Samples) -> Interval:
    draws = record.values.shape[1]
    method = "influence, texts and draws" if draws > 1 else "influence"
    error, freedom, _ = clustered_error(record.values, record.clusters)
    if name == "kendalltau":
        return bounded_interval(value, error, freedom, (-1.0, 1.0), method)
    if name == "r2":
        return lost_interval(value, error, freedom, method)
    return student_interval(value, error, freedom, method)


_OF_KIND: Mapping[str, Callable[[str, float, Contributions, Samples], Interval]] = {
    "sts": _correlation,
    "summarization": _summaries,
    "pair_classification": _pairs,
    "classification": _crossed,
    "zero_shot_classification": _crossed,
    "multilabel_classification": _crossed,
    "regression": _regression,
}

"""The interval of a main score, from what each example adds to it; docs/uncertainty.md says how."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.metrics.classification import label_metrics
from benchmark.metrics.pairs import pair_metrics
from benchmark.stats.components import crossed_error
from benchmark.stats.influence import (
    average_precision_influence,
    kendall_influence,
    macro_f1_influence,
    pearson_influence,
    spearman_influence,
)
from benchmark.stats.intervals import (
    Interval,
    bounded_interval,
    correlation_interval,
    precision_interval,
    share_interval,
    standard_error,
    student_interval,
)
from benchmark.stats.subsampling import error_by_subsamples, v_measure_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

Samples: TypeAlias = "Mapping[str, NDArray[Any]]"
_BOUNDS = {"p-MRR": (-1.0, 1.0)}  # of a mean's values; 0 and 1 where nothing is said


def interval_of(kind: str, main_score: str, value: float, samples: Samples) -> Interval | None:
    """The 95 % interval of a main score, by its kind and the records of its examples.

    None where the records say nothing about the score (none were kept, or it is a metric that has
    no interval). With one example, or one cluster, its ends are NaN.
    """
    method = _OF_KIND.get(kind, _mean)
    return method(main_score, value, samples) if samples and np.isfinite(value) else None


def _mean(name: str, value: float, samples: Samples) -> Interval | None:
    if name not in samples:
        return None
    clusters = samples.get("cluster")
    error, freedom = standard_error(np.asarray(samples[name], np.float64), clusters)
    method = "score" if clusters is None else "score, clusters"
    return bounded_interval(value, error, freedom, _BOUNDS.get(name, (0.0, 1.0)), method)


def _correlation(name: str, value: float, samples: Samples) -> Interval | None:
    gold, similarity = samples["gold"], samples["similarity"]
    if len(similarity) and (similarity == similarity[0]).all():  # no correlation: counted as 0
        return None
    function = spearman_influence if name.endswith("spearman") else pearson_influence
    return correlation_interval(value, function(gold, similarity), samples.get("cluster"))


def _summaries(name: str, value: float, samples: Samples) -> Interval | None:
    """A mean over texts of each one's correlation."""
    if name not in samples:
        return None
    error, freedom = standard_error(samples[name])
    return bounded_interval(value, error, freedom, (-1.0, 1.0), "score")


def _pairs(name: str, value: float, samples: Samples) -> Interval | None:
    labels, similarity = samples["label"], samples["similarity"]
    metric = name.rpartition("_")[2]
    if metric == "ap":
        influence = average_precision_influence(labels == 1, similarity)
        positives = int((labels == 1).sum())
        return precision_interval(value, influence, positives, samples.get("cluster"))

    def of_rows(rows: NDArray[np.int64]) -> float:
        return pair_metrics(labels[rows], similarity[rows])[metric]

    error, freedom = error_by_subsamples(of_rows, len(labels))
    return share_interval(value, error, freedom, len(labels), "delete-d")


def _clusters(name: str, value: float, samples: Samples) -> Interval | None:
    if name in samples:  # sets given by the data: a mean over these
        return _mean(name, value, samples)
    if name != "v_measure":
        return None
    levels = range(sum(key.startswith("label_") for key in samples))
    truth, clusters, times = (
        [samples[f"{part}_{level}"] for level in levels] for part in ("label", "cluster", "times")
    )
    error, freedom = v_measure_error(truth, clusters, times)
    return share_interval(value, error, freedom, len(truth[0]), "delete-d and draws")


def _labels(name: str, value: float, samples: Samples) -> Interval | None:
    truth, predicted = samples["label"], samples["predicted"]
    if name == "accuracy":
        return _crossed(value, predicted == truth[:, None], samples)
    if name in ("ap", "ap_weighted"):  # ranked by what was not kept
        return None
    if name == "f1":
        classes = int(max(truth.max(initial=0), predicted.max(initial=0))) + 1
        parts = [macro_f1_influence(truth, each, classes) for each in predicted.T]
        by_draw = [label_metrics(truth, each)["f1"] for each in predicted.T]
        return _crossed(value, np.stack(parts, axis=1) + np.array(by_draw), samples)

    def of_rows(rows: NDArray[np.int64]) -> float:
        found = [label_metrics(truth[rows], each[rows])[name] for each in predicted.T]
        return float(np.mean(found))

    error, freedom = error_by_subsamples(of_rows, len(truth))
    return share_interval(value, error, freedom, len(truth), "delete-d")


def _label_sets(name: str, value: float, samples: Samples) -> Interval | None:
    return _crossed(value, samples["by_draw"], samples) if name in samples else None


def _crossed(value: float, by_draw: NDArray[Any], samples: Samples) -> Interval:
    """Of a mean over texts and draws, ``(n, draws)``; texts that are equal are one."""
    values = np.asarray(by_draw, np.float64)
    error, freedom, count = _crossed_error(values, samples.get("cluster"))
    method = "score, texts and draws" if values.shape[1] > 1 else "score"
    method += "" if "cluster" not in samples else ", clusters"
    return share_interval(value, error, freedom, count, method)


def _crossed_error(
    values: NDArray[np.float64], clusters: NDArray[np.int64] | None
) -> tuple[float, float, int]:
    if clusters is not None:
        known, place = np.unique(clusters, return_inverse=True)
        means = values.mean(axis=0)
        off = np.stack([np.bincount(place, each, len(known)) for each in (values - means).T], 1)
        values = off * len(known) / len(values) + means
    error, freedom = crossed_error(values.T)
    return error, freedom, len(values)


def _regression(name: str, value: float, samples: Samples) -> Interval | None:
    truth, draws = samples["truth"], samples["predicted"].T
    method = "influence, texts and draws" if len(draws) > 1 else "influence"
    parts = [_OF_REGRESSION[name](truth, np.asarray(each, np.float64)) for each in draws]
    error, freedom, _ = _crossed_error(np.stack(parts, axis=1), samples.get("cluster"))
    if name == "kendalltau":
        return bounded_interval(value, error, freedom, (-1.0, 1.0), method)
    return student_interval(value, error, freedom, method)


def _of_tau(truth: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy.stats import kendalltau

    tau = float(np.nan_to_num(kendalltau(truth, guess).statistic))
    return kendall_influence(truth, guess) + tau


def _of_r2(truth: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    squares, spread = (truth - guess) ** 2, (truth - truth.mean()) ** 2
    lost, width = squares.mean(), max(float(spread.mean()), 1e-300)
    moved = (squares - lost) / width - lost / width**2 * (spread - width)
    return np.asarray(1 - lost / width - moved, np.float64)


def _of_rmse(truth: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    squares = (truth - guess) ** 2
    root = max(float(np.sqrt(squares.mean())), 1e-300)
    return np.asarray(root + (squares - squares.mean()) / (2 * root), np.float64)


_Influence = Callable[["NDArray[np.float64]", "NDArray[np.float64]"], "NDArray[np.float64]"]
_OF_REGRESSION: Mapping[str, _Influence] = {
    "kendalltau": _of_tau,
    "r2": _of_r2,
    "rmse": _of_rmse,
    "mae": lambda truth, guess: np.asarray(np.abs(truth - guess), np.float64),
    "mse": lambda truth, guess: np.asarray((truth - guess) ** 2, np.float64),
}
_OF_KIND: Mapping[str, Callable[[str, float, Samples], Interval | None]] = {
    "sts": _correlation,
    "summarization": _summaries,
    "pair_classification": _pairs,
    "clustering": _clusters,
    "clustering_legacy": _clusters,
    "classification": _labels,
    "zero_shot_classification": _labels,
    "multilabel_classification": _label_sets,
    "regression": _regression,
}

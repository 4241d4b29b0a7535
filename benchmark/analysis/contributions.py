"""What each example adds to a main score, by the kind of task: what intervals and tests are of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.metrics.classification import label_metrics
from benchmark.metrics.correlation import pearson, spearman
from benchmark.metrics.pairs import average_precision, pair_metrics
from benchmark.stats.components import clustered_error
from benchmark.stats.influence import (
    average_precision_influence,
    kendall_influence,
    macro_f1_influence,
    pearson_influence,
    spearman_influence,
)
from benchmark.stats.intervals import standard_error
from benchmark.stats.subsampling import (
    Replicates,
    replicates,
    replicates_error,
    v_measure_replicates,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Samples: TypeAlias = "Mapping[str, NDArray[Any]]"


@dataclass(frozen=True, slots=True)
class Contributions:
    """A score as the mean over examples and draws of ``values`` ``(n, draws)``.

    ``exact`` says that the score is made so; else a value is the score of its draw and the
    example's influence on it, whose mean is 0. ``clusters`` are the numbers of what examples share,
    ``(n,)`` or ``(n, 2)``, or None.
    """

    values: Array
    clusters: NDArray[np.int64] | None = None
    exact: bool = True


Record: TypeAlias = Contributions | Replicates
"""What a score is made of: a value of each example, or the score again on subsamples of them."""


def record_of(kind: str, main_score: str, samples: Samples) -> Record | None:
    """What a main score is made of, from the records of its examples, as scored or as stored.

    None where they say nothing about it: none were kept, or it ranks by what is not kept.
    """
    if "value" in samples:  # how a file names the values of a mean
        samples = {main_score: samples["value"], **samples}
    return _OF_KIND.get(kind, _mean)(main_score, samples) if samples else None


def minus(one: Record, other: Record) -> Record:
    """What the difference of two scores of the same examples and draws is made of."""
    if isinstance(one, Contributions) and isinstance(other, Contributions):
        return replace(one, values=one.values - other.values)
    assert isinstance(one, Replicates)
    assert isinstance(other, Replicates)
    return one.minus(other)


def score_of(record: Record) -> float:
    """The score, or the difference, that a record is of."""
    if isinstance(record, Contributions):
        return float(record.values.mean())
    return float(np.mean([part.mean() for part in record.whole]))


def error_of(record: Record) -> tuple[float, float, int]:
    """Its standard error, its degrees of freedom, and the number of examples or groups of them."""
    if isinstance(record, Replicates):
        return *replicates_error(record), record.count
    if record.values.shape[1] > 1:
        return clustered_error(record.values, record.clusters)
    error, freedom = standard_error(record.values[:, 0], record.clusters)
    return error, freedom, round(freedom) + 1


def _mean(name: str, samples: Samples) -> Record | None:
    if name not in samples:
        return None
    values = np.asarray(samples[name], np.float64)[:, None]
    return Contributions(values, samples.get("cluster"))


def _correlation(name: str, samples: Samples) -> Record | None:
    gold, similarity = samples["gold"], samples["similarity"]
    if len(similarity) and (similarity == similarity[0]).all():  # no correlation: counted as 0
        return None
    ranked = name.endswith("spearman")
    influence = (spearman_influence if ranked else pearson_influence)(gold, similarity)
    score = (spearman if ranked else pearson)(gold, similarity)
    return Contributions((influence + score)[:, None], samples.get("cluster"), exact=False)


def _pairs(name: str, samples: Samples) -> Record | None:
    labels, similarity = samples["label"], samples["similarity"]
    metric = name.rpartition("_")[2]
    if metric == "ap":
        influence = average_precision_influence(labels == 1, similarity)
        values = influence + average_precision(labels == 1, similarity)
        return Contributions(values[:, None], samples.get("cluster"), exact=False)

    def of_rows(rows: NDArray[np.int64]) -> float:
        return pair_metrics(labels[rows], similarity[rows])[metric]

    return replicates(of_rows, len(labels))


def _clusters(name: str, samples: Samples) -> Record | None:
    if name in samples:  # sets given by the data: a mean over these
        return _mean(name, samples)
    if name not in ("v_measure", "ami"):
        return None
    levels = range(sum(key.startswith("label_") for key in samples))
    truth, clusters, times = (
        [samples[f"{part}_{level}"] for level in levels] for part in ("label", "cluster", "times")
    )
    return v_measure_replicates(truth, clusters, times, adjusted=name == "ami")


def _labels(name: str, samples: Samples) -> Record | None:
    truth, predicted = samples["label"], samples["predicted"]
    if name == "accuracy":
        right = (predicted == truth[:, None]).astype(np.float64)
        return Contributions(right, samples.get("cluster"))
    if name in ("ap", "ap_weighted"):
        return _by_draw(name, samples)
    if name == "f1":
        classes = int(max(truth.max(initial=0), predicted.max(initial=0))) + 1
        parts = [macro_f1_influence(truth, each, classes) for each in predicted.T]
        by_draw = [label_metrics(truth, each)["f1"] for each in predicted.T]
        values = np.stack(parts, axis=1) + np.array(by_draw)
        return Contributions(values, samples.get("cluster"), exact=False)

    def of_rows(rows: NDArray[np.int64]) -> float:
        found = [label_metrics(truth[rows], each[rows])[name] for each in predicted.T]
        return float(np.mean(found))

    return replicates(of_rows, len(truth))


def _by_draw(name: str, samples: Samples) -> Record | None:
    """What each text adds in each draw, which the kind has worked out."""
    if name not in samples or "by_draw" not in samples:
        return None
    values = np.asarray(samples["by_draw"], np.float64)
    exact = name not in ("f1", "ap", "ap_weighted")
    return Contributions(values, samples.get("cluster"), exact)


def _regression(name: str, samples: Samples) -> Record | None:
    truth, draws = samples["truth"], samples["predicted"].T
    parts = [regression_values(name, truth, np.asarray(each, np.float64)) for each in draws]
    exact = name in ("mae", "mse")
    return Contributions(np.stack(parts, axis=1), samples.get("cluster"), exact)


def regression_values(name: str, truth: Array, guess: Array) -> Array:
    """A metric of a regression and each example's influence on it, ``(n,)``."""
    return _OF_REGRESSION[name](truth, guess)


def _of_tau(truth: Array, guess: Array) -> Array:
    from scipy.stats import kendalltau

    if len(truth) < 2:  # of which scipy warns
        return np.zeros(len(truth))
    tau = float(np.nan_to_num(kendalltau(truth, guess).statistic))
    return kendall_influence(truth, guess) + tau


def _of_r2(truth: Array, guess: Array) -> Array:
    """By what leaving each example out takes away."""
    count = len(truth)
    squares, spread = (truth - guess) ** 2, (truth - truth.mean()) ** 2
    score = 1 - squares.sum() / max(float(spread.sum()), 1e-300)
    if count < 3:
        return np.full(count, score)
    width = np.maximum(spread.sum() - spread * count / (count - 1), 1e-300)
    left = 1 - (squares.sum() - squares) / width
    return np.asarray(score + (count - 1) * (left.mean() - left), np.float64)


def _of_rmse(truth: Array, guess: Array) -> Array:
    squares = (truth - guess) ** 2
    root = max(float(np.sqrt(squares.mean())), 1e-300)
    return np.asarray(root + (squares - squares.mean()) / (2 * root), np.float64)


_OF_REGRESSION: Mapping[str, Callable[[Array, Array], Array]] = {
    "kendalltau": _of_tau,
    "r2": _of_r2,
    "rmse": _of_rmse,
    "mae": lambda truth, guess: np.asarray(np.abs(truth - guess), np.float64),
    "mse": lambda truth, guess: np.asarray((truth - guess) ** 2, np.float64),
}
_OF_KIND: Mapping[str, Callable[[str, Samples], Record | None]] = {
    "sts": _correlation,
    "pair_classification": _pairs,
    "clustering": _clusters,
    "clustering_legacy": _clusters,
    "classification": _labels,
    "zero_shot_classification": _labels,
    "multilabel_classification": _by_draw,
    "regression": _regression,
}

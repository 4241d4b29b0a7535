"""Each property once, for every metric that has it, and equality with the usual library."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics.classification import label_average_precision, label_metrics
from benchmark.metrics.clustering import ami, v_measure
from benchmark.metrics.correlation import pearson, spearman
from benchmark.metrics.pairs import average_precision, pair_metrics

Metric = Callable[[Any, Any], float]


def of(function: Callable[[Any, Any], Mapping[str, float]], name: str) -> Metric:
    """One score of a function that returns several."""
    return lambda truth, other: function(truth, other)[name]


CORRELATIONS: Mapping[str, Metric] = {"pearson": pearson, "spearman": spearman}
PAIR_METRICS: Mapping[str, Metric] = {
    "average_precision": average_precision,
    **{f"pair_{n}": of(pair_metrics, n) for n in ("accuracy", "f1", "precision", "recall", "ap")},
}
_LABEL_SCORES = (
    "accuracy",
    "f1",
    "f1_weighted",
    "precision",
    "precision_weighted",
    "recall",
    "recall_weighted",
)
LABEL_METRICS: Mapping[str, Metric] = {name: of(label_metrics, name) for name in _LABEL_SCORES}
CLUSTER_METRICS: Mapping[str, Metric] = {"v_measure": v_measure, "ami": ami}
ALL = {**CORRELATIONS, **PAIR_METRICS, **LABEL_METRICS, **CLUSTER_METRICS}

BOUNDS: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(ALL, (0.0, 1.0)),
    **dict.fromkeys(CORRELATIONS, (-1.0, 1.0)),
    "ami": (-1.0, 1.0),
}
SYMMETRIC = {"pearson", "spearman", "v_measure", "ami", "accuracy", "f1"}
INVARIANT_TO_MONOTONE_SCORES = {"spearman", *PAIR_METRICS}
INVARIANT_TO_RENAMED_LABELS = {*LABEL_METRICS, *CLUSTER_METRICS}

size = st.integers(2, 30)
seeds = st.integers(0, 2**32 - 1)
few = settings(max_examples=40, deadline=None)


def example(name: str, rows: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Random inputs of the right sort, with ties; both classes of binary labels occur."""
    generator = np.random.default_rng(seed)
    if name in CORRELATIONS:
        truth, other = generator.integers(0, 6, rows), generator.integers(0, 9, rows) / 4
        truth[:2], other[:2] = (0, 1), (0, 1)  # never constant
        return truth, other
    if name in PAIR_METRICS:
        labels = generator.integers(0, 2, rows)
        labels[:2] = 0, 1
        return labels, generator.integers(0, 8, rows) / 4
    return generator.integers(0, 4, rows), generator.integers(0, 4, rows)


@pytest.mark.parametrize("name", sorted(ALL))
@few
@given(rows=size, seed=seeds)
def test_bounds(name: str, rows: int, seed: int) -> None:
    """Every metric stays inside its bounds."""
    low, high = BOUNDS[name]

    assert low - 1e-9 <= ALL[name](*example(name, rows, seed)) <= high + 1e-9


@pytest.mark.parametrize("name", sorted(ALL))
@few
@given(rows=size, seed=seeds)
def test_order_of_rows_does_not_matter(name: str, rows: int, seed: int) -> None:
    """Shuffling the rows of both inputs alike changes nothing."""
    truth, other = example(name, rows, seed)
    order = np.random.default_rng(seed).permutation(rows)

    assert ALL[name](truth[order], other[order]) == pytest.approx(ALL[name](truth, other))


@pytest.mark.parametrize("name", sorted(ALL))
@few
@given(rows=size, seed=seeds)
def test_perfect_is_one(name: str, rows: int, seed: int) -> None:
    """Agreeing with the truth scores 1."""
    truth, _ = example(name, rows, seed)

    assert ALL[name](truth, truth.astype(float) if name in PAIR_METRICS else truth) == (
        pytest.approx(1.0)
    )


@pytest.mark.parametrize("name", sorted(SYMMETRIC))
@few
@given(rows=size, seed=seeds)
def test_symmetric(name: str, rows: int, seed: int) -> None:
    """Exchanging the inputs changes nothing."""
    truth, other = example(name, rows, seed)

    assert ALL[name](other, truth) == pytest.approx(ALL[name](truth, other))


@pytest.mark.parametrize("name", sorted(INVARIANT_TO_MONOTONE_SCORES))
@few
@given(rows=size, seed=seeds)
def test_monotone_change_of_scores_does_not_matter(name: str, rows: int, seed: int) -> None:
    """Only the order of the scores counts."""
    truth, other = example(name, rows, seed)

    assert ALL[name](truth, np.exp(3 * other) - 7) == pytest.approx(ALL[name](truth, other))


@pytest.mark.parametrize("name", sorted(INVARIANT_TO_RENAMED_LABELS))
@few
@given(rows=size, seed=seeds)
def test_names_of_labels_do_not_matter(name: str, rows: int, seed: int) -> None:
    """Exchanging the integers that stand for labels, in both inputs, changes nothing."""
    truth, other = example(name, rows, seed)
    renamed = np.array([7, 2, 0, 5])

    assert ALL[name](renamed[truth], renamed[other]) == pytest.approx(ALL[name](truth, other))


def reference(name: str) -> Metric:
    """The same metric of scipy or scikit-learn."""
    from scipy import stats
    from sklearn import metrics

    if name in CORRELATIONS:
        function = getattr(stats, f"{name}r")
        return lambda truth, other: float(function(truth, other)[0])
    if name in ("average_precision", "pair_ap"):
        return lambda truth, other: float(metrics.average_precision_score(truth, other))
    if name == "accuracy":
        return lambda truth, other: float(metrics.accuracy_score(truth, other))
    short, _, weighted = name.partition("_")
    function = getattr(metrics, f"{short}_score")
    average = "weighted" if weighted else "macro"
    return lambda truth, other: float(function(truth, other, average=average, zero_division=0))


@pytest.mark.parametrize(
    "name", sorted({*CORRELATIONS, "average_precision", "pair_ap", *LABEL_METRICS})
)
@few
@given(rows=size, seed=seeds)
def test_equals_the_usual_library(name: str, rows: int, seed: int) -> None:
    """The value of scipy or scikit-learn."""
    truth, other = example(name, rows, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = reference(name)(truth, other)

    assert ALL[name](truth, other) == pytest.approx(expected, abs=1e-12)


@few
@given(rows=size, seed=seeds)
def test_label_average_precision_equals_scikit_learn(rows: int, seed: int) -> None:
    """The predicted label is the score."""
    from sklearn.metrics import average_precision_score

    truth, other = example("pair_ap", rows, seed)
    predicted = (other > 1).astype(int)
    expected = average_precision_score(truth, predicted)

    assert label_average_precision(truth, predicted, positive=1) == pytest.approx(expected)

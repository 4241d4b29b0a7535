"""Scores of predicted values: bounds, invariances, and equality with scikit-learn and scipy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics.regression import kendall_tau, regression_metrics

few = settings(max_examples=60, deadline=None)
size, seeds = st.integers(2, 40), st.integers(0, 2**32 - 1)


def example(rows: int, seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Random values with ties, never constant."""
    generator = np.random.default_rng(seed)
    truth, predicted = generator.integers(0, 9, rows) / 4, generator.integers(0, 9, rows) / 4
    truth[:2], predicted[:2] = (0, 1), (1, 0)
    return truth, predicted


@few
@given(rows=size, seed=seeds)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_scikit_learns_and_scipys(dtype: Any, rows: int, seed: int) -> None:
    """Each in the predictions' precision."""
    from scipy.stats import kendalltau
    from sklearn import metrics

    truth, predicted = example(rows, seed)
    predicted = (predicted * 1.1).astype(dtype)
    found = regression_metrics(truth, predicted)

    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(truth.tolist(), predicted))
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(truth.tolist(), predicted))
    assert found["rmse"] == pytest.approx(found["mse"] ** 0.5)
    assert found["r2"] == pytest.approx(metrics.r2_score(truth.tolist(), predicted), abs=1e-6)
    assert kendall_tau(truth, predicted) == pytest.approx(kendalltau(truth, predicted).statistic)


@few
@given(rows=size, seed=seeds)
def test_bounds_and_order(rows: int, seed: int) -> None:
    """No error is negative, no r2 above 1, and the order of rows does not matter."""
    truth, predicted = example(rows, seed)
    order = np.random.default_rng(seed).permutation(rows)
    found = regression_metrics(truth, predicted)

    assert min(found["mae"], found["mse"], found["rmse"]) >= 0
    assert found["mae"] <= found["rmse"] + 1e-12
    assert found["r2"] <= 1
    assert -1 - 1e-12 <= kendall_tau(truth, predicted) <= 1 + 1e-12
    assert regression_metrics(truth[order], predicted[order]) == pytest.approx(found)
    assert kendall_tau(truth[order], predicted[order]) == pytest.approx(
        kendall_tau(truth, predicted)
    )


@few
@given(rows=size, seed=seeds)
def test_perfect_and_monotone(rows: int, seed: int) -> None:
    """Agreement is 0 error and 1 elsewhere; only the order counts for the correlation."""
    truth, predicted = example(rows, seed)

    assert regression_metrics(truth, truth) == {"mae": 0.0, "mse": 0.0, "rmse": 0.0, "r2": 1.0}
    assert kendall_tau(truth, truth) == pytest.approx(1.0)
    assert kendall_tau(truth, np.exp(predicted)) == pytest.approx(kendall_tau(truth, predicted))
    assert kendall_tau(predicted, truth) == pytest.approx(kendall_tau(truth, predicted))


def test_the_mean_explains_nothing() -> None:
    """Predicting the mean of the truth is r2 0."""
    assert regression_metrics([1.0, 3.0], [2.0, 2.0])["r2"] == 0.0


def test_degenerate() -> None:
    """A constant truth, one row, and a constant prediction."""
    assert regression_metrics([2.0, 2.0], [2.0, 2.0])["r2"] == 1.0
    assert regression_metrics([2.0, 2.0], [2.0, 3.0])["r2"] == 0.0
    assert np.isnan(regression_metrics([2.0], [2.0])["r2"])
    assert np.isnan(kendall_tau([1.0, 2.0], [1.0, 1.0]))
    assert np.isnan(kendall_tau([1.0], [1.0]))

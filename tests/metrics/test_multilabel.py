"""Scores of label sets: bounds, invariances, and equality with scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.metrics.multilabel import label_ranking_average_precision, multilabel_metrics

few = settings(max_examples=60, deadline=None)
shapes = {
    "rows": st.integers(1, 20),
    "labels": st.integers(1, 6),
    "seed": st.integers(0, 2**32 - 1),
}


def example(rows: int, labels: int, seed: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Random sets, with empty and full ones, and scores with ties."""
    generator = np.random.default_rng(seed)
    share = generator.random((rows, 1))
    truth, predicted = ((generator.random((rows, labels)) < share).astype(int) for _ in range(2))
    return truth, predicted, generator.integers(0, 4, (rows, labels)) / 4


@few
@given(**shapes)
def test_sets_equal_scikit_learns(rows: int, labels: int, seed: int) -> None:
    """Accuracy, macro F1, and the Jaccard index of each row with two empty sets as 1."""
    from sklearn.metrics import accuracy_score, f1_score, jaccard_score

    truth, predicted, _ = example(rows, labels, seed)
    truth, predicted = (np.hstack([each, each[:, :1]]) for each in (truth, predicted))
    found = multilabel_metrics(truth, predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        f1 = f1_score(truth, predicted, average="macro", zero_division=0)
        hamming = jaccard_score(truth, predicted, average="samples", zero_division=1)

    assert found["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    assert found["f1"] == pytest.approx(f1)
    assert found["hamming"] == pytest.approx(hamming)


@few
@given(**shapes)
def test_ranking_equals_scikit_learns(rows: int, labels: int, seed: int) -> None:
    """Ties and rows of no label or all labels included."""
    from sklearn.metrics import label_ranking_average_precision_score

    truth, _, scores = example(rows, labels + 1, seed)

    assert label_ranking_average_precision(truth, scores) == pytest.approx(
        label_ranking_average_precision_score(truth, scores)
    )


@few
@given(**shapes)
def test_bounds_order_and_names(rows: int, labels: int, seed: int) -> None:
    """Between 0 and 1; rows and labels may stand in any order; sets may be exchanged."""
    truth, predicted, scores = example(rows, labels, seed)
    generator = np.random.default_rng(seed)
    row, label = generator.permutation(rows), generator.permutation(labels)
    found = multilabel_metrics(truth, predicted)
    ranking = label_ranking_average_precision(truth, scores)

    assert all(0 <= value <= 1 for value in (*found.values(), ranking))
    assert multilabel_metrics(truth[row][:, label], predicted[row][:, label]) == pytest.approx(
        found
    )
    assert multilabel_metrics(predicted, truth) == pytest.approx(found)
    assert label_ranking_average_precision(truth[row][:, label], scores[row][:, label]) == (
        pytest.approx(ranking)
    )
    assert label_ranking_average_precision(truth, np.exp(scores)) == pytest.approx(ranking)


@few
@given(**shapes)
def test_perfect_is_one(rows: int, labels: int, seed: int) -> None:
    """F1 apart, which counts 0 for a label that never occurs."""
    truth, _, _ = example(rows, labels, seed)
    found = multilabel_metrics(truth, truth)

    assert (found["accuracy"], found["hamming"]) == (1.0, 1.0)
    assert found["f1"] == pytest.approx(truth.any(axis=0).mean())
    assert label_ranking_average_precision(truth, truth) == 1.0


def test_many_rows_are_ranked_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks change nothing."""
    truth, _, scores = example(50, 5, 1)
    whole = label_ranking_average_precision(truth, scores)
    monkeypatch.setattr("benchmark.metrics.multilabel._BLOCK", 15)

    assert label_ranking_average_precision(truth, scores) == pytest.approx(whole)

"""Thresholds of pair classification by hand."""

from __future__ import annotations

import pytest

from benchmark.metrics.pairs import average_precision, pair_metrics


def test_by_hand() -> None:
    """Labels by falling score: 1 1 0 1 0.

    Accuracy is best after two rows: 2 right above and 2 negatives below, 4/5. F1 after four rows:
    precision 3/4, recall 3/3, 6/7; after two: 1 and 2/3, 4/5. AP: (1 + 1 + 3/4) / 3.
    """
    metrics = pair_metrics([1, 1, 0, 1, 0], [0.9, 0.8, 0.7, 0.6, 0.5])

    assert metrics == pytest.approx(
        {"accuracy": 4 / 5, "f1": 6 / 7, "precision": 3 / 4, "recall": 1.0, "ap": 2.75 / 3}
    )


def test_a_threshold_never_splits_a_tie() -> None:
    """Rows 2 and 3 tie, so only the cuts after rows 1 and 3 exist, and never the one after all.

    Labels 1 | 1 0 | 0: after row 1 accuracy (1 + 2) / 4, after row 3 (2 + 1) / 4.
    """
    metrics = pair_metrics([1, 1, 0, 0], [0.9, 0.5, 0.5, 0.1])

    assert metrics["accuracy"] == 3 / 4
    assert metrics["f1"] == pytest.approx(2 * (2 / 3) * 1 / (2 / 3 + 1))


def test_the_last_row_is_no_threshold() -> None:
    """Calling every pair a duplicate would be right for 2 of 3; mteb does not consider it."""
    assert pair_metrics([0, 1, 1], [0.9, 0.5, 0.1])["accuracy"] == 1 / 3


def test_all_equal_scores() -> None:
    """No threshold exists; the average precision is the share of positives."""
    metrics = pair_metrics([1, 0, 0, 0], [0.5, 0.5, 0.5, 0.5])

    assert metrics == {"accuracy": 0, "f1": 0, "precision": 0, "recall": 0, "ap": 0.25}


def test_without_a_positive() -> None:
    """Average precision without a positive is 0."""
    assert average_precision([0, 0], [0.1, 0.2]) == 0.0
    assert pair_metrics([0, 0], [0.1, 0.2])["f1"] == 0.0

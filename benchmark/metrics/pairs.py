"""Binary decisions on scored pairs: average precision, and the best accuracy and F1 thresholds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall steps of ``(n,)`` binary labels by ``(n,)`` scores.

    Higher scores are more positive; equal scores enter together, so their order does not matter.
    0 without a positive. The same value as ``sklearn.metrics.average_precision_score``.

    >>> average_precision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).__round__(4)
    0.8333
    """
    positives, taken = _counts_at_ties(labels, scores)
    if len(positives) == 0 or positives[-1] == 0:
        return 0.0
    precision = positives / taken
    recall_steps = np.diff(positives, prepend=0) / positives[-1]
    return float(np.sum(precision * recall_steps))


def pair_metrics(labels: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """mteb's metrics of pair classification: accuracy, f1, precision, recall and ap.

    ``labels`` are ``(n,)`` of 0 and 1, ``scores`` ``(n,)``, higher for more similar pairs.
    Accuracy and F1 are those of their best thresholds between two unequal scores (a threshold
    never splits a tie, and never stands after the last row: to call every pair a duplicate is no
    decision). Precision and recall belong to the best F1. All are 0 when every score is equal.

    >>> pair_metrics([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1])["accuracy"]
    0.75
    """
    binary = np.asarray(labels).astype(np.int64)
    total, positive_total = len(binary), int(binary.sum())
    positives, taken = _counts_at_ties(binary, scores)
    ap = average_precision(binary, scores)
    positives, taken = positives[:-1], taken[:-1]  # the last boundary follows the last row
    nothing = {"accuracy": 0.0, "f1": 0.0, "precision": 0.0, "recall": 0.0, "ap": ap}
    if len(taken) == 0:
        return nothing
    negatives_left = (total - positive_total) - (taken - positives)
    nothing["accuracy"] = float(((positives + negatives_left) / total).max())
    if positives[-1] == 0:
        return nothing
    precision = positives / taken
    recall = positives / positive_total
    with np.errstate(invalid="ignore"):
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))
    best = int(np.argmax(f1))  # the first of equal ones, the highest threshold, as mteb
    return {
        "accuracy": nothing["accuracy"],
        "f1": float(f1[best]),
        "precision": float(precision[best]),
        "recall": float(recall[best]),
        "ap": ap,
    }


def _counts_at_ties(
    labels: ArrayLike, scores: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positives and rows taken, at each place where the descending scores change."""
    values: NDArray[Any] = np.asarray(scores)
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True]) if len(values) else order
    positives = np.cumsum(np.asarray(labels).astype(np.int64)[order])
    return positives[ends], ends + 1

"""Scores of predicted labels: accuracy, F1, precision, recall and average precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.metrics.pairs import average_precision

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def label_metrics(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """mteb's scores of ``(n,)`` predicted integer labels against ``(n,)`` true ones.

    Labels are integers from 0. ``f1``, ``precision`` and ``recall`` are means over the labels that
    occur in either series, the ``_weighted`` ones are weighted by how often a label is true. A
    ratio with a zero denominator counts 0. The same values as scikit-learn's ``f1_score`` etc.

    >>> label_metrics([0, 0, 1, 1], [0, 1, 1, 1])["f1"].__round__(4)
    0.7333
    """
    true, guess = np.asarray(truth), np.asarray(predicted)
    size = int(max(true.max(), guess.max())) + 1
    support = np.bincount(true, minlength=size)
    guessed = np.bincount(guess, minlength=size)
    correct = np.bincount(true[true == guess], minlength=size)
    occurs = (support + guessed) > 0
    support, guessed, correct = support[occurs], guessed[occurs], correct[occurs]
    precision, recall = _ratio(correct, guessed), _ratio(correct, support)
    f1 = _ratio(2 * correct, support + guessed)
    weights = support / support.sum()
    return {
        "accuracy": float(np.mean(true == guess)),
        "f1": float(f1.mean()),
        "f1_weighted": float(f1 @ weights),
        "precision": float(precision.mean()),
        "precision_weighted": float(precision @ weights),
        "recall": float(recall.mean()),
        "recall_weighted": float(recall @ weights),
    }


def label_average_precision(truth: ArrayLike, predicted: ArrayLike, *, positive: int) -> float:
    """Average precision of predicted labels taken as scores, for ``positive`` against the rest.

    Series are ``(n,)`` integers. This is mteb's ``ap`` of binary classification, which ranks by
    the predicted label itself: a single threshold, no confidence.

    >>> label_average_precision([0, 0, 1, 1], [0, 1, 1, 1], positive=1).__round__(4)
    0.6667
    """
    return average_precision(np.asarray(truth) == positive, predicted)


def _ratio(above: NDArray[np.int64], below: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(above, below, out=np.zeros(len(above)), where=below > 0)

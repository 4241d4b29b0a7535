"""Scores of predicted sets of labels: exact agreement, F1, Jaccard's, and ranking of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BLOCK = 4_000_000  # entries ranked together


def multilabel_metrics(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """mteb's scores of predicted label sets against true ones, both ``(n, labels)`` of 0 and 1.

    ``accuracy`` is the share of rows whose whole set is right; ``f1`` the mean over all labels of
    their F1, 0 for a label neither true nor predicted; ``hamming`` the mean over rows of the
    Jaccard index, 1 where both sets are empty (mteb's name; a Hamming loss is something else).
    The same values as scikit-learn's ``accuracy_score`` and ``f1_score(average="macro")``.

    >>> multilabel_metrics([[1, 0], [1, 1]], [[1, 0], [0, 1]])
    {'accuracy': 0.5, 'f1': 0.8333333333333333, 'hamming': 0.75}
    """
    true, guess = np.asarray(truth) != 0, np.asarray(predicted) != 0
    both = true & guess
    either = (true | guess).sum(axis=1)
    marked = true.sum(axis=0) + guess.sum(axis=0)
    f1 = np.divide(2 * both.sum(axis=0), marked, out=np.zeros(len(marked)), where=marked > 0)
    jaccard = np.divide(both.sum(axis=1), either, out=np.ones(len(either)), where=either > 0)
    return {
        "accuracy": float((true == guess).all(axis=1).mean()),
        "f1": float(f1.mean()),
        "hamming": float(jaccard.mean()),
    }


def share_of_labels_right(truth: ArrayLike, predicted: ArrayLike) -> float:
    """The share of all decisions on a label, ``(n, labels)`` of 0 and 1, that are right.

    1 minus the Hamming loss, scikit-learn's ``hamming_loss``.

    >>> share_of_labels_right([[1, 0], [1, 1]], [[1, 0], [0, 1]])
    0.75
    """
    return float(((np.asarray(truth) != 0) == (np.asarray(predicted) != 0)).mean())


def label_ranking_average_precision(truth: ArrayLike, scores: ArrayLike) -> float:
    """Mean share of true labels among those ranked no lower, over the true labels of each row.

    ``truth`` is ``(n, labels)`` of 0 and 1, ``scores`` ``(n, labels)`` with higher as more likely.
    Tied labels all take the last rank of their group; a row without a true label, or with all,
    scores 1. mteb's ``lrap``, scikit-learn's ``label_ranking_average_precision_score``.
    Source: Tsoumakas et al., Mining Multi-label Data (2010).

    >>> label_ranking_average_precision([[1, 0, 0], [0, 0, 1]], [[0.75, 0.5, 1], [1, 0.2, 0.1]])
    0.41666666666666663
    """
    true, given = np.asarray(truth) != 0, np.asarray(scores)
    step = max(1, _BLOCK // true.shape[1])
    parts = [
        _ranking_precision(true[start : start + step], given[start : start + step])
        for start in range(0, len(true), step)
    ]
    return float(np.concatenate(parts).mean())


def per_text(
    name: str, truth: ArrayLike, predicted: ArrayLike, scores: ArrayLike, *, mended: bool
) -> NDArray[np.float64]:
    """What each text adds to a metric that is a mean over texts, ``(n,)``; zeros for any other.

    ``mended`` takes ``hamming`` for the share of labels predicted rightly.
    """
    true, guess = np.asarray(truth) != 0, np.asarray(predicted) != 0
    if name == "lrap":
        return _ranking_precision(true, np.asarray(scores))
    if name == "accuracy":
        return np.asarray((true == guess).all(axis=1), np.float64)
    if name == "hamming" and mended:
        return np.asarray((true == guess).mean(axis=1), np.float64)
    if name == "hamming":
        either = (true | guess).sum(axis=1)
        both = (true & guess).sum(axis=1)
        jaccard = np.divide(both, either, out=np.ones(len(either)), where=either > 0)
        return np.asarray(jaccard, np.float64)
    return np.zeros(len(true))


def _ranking_precision(true: NDArray[np.bool_], scores: NDArray[Any]) -> NDArray[np.float64]:
    size = scores.shape[1]
    order = np.argsort(-scores, axis=1, kind="stable")
    ordered, relevant = (np.take_along_axis(each, order, axis=1) for each in (scores, true))
    place = np.arange(size)
    ends = np.ones(scores.shape, dtype=bool)
    ends[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    # The place where each tied group ends, found from the right.
    last = np.minimum.accumulate(np.where(ends, place, size)[:, ::-1], axis=1)[:, ::-1]
    found = np.take_along_axis(np.cumsum(relevant, axis=1), last, axis=1)
    precision = (relevant * found / (last + 1)).sum(axis=1)
    count = relevant.sum(axis=1)
    defined = (count > 0) & (count < size)
    found = np.ones(len(true))
    np.divide(precision, count, out=found, where=defined)
    return found

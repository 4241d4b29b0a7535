"""What each example contributes to a statistic that is no mean: its influence on it.

The influence of an example is the derivative of the statistic in the weight of that example. Its
mean over the sample is 0, and its standard deviation over sqrt(n) is the statistic's standard
error (Hampel 1974, "The influence curve and its role in robust estimation").
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_ROWS = 250  # compared with each other


def spearman_influence(one: Array, other: Array) -> Array:
    """The influence of each pair on Spearman's correlation of two arrays, ``(n,)``.

    The correlation is that of the mid-distribution functions, in which tied values share their
    place, so ties need no care. Constant input has no correlation and no influence: zeros. Source:
    the projection of Borkowf 2002, "Computing the nonnull asymptotic variance and the asymptotic
    relative efficiency of Spearman's rank correlation", with the variances' own influence where
    values are tied.

    >>> float(np.abs(spearman_influence(np.arange(3.0), np.arange(3.0))).max()) < 1e-12
    True
    """
    first, second = _places(one), _places(other)
    together, alone, beside = (
        float(np.mean(a * b)) for a, b in ((first, second), (first, first), (second, second))
    )
    if alone <= 0 or beside <= 0:
        return np.zeros(len(one))
    correlation = together / np.sqrt(alone * beside)
    of_both = first * second + _above(one, second) + _above(other, first) - 3 * together
    of_first = first**2 + 2 * _above(one, first) - 3 * alone
    of_second = second**2 + 2 * _above(other, second) - 3 * beside
    scaled = of_both / np.sqrt(alone * beside)
    return np.asarray(
        scaled - correlation * (of_first / (2 * alone) + of_second / (2 * beside)), np.float64
    )


def _places(values: Array) -> Array:
    """The mid-distribution function less one half: the share below and half the share equal."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, "left")
    upto = np.searchsorted(ordered, values, "right")
    return np.asarray((below + upto) / (2 * len(values)) - 0.5, np.float64)


def _above(values: Array, weights: Array) -> Array:
    """For each value the mean of ``weights`` where values are above it, halves where equal."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    left = np.searchsorted(ordered, values, "left")
    right = np.searchsorted(ordered, values, "right")
    total = sums[-1]
    return np.asarray((total - (sums[left] + sums[right]) / 2) / len(values), np.float64)


def average_precision_influence(relevant: NDArray[np.bool_], scores: Array) -> Array:
    """The influence of each pair on average precision, ``(n,)``.

    ``relevant`` says which pairs are positive, ``scores`` rank them; tied scores are one threshold,
    as in scikit-learn's ``average_precision_score``. Without a positive the statistic is 0 and has
    no influence: zeros.

    With pi the share of positives, N(s) that of scores at or above s and P(s) the precision there,
    average precision is E[y P(s)] / pi; a weight on pair i moves P(s) by (y_i - P(s)) / N(s) at
    every threshold s up to its own.

    >>> average_precision_influence(np.array([True, False]), np.array([2.0, 1.0])).tolist()
    [0.0, 0.0]
    """
    count = len(scores)
    positive = relevant.astype(np.float64)
    share = positive.mean() if count else 0.0
    if share == 0:
        return np.zeros(count)
    levels, place = np.unique(-scores, return_inverse=True)
    size = np.bincount(place, minlength=len(levels)).astype(np.float64)
    hits = np.bincount(place, weights=positive, minlength=len(levels))
    at_or_above = np.cumsum(size) / count
    precision = np.cumsum(hits) / np.cumsum(size)
    value = float(hits @ precision) / count / share
    # What a pair adds at its own threshold and all lower ones.
    weight = hits / count / at_or_above
    tail_weight = np.cumsum(weight[::-1])[::-1]
    tail_precision = np.cumsum((weight * precision)[::-1])[::-1]
    moved = positive * tail_weight[place] - tail_precision[place]
    own = positive * precision[place]
    return np.asarray((own + moved - value * positive) / share, np.float64)


def macro_f1_influence(truth: NDArray[np.int64], guess: NDArray[np.int64], classes: int) -> Array:
    """The influence of each example on the unweighted mean of the classes' F1, ``(n,)``.

    A class that is neither true nor guessed anywhere is no part of the mean. F1 of a class is
    2 TP / (2 TP + FP + FN): a ratio of two means.
    """
    count = len(truth)
    influence = np.zeros(count)
    present = 0
    for label in range(classes):
        true, said = truth == label, guess == label
        below = true.astype(np.float64) + said  # 2 TP + FP + FN, example by example
        if not below.any():
            continue
        present += 1
        above = 2.0 * (true & said)
        value = above.sum() / below.sum()
        influence += (above - value * below) / below.mean()
    return influence / present if present else influence


def set_f1_influence(truth: NDArray[Any], guess: NDArray[Any]) -> Array:
    """The influence of each example on the mean of the labels' F1, sets ``(n, labels)`` of 0 and 1.

    A label that is neither true nor guessed anywhere counts 0, and has none.

    >>> set_f1_influence(np.eye(2), np.eye(2)).tolist()
    [0.0, 0.0]
    """
    true, said = truth != 0, guess != 0
    above, below = 2.0 * (true & said), true.astype(np.float64) + said  # 2 TP, 2 TP + FP + FN
    size = np.maximum(below.sum(axis=0), 1.0)
    moved = (above - above.sum(axis=0) / size * below) / size
    return np.asarray(moved.mean(axis=1) * len(true), np.float64)


def pearson_influence(one: Array, other: Array) -> Array:
    """The influence of each pair on Pearson's correlation of two arrays, ``(n,)``.

    Constant input has none: zeros. Source: Devlin, Gnanadesikan and Kettenring 1975.
    """
    first, second = one - one.mean(), other - other.mean()
    widths = first.std(), second.std()
    if min(widths) <= 0:
        return np.zeros(len(one))
    first, second = first / widths[0], second / widths[1]
    correlation = float(np.mean(first * second))
    return np.asarray(first * second - correlation * (first**2 + second**2) / 2, dtype=np.float64)


def kendall_influence(truth: Array, guess: Array) -> Array:
    """The influence of each pair on Kendall's tau-b, ``(n,)``; ties as in scipy's.

    Constant input has none: zeros. tau-b is a ratio of three means over pairs of pairs: of the
    product of signs, and of what is not tied on either side (Hoeffding 1948).
    """
    count = len(truth)
    products = _concordance(truth, guess)
    untied = [count - np.diff(_bounds(values), axis=0)[0] for values in (truth, guess)]
    means = products.mean(), untied[0].mean(), untied[1].mean()
    if min(means[1:]) <= 0:
        return np.zeros(count)
    tau = means[0] / np.sqrt(means[1] * means[2])
    relative = (untied[0] / means[1] - 1 + untied[1] / means[2] - 1) / 2
    scaled = (products - means[0]) / np.sqrt(means[1] * means[2])
    return np.asarray(2 * (scaled - tau * relative), np.float64)


def _concordance(truth: Array, guess: Array) -> Array:
    """For each example, with how many others it agrees in order, less those it disagrees with.

    In order of ``truth`` and by blocks that no tie spans: within a block by comparison, with what
    lies before and behind it by search.
    """
    order = np.argsort(truth, kind="stable")
    one, other = truth[order], guess[order]
    changes = np.flatnonzero(np.r_[True, one[1:] != one[:-1], True])
    edges = [0]
    for change in changes:
        if change - edges[-1] >= _ROWS or change == len(one):
            edges.append(int(change))
    found = np.zeros(len(one))
    for start, end in pairwise(edges):
        mine = other[start:end]
        for side, outside in ((1, other[:start]), (-1, other[end:])):
            ordered = np.sort(outside)
            below = np.searchsorted(ordered, mine, "left") + np.searchsorted(ordered, mine, "right")
            found[start:end] += side * (below - len(outside))
        if one[start] == one[end - 1]:  # one tie
            continue
        signs = np.sign(one[start:end, None] - one[start:end]) * np.sign(mine[:, None] - mine)
        found[start:end] += signs.sum(axis=1)
    back = np.empty(len(one))
    back[order] = found
    return back


def _bounds(values: Array) -> NDArray[np.int64]:
    """How many are below each value, and how many are not above, ``(2, n)``."""
    ordered = np.sort(values)
    return np.stack([np.searchsorted(ordered, values, side) for side in ("left", "right")])

"""What each example contributes to a statistic that is no mean: its influence on it.

The influence of an example is the derivative of the statistic in the weight of that example. Its
mean over the sample is 0, and its standard deviation over sqrt(n) is the statistic's standard
error (Hampel 1974, "The influence curve and its role in robust estimation").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

_RUN = 32  # compared with each other
_NEAR = 1 - 1e-12  # the largest correlation that has a z


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
    sorts = _Sorted.of(one), _Sorted.of(other)
    first, second = (each.places for each in sorts)
    together, alone, beside = (
        float(np.mean(a * b)) for a, b in ((first, second), (first, first), (second, second))
    )
    if alone <= 0 or beside <= 0:
        return np.zeros(len(one))
    correlation = together / np.sqrt(alone * beside)
    of_both = first * second + sorts[0].above(second) + sorts[1].above(first) - 3 * together
    of_first = first**2 + 2 * sorts[0].above(first) - 3 * alone
    of_second = second**2 + 2 * sorts[1].above(second) - 3 * beside
    scaled = of_both / np.sqrt(alone * beside)
    return np.asarray(
        scaled - correlation * (of_first / (2 * alone) + of_second / (2 * beside)), np.float64
    )


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The order of values, and how many are below and not above each, ``(n,)``."""

    order: NDArray[np.int64]
    below: NDArray[np.int64]
    upto: NDArray[np.int64]

    @classmethod
    def of(cls, values: Array) -> _Sorted:
        order = np.argsort(values)
        ordered = values[order]
        edges = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1], True])
        sizes = np.diff(edges)
        found = np.empty((2, len(values)), np.int64)
        found[:, order] = np.repeat([edges[:-1], edges[1:]], sizes, axis=1)
        return cls(order, *found)

    @property
    def places(self) -> Array:
        """The mid-distribution function less one half: the share below and half the share equal."""
        return np.asarray((self.below + self.upto) / (2 * len(self.order)) - 0.5, np.float64)

    def above(self, weights: Array) -> Array:
        """For each value the mean of ``weights`` where values are above it, halves where equal."""
        sums = np.concatenate([[0.0], np.cumsum(weights[self.order])])
        half = (sums[self.below] + sums[self.upto]) / 2
        return np.asarray((sums[-1] - half) / len(self.order), np.float64)


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

    A class that is neither true nor guessed anywhere is no part of the mean. It is n - 1 times what
    leaving the example out takes away, which for small classes is more than the derivative says.
    Source: Efron and Stein 1981, "The jackknife estimate of variance".
    """
    size = np.bincount(truth, minlength=classes) + np.bincount(guess, minlength=classes)
    right, wrong = _f1_left(size, 2 * np.bincount(truth[truth == guess], minlength=classes))
    moved = np.where(truth == guess, right[truth], wrong[truth] + wrong[guess])
    return _centred(moved / max((size > 0).sum(), 1))


def set_f1_influence(truth: NDArray[Any], guess: NDArray[Any]) -> Array:
    """The influence of each example on the mean of the labels' F1, sets ``(n, labels)`` of 0 and 1.

    A label that is neither true nor guessed anywhere counts 0. As ``macro_f1_influence``.

    >>> set_f1_influence(np.ones((3, 1)), np.array([[1], [1], [0]])).round(3).tolist()
    [0.222, 0.222, -0.444]
    """
    true, said = truth != 0, guess != 0
    both = true & said
    right, wrong = _f1_left(true.sum(axis=0) + said.sum(axis=0), 2 * both.sum(axis=0))
    moved = both @ right + (true ^ said) @ wrong
    return _centred(moved / max(true.shape[1], 1))


def _f1_left(size: NDArray[np.int64], right: NDArray[np.int64]) -> tuple[Array, Array]:
    """What F1 of each class loses by an example of it that is right, and by one that is not.

    ``size`` is 2 TP + FP + FN, ``right`` 2 TP. A class that has but the one is left with 0.
    """
    value = right / np.maximum(size, 1)
    return value - (right - 2) / np.maximum(size - 2, 1), value - right / np.maximum(size - 1, 1)


def _centred(lost: Array) -> Array:
    """Influences of mean 0 from what leaving each example out takes away."""
    if not len(lost):
        return lost
    return np.asarray((len(lost) - 1) * (lost - lost.mean()), np.float64)


def pearson_influence(one: Array, other: Array) -> Array:
    """The influence of each pair on Pearson's correlation of two arrays, ``(n,)``.

    It is n - 1 times what leaving the pair out takes away on Fisher's z, brought back to the
    correlation's scale. Constant input has none: zeros. Source: Hinkley 1978, "Improving the
    jackknife with special reference to correlation estimation".
    """
    count = len(one)
    first, second = one - one.mean(), other - other.mean()
    squares, products = (first @ first, second @ second), first @ second
    if count < 3 or min(squares) <= 0:
        return np.zeros(count)
    more = count / (count - 1)
    left = [np.maximum(s - more * x**2, 0) for s, x in zip(squares, (first, second), strict=True)]
    apart = np.sqrt(left[0] * left[1])
    without = np.divide(
        products - more * first * second, apart, out=np.zeros(count), where=apart > 0
    )
    z = np.arctanh(np.clip(without, -_NEAR, _NEAR))
    correlation = products / np.sqrt(squares[0] * squares[1])
    return _centred((1 - correlation**2) * -z)


def kendall_influence(truth: Array, guess: Array) -> Array:
    """The influence of each pair on Kendall's tau-b, ``(n,)``; ties as in scipy's.

    Constant input has none: zeros. tau-b is a ratio of three means over pairs of pairs: of the
    product of signs, and of what is not tied on either side (Hoeffding 1948).
    """
    count = len(truth)
    products = _concordance(truth, guess)
    untied = [count - (each.upto - each.below) for each in map(_Sorted.of, (truth, guess))]
    means = products.mean(), untied[0].mean(), untied[1].mean()
    if min(means[1:]) <= 0:
        return np.zeros(count)
    tau = means[0] / np.sqrt(means[1] * means[2])
    relative = (untied[0] / means[1] - 1 + untied[1] / means[2] - 1) / 2
    scaled = (products - means[0]) / np.sqrt(means[1] * means[2])
    return np.asarray(2 * (scaled - tau * relative), np.float64)


def _concordance(truth: Array, guess: Array) -> NDArray[np.int64]:
    """For each example, with how many others it agrees in order, less those it disagrees with.

    Sorted by both, each agrees with those of its own ``truth`` that have another ``guess``; these
    are taken out again.
    """
    count = len(truth)
    order = np.lexsort((guess, truth))
    one, other = truth[order], guess[order]
    known = _Sorted.of(other)
    place = np.arange(count)
    # Of equal guesses the earlier counts as the smaller, then as the greater.
    before = _smaller_before(_ranks(np.argsort(other, kind="stable")))
    tied = (known.upto - known.below > 1).any()
    before += _smaller_before(_ranks(np.lexsort((-place, other)))) if tied else before
    found = 2 * before - 2 * place + count - known.upto - known.below
    starts = np.r_[True, one[1:] != one[:-1]]
    both = starts | np.r_[True, other[1:] != other[:-1]]
    found -= _sizes(starts) - _sizes(both)
    back = np.empty(count, np.int64)
    back[order] = found
    return back


def _ranks(order: NDArray[np.int64]) -> NDArray[np.int64]:
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _sizes(starts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many are in the run of each, ``(n,)``, by where runs start."""
    sizes = np.diff(np.r_[np.flatnonzero(starts), len(starts)])
    return np.repeat(sizes, sizes)


def _smaller_before(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of those before each of ``ranks``, all different, are smaller, ``(n,)``.

    Within short runs by comparison, then as a merge sort counts them: of two neighbouring runs, for
    each of the second how many of the first are smaller.

    >>> _smaller_before(np.array([2, 0, 1, 3])).tolist()
    [0, 0, 1, 3]
    """
    count, run = len(ranks), _RUN
    rows = np.full((-(-count // run), run), count)
    rows.flat[:count] = ranks
    smaller = rows[:, None, :] < rows[:, :, None]
    found = (smaller & np.tri(run, k=-1, dtype=bool)).sum(axis=2).ravel()[:count]
    place = np.arange(count)
    while run < count:
        order = np.argsort(place // (2 * run) * count + ranks)
        second = order // run % 2 == 1
        before = np.cumsum(~second) - order // (2 * run) * run
        found[order[second]] += before[second]
        run *= 2
    return np.asarray(found, np.int64)

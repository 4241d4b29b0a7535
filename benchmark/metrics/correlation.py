"""Correlation of two series: Pearson's and Spearman's coefficients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def pearson(x: ArrayLike, y: ArrayLike) -> float:
    """Pearson's correlation of two series of shape ``(n,)``, in float64, between -1 and 1.

    NaN when either is constant or n < 2. The same value as ``scipy.stats.pearsonr``.
    Source: K. Pearson, Proc. R. Soc. Lond. 58 (1895).

    >>> pearson([1, 2, 3], [2, 4, 7]).__round__(4)
    0.9934
    """
    left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if len(left) < 2 or (left == left[0]).all() or (right == right[0]).all():
        return float("nan")
    left, right = left - left.mean(), right - right.mean()
    r = (left / np.sqrt(left @ left)) @ (right / np.sqrt(right @ right))
    return float(np.clip(r, -1.0, 1.0))


def spearman(x: ArrayLike, y: ArrayLike) -> float:
    """Spearman's rank correlation of two series of shape ``(n,)``, between -1 and 1.

    Ties take their average rank. NaN when either is constant or n < 2. The same value as
    ``scipy.stats.spearmanr``. Source: C. Spearman, Am. J. Psychol. 15 (1904).

    >>> spearman([1, 2, 3], [10, 20, 15]).__round__(4)
    0.5
    """
    return pearson(average_ranks(x), average_ranks(y))


def average_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks from 1 of ``(n,)`` values, smallest first; equal values share their mean rank.

    >>> average_ranks([10, 30, 20, 20])
    array([1. , 4. , 2.5, 2.5])
    """
    array: NDArray[Any] = np.asarray(values)
    order = np.argsort(array, kind="stable")
    ordered = array[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(array) else order
    sizes = np.diff(np.r_[starts, len(array)])
    ranks = np.empty(len(array), dtype=np.float64)
    ranks[order] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return ranks

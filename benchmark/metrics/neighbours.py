"""Nearest rows by Euclidean distance, where no rounding can decide which they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARGIN = 1e-10  # of the squared lengths: float64 sums of thousands of products err by far less
_ROWS = 1_024  # rows compared at once


def nearest_rows(vectors: Any, among: Any, *, k: int) -> NDArray[np.int64] | None:
    """The k rows of ``among`` that are nearest to each of ``vectors``, in no order.

    Shapes ``(n, d)`` and ``(m, d)`` to ``(n, k)`` row numbers. None when a row's k-th and next
    distance are so close that another order of additions might exchange them, as when they tie, and
    when ``among`` has fewer than k rows. What is found is what any search in float64 finds.

    >>> nearest_rows(np.array([[1.0, 0.0]]), np.array([[9.0, 0.0], [2.0, 0.0], [4.0, 0.0]]), k=1)
    array([[1]])
    >>> nearest_rows(np.array([[1.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 0.0]]), k=1) is None
    True
    """
    others = np.asarray(among, dtype=np.float64)
    if len(others) < k:
        return None
    squares = np.einsum("ij,ij->i", others, others)
    found = np.empty((len(vectors), k), dtype=np.int64)
    for start in range(0, len(vectors), _ROWS):
        rows = np.asarray(vectors[start : start + _ROWS], dtype=np.float64)
        distances = squares - 2 * (rows @ others.T)  # less the row's own square, alike for all
        if len(others) > k:
            order = np.argpartition(distances, (k - 1, k), axis=1)
            last, following = np.take_along_axis(distances, order[:, k - 1 : k + 1], axis=1).T
            size = np.einsum("ij,ij->i", rows, rows) + squares.max()
            if (following - last <= _MARGIN * size).any():
                return None
        else:
            order = np.tile(np.arange(k), (len(rows), 1))
        found[start : start + _ROWS] = order[:, :k]
    return found

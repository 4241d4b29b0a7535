"""Rows drawn with each class in its share, as the library ``datasets`` draws them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


def stratified_sample(classes: Rows, *, size: int, seed: int) -> Rows:
    """Draw ``size`` rows with each class in its share, in the order drawn.

    ``classes`` are ``(n,)`` integers from 0 that all occur. The same rows as the test part of
    ``datasets.Dataset.train_test_split(stratify_by_column=...)``, which mteb draws by.
    Raises ValueError where that fails: a class with one row, or fewer rows than classes on a side.
    """
    counts = np.bincount(classes)
    rest = len(classes) - size
    if counts.min() < 2 or min(rest, size) < len(counts):
        raise ValueError("too few rows for its bins")
    generator = np.random.default_rng(seed)
    left = _shares(counts, rest, generator)
    taken = _shares(counts - left, size, generator)
    rows = np.split(np.argsort(classes, kind="stable"), np.cumsum(counts)[:-1])
    others, drawn = [], []
    for at, members in enumerate(rows):
        shuffled = members[generator.permutation(len(members))]
        others.append(shuffled[: left[at]])
        drawn.append(shuffled[left[at] : left[at] + taken[at]])
    generator.permutation(np.concatenate(others))  # drawn there before the rows that are kept
    chosen: Rows = generator.permutation(np.concatenate(drawn))
    return chosen


def _shares(counts: Rows, draws: int, generator: np.random.Generator) -> Rows:
    """How many of each class make ``draws`` rows; the largest remainders round up, ties by lot."""
    exact: NDArray[Any] = draws * counts / counts.sum()
    shares = np.floor(exact)
    missing = int(draws - shares.sum())
    remainders = exact - shares
    for value in np.unique(remainders)[::-1]:
        if missing == 0:
            break
        tied = np.flatnonzero(remainders == value)
        add = min(len(tied), missing)
        shares[generator.choice(tied, size=add, replace=False)] += 1
        missing -= add
    whole: Rows = shares.astype(np.int64)
    return whole

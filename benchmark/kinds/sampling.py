"""The train rows of experiments, drawn as mteb draws them but without its loops over rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


def numpy_draws(draws: random.Random, seed: int) -> np.random.Generator:
    """The numpy generator that runs on beside ``draws``.

    Every task of mteb has both, made from one seed; here it is kept on the object that a run
    hands from split to split and subset to subset.
    """
    generator: np.random.Generator = vars(draws).setdefault("numpy", np.random.default_rng(seed))
    return generator


def undersample(labels: Rows, order: Rows, *, samples: int, seed: int) -> Rows:
    """Shuffle ``order`` in place, then the first ``samples`` rows of each label in that order.

    ``labels`` are ``(n,)`` integers from 0; a label with fewer rows gives all of them. mteb takes
    the same seed for every experiment and shuffles the order that the one before it left.
    ``order`` may be shorter than ``labels``: the rows beyond it are never drawn.

    >>> undersample(np.array([0, 0, 0, 1, 1]), np.arange(5), samples=1, seed=42)
    array([1, 4])
    """
    np.random.RandomState(seed).shuffle(order)
    shuffled = labels[order]
    grouped = np.argsort(shuffled, kind="stable")
    counts = np.bincount(shuffled)
    position = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    drawn: Rows = order[np.sort(grouped[position < samples])]
    return drawn


def undersample_lists(
    labels: Sequence[Sequence[int]], *, samples: int, generator: np.random.Generator
) -> Rows:
    """Rows in shuffled order that each add a label seen in fewer than ``samples`` rows so far.

    ``labels`` holds the label codes of every row; a row counts for all of its labels, one without
    labels is never drawn. One shuffle of all rows is taken from ``generator``. Stops as soon as no
    label can want another row, which changes nothing.
    """
    order = np.arange(len(labels))
    generator.shuffle(order)
    every = [code for row in labels for code in row]
    wanted = np.minimum(np.bincount(every), samples).tolist() if every else []
    missing = sum(1 for count in wanted if count)
    chosen = []
    for row in order.tolist():
        if not missing:
            break
        if any(wanted[code] > 0 for code in labels[row]):
            chosen.append(row)
            for code in labels[row]:
                wanted[code] -= 1
                missing -= wanted[code] == 0
    return np.array(chosen, dtype=np.int64)


def folds(count: int, *, splits: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Train and test rows of each fold, as scikit-learn's ``KFold(shuffle=True)``, both ascending.

    The first ``count % splits`` folds test one row more.

    >>> [test.tolist() for _, test in folds(5, splits=2, seed=42)]
    [[1, 2, 4], [0, 3]]
    """
    order = np.arange(count)
    np.random.RandomState(seed).shuffle(order)
    for part in np.array_split(order, splits):
        tested = np.zeros(count, dtype=bool)
        tested[part] = True
        yield np.flatnonzero(~tested), np.flatnonzero(tested)


def quantile_bins(values: NDArray[np.float64], *, bins: int = 10) -> Rows:
    """The quantile bin of each of ``(n,)`` values, from 0; as pandas' ``qcut``.

    Bounds that coincide are one (``duplicates="drop"``), so there may be fewer bins; a value on a
    bound belongs to the lower bin. Values that are all equal have no bins: ValueError, in mteb too.

    >>> quantile_bins(np.array([1.0, 2.0, 3.0, 4.0]), bins=2)
    array([0, 0, 1, 1])
    """
    # pandas rounds up what is not exact, so that a bound is the same float.
    shares = np.linspace(0, 1, bins + 1)
    exact = bins * shares == np.arange(bins + 1)
    bounds = np.unique(np.quantile(values, np.where(exact, shares, np.nextafter(shares, 1))))
    if len(bounds) < 2:
        raise ValueError("all values are equal")
    return np.maximum(np.searchsorted(bounds, values, side="left") - 1, 0)

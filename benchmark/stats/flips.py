"""Sign flips of paired differences: the test that their mean is 0, and the interval it gives."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from benchmark.stats.intervals import LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FLIPS = 9_999
EXACT = 13
"""Up to so many examples or groups every pattern of signs is tried, 8,192 at most."""
_SEED = 42
_CELLS = 4_000_000  # signs held at a time


def sign_flips(sums: Array, sizes: Array) -> tuple[float, float, float]:
    """The two-sided p of ``sums`` ``(g,)`` being as likely negative, and the mean's interval.

    An example, or a group of ``sizes`` ``(g,)`` examples whose differences sum to ``sums``, keeps
    or changes its sign as a whole; p is the share of patterns whose total is as far from 0 as
    theirs. All patterns are tried where they are few, else a seeded sample, in which the observed
    one counts, so that p is never 0. Where no pattern of a sample is as far, Hoeffding's bound of
    the share takes over if it is less, so that a correction over many tests can still see it.

    The interval holds every mean that this test does not refuse at 5 %: p is below 0.05 just where
    0 is outside. A pattern's own ends are the means of those that it flips and of those that it
    does not. With fewer than six groups no pattern is rare enough, and the ends are infinite.
    Sources: Fisher 1935; Phipson and Smyth 2010 for the count; Hartigan 1969, "Using subsample
    values as typical values", for the interval; Hoeffding 1963.

    >>> p, low, high = sign_flips(np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), np.ones(6))
    >>> p, low, high
    (0.03125, 1.0, 6.0)
    """
    total, size = float(sums.sum()), float(sizes.sum())
    flipped, weights = _flipped(sums, sizes)
    reach = float(np.abs(sums).sum())
    far = np.abs(total - 2 * flipped) >= abs(total) - 1e-9 * reach
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = flipped / weights, (total - flipped) / (size - weights)
    # Nothing flipped, or all, is as far as observed whatever the mean is.
    nothing = (weights <= 0) | (weights >= size)
    lower = np.where(nothing, -np.inf, np.fmin(one, other))
    upper = np.where(nothing, np.inf, np.fmax(one, other))
    if len(sums) > EXACT:
        p = (int(far.sum()) + 1) / (len(far) + 1)
        lower, upper = np.append(lower, -np.inf), np.append(upper, np.inf)
        if not far.any():
            p = min(p, 2 * float(np.exp(-(total**2) / (2 * float(np.sum(sums**2))))))
    else:
        p = float(far.mean())
    # A mean is refused when at most 5 % of the patterns reach it.
    place = int(np.floor((1 - LEVEL) * len(lower) + 1e-9))
    low = float(np.partition(lower, place)[place])
    high = float(np.partition(upper, len(upper) - 1 - place)[len(upper) - 1 - place])
    return max(p, 5e-324), low, high


def _flipped(sums: Array, sizes: Array) -> tuple[Array, Array]:
    """The sum and the size of what each pattern flips, ``(patterns,)`` each."""
    count = len(sums)
    both = np.stack([sums, sizes], axis=1)
    if count <= EXACT:
        found = _every(count) @ both
        return found[:, 0], found[:, 1]
    found = np.empty((FLIPS, 2))
    packed = _drawn(count)
    rows = max(1, _CELLS // count)
    for start in range(0, FLIPS, rows):
        signs = np.unpackbits(packed[start : start + rows], axis=1, count=count)
        found[start : start + rows] = signs.astype(np.float64) @ both
    return found[:, 0], found[:, 1]


@lru_cache(maxsize=4)
def _drawn(count: int) -> NDArray[np.uint8]:
    """Patterns of ``count`` flips drawn at random, always the same for a count, 8 in a byte."""
    draws = np.random.default_rng(_SEED)
    return draws.integers(0, 256, (FLIPS, -(-count // 8)), dtype=np.uint8)


@lru_cache(maxsize=EXACT + 1)
def _every(count: int) -> Array:
    """Every pattern of ``count`` flips, ``(2 ** count, count)`` of 0 and 1."""
    numbers = np.arange(2**count)[:, None]
    return np.asarray((numbers >> np.arange(count)) & 1, np.float64)

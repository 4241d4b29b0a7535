"""Choose the columns of a Gaussian that say most about a weighted sum of all, within a cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Allowed = Callable[[Sequence[int]], bool]
"""Whether a choice keeps the constraints that it must."""


def covariance_of(values: Array) -> Array:
    """The covariance of columns, correlations shrunk as Ledoit and Wolf (2004) do.

    ``values`` is ``(n, t)`` without missing values; a constant column has variance 0.
    """
    from sklearn.covariance import ledoit_wolf

    spread = values.std(axis=0)
    standard = (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    correlation, _ = ledoit_wolf(standard)
    covariance: Array = correlation * np.outer(spread, spread)
    return covariance


def unknown_variance(covariance: Array, weights: Array, chosen: Sequence[int]) -> float:
    """The variance of ``weights @ x`` when the chosen columns of ``x`` are known.

    >>> round(unknown_variance(np.eye(2), np.array([1.0, 2.0]), [1]), 6)
    1.0
    """
    total = covariance @ weights
    if not len(chosen):
        return float(weights @ total)
    rows = np.asarray(chosen)
    block = covariance[np.ix_(rows, rows)] + 1e-9 * np.eye(len(rows))
    return float(weights @ total - total[rows] @ np.linalg.solve(block, total[rows]))


def choose_columns(
    covariance: Array,
    weights: Array,
    costs: Array,
    budget: float,
    allowed: Allowed = lambda chosen: True,
    *,
    count: int = 1,
) -> list[list[int]]:
    """The columns within ``budget`` that leave least of ``weights @ x`` unknown, ascending.

    ``costs`` ``(t,)`` are positive. The search drops, from all columns, the one whose loss is least
    for what it costs until the rest fits, or the dearest; fills up what room is left; then swaps
    while that helps: each column out of the choice comes in for one or two in it. Of equal choices
    the first found stands. ``allowed`` says whether a choice may stand; one that may not is never
    entered. Returns the best choice and the next best of those that the search met, at most
    ``count``, and none when no allowed choice fits.
    """
    search = _Search(covariance, weights, costs, budget, allowed)
    for loss in (search.loss, lambda chosen, column: -float(costs[column])):
        start = search.dropped(loss)
        if search.fits(start):  # the last of a group may be one of its dear ones
            search.swapped(search.filled(start))
    met = sorted(filter(search.fits, search.known), key=search.unknown)
    return [list(some) for some in met[:count]]


class _Search:
    """One search: the problem, and the variances already known."""

    def __init__(
        self, covariance: Array, weights: Array, costs: Array, budget: float, allowed: Allowed
    ) -> None:
        self.covariance, self.weights, self.costs = covariance, weights, costs
        self.limit = budget * (1 + 1e-9)
        self.allowed = allowed
        self.prices: list[float] = costs.tolist()
        self.known: dict[tuple[int, ...], float] = {}

    def unknown(self, chosen: Sequence[int]) -> float:
        key = tuple(sorted(chosen))
        if key not in self.known:
            self.known[key] = unknown_variance(self.covariance, self.weights, key)
        return self.known[key]

    def cost(self, chosen: Sequence[int]) -> float:
        return sum(self.prices[n] for n in chosen)

    def fits(self, chosen: Sequence[int]) -> bool:
        return self.cost(chosen) <= self.limit and bool(chosen) and self.allowed(chosen)

    def loss(self, chosen: Sequence[int], column: int) -> float:
        """What more is unknown without a column, for what it costs."""
        without = [other for other in chosen if other != column]
        more = self.unknown(without) - self.unknown(chosen)
        return more / float(self.costs[column])

    def dropped(self, loss: Callable[[Sequence[int], int], float]) -> list[int]:
        """All columns less those of the least loss, until the rest fits."""
        chosen = list(range(len(self.costs)))
        while self.cost(chosen) > self.limit:
            can = [n for n in chosen if self.allowed([other for other in chosen if other != n])]
            if not can:
                break
            chosen.remove(min(can, key=partial(loss, list(chosen))))
        return chosen

    def filled(self, chosen: list[int]) -> list[int]:
        """With the columns that still fit, the most telling first."""
        while True:
            room = self.limit - self.cost(chosen)
            more = [n for n in self.outside(chosen) if self.prices[n] <= room]
            if not more:
                return chosen
            told = self.told_by(chosen, more)
            chosen = [*chosen, more[int(np.argmax(told))]]

    def told_by(self, chosen: list[int], more: list[int]) -> Array:
        """How much less would be unknown with each of some columns, all at once.

        It is the squared covariance of the column with the sum over the column's variance, both
        given the chosen ones.
        """
        together = self.covariance[more] @ self.weights
        alone = np.diag(self.covariance)[more].copy()
        if chosen:
            block = self.covariance[np.ix_(chosen, chosen)] + 1e-9 * np.eye(len(chosen))
            across = self.covariance[np.ix_(chosen, more)]
            gain = np.linalg.solve(block, across)
            together -= gain.T @ (self.covariance[chosen] @ self.weights)
            alone -= np.einsum("cm,cm->m", across, gain)
        return np.asarray(together**2 / np.maximum(alone, 1e-12), np.float64)

    def outside(self, chosen: Sequence[int]) -> list[int]:
        inside = set(chosen)
        return [n for n in range(len(self.costs)) if n not in inside]

    def swapped(self, chosen: list[int]) -> list[int]:
        """The choice that no swap betters."""
        while True:
            now, found = self.unknown(chosen), chosen
            best = now - 1e-12 * max(now, 1.0)
            for choice in self.neighbours(chosen):
                if (value := self.unknown(choice)) < best:
                    best, found = value, choice
            if found is chosen:
                return chosen
            chosen = found

    def neighbours(self, chosen: list[int]) -> list[list[int]]:
        """Each column out of the choice brought in for one, and for the cheapest that must go."""
        found = []
        for new in self.outside(chosen):
            for old in chosen:
                choice = [n for n in chosen if n != old] + [new]
                over = self.cost(choice) - self.limit
                if over > 0:
                    enough = [n for n in choice if n != new and self.prices[n] >= over]
                    if not enough:
                        continue
                    gone = min(enough, key=lambda n: self.prices[n])
                    choice = [n for n in choice if n != gone]
                choice = self.filled(choice)
                if self.fits(choice):
                    found.append(choice)
        return found

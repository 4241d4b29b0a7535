"""What the study compares: ways to choose tasks, and to predict the mean from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import FactorAnalysis
from sklearn.linear_model import LinearRegression

from benchmark.downsample.calibration import calibrate
from benchmark.downsample.families import siblings_of
from benchmark.downsample.methods import METHODS, Problem, elimination, elimination_order
from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import predict
from benchmark.stats.subsets import choose_columns, covariance_of

Array = NDArray[np.float64]
NORMAL_90 = 1.6448536269514722  # the normal distribution's 95th percentile
FACTORS = 8


@dataclass(frozen=True)
class Guess:
    """Means of held-out models, half widths of their 90 % intervals, and the tasks chosen."""

    means: Array
    widths: Array
    chosen: list[int]


def nothing_fits(held: ScoreTable) -> Guess:
    """A method that finds no choice within the cost."""
    unknown = np.full(len(held.models), np.nan)
    return Guess(unknown, unknown, [])


Method = Callable[[ScoreTable, ScoreTable, float, int], Guess]
"""Fitted table, held-out models (of which it reads the chosen scores), cost, seed."""


def problem_of(table: ScoreTable, share: float, seed: int = 42) -> Problem:
    """A share of the characters, and a task of each kind."""
    groups = tuple(
        frozenset(t for t, name in enumerate(table.kinds) if name == kind)
        for kind in dict.fromkeys(table.kinds)
    )
    return Problem(table, share * table.costs.sum(), groups, seed=seed)


def product(choosing: Callable[[Problem], list[int]]) -> Method:
    """A way to choose, with the command's prediction and its calibrated intervals."""

    def guess(table: ScoreTable, held: ScoreTable, share: float, seed: int) -> Guess:
        def choose(some: ScoreTable) -> list[int]:
            return choosing(problem_of(some, share, seed))

        chosen = choose(table)
        if not chosen:
            return nothing_fits(held)
        half, found = calibrate(table, choose), guessed(table, held, chosen)
        return Guess(found.scores @ table.shares, half.mean * found.deviation(table.shares), chosen)

    return guess


def guessed(table: ScoreTable, held: ScoreTable, chosen: list[int], **constants: float) -> Any:
    """The command's prediction of held-out models."""
    return predict(
        table.scores,
        np.array(chosen),
        held.scores[:, chosen],
        table.kinds,
        siblings=siblings_of(held.models, table.models),
        **constants,
    )


def eliminated(problem: Problem) -> list[int]:
    """MMTEB's elimination, its order worked out once for a table."""
    key = problem.table.models
    if key not in _ORDERS:
        _ORDERS[key] = elimination_order(problem)
    return elimination(problem, _ORDERS[key])


_ORDERS: dict[tuple[str, ...], list[tuple[int, float]]] = {}


def baseline(covariance: Callable[[Array], Array]) -> Method:
    """One Gaussian over tasks, on the scale of the scores, with its own intervals."""

    def guess(table: ScoreTable, held: ScoreTable, share: float, seed: int) -> Guess:
        spread = covariance(table.scores)
        problem = problem_of(table, share, seed)
        chosen = choose_columns(spread, table.shares, table.costs, problem.budget, problem.keeps)[0]
        means, deviation = conditional(table, spread, chosen, held.scores)
        return Guess(means, np.full(len(means), NORMAL_90 * deviation), chosen)

    return guess


def conditional(
    table: ScoreTable, spread: Array, chosen: list[int], truth: Array
) -> tuple[Array, float]:
    """The conditional mean of the suite's mean, and its standard deviation."""
    centre, shares = table.scores.mean(axis=0), table.shares
    rest = [t for t in range(len(table.tasks)) if t not in set(chosen)]
    block = spread[np.ix_(chosen, chosen)] + 1e-9 * np.eye(len(chosen))
    gain = np.linalg.solve(block, spread[np.ix_(chosen, rest)])
    scores = truth.copy()
    scores[:, rest] = centre[rest] + (truth[:, chosen] - centre[chosen]) @ gain
    left = spread[np.ix_(rest, rest)] - spread[np.ix_(rest, chosen)] @ gain
    return scores @ shares, float(np.sqrt(max(shares[rest] @ left @ shares[rest], 0.0)))


def factors(scores: Array) -> Array:
    """The covariance of eight factors, by maximum likelihood."""
    spread = scores.std(axis=0)
    standard = (scores - scores.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    found = FactorAnalysis(FACTORS, max_iter=300).fit(standard).get_covariance()
    return np.asarray(found * np.outer(spread, spread), np.float64)


def published_elimination(table: ScoreTable, held: ScoreTable, share: float, seed: int) -> Guess:
    """MMTEB's: tasks by elimination, the others by linear regression; it states no interval."""
    chosen = eliminated(problem_of(table, share, seed))
    if not chosen:
        return nothing_fits(held)
    rest = [t for t in range(len(table.tasks)) if t not in set(chosen)]
    scores = held.scores.copy()
    model = LinearRegression().fit(table.scores[:, chosen], table.scores[:, rest])
    scores[:, rest] = model.predict(scores[:, chosen])
    return Guess(scores @ table.shares, np.full(len(scores), np.nan), chosen)


OURS, LEDOIT_WOLF, FACTOR = "gaussian (ours)", "baseline, Ledoit-Wolf", "baseline, 8 factors"
ELIMINATION = "elimination, as published"
COMPARED: Mapping[str, Method] = {
    OURS: product(METHODS["gaussian"]),
    LEDOIT_WOLF: baseline(covariance_of),
    FACTOR: baseline(factors),
    ELIMINATION: published_elimination,
    "elimination, our prediction": product(eliminated),
    "random, our prediction": product(METHODS["random"]),
    "cheapest, our prediction": product(METHODS["cheapest"]),
}

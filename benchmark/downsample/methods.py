"""The ways to choose tasks, by name: each keeps the constraints and stays within the cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import filled
from benchmark.stats.subsets import choose_columns, covariance_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREDICTABLE = 0.8
"""The rank correlation above which ``elimination`` calls a task predictable, as MMTEB does."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is asked of a choice.

    ``budget`` is in the units of ``table.costs``. Each set of ``groups`` (task numbers of a kind, a
    language, a domain) must have one chosen; ``stay`` must all be chosen and ``go`` none.
    """

    table: ScoreTable
    budget: float
    groups: tuple[frozenset[int], ...] = ()
    stay: frozenset[int] = frozenset()
    go: frozenset[int] = frozenset()
    seed: int = 42

    def keeps(self, chosen: Sequence[int]) -> bool:
        """Whether a choice keeps all constraints but the cost."""
        some = set(chosen)
        return (
            self.stay <= some and not self.go & some and all(group & some for group in self.groups)
        )

    def cost(self, chosen: Sequence[int]) -> float:
        """What a choice costs."""
        return float(self.table.costs[list(chosen)].sum())


def gaussian(problem: Problem) -> list[int]:
    """The tasks that leave least of the suite's mean unknown, under one shrunk Gaussian."""
    table = problem.table
    open_ = np.array([t for t in range(len(table.tasks)) if t not in problem.go])
    place = {int(task): n for n, task in enumerate(open_)}
    covariance = covariance_of(filled(table.scores))
    # What must go still counts in the mean: the weights of its best linear guess from the rest.
    weights = _weights_on(covariance, table.shares, open_)
    found = choose_columns(
        covariance[np.ix_(open_, open_)],
        weights,
        table.costs[open_],
        problem.budget,
        lambda some: (
            {place[t] for t in problem.stay} <= set(some)
            and all(set(some) & {place[t] for t in g if t in place} for g in problem.groups)
        ),
    )
    return [int(open_[n]) for n in found]


def _weights_on(
    covariance: NDArray[np.float64], weights: NDArray[np.float64], kept: NDArray[np.int64]
) -> NDArray[np.float64]:
    gone = np.setdiff1d(np.arange(len(weights)), kept)
    if not len(gone):
        return weights
    block = covariance[np.ix_(kept, kept)] + 1e-9 * np.eye(len(kept))
    guessed = np.linalg.solve(block, covariance[np.ix_(kept, gone)])
    return np.asarray(weights[kept] + guessed @ weights[gone], np.float64)


def elimination(problem: Problem) -> list[int]:
    """MMTEB's way: the most predictable task goes, until the rest fits.

    A task's predictability is the Spearman correlation over models of its scores with those that a
    linear regression on the other remaining tasks gives, each model left out in turn. An infinite
    budget stops at the first task whose correlation is below 0.8. The last task of a group stays.
    Source: Enevoldsen et al. 2025, "MMTEB: Massive Multilingual Text Embedding Benchmark".
    """
    scores = filled(problem.table.scores)
    chosen = [t for t in range(len(problem.table.tasks)) if t not in problem.go]
    endless = not np.isfinite(problem.budget)
    while endless or problem.cost(chosen) > problem.budget * (1 + 1e-9):
        can = [t for t in chosen if problem.keeps([n for n in chosen if n != t])]
        if not can or len(chosen) < 2:
            break
        known = {t: predictability(scores, t, [n for n in chosen if n != t]) for t in can}
        gone = max(can, key=lambda t: (known[t], problem.table.costs[t]))
        if endless and known[gone] < PREDICTABLE:
            break
        chosen.remove(gone)
    return chosen if endless or problem.cost(chosen) <= problem.budget * (1 + 1e-9) else []


def predictability(scores: NDArray[np.float64], task: int, others: Sequence[int]) -> float:
    """Spearman's correlation of a task with its leave-one-model-out linear regression.

    0 when either is constant. With as many tasks as models the regression is that of least norm.
    """
    from scipy.stats import spearmanr

    design = np.column_stack([np.ones(len(scores)), scores[:, others]])
    hat = design @ np.linalg.pinv(design)
    room = 1 - np.diag(hat)
    truth = scores[:, task]
    if (room < 1e-8).any() or np.ptp(truth) == 0:
        return 0.0
    guess = truth - (truth - hat @ truth) / room
    return float(spearmanr(guess, truth).statistic) if np.ptp(guess) > 0 else 0.0


def random_choice(problem: Problem) -> list[int]:
    """Tasks in a random order, each taken when it fits; groups first."""
    order = np.random.default_rng(problem.seed).permutation(len(problem.table.tasks))
    return _taken(problem, [int(t) for t in order])


def cheapest(problem: Problem) -> list[int]:
    """Tasks by rising cost, each taken when it fits; groups first."""
    return _taken(problem, [int(t) for t in np.argsort(problem.table.costs, kind="stable")])


def _taken(problem: Problem, order: Sequence[int]) -> list[int]:
    first = [next((t for t in order if t in group), -1) for group in problem.groups]
    chosen: list[int] = []
    for task in [*sorted(problem.stay), *first, *order]:
        if task < 0 or task in chosen or task in problem.go:
            continue
        if problem.cost([*chosen, task]) <= problem.budget * (1 + 1e-9):
            chosen.append(task)
    return sorted(chosen) if problem.keeps(chosen) else []


METHODS: Mapping[str, Callable[[Problem], list[int]]] = {
    "gaussian": gaussian,
    "elimination": elimination,
    "random": random_choice,
    "cheapest": cheapest,
}

"""The ways to choose tasks, by name: each keeps the constraints and stays within the cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

import numpy as np

from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import filled, predict
from benchmark.stats.subsets import choose_columns, covariance_of, unknown_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray

PREDICTABLE = 0.8
"""The rank correlation above which ``elimination`` calls a task predictable, as MMTEB does."""
SHORTLIST = 8
"""How many choices of one Gaussian are looked at again."""


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

    def lacking(self, chosen: Sequence[int]) -> list[int]:
        """The cheapest task of each group that a choice has none of."""
        more: list[int] = []
        for group in self.groups:
            able = [t for t in group if t not in self.go]
            if able and not group & {*chosen, *more}:
                more.append(min(able, key=lambda t: (self.table.costs[t], t)))
        return more

    def fits(self, chosen: Sequence[int]) -> bool:
        """Whether a choice keeps all constraints and the cost."""
        return bool(chosen) and self.keeps(chosen) and self.cost(chosen) <= self.budget * (1 + 1e-9)

    def cost(self, chosen: Sequence[int]) -> float:
        """What a choice costs."""
        return float(self.table.costs[list(chosen)].sum())


def gaussian(problem: Problem) -> list[int]:
    """The tasks that leave least of the suite's mean unknown; ours.

    A search finds the ``SHORTLIST`` best choices under one shrunk Gaussian. Of these the one stands
    whose unknown deviation under that Gaussian, times the mean deviation that the prediction itself
    states for the fitted models, each without its family, is least.
    """
    table = problem.table
    scores = filled(table.scores)
    open_ = np.array([t for t in range(len(table.tasks)) if t not in problem.go])
    place = {int(task): n for n, task in enumerate(open_)}
    covariance = covariance_of(scores)
    # What must go still counts in the mean: the weights of its best linear guess from the rest.
    weights = _weights_on(covariance, table.shares, open_)
    stay = {place[t] for t in problem.stay}
    groups = [{place[t] for t in group if t in place} for group in problem.groups]
    found = choose_columns(
        covariance[np.ix_(open_, open_)],
        weights,
        table.costs[open_],
        problem.budget,
        lambda some: stay.issubset(some) and not any(group.isdisjoint(some) for group in groups),
        count=SHORTLIST,
    )
    choices = [open_[some] for some in found]
    families = table.families[:, None] == table.families
    if len(choices) < 2 or families.all():
        return [int(t) for t in choices[0]] if choices else []

    def unknown(chosen: NDArray[np.int64]) -> float:
        stated = predict(scores, chosen, scores[:, chosen], table.kinds, without=families)
        once = unknown_variance(covariance, table.shares, chosen.tolist())
        return float(np.sqrt(max(once, 0.0)) * stated.deviation(table.shares).mean())

    return [int(t) for t in min(choices, key=unknown)]


def _weights_on(
    covariance: NDArray[np.float64], weights: NDArray[np.float64], kept: NDArray[np.int64]
) -> NDArray[np.float64]:
    gone = np.setdiff1d(np.arange(len(weights)), kept)
    if not len(gone):
        return weights
    block = covariance[np.ix_(kept, kept)] + 1e-9 * np.eye(len(kept))
    guessed = np.linalg.solve(block, covariance[np.ix_(kept, gone)])
    return np.asarray(weights[kept] + guessed @ weights[gone], np.float64)


def elimination(problem: Problem, order: Sequence[tuple[int, float]] | None = None) -> list[int]:
    """MMTEB's way: the most predictable task goes, until the rest fits.

    A task's predictability is the Spearman correlation over models of its scores with those that a
    linear regression on the other remaining tasks gives, each model left out in turn. An infinite
    budget stops at the first task whose correlation is below 0.8. The last task of a group stays
    while another may go; past that, the cheapest of its group stands for it, and what still fits
    comes back, the last to go first. ``order`` is that of ``elimination_order``, where it is known.
    Source: Enevoldsen et al. 2025, "MMTEB: Massive Multilingual Text Embedding Benchmark".
    """
    chosen = [t for t in range(len(problem.table.tasks)) if t not in problem.go]
    order = elimination_order(problem) if order is None else order
    if not np.isfinite(problem.budget):
        gone = dict(takewhile(lambda step: step[1] >= PREDICTABLE, order))
        return [t for t in chosen if t not in gone]
    back: list[int] = []
    for task, _ in order:
        if problem.fits([*chosen, *problem.lacking(chosen)]):
            break
        chosen.remove(task)
        back.insert(0, task)
    chosen += problem.lacking(chosen)
    for task in back:  # in one step much may have gone
        if task not in chosen and problem.fits([*chosen, task]):
            chosen.append(task)
    return sorted(chosen) if problem.fits(chosen) else []


def elimination_order(problem: Problem) -> list[tuple[int, float]]:
    """Which task goes after which, whatever the budget, each with its predictability then."""
    scores = filled(problem.table.scores)
    left = [t for t in range(len(problem.table.tasks)) if t not in problem.go]
    order = []
    while left:
        can = [t for t in left if problem.keeps([n for n in left if n != t])]
        can = can or [t for t in left if t not in problem.stay]
        if not can:
            break
        known = dict(zip(left, predictabilities(scores[:, left]), strict=True))
        gone = max(can, key=lambda t: (known[t], problem.table.costs[t]))
        order.append((gone, known[gone]))
        left.remove(gone)
    return order


def predictabilities(scores: NDArray[np.float64]) -> list[float]:
    """Spearman's correlation of each task with its leave-one-model-out linear regression.

    ``scores`` is ``(n, t)``; each column is regressed on all others. 0 when either is constant, and
    where there are too few models to leave one out. All regressions follow from one inverse.
    """
    from scipy.stats import rankdata

    models, tasks = scores.shape
    varied = np.ptp(scores, axis=0) > 0
    if models <= tasks:
        return [0.0] * tasks
    standard = (scores - scores.mean(axis=0)) / np.where(varied, scores.std(axis=0), 1.0)
    design = np.column_stack([np.ones(models), standard])
    # The little ridge lets a copy of another task through, and a constant one.
    inverse = np.linalg.inv(design.T @ design + 1e-10 * models * np.eye(tasks + 1))
    solved, precision = design @ inverse, np.diag(inverse)[1:]
    room = 1 - (solved * design).sum(axis=1)[:, None] + solved[:, 1:] ** 2 / precision
    usable = (room > 1e-8).all(axis=0) & varied
    guess = standard - solved[:, 1:] / precision / np.where(room > 1e-8, room, 1.0)
    ranks, guessed = rankdata(standard, axis=0), rankdata(guess, axis=0)
    ranks, guessed = ranks - ranks.mean(axis=0), guessed - guessed.mean(axis=0)
    length = np.sqrt((ranks**2).sum(axis=0) * (guessed**2).sum(axis=0))
    found = (ranks * guessed).sum(axis=0) / np.where(length > 0, length, 1.0)
    return [float(value) for value in np.where(usable & (length > 0), found, 0.0)]


def random_choice(problem: Problem) -> list[int]:
    """Tasks in a random order, each taken when it fits beside the cheapest of groups still open."""
    order = np.random.default_rng(problem.seed).permutation(len(problem.table.tasks))
    return _taken(problem, [int(t) for t in order])


def cheapest(problem: Problem) -> list[int]:
    """Tasks by rising cost, each taken when it fits beside the cheapest of groups still open."""
    return _taken(problem, [int(t) for t in np.argsort(problem.table.costs, kind="stable")])


def _taken(problem: Problem, order: Sequence[int]) -> list[int]:
    chosen = sorted(problem.stay)
    for task in order:
        more = [*chosen, task]
        if task in chosen or task in problem.go:
            continue
        if problem.fits([*more, *problem.lacking(more)]):
            chosen = more
    return sorted(chosen) if problem.fits(chosen) else []


METHODS: Mapping[str, Callable[[Problem], list[int]]] = {
    "gaussian": gaussian,
    "elimination": elimination,
    "random": random_choice,
    "cheapest": cheapest,
}

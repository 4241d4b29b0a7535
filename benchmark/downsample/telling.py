"""Which task tells most of a suite's mean for its cost, and what those that ran predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.downsample.calibration import calibrate
from benchmark.downsample.mini import Mini
from benchmark.downsample.predicting import predict_one
from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import filled
from benchmark.stats.subsets import covariance_of, unknown_variance

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Telling:
    """One shrunk Gaussian over the tasks of a suite, ``(t, t)``, and their shares of its mean."""

    tasks: tuple[str, ...]
    covariance: NDArray[np.float64]
    shares: NDArray[np.float64]

    def most(self, ran: Sequence[str], costs: Mapping[str, float]) -> str | None:
        """The task of ``costs`` that lessens the variance of the mean most for what it costs.

        Given the scores of those that ``ran``. None when it holds none of the tasks.
        """
        known = [self.tasks.index(name) for name in ran if name in self.tasks]
        now = unknown_variance(self.covariance, self.shares, known)
        told = {}
        for name, cost in costs.items():
            if name in self.tasks:
                with_it = [*known, self.tasks.index(name)]
                then = unknown_variance(self.covariance, self.shares, with_it)
                told[name] = (now - then) / max(cost, 1e-9)
        return max(told, key=lambda name: told[name]) if told else None


def telling_of(table: ScoreTable) -> Telling:
    """The Gaussian of a table of scores; missing ones are filled in."""
    return Telling(table.tasks, covariance_of(filled(table.scores)), table.shares)


def bought(table: ScoreTable, budget: float, among: Sequence[str]) -> list[int]:
    """The numbers of the tasks that a budget of characters buys, each the most telling that fits.

    The most telling one for its cost comes first; those that no longer fit are passed over.
    """
    telling = telling_of(table)
    costs = dict(zip(table.tasks, table.costs.tolist(), strict=True))
    ran: list[str] = []
    left = budget * (1 + 1e-9)
    while True:
        fitting = {n: costs[n] for n in costs if n in among and n not in ran and costs[n] <= left}
        best = telling.most(ran, fitting)
        if best is None:
            return [table.tasks.index(name) for name in ran]
        ran.append(best)
        left -= costs[best]


def as_ran(mini: Mini, ran: Sequence[str], among: Sequence[str]) -> Mini:
    """The smaller suite of the tasks that ran, at least one, with intervals of its own width.

    The widths are those of what as many characters buy of the tasks ``among`` which was chosen:
    choice and prediction are repeated with families held out, as for any smaller suite.
    """
    table = mini.table
    chosen = tuple(t for t, name in enumerate(table.tasks) if name in ran)
    if chosen == mini.chosen:
        return mini
    spent = float(table.costs[list(chosen)].sum())
    widths = calibrate(table, lambda some: bought(some, spent, among))
    return replace(mini, chosen=chosen, widths=widths)


def predict_from(
    mini: Mini, scores: Mapping[str, float], among: Sequence[str], model: str
) -> dict[str, Any]:
    """What the scores of one model, in percent by task, predict of the whole suite.

    As ``predict_one``, from whatever tasks ran.
    """
    ours = as_ran(mini, list(scores), among)
    measured = np.array([scores[ours.table.tasks[t]] for t in ours.chosen])
    return predict_one(ours, measured, model)

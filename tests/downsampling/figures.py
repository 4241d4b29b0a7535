"""The figures of a method at a cost, over models that were held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from benchmark.downsample.table import ScoreTable
from tests.downsampling.methods import Guess

Array = NDArray[np.float64]
FIGURES = (
    ("Spearman", 4),
    ("Kendall", 3),
    ("of the best 20", 3),
    ("MAE", 2),
    ("coverage of 90 %", 2),
    ("width", 2),
    ("interval score", 2),
)
TOP = 20


@dataclass
class Round:
    """True and predicted means of all models, each held out once, and figures of each split."""

    truth: Array
    means: Array
    halves: Array
    splits: list[list[float]] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)

    @classmethod
    def empty(cls, truth: Array) -> Round:
        """Nothing predicted yet."""
        return cls(truth, np.full(len(truth), np.nan), np.full(len(truth), np.nan))

    def add(self, held: NDArray[np.bool_], guess: Guess, costs: Array) -> None:
        """The models of one split."""
        self.means[held], self.halves[held] = guess.means, guess.widths
        self.shares.append(float(costs[guess.chosen].sum() / costs.sum()))
        self.splits.append(figures(self.truth[held], guess.means, guess.widths))

    def figures(self) -> list[float]:
        """Over all models."""
        return figures(self.truth, self.means, self.halves)

    def scores(self, what: str) -> Array:
        """Each model's error or interval score."""
        off = np.abs(self.means - self.truth)
        if what == "MAE":
            return off
        return 2 * self.halves + 20 * np.maximum(off - self.halves, 0)


@dataclass(frozen=True)
class Cell:
    """A method at a cost: figures over all held-out models, and their spread over splits."""

    method: str
    share: float
    spent: float
    figures: Array
    spread: Array


def cell_of(method: str, share: float, rounds: Sequence[Round]) -> Cell:
    """The mean over rounds; of the best 20 the spread is that over rounds."""
    over = np.array([one.figures() for one in rounds])
    spread = np.std([split for one in rounds for split in one.splits], axis=0)
    spread[2] = over[:, 2].std()
    spent = float(np.mean([share for one in rounds for share in one.shares]))
    return Cell(method, share, spent, over.mean(axis=0), spread)


def figures(truth: Array, means: Array, half: Array) -> list[float]:
    """As ``FIGURES`` names them, of 90 % intervals."""
    off = np.abs(means - truth)
    best = np.argsort(-truth, kind="stable")[:TOP]
    return [
        float(spearmanr(truth, means).statistic),
        float(kendalltau(truth, means).statistic),
        float(spearmanr(truth[best], means[best]).statistic),
        float(off.mean()),
        float((off <= half).mean()) if np.isfinite(half).all() else float("nan"),
        float(2 * half.mean()),
        float((2 * half + 20 * np.maximum(off - half, 0)).mean()),
    ]


def difference(
    table: ScoreTable, more: Sequence[Round], less: Sequence[Round], what: str
) -> tuple[float, float, float]:
    """One less the other, each model over all rounds: mean, 95 % interval over families drawn."""
    values = np.mean([one.scores(what) for one in more], axis=0)
    values = values - np.mean([one.scores(what) for one in less], axis=0)
    draws = np.random.default_rng(42)
    members = [np.flatnonzero(table.families == family) for family in np.unique(table.families)]
    drawn = [
        values[np.concatenate([members[n] for n in some])].mean()
        for some in draws.integers(0, len(members), (4000, len(members)))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)

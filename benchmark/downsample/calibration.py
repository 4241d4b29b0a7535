"""How wide an interval must be: the errors of the whole procedure on families held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

import numpy as np

from benchmark.downsample.families import family_splits
from benchmark.downsample.table import ScoreTable
from benchmark.stats.local_gaussian import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL = 0.90
PARTS, ROUNDS = 10, 2
Choose = Callable[[ScoreTable], list[int]]
"""The numbers of the tasks that are chosen from a table."""


@dataclass(frozen=True, slots=True)
class Widths:
    """Half widths of 90 % intervals, in standard deviations that the prediction states.

    One for the suite's mean, one for the mean of a kind and one for a single task; ``errors`` is
    how many held-out predictions of the mean the first stands on.
    """

    mean: float
    kind: float
    task: float
    errors: int


def calibrate(table: ScoreTable, choose: Choose, *, seed: int = 42) -> Widths:
    """Repeat choice and prediction with families held out, and take the errors' quantiles.

    Choosing is part of what is repeated: an interval calibrated after the choice is too narrow,
    since the choice has seen the models. Models that lack a score are fitted on and not judged.
    Each width is the smallest error, over its stated deviation, that at least 90 % of all, and one
    more, are within (split conformal prediction; Vovk et al. 2005).
    """
    ratios: dict[str, list[float]] = {"mean": [], "kind": [], "task": []}
    for round_ in range(ROUNDS):
        for held in family_splits(table.families, PARTS, seed + round_):
            judged = held & table.complete
            if judged.any() and (~held).sum() >= 2:
                _judge(table, table.rows(~held), judged, choose, ratios)
    return Widths(
        mean=_quantile(ratios["mean"]),
        kind=_quantile(ratios["kind"]),
        task=_quantile(ratios["task"]),
        errors=len(ratios["mean"]),
    )


def _judge(
    table: ScoreTable,
    fitted: ScoreTable,
    judged: NDArray[np.bool_],
    choose: Choose,
    ratios: dict[str, list[float]],
) -> None:
    chosen = np.array(choose(fitted), np.int64)
    if not len(chosen):
        return
    truth = table.scores[judged]
    found = predict(fitted.scores, chosen, truth[:, chosen], fitted.kinds)
    off = found.scores - truth
    for name, weights in (
        *(("mean", weights) for weights in (table.shares,)),
        *(("kind", weights) for weights in table.kind_shares().values()),
        *(("task", weights) for weights in np.eye(len(table.tasks))),
    ):
        deviation = found.deviation(weights)
        known = deviation > 0
        ratios[name] += (np.abs(off @ weights)[known] / deviation[known]).tolist()


def _quantile(ratios: list[float]) -> float:
    """The conformal quantile; 0 when nothing was ever predicted."""
    if not ratios:
        return 0.0
    place = min(ceil((len(ratios) + 1) * LEVEL), len(ratios)) - 1
    return float(np.sort(ratios)[place])

"""Sets of ranks on a board: by Borda points and by means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.stats.borda import points_by_task
from benchmark.stats.rank_sets import RankSet, rank_sets, rank_sets_by_errors
from benchmark.task import Task

if TYPE_CHECKING:
    from benchmark.boards.build import Averaging, Row


@dataclass(frozen=True, slots=True)
class Ranks:
    """The sets of a row; None where there is none."""

    borda: RankSet | None = None
    """By Borda points, of tasks like these."""
    mean_like: RankSet | None = None
    """By the mean, of tasks like these."""
    mean_these: RankSet | None = None
    """By the mean, of these tasks, from the models' own errors."""


def board_ranks(
    rows: Sequence[Row], tasks: Mapping[str, Task], averaging: Averaging
) -> list[Ranks]:
    """The sets of every row, in the board's order.

    A row without a mean has none by the mean, and counts for none of the others'. Borda points
    rank all rows, and a missing score earns none. There are none of tasks like these where the
    tasks are made of fewer than four data sets, and none of these tasks where errors are unknown.
    """
    points = points_by_task([[row.cells[name].score for name in tasks] for row in rows])
    scores = [[_number(row.cells[name].score) for name in averaging.tasks] for row in rows]
    sets = (
        rank_sets(
            np.array(points, np.float64).reshape(len(rows), len(tasks)),
            [task.data_set for task in tasks.values()],
        ),
        rank_sets(
            np.array(scores, np.float64).reshape(len(rows), len(averaging.tasks)),
            [tasks[name].data_set for name in averaging.tasks],
            [averaging.weights[name] for name in averaging.tasks],
        ),
        rank_sets_by_errors(
            np.array([_number(row.mean) for row in rows]),
            np.array([_number(row.interval.error if row.interval else None) for row in rows]),
        ),
    )
    return [Ranks(*each) for each in zip(*sets, strict=True)]


def _number(value: float | None) -> float:
    return float("nan") if value is None else value

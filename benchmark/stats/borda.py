"""Borda ranks: models ranked by the places they take, not by the scores they get."""

from __future__ import annotations

import math
from collections.abc import Sequence

Scores = Sequence[Sequence[float | None]]


def borda_points(scores: Scores) -> list[float]:
    """Return the Borda points of every model; row m of ``scores`` is model m, columns are tasks.

    On a task a model earns n - rank points, n being the number of all rows and rank 1 the highest
    score; tied models share the average of their ranks. A missing score (None or NaN) earns no
    points and takes no rank. Points are multiples of 0.5, so that their sums are exact.

    Source: Colombo et al. 2022, "What are the best systems? New perspectives on NLP
    benchmarking"; as ``_borda_rank_from_long`` in mteb 2.26.24.

    >>> borda_points([[0.9, 0.2], [0.5, 0.2], [0.1, None]])
    [3.5, 2.5, 0.0]
    """
    return [sum(of_model, 0.0) for of_model in points_by_task(scores)]


def points_by_task(scores: Scores) -> list[list[float]]:
    """Return what every model earns on every task, in the places of ``scores``.

    >>> points_by_task([[0.9, 0.2], [0.5, 0.2], [0.1, None]])
    [[2.0, 1.5], [1.0, 1.5], [0.0, 0.0]]
    """
    points = [[0.0] * len(row) for row in scores]
    for task in range(len(scores[0]) if scores else 0):
        column = {m: s for m, row in enumerate(scores) if not _missing(s := row[task])}
        for model, rank in _average_ranks(column).items():
            points[model][task] = len(scores) - rank
    return points


def borda_ranks(scores: Scores) -> list[int]:
    """Return the place of every model by its Borda points; equal points share the better place.

    >>> borda_ranks([[0.9, 0.2], [0.5, 0.2], [0.1, None]])
    [1, 2, 3]
    >>> borda_ranks([[0.5], [0.5], [0.1]])
    [1, 1, 3]
    """
    points = borda_points(scores)
    return [1 + sum(other > mine for other in points) for mine in points]


def _average_ranks(column: dict[int, float | None]) -> dict[int, float]:
    by_score: dict[float, list[int]] = {}
    for model, score in column.items():
        if score is not None:
            by_score.setdefault(score, []).append(model)
    ranks: dict[int, float] = {}
    above = 0
    for score in sorted(by_score, reverse=True):
        tied = by_score[score]
        for model in tied:
            ranks[model] = above + (len(tied) + 1) / 2
        above += len(tied)
    return ranks


def _missing(score: float | None) -> bool:
    return score is None or math.isnan(score)

"""Means over tasks and over kinds of task, in which a missing score is never passed over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence


def mean(values: Iterable[float | None], weights: Sequence[float] | None = None) -> float | None:
    """Return the weighted mean, or None when a value is missing or there is none.

    ``weights`` are positive, one a value, 1 each by default. Sums are exactly rounded
    (``math.fsum``), so that the order of the values changes no bit of the mean.

    >>> mean([0.25, 0.75]), mean([0.25, 0.75], [3, 1]), mean([0.25, None]), mean([])
    (0.5, 0.375, None, None)
    """
    known: list[float] = []
    for value in values:
        if value is None:
            return None
        known.append(value)
    if not known:
        return None
    if weights is None:
        return math.fsum(known) / len(known)
    products = [value * weight for value, weight in zip(known, weights, strict=True)]
    return math.fsum(products) / math.fsum(weights)


def mean_over_tasks(
    scores: Mapping[str, float | None], weights: Mapping[str, float]
) -> float | None:
    """Return the mean of the tasks' scores, each with its weight; None when one is missing.

    >>> mean_over_tasks({"A": 0.5, "B": 1.0}, {"A": 1.0, "B": 1.0})
    0.75
    """
    return mean(scores.values(), [weights[task] for task in scores])


def means_by_kind(
    scores: Mapping[str, float | None], kinds: Mapping[str, str], weights: Mapping[str, float]
) -> dict[str, float | None]:
    """Return kind -> mean of its tasks, in the order in which the kinds first appear.

    A kind with a missing task has no mean.

    >>> kinds, weights = {"A": "sts", "B": "sts", "C": "bitext"}, {"A": 1.0, "B": 1.0, "C": 1.0}
    >>> means_by_kind({"A": 0.5, "B": 1.0, "C": None}, kinds, weights)
    {'sts': 0.75, 'bitext': None}
    """
    tasks_of: dict[str, list[str]] = {}
    for task in scores:
        tasks_of.setdefault(kinds[task], []).append(task)
    return {
        kind: mean_over_tasks({task: scores[task] for task in tasks}, weights)
        for kind, tasks in tasks_of.items()
    }


def mean_over_kinds(by_kind: Mapping[str, float | None]) -> float | None:
    """Return the mean of the kinds' means, each kind counting once; None when one is missing.

    This is mteb's Mean (TaskType): a kind with one task weighs as much as one with ten.

    >>> mean_over_kinds({"sts": 0.75, "bitext": 0.25})
    0.5
    """
    return mean(by_kind.values())

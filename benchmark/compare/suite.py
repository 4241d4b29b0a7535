"""All tasks of two models together: corrected p-values, means by kind and over the suite."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from benchmark.aggregate import AGGREGATE
from benchmark.compare.pairing import TaskPair
from benchmark.stats.means import mean
from benchmark.stats.paired import (
    Paired,
    combined_difference,
    false_discovery_rate,
    holm,
    sampled_difference,
)

CORRECTIONS: Mapping[str, Callable[[Sequence[float]], list[float]]] = {
    "holm": holm,
    "fdr": false_discovery_rate,
}
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Group:
    """A mean over tasks, of each model and of the difference; ``paired`` where it has an error.

    ``without`` are the tasks that are left out, since they have none.
    """

    name: str
    tasks: int
    a: float
    b: float
    paired: Paired | None
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Two models over all tasks that pair: the tasks, their corrected p-values, and the means."""

    a: str
    b: str
    tasks: tuple[TaskPair, ...]
    corrected: tuple[float, ...]
    kinds: tuple[Group, ...]
    these: Group | None
    like_these: Group | None
    p_suite: float = math.nan
    """The p of ``these``, corrected for the number of pairs."""

    def leads(self) -> tuple[int, int, int]:
        """On how many tasks the first leads, neither, and the second, of those with a test."""
        found = [0, 0, 0]
        for task, p in zip(self.tasks, self.corrected, strict=True):
            if task.comparison is not None and not math.isnan(p):
                found[1 if p > LEVEL else 0 if task.first_leads else 2] += 1
        return found[0], found[1], found[2]


def pair_of(a: str, b: str, tasks: Sequence[TaskPair]) -> Pair:
    """The means of two models over tasks; p-values are not corrected yet.

    Over these tasks it is by their standard errors, and only of tasks that have one; over tasks
    like these the tasks' differences are a sample, by data set, for which no records are needed. An
    aggregate counts beside nothing else: its parts do.
    """
    of_kind: dict[str, list[TaskPair]] = {}
    for task in tasks:
        of_kind.setdefault(task.kind or "unknown kind", []).append(task)
    groups = [(kind, _these(kind, members)) for kind, members in of_kind.items()]
    return Pair(
        a=a,
        b=b,
        tasks=tuple(tasks),
        corrected=tuple(_p(task) for task in tasks),
        kinds=tuple(group for _, group in groups if group is not None),
        these=_these("these tasks", tasks),
        like_these=_like_these(tasks),
    )


def corrected(pairs: Sequence[Pair], correction: str) -> list[Pair]:
    """The pairs with p-values corrected over all tasks of all pairs, and over all pairs."""
    correct = CORRECTIONS[correction]
    values = iter(correct([p for pair in pairs for p in pair.corrected]))
    suites = correct([_p(pair.these) for pair in pairs])
    return [
        replace(pair, corrected=tuple(next(values) for _ in pair.tasks), p_suite=of_suite)
        for pair, of_suite in zip(pairs, suites, strict=True)
    ]


def _p(one: TaskPair | Group | None) -> float:
    if isinstance(one, TaskPair):
        return one.comparison.paired.p if one.comparison else math.nan
    return one.paired.p if one and one.paired else math.nan


def _these(name: str, tasks: Sequence[TaskPair]) -> Group | None:
    known = [task for task in tasks if _error(task) and not task.is_error]
    if not known:
        return None
    parts = [task.comparison.paired for task in known if task.comparison]
    paired = combined_difference(parts, [1.0] * len(parts))
    without = tuple(task.task for task in tasks if task not in known)
    return Group(name, len(known), *_means(known), paired, without)


def _error(task: TaskPair) -> bool:
    return task.comparison is not None and math.isfinite(task.comparison.paired.interval.error)


def _means(tasks: Sequence[TaskPair]) -> tuple[float, float]:
    """Of each model."""
    return mean(task.a for task in tasks) or 0.0, mean(task.b for task in tasks) or 0.0


def _like_these(tasks: Sequence[TaskPair]) -> Group | None:
    known = [task for task in tasks if not task.is_error and task.kind != AGGREGATE]
    known = known or [task for task in tasks if not task.is_error]
    if not known:
        return None
    made_of = [task.data_set or task.task for task in known]
    paired = sampled_difference([task.difference for task in known], [1.0] * len(known), made_of)
    without = tuple(task.task for task in tasks if task not in known)
    return Group("tasks like these", len(known), *_means(known), paired, without)

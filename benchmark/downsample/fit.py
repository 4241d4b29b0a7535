"""Choose the tasks of a smaller suite, calibrate its intervals, and measure how good it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmark.downsample import DEFAULT_METHOD
from benchmark.downsample.calibration import calibrate
from benchmark.downsample.methods import METHODS, Problem
from benchmark.downsample.mini import Mini
from benchmark.downsample.report import quality
from benchmark.downsample.table import FEWEST_MODELS, ScoreTable, judged_apart
from benchmark.errors import UsageError
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

_QUALITY = ("spearman", "kendall", "mae", "coverage90", "interval_width")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a smaller suite may cost, and what it must keep.

    ``budget`` is in characters, or in tasks where ``tasks`` is set. Every kind keeps a task, and so
    does every language and domain named.
    """

    budget: float
    tasks: bool = False
    method: str = DEFAULT_METHOD
    stay: tuple[str, ...] = ()
    go: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    seed: int = 42


def fit_mini(
    suite: Suite, tasks: Mapping[str, Task], table: ScoreTable, wanted: Wanted, title: str
) -> Mini:
    """Choose tasks of a suite within a cost, fitted on a table of scores.

    The quality is that of ``report`` on the fitted models themselves, each predicted without its
    family. Where there are fewer than five families each model is held out alone. Raises UsageError
    when fewer than ten models have all scores, and when no choice that keeps the constraints fits,
    with the least cost that one has.
    """
    table = judged_apart(table)
    groups, kept = _groups(suite, tasks, table, wanted)
    costs = np.ones(len(table.tasks)) if wanted.tasks else table.costs

    def problem(some: ScoreTable, budget: float) -> Problem:
        return Problem(
            replace(some, costs=costs),
            budget,
            tuple(groups.values()),
            frozenset(_numbers(table, wanted.stay)),
            frozenset(_numbers(table, wanted.go)),
            wanted.seed,
        )

    def choose(some: ScoreTable) -> list[int]:
        return METHODS[wanted.method](problem(some, wanted.budget))

    complete = int(table.complete.sum())
    if complete < FEWEST_MODELS:
        raise UsageError(
            f"{complete} of {len(table.models)} models have all scores on this suite; at least "
            f"{FEWEST_MODELS} must, to measure how far a prediction is off"
        )
    chosen = choose(table)
    if not chosen:
        raise UsageError(_too_little(table, problem(table, float("inf")), wanted))
    mini = Mini(
        of=suite.name,
        title=title,
        parts=suite.tasks,
        table=table,
        chosen=tuple(sorted(chosen)),
        widths=calibrate(table, choose, seed=wanted.seed),
        method=wanted.method,
        kept=tuple(kept),
    )
    whole = table.rows(table.complete)
    figures = quality(mini, whole)
    kept_figures = {name: figures[name] for name in _QUALITY if name in figures}
    return replace(mini, quality={"models": float(len(whole.models)), **kept_figures})


def _numbers(table: ScoreTable, names: Sequence[str]) -> list[int]:
    return [table.tasks.index(name) for name in names]


def _groups(
    suite: Suite, tasks: Mapping[str, Task], table: ScoreTable, wanted: Wanted
) -> tuple[dict[str, frozenset[int]], list[str]]:
    """The sets of tasks of which one must be chosen, and the constraints in words."""
    go = set(_numbers(table, wanted.go))
    open_ = [(t, tasks[name]) for t, name in enumerate(table.tasks) if t not in go]
    groups = {
        f"kind {kind}": frozenset(t for t, _ in open_ if table.kinds[t] == kind)
        for kind in dict.fromkeys(table.kinds)
    }
    for language in wanted.languages:
        groups[f"language {language}"] = frozenset(
            t for t, task in open_ if _speaks(task, suite.tasks[t], language)
        )
    for domain in wanted.domains:
        groups[f"domain {domain}"] = frozenset(t for t, task in open_ if domain in task.domains)
    for name in (*wanted.languages, *wanted.domains):
        what = "language" if name in wanted.languages else "domain"
        if not groups[f"{what} {name}"]:
            raise UsageError(f"no task of the suite that may be chosen has the {what} '{name}'")
    groups = {name: group for name, group in groups.items() if group}
    kept = [
        "a task of each kind",
        *(f"the {name}" for name in groups if not name.startswith("kind ")),
        *(f"{name} stays" for name in wanted.stay),
        *(f"{name} goes" for name in wanted.go),
    ]
    return groups, kept


def _speaks(task: Task, part: SuiteTask, language: str) -> bool:
    """Whether a subset that the suite asks for is in a language, with its script or without."""
    codes = {code for name in part.subsets or task.subsets for code in task.subsets[name]}
    return any(language in (code, code.partition("-")[0]) for code in codes)


def _too_little(table: ScoreTable, problem: Problem, wanted: Wanted) -> str:
    """Why nothing fits, with the cost of the cheapest choice that keeps the constraints."""
    costs = problem.table.costs
    order = np.argsort(costs, kind="stable")
    least = {int(t) for t in problem.stay}
    for group in problem.groups:
        if not group & least:
            least.add(next(int(t) for t in order if t in group))
    least = least or {next(int(t) for t in order if t not in problem.go)}
    need = float(costs[list(least)].sum())
    unit = "tasks" if wanted.tasks else "characters"
    share = "" if wanted.tasks else f" ({need / float(costs.sum()):.3%} of the suite)"
    return (
        f"a cost of {wanted.budget:,.0f} {unit} fits no choice that keeps the constraints; the "
        f"cheapest that does takes {need:,.0f}{share}"
    )

"""Makes a leaderboard from a board, its suite and tasks, and result files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.aggregate import counted_kind
from benchmark.boards.board import Board
from benchmark.boards.claims import Cell, cell_of, data_of
from benchmark.boards.policies import RowKey, results_by_row
from benchmark.boards.ranks import Ranks, board_ranks
from benchmark.errors import TaskFileError, nearest
from benchmark.results.facts import ModelFacts
from benchmark.results.task_result import TaskResult
from benchmark.stats.borda import borda_ranks
from benchmark.stats.combining import combined_interval, sampled_interval
from benchmark.stats.intervals import Interval
from benchmark.stats.means import mean_over_kinds, mean_over_tasks, means_by_kind
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task


@dataclass(frozen=True, slots=True)
class Row:
    """A model's line: its cells by task, its means, and its place by Borda points."""

    model: str
    revisions: tuple[str, ...]
    slug: str
    cells: Mapping[str, Cell]
    rank: int
    mean: float | None
    mean_by_kind: float | None
    kinds: Mapping[str, float | None]
    groups: Mapping[str, float | None]
    facts: ModelFacts
    interval: Interval | None
    """Of the mean on these tasks, from the tasks' own standard errors."""
    interval_like: Interval | None
    """Of the mean on tasks like these, from their spread as a sample of such tasks."""
    zero_shot: float | None
    """The share of the suite's tasks that the model is not declared to be trained on."""
    ranks: Ranks = field(default_factory=Ranks)
    predicted: Mapping[str, Any] | None = None
    """What a smaller suite predicts of a model without a mean, in percent; it counts nowhere."""


@dataclass(frozen=True, slots=True)
class Averaging:
    """What means are over: the tasks that count, their kinds, weights, data sets and groups."""

    tasks: tuple[str, ...]
    kinds: Mapping[str, str]
    weights: Mapping[str, float]
    data_sets: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """A built board, ready to render.

    ``counts`` is how many cells have each status. ``without_scores`` are the models that have
    result files of the suite and not one score to show, with the same counts of their own.
    """

    board: Board
    suite: Suite
    tasks: Mapping[str, Task]
    averaging: Averaging
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    without_scores: Mapping[str, Mapping[str, int]]


def build_leaderboard(
    board: Board,
    suite: Suite,
    tasks: Mapping[str, Task],
    results: Iterable[TaskResult],
) -> Leaderboard:
    """Build a board over the results of its suite; ``tasks`` has every task of the suite.

    A task's score is the mean of the main scores of all the
    splits and subsets that the suite asks for, and missing when one of them is. Rows stand by
    mean over tasks, best first, then by name; rows without a mean come last. Raises TaskFileError
    when the suite or the board asks for what the tasks do not have.
    """
    wanted = {part.name: wanted_entries(suite, part, tasks) for part in suite.tasks}
    by_row = results_by_row(board, wanted, results)
    data = {
        name: data_of(
            (found[name] for found in by_row.values() if name in found),
            tasks[name],
            wanted[name],
            board.data_revisions,
        )
        for name in wanted
    }
    cells = {
        row: {
            name: cell_of(found.get(name), tasks[name], wanted[name], data[name]) for name in wanted
        }
        for row, found in by_row.items()
    }
    shown = {row: line for row, line in cells.items() if _scored(line.values())}
    averaging = Averaging(
        tasks=tuple(
            name
            for name in wanted
            if board.missing == "strict" or _scored_by_all(name, shown.values())
        ),
        kinds={name: counted_kind(tasks[name]) for name in wanted},
        weights={part.name: part.weight for part in suite.tasks},
        data_sets={name: tasks[name].data_set for name in wanted},
        groups=_groups(board, suite),
    )
    ranks = borda_ranks([[line[name].score for name in wanted] for line in shown.values()])
    rows = sorted(
        (
            _row(row, by_row[row], line, rank, averaging)
            for (row, line), rank in zip(shown.items(), ranks, strict=True)
        ),
        key=_place,
    )
    if not {"rank", "mean"}.isdisjoint(board.columns):
        sets = board_ranks(rows, {name: tasks[name] for name in wanted}, averaging)
        rows = [replace(row, ranks=each) for row, each in zip(rows, sets, strict=True)]
    return Leaderboard(
        board=board,
        suite=suite,
        tasks={name: tasks[name] for name in wanted},
        averaging=averaging,
        rows=tuple(rows),
        counts=_count(shown.values()),
        without_scores={
            model: _count(line for row, line in cells.items() if row[0] == model)
            for model in sorted({row[0] for row in cells} - {row[0] for row in shown})
        },
    )


def wanted_entries(
    suite: Suite, part: SuiteTask, tasks: Mapping[str, Task]
) -> tuple[tuple[str, str], ...]:
    """The splits and subsets of a task that a suite asks for, in the task's order."""
    where = f"suite '{suite.name}'"
    if part.name not in tasks:
        raise TaskFileError(f"{where}: no task is named '{part.name}'{nearest(part.name, tasks)}")
    task = tasks[part.name]
    for chosen, known, what in (
        (part.splits, task.splits, "split"),
        (part.subsets, task.subsets, "subset"),
    ):
        for name in chosen:
            if name not in known:
                raise TaskFileError(
                    f"{where}: {task.name} has no {what} '{name}'{nearest(name, known)}"
                )
    return tuple(
        (split, subset)
        for split in task.splits
        if not part.splits or split in part.splits
        for subset in task.subsets
        if not part.subsets or subset in part.subsets
    )


def _groups(board: Board, suite: Suite) -> Mapping[str, tuple[str, ...]]:
    for group, members in board.groups.items():
        for name in members:
            if name not in suite.task_names:
                raise TaskFileError(
                    f"board '{board.name}': group '{group}' names '{name}', which is no task of"
                    f" suite '{suite.name}'{nearest(name, suite.task_names)}"
                )
    return {**suite.groups, **board.groups}


def _count(lines: Iterable[Mapping[str, Cell]]) -> Counter[str]:
    return Counter(cell.status for line in lines for cell in line.values())


def _scored(cells: Iterable[Cell]) -> bool:
    return any(cell.score is not None for cell in cells)


def _scored_by_all(task: str, lines: Iterable[Mapping[str, Cell]]) -> bool:
    return all(line[task].score is not None for line in lines)


def _row(
    key: RowKey,
    found: Mapping[str, TaskResult],
    cells: Mapping[str, Cell],
    rank: int,
    averaging: Averaging,
) -> Row:
    scores = {name: cells[name].score for name in averaging.tasks}
    by_kind = means_by_kind(scores, averaging.kinds, averaging.weights)
    facts = _facts(found.values())
    return Row(
        model=key[0],
        revisions=tuple(sorted({result.revision for result in found.values()})),
        slug=key[2],
        cells=cells,
        rank=rank,
        mean=mean_over_tasks(scores, averaging.weights),
        mean_by_kind=mean_over_kinds(by_kind),
        kinds={kind: by_kind.get(kind) for kind in averaging.kinds.values()},
        groups={
            group: mean_over_tasks(
                {name: scores[name] for name in members if name in scores}, averaging.weights
            )
            for group, members in averaging.groups.items()
        },
        facts=facts,
        interval=_these_tasks(scores, cells, averaging),
        interval_like=_tasks_like_these(scores, averaging),
        zero_shot=facts.zero_shot_share(averaging.kinds),
    )


def _these_tasks(
    scores: Mapping[str, float | None], cells: Mapping[str, Cell], averaging: Averaging
) -> Interval | None:
    known = {name: score for name, score in scores.items() if score is not None}
    if not known or len(known) < len(scores):
        return None
    weights = [averaging.weights[name] for name in known]
    intervals = [cells[name].interval for name in known]
    return combined_interval(list(known.values()), intervals, weights)


def _tasks_like_these(scores: Mapping[str, float | None], averaging: Averaging) -> Interval | None:
    known = [score for score in scores.values() if score is not None]
    if len(known) < max(2, len(scores)):
        return None
    weights = [averaging.weights[name] for name in scores]
    return sampled_interval(known, weights, [averaging.data_sets[name] for name in scores])


def _facts(results: Iterable[TaskResult]) -> ModelFacts:
    """Each fact as the revision with the most of the row's results declares it, or the next."""
    revisions = Counter((result.revision, result.facts) for result in results)
    ordered = sorted(revisions, key=lambda known: (-revisions[known], known[0]))
    known: dict[str, Any] = {}
    for _, facts in ordered:
        known = {**facts.to_json(), **known}
    return ModelFacts(**known)


def _place(row: Row) -> tuple[bool, float, str, tuple[str, ...], str]:
    return (row.mean is None, -(row.mean or 0.0), row.model, row.revisions, row.slug)

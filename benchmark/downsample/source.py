"""Make the table that a choice is fitted on from a suite, its tasks and result files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmark.boards.board import Board
from benchmark.boards.build import build_leaderboard
from benchmark.boards.policies import NO_REVISION
from benchmark.downsample.families import families_of
from benchmark.downsample.table import ScoreTable
from benchmark.errors import UsageError
from benchmark.results.task_result import TaskResult
from benchmark.suite import Suite
from benchmark.task import Task


def score_table(
    suite: Suite,
    tasks: Mapping[str, Task],
    results: Sequence[TaskResult],
    costs: Mapping[str, float],
    *,
    mixed: bool = False,
) -> ScoreTable:
    """The main scores of all models that have one on the suite, in percent.

    A task's score is the mean over the splits and subsets that the suite asks for, as its board has
    it. Of a model's revisions the one with most of the tasks counts, and what names no revision;
    ``mixed`` joins them all, task by task, as mteb's boards do. Results of other harnesses count
    too, experiments do not. Raises UsageError when no model has any score.
    """
    kept: Sequence[TaskResult] = results
    aside: Sequence[str] = ()
    if not mixed:
        kept, aside = one_revision(results, suite)
    board = Board(
        suite.name,
        suite.title,
        suite.name,
        provenance="any",
        revisions="joined",
        experiments="excluded",
        columns=("tasks",),
    )
    built = build_leaderboard(board, suite, tasks, kept)
    if not built.rows:
        raise UsageError(f"no model has a score on suite '{suite.name}' among these results")
    names = suite.task_names
    scores = np.array(
        [[_percent(row.cells[name].score) for name in names] for row in built.rows], np.float64
    )
    models = tuple(row.model for row in built.rows)
    bases = {row.model: row.facts.adapted_from or "" for row in built.rows}
    return ScoreTable(
        models=models,
        tasks=names,
        kinds=tuple(built.averaging.kinds[name] for name in names),
        scores=scores,
        families=families_of(models, bases, scores),
        weights=np.array([built.averaging.weights[name] for name in names], np.float64),
        costs=np.array([costs[name] for name in names], np.float64),
        digests=tuple(tasks[name].digest for name in names),
        revisions=tuple(row.revisions for row in built.rows),
        aside=tuple(aside),
    )


def one_revision(
    results: Sequence[TaskResult], suite: Suite
) -> tuple[list[TaskResult], Sequence[str]]:
    """The results of each model's revision with most of the tasks; models that had another.

    Of equal ones the later run counts, then the greater name. Results that name no revision stay.
    """
    tasks: dict[str, dict[str, set[str]]] = {}
    dates: dict[tuple[str, str], float] = {}
    for result in results:
        if result.revision not in NO_REVISION and result.task in suite.task_names:
            revisions = tasks.setdefault(result.model, {})
            revisions.setdefault(result.revision, set()).add(result.task)
            key = result.model, result.revision
            dates[key] = max(dates.get(key, 0.0), result.date or 0.0)
    best = {
        model: max(revisions, key=lambda name: (len(revisions[name]), dates[model, name], name))
        for model, revisions in tasks.items()
    }
    kept = [
        result
        for result in results
        if result.revision in NO_REVISION or best.get(result.model) == result.revision
    ]
    return kept, sorted(model for model, revisions in tasks.items() if len(revisions) > 1)


def _percent(score: float | None) -> float:
    return float("nan") if score is None else 100 * score


def task_costs(
    suite: Suite, results: Iterable[TaskResult], file: Path | None = None
) -> dict[str, float]:
    """The characters that a model must read for each task of a suite.

    From ``file`` (a .tsv or .csv with the columns ``task`` and ``characters``), else as the suite
    states them, else as results that EmbedMark measured counted them. Raises UsageError when a task
    has no known size.
    """
    found: dict[str, float] = {}
    for result in results:
        if result.measured and result.task not in found and result.limit is None:
            found[result.task] = _counted(result.path)
    found |= suite.characters
    if file is not None:
        found |= _read_costs(file)
    unknown = [name for name in suite.task_names if not found.get(name)]
    if unknown:
        more = f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        raise UsageError(
            f"nothing tells how many characters {', '.join(unknown[:3])}{more} take; name a file "
            "with the columns task and characters by --costs, or use --keep"
        )
    return {name: float(found[name]) for name in suite.task_names}


def _counted(path: Path) -> float:
    try:
        content = json.loads(path.read_bytes())
        parts = content["embedmark"]["subsets"].values()
        return float(sum(part.get("characters") or 0 for part in parts))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return 0.0


def _read_costs(file: Path) -> dict[str, float]:
    found = {}
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="," if file.suffix == ".csv" else "\t")
            for number, row in enumerate(rows, 2):
                try:
                    found[str(row["task"])] = value = float(row["characters"])
                except (KeyError, TypeError, ValueError):
                    value = 0.0
                if not 0 < value < float("inf"):
                    raise UsageError(
                        f"{file}:{number}: needs the columns task and characters, a number above 0"
                    )
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file}: not UTF-8; save the file as UTF-8") from None
    return found

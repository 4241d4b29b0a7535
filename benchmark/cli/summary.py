"""The table that closes a run: tasks down, models side by side, one plain sentence below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.cli.output import print_table
from benchmark.results.frame import Results, Row

if TYPE_CHECKING:
    from benchmark.run import RunSettings


_WIDTH = 24  # characters of a model's name over its column


def print_summary(results: Results, settings: RunSettings) -> None:
    """Print scores 0-100; a cell without a score says ``failed`` or ``missing``."""
    models = list(dict.fromkeys(row.model for row in results))
    tasks = list(dict.fromkeys(row.task for row in results))
    if not tasks:
        print("No model here can run any of these tasks.")
        return
    table = []
    means: dict[tuple[str, str], float | None] = {}
    for task in tasks:
        of_task = [row for row in results if row.task == task]
        first = of_task[0]
        cells = []
        for model in models:
            cell, value = _cell([row for row in of_task if row.model == model])
            means[model, task] = value
            cells.append(cell)
        name = f"{task} *" if first.hard else task
        name = f"- {name}" if first.part_of else name
        table.append(
            [name, first.kind, first.main_score_name, _examples(of_task), *cells, _seconds(of_task)]
        )
    tasks = [task for task in tasks if not any(r.part_of for r in results if r.task == task)]
    mean_row = ["mean over tasks", "", "", ""]
    for model in models:
        values = [means[model, task] for task in tasks]
        complete = [value for value in values if value is not None]
        missing = len(values) - len(complete)
        mean_row.append(
            f"{missing} missing" if missing else f"{100 * sum(complete) / len(complete):.2f}"
        )
    total = sum(row.seconds or 0.0 for row in results)
    table.append([*mean_row, f"{total:.1f}"])
    heads = _heads(models)
    columns = ["task", "kind", "main score", "examples", *heads, "seconds"]
    print_table(columns, table, right={"examples", "seconds", *heads})
    print()
    if any(row.hard for row in results):
        print("* marked hard: a static model is expected to fail it.")
    if any(row.part_of for row in results):
        print("- part of the aggregate below it, and counted there only.")
    if any(row.interval_low is not None for row in results):
        print("± is half of the 95 % interval: other examples (and draws) of the same data.")
    print(_status(results, settings))
    print(_verdict(results, models, tasks, means))


def _heads(models: Sequence[str]) -> list[str]:
    """The models as columns are headed: the end of a long path, where that tells them apart."""
    short = [m if len(m) <= _WIDTH else f"...{m[-_WIDTH:]}" for m in models]
    return short if len(set(short)) == len(models) else list(models)


def _cell(rows: Sequence[Row]) -> tuple[str, float | None]:
    """A task's mean over its splits and subsets; none when one of them has no score."""
    if not rows:
        return "-", None
    values = [row.main_score for row in rows if row.main_score is not None]
    if len(values) < len(rows):
        failed = len(rows) - len(values)
        return ("failed" if failed == len(rows) else f"{failed} of {len(rows)} failed"), None
    mean = sum(values) / len(values)
    half = half_width(rows)
    return f"{100 * mean:.2f}" + ("" if half is None else f" ±{_short(100 * half)}"), mean


def half_width(rows: Sequence[Row]) -> float | None:
    """Half of the 95 % interval of the mean of some rows; None where one has no interval."""
    from benchmark.stats.combining import combined_interval
    from benchmark.stats.intervals import Interval

    intervals = [
        Interval(
            row.interval_low, row.interval_high, row.standard_error, row.freedom, "",
            row.examples or 0,
        )
        if row.interval_low is not None
        and row.interval_high is not None
        and row.standard_error is not None
        and row.freedom is not None
        else None
        for row in rows
    ]  # fmt: skip
    scores, alike = [row.main_score or 0.0 for row in rows], [row.examples for row in rows]
    found = combined_interval(scores, intervals, [1.0] * len(rows), alike)
    return None if found is None else (found.high - found.low) / 2


def _short(number: float) -> str:
    """With one decimal below ten, none from there; with two where one would say 0.0.

    >>> _short(1.234), _short(12.34), _short(0.034)
    ('1.2', '12', '0.03')
    """
    return f"{number:.{0 if number >= 9.95 else 1 if number >= 0.05 else 2}f}"


def _examples(rows: Sequence[Row]) -> str:
    """Examples of all splits and subsets together, as one model saw them."""
    by_part = {(row.split, row.subset): row.examples for row in rows if row.examples is not None}
    parts = len(by_part)
    total = f"{sum(by_part.values()):,}" if by_part else ""
    return f"{total} in {parts}" if parts > 1 else total


def _seconds(rows: Sequence[Row]) -> str:
    return f"{sum(row.seconds or 0.0 for row in rows):.1f}"


def _status(results: Results, settings: RunSettings) -> str:
    counts = dict.fromkeys(("measured", "reused", "failed"), 0)
    for row in results:
        counts[row.status] += 1
    said = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    note = " (seconds are those of the measurement)" if counts["reused"] else ""
    limited = f", limited to {settings.limit} examples a task" if settings.limit else ""
    return f"Scores are 0-100{limited}: {said}{note}."


def _verdict(
    results: Results,
    models: Sequence[str],
    tasks: Sequence[str],
    means: dict[tuple[str, str], float | None],
) -> str:
    """One sentence that a person can act on, from complete tasks only."""
    common = [t for t in tasks if all(means[m, t] is not None for m in models)]
    if len(models) < 2 or not common:
        done = sum(means[models[0], task] is not None for task in tasks)
        return f"{models[0]} has a score on {done} of {len(tasks)} tasks."
    wins = dict.fromkeys(models, 0)
    for task in common:
        best = max(means[m, task] or 0.0 for m in models)
        for model in models:
            wins[model] += means[model, task] == best  # a tie leads too: nobody is better
    average = {m: 100 * sum(means[m, t] or 0.0 for t in common) / len(common) for m in models}
    order = sorted(models, key=lambda m: (-average[m], m))
    rest = ", ".join(f"{m} {average[m]:.2f}" for m in order[1:])
    where = "" if len(common) == len(tasks) else f"On the {len(common)} tasks that all can do: "
    return (
        f"{where}{order[0]} has the highest mean, {average[order[0]]:.2f}, and leads on "
        f"{wins[order[0]]} of {len(common)} tasks; {rest}."
    )

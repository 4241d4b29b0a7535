"""What a smaller suite's scores tell of the whole: printed apart, and never as a measured score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.downsample.mini import Mini
    from benchmark.results.frame import Results, Row


def minis_asked(names: Sequence[str], choices: Sequence[Choice]) -> list[Mini]:
    """The smaller suites among what was asked for, each with its fit.

    Raises TaskFileError when a fit is absent or another one, or was made with other task files.
    """
    from benchmark.catalog import is_suite, suite_path
    from benchmark.suite import parse_suite

    digests = {choice.task.name: choice.task.digest for choice in choices}
    found = []
    for name in names:
        if name in digests:
            continue
        path = Path(name) if name.endswith(".toml") else suite_path(name)
        if path is None or not is_suite(path) or not parse_suite(path).downsampled:
            continue
        from benchmark.downsample.mini import check_digests, read_mini

        mini = read_mini(path)
        check_digests(path, mini, digests)
        found.append(mini)
    return found


def predictions(minis: Sequence[Mini], results: Results) -> list[dict[str, Any]]:
    """For each smaller suite and each model with all its tasks: what is predicted, in points.

    ``mean`` is the whole suite's, ``kinds`` the means by kind and ``tasks`` those that did not run,
    each with its 90 % interval. A model that lacks a task is told of and has no prediction; one
    that the fit holds is predicted without its family.
    """
    import numpy as np

    from benchmark.downsample.predicting import predict_one

    found: list[dict[str, Any]] = []
    for mini in minis:
        names = [mini.table.tasks[t] for t in mini.chosen]
        for model in dict.fromkeys(row.model for row in results):
            scores = _task_scores(results, model, names)
            lacking = [name for name in names if scores[name] is None]
            about: dict[str, Any] = {"suite": mini.of, "model": model, "level": 0.9}
            if lacking:
                found.append({**about, "lacks": lacking})
                continue
            measured = np.array([100 * (scores[name] or 0.0) for name in names])
            found.append({**about, **predict_one(mini, measured, _name_of(results, model))})
    return found


def _name_of(rows: Iterable[Row], label: str) -> str:
    """A model's own name, by which the fit may know it: rows have the URI that was asked for."""
    from benchmark.results.task_result import locate

    paths = (Path(row.path) for row in rows if row.model == label and row.path)
    return next((locate(path)[0] for path in paths), label)


def prediction_within(
    mini: Mini, rows: Sequence[Row], asked: Sequence[str], label: str, name: str
) -> dict[str, Any]:
    """The same from whichever tasks ran within a budget; ``measured`` are these.

    ``name`` is the model's own, by which the fit may know it.
    """
    from benchmark.downsample.telling import predict_from

    about: dict[str, Any] = {"suite": mini.of, "model": label, "level": 0.9}
    scores = _task_scores(rows, label, [row.task for row in rows])
    known = {task: 100 * value for task, value in scores.items() if value is not None}
    known = {task: value for task, value in known.items() if task in mini.table.tasks}
    if not known:
        return {**about, "lacks": list(mini.table.tasks)}
    return {**about, "measured": list(known), **predict_from(mini, known, asked, name)}


def print_prediction_within(found: Sequence[dict[str, Any]]) -> None:
    """Tables of predicted means and tasks, each value marked as such."""
    from benchmark.cli.output import print_table

    for item in found:
        print()
        if "lacks" in item:
            print(
                f"{item['model']}: none of the tasks of {item['suite']} ran; nothing is predicted."
            )
            continue
        rows = [["mean", *_cells(item["mean"])]]
        rows += [[f"mean of {kind}", *_cells(value)] for kind, value in item["kinds"].items()]
        rows += [[task, *_cells(value)] for task, value in item["tasks"].items()]
        print_table([f"{item['suite']}, {item['model']}", "predicted", "90 % interval"], rows)
        print(
            f"\n~ is predicted from the {len(item['measured'])} tasks that ran, not measured, and "
            f"stands on no board. The nearest fitted\nmodel is {item['distance']:.1f} standard "
            "deviations a task away; a far one has a wide interval."
        )


def _cells(value: dict[str, float]) -> list[str]:
    if value["low"] == value["high"]:  # all of it was measured
        return [f"{value['predicted']:.2f}", "measured"]
    return [f"~{value['predicted']:.2f}", f"{value['low']:.2f} to {value['high']:.2f}"]


def print_predictions(found: Sequence[dict[str, Any]]) -> None:
    """A table of predicted means, marked as such, and what to know of them."""
    from benchmark.cli.output import print_table

    if not found:
        return
    rows = []
    for item in found:
        if "lacks" in item:
            rows.append([item["model"], item["suite"], "", f"lacks {len(item['lacks'])} tasks", ""])
            continue
        mean = item["mean"]
        rows.append(
            [
                item["model"],
                item["suite"],
                f"~{mean['predicted']:.2f}",
                f"{mean['low']:.2f} to {mean['high']:.2f}",
                f"{item['distance']:.1f}",
            ]
        )
    print()
    print_table(
        ["model", "whole suite", "predicted mean", "90 % interval", "distance"],
        rows,
        right={"predicted mean", "distance"},
    )
    print(
        "\nPredicted from the tasks above, not measured: no board shows it. Distance is from the "
        "nearest model that\nthe prediction was fitted on, in standard deviations a task; a far "
        "one has a wide interval."
    )


def _task_scores(
    results: Iterable[Row], model: str, names: Sequence[str]
) -> dict[str, float | None]:
    """Each task's score, the mean over its splits and subsets; None when one is missing."""
    from benchmark.stats.means import mean

    return {
        name: mean(r.main_score for r in results if r.model == model and r.task == name)
        for name in names
    }

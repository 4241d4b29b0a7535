"""What a smaller suite's scores tell of the whole: printed apart, and never as a measured score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.downsample.mini import Mini
    from benchmark.results.frame import Results


def minis_asked(names: Sequence[str], choices: Sequence[Choice]) -> list[Mini]:
    """The smaller suites among what was asked for, each with its fit.

    Raises TaskFileError when a fit is absent or another one, or was made with other task files.
    """
    from benchmark.catalog import is_suite, suite_path
    from benchmark.downsample.mini import check_digests, read_mini
    from benchmark.suite import parse_suite

    digests = {choice.task.name: choice.task.digest for choice in choices}
    found = []
    for name in names:
        if name in digests:
            continue
        path = Path(name) if name.endswith(".toml") else suite_path(name)
        if path is None or not is_suite(path) or not parse_suite(path).downsampled:
            continue
        mini = read_mini(path)
        check_digests(path, mini, digests)
        found.append(mini)
    return found


def predictions(minis: Sequence[Mini], results: Results) -> list[dict[str, Any]]:
    """For each smaller suite and each model with all its tasks: what is predicted, in points.

    ``mean`` is the whole suite's, ``kinds`` the means by kind and ``tasks`` those that did not run,
    each with its 90 % interval. A model that lacks a task is told of and has no prediction.
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
            found.append({**about, **predict_one(mini, measured, model)})
    return found


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


def _task_scores(results: Results, model: str, names: Sequence[str]) -> dict[str, float | None]:
    """Each task's score, the mean over its splits and subsets; None when one is missing."""
    from benchmark.stats.means import mean

    return {
        name: mean(r.main_score for r in results if r.model == model and r.task == name)
        for name in names
    }

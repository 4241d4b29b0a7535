"""The page that the study writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.downsample.table import ScoreTable


@dataclass(frozen=True)
class Cell:
    """A method at a cost: six figures over all held-out models, and their spread over splits."""

    method: str
    share: float
    figures: NDArray[np.float64]
    spread: NDArray[np.float64]


@dataclass(frozen=True)
class Study:
    """All that the page shows."""

    suite: str
    table: ScoreTable
    cells: Sequence[Cell]
    differences: Sequence[tuple[str, float, str, list[float]]]
    sensitivity: Mapping[tuple[float, float], list[float]]
    self_correlation: float
    splits: int
    share: float
    left_out: Sequence[str]


def write_page(path: Path, study: Study) -> None:
    """Write the page."""
    table = study.table
    families = len(set(table.families.tolist()))
    lines = [
        "# Fewer tasks, the same ranking",
        "",
        "Written by `nox -s downsampling`, unedited.",
        "",
        f"{len(table.models)} models of {families} families (one organisation, one base model, or",
        f"nearly the same scores) on the {len(table.tasks)} tasks of {study.suite}; cost is the",
        "characters that a model must read. Everything is judged on families held out:",
        f"{study.splits} splits, a fifth of the families each, and choice, fit and width of the",
        "intervals are made anew without them. Figures are over all models, in points of the mean",
        "over tasks; behind ± is the standard deviation over the splits, each of which has a fifth",
        "of the models and so a noisier figure.",
        "",
        "The full mean itself is not exact: over tasks drawn anew it keeps a rank correlation of",
        f"{study.self_correlation:.4f} with itself.",
        "",
        "| cost | method | Spearman | Kendall | MAE | coverage of 90 % | width | interval score |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for cell in sorted(study.cells, key=lambda c: c.share):
        shown = [
            f"{value:.{digits}f} ± {spread:.{digits}f}" if np.isfinite(value) else ""
            for value, spread, digits in zip(
                cell.figures, cell.spread, (4, 3, 2, 2, 2, 2), strict=True
            )
        ]
        if not np.isfinite(cell.figures[0]):
            shown[0] = "no choice fits in some split"
        lines.append(f"| {cell.share:.0%} | {cell.method} | {' | '.join(shown)} |")
    lines += [
        "",
        "The interval score (Gneiting and Raftery 2007) is the width and 20 times what is missed;",
        "lower is better. Elimination as published states no interval.",
        "",
        "## Ours against the baseline",
        "",
        "The baseline is one Gaussian over tasks, on the scale of the scores, with a shrunk",
        "covariance or eight factors, its choice by the same search, its interval the Gaussian's",
        "own. Baseline less ours, each model's figure averaged over the rounds, with the 95 %",
        "interval of a bootstrap over families; above zero, ours is better.",
        "",
        "| against | cost | figure | difference | 95 % interval |",
        "| --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {rival} | {share:.0%} | {what} | {mean:.3f} | {low:.3f} to {high:.3f} |"
        for rival, share, what, (mean, low, high) in study.differences
    ]
    lines += [
        "",
        "## How it works",
        "",
        "The tasks are those that leave least of the suite's mean unknown under one Gaussian with",
        "a shrunk covariance: dropped for least loss a character, filled up, then swapped.",
        "A new model's other tasks are predicted on the logit scale from the models that resemble",
        "it on the chosen ones (`benchmark/stats/local_gaussian.py`). The width of an interval is",
        "the error of the whole procedure on families held out, over the deviation that the",
        "prediction states (`benchmark/downsample/calibration.py`).",
        "",
        f"At {study.share:.0%} of the cost these are predicted: {', '.join(study.left_out)}.",
        "",
        "![Correlations between tasks, the chosen ones marked](downsampling-tasks.svg)",
        "",
        "![Predicted against true means, families held out](downsampling-scatter.svg)",
        "",
        "MAE by bandwidth and shrinkage of that prediction, tasks chosen as ever. 1,000 is one",
        "Gaussian for all models, on the logit scale:",
        "",
    ]
    costs = sorted({cell.share for cell in study.cells})[:-1]
    lines += [
        f"| bandwidth | shrinkage | {' | '.join(f'{share:.0%}' for share in costs)} |",
        f"| --- | --- | {' | '.join('---' for _ in costs)} |",
    ]
    lines += [
        f"| {bandwidth:g} | {shrinkage:g} | {' | '.join(f'{value:.3f}' for value in values)} |"
        for (bandwidth, shrinkage), values in study.sensitivity.items()
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")

"""The page that the study writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.downsample.table import ScoreTable
from tests.downsampling.figures import FIGURES, Cell


@dataclass(frozen=True)
class Study:
    """All that the page shows."""

    suite: str
    table: ScoreTable
    cells: Sequence[Cell]
    differences: Sequence[tuple[str, float, str, tuple[float, float, float]]]
    constants: Sequence[tuple[Mapping[str, float], list[float]]]
    known: Mapping[str, list[float]]
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
        "of the models and so a noisier figure (of the best 20, over the rounds of splits).",
        "",
        "The full mean itself is not exact: over tasks drawn anew it keeps a rank correlation of",
        f"{study.self_correlation:.4f} with itself.",
        "",
        f"| cost | method | {' | '.join(name for name, _ in FIGURES)} |",
        f"| --- | --- | {' | '.join('---' for _ in FIGURES)} |",
    ]
    for cell in sorted(study.cells, key=lambda c: c.share):
        shown = [
            f"{value:.{digits}f} ± {spread:.{digits}f}" if np.isfinite(value) else ""
            for value, spread, (_, digits) in zip(cell.figures, cell.spread, FIGURES, strict=True)
        ]
        cost = f"{cell.share:.0%}" if np.isfinite(cell.share) else f"({cell.spent:.0%})"
        lines.append(f"| {cost} | {cell.method} | {' | '.join(shown)} |")
    lines += [
        "",
        "Each choice has a task of each kind and all but fills its cost. Elimination drops the",
        "most predictable task until the rest fits; the last of a kind stays while another may",
        "go, and past that the cheapest of the kind stands for it. The cost in brackets is what",
        "elimination leaves when it stops at its own threshold, a predictability of .8. Random",
        "takes tasks in a random order where they fit beside the cheapest of each kind that still",
        "lacks one, cheapest those of least cost.",
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
    shares = sorted({cell.share for cell in study.cells if np.isfinite(cell.share)})
    heads = " | ".join(f"{share:.0%}" for share in shares)
    lines += [
        "",
        "## How it works",
        "",
        "A search finds the eight best choices under one Gaussian with a shrunk covariance:",
        "dropped for least loss a character or by cost, filled up, then swapped. Of these stands",
        "the one of which that Gaussian and the prediction itself know most.",
        "A new model's other tasks are predicted on the logit scale from the models that resemble",
        "it on the chosen ones, correlations drawn to those of their kinds",
        "(`benchmark/stats/local_gaussian.py`). The width of an interval is",
        "the error of the whole procedure on families held out, over the deviation that the",
        "prediction states (`benchmark/downsample/calibration.py`).",
        "",
        "The constants of the prediction, and the rule that chooses among the eight, were picked",
        "with an eye on splits like these of the same models, among dozens of variants and not",
        "inside the folds: what stands here flatters ours a little, and only models outside this",
        "table can say by how much. The last table shows how flat the figures are around them.",
        "",
        f"At {study.share:.0%} of the cost these are predicted: {', '.join(study.left_out)}.",
        "",
        "![Correlations between tasks, the chosen ones marked](downsampling-tasks.svg)",
        "",
        "![Predicted against true means, families held out](downsampling-scatter.svg)",
        "",
        "## Makers that the fit knows",
        "",
        "Models held out one by one in ten parts, their makers' other models fitted: MAE of the",
        f"{study.known['models'][0]:.0f} that have such siblings, by how much a sibling counts.",
        "The command's is 5.",
        "",
        f"| prediction | {heads} |",
        f"| --- | {' | '.join('---' for _ in shares)} |",
        *(
            f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |"
            for name, values in study.known.items()
            if name != "models"
        ),
        "",
        "## Other constants",
        "",
        "MAE by the constants of the prediction, families held out, tasks chosen as ever. A",
        "bandwidth of 1,000 is one Gaussian for all models, on the logit scale:",
        "",
        f"| instead | {heads} |",
        f"| --- | {' | '.join('---' for _ in shares)} |",
    ]
    for constants, values in study.constants:
        name = ", ".join(f"{key} {value:g}" for key, value in constants.items()) or "as it is"
        lines.append(f"| {name} | {' | '.join(f'{value:.3f}' for value in values)} |")
    path.write_text("\n".join(lines) + "\n", "utf-8")

"""Repeat the study of smaller suites on families held out, and write docs/downsampling.md.

Run by ``nox -s downsampling``; needs the published results of many models on one suite.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau, spearmanr

from benchmark.catalog import find_suite, find_tasks
from benchmark.downsample.families import family_splits
from benchmark.downsample.fit import Wanted, fit_mini
from benchmark.downsample.methods import gaussian
from benchmark.downsample.picture import correlation_picture, scatter_picture
from benchmark.downsample.report import report
from benchmark.downsample.source import score_table, task_costs
from benchmark.downsample.table import ScoreTable
from benchmark.results.load import read_results
from benchmark.stats.local_gaussian import predict
from tests.downsampling.methods import COMPARED, problem_of
from tests.downsampling.page import Cell, Study, write_page

HERE = Path(__file__).parents[2]
COSTS = (0.01, 0.05, 0.10, 0.20, 0.45)
PARTS, ROUNDS = 5, 10  # 50 splits, each with a fifth of the families held out
SEED = 42
OURS = "gaussian (ours)"
ALL_COSTS = {OURS, "baseline, Ledoit-Wolf", "baseline, 8 factors", "random, our prediction"}
BANDWIDTHS, SHRINKAGES = (0.7, 1.0, 1.5, 1000.0), (0.1, 0.2, 0.3)


def main() -> int:
    """Run the study; 0 when it was written, also where there are no results to study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--results", type=Path, default=HERE.parent / "shared/public_results/results"
    )
    parser.add_argument("--suite", default="mteb-eng-v2")
    parser.add_argument("--out", type=Path, default=HERE / "docs")
    args = parser.parse_args()
    if not args.results.is_dir():
        print(f"skipped: {args.results} holds no results to study")
        return 0
    start = time.monotonic()
    suite = find_suite(args.suite)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    results, _ = read_results(args.results, suite.task_names)
    every = score_table(suite, tasks, results, task_costs(suite, results))
    table = every.rows(every.complete)
    cells, folds = compare(table)
    mini = fit_mini(suite, tasks, table, Wanted(0.20 * table.costs.sum()), "at 20 %")
    args.out.mkdir(exist_ok=True)
    (args.out / "downsampling-tasks.svg").write_text(
        correlation_picture(table, mini.chosen, f"{suite.title} at 20 % of its characters"), "utf-8"
    )
    truth, guess, half = folds[OURS, 0.20]
    (args.out / "downsampling-scatter.svg").write_text(
        scatter_picture(
            truth, guess, half, np.zeros(len(truth), bool), "20 % of the cost, families held out"
        ),
        "utf-8",
    )
    study = Study(
        suite=suite.title,
        table=table,
        cells=cells,
        differences=differences(table, folds),
        sensitivity=sensitivity(table),
        self_correlation=report(mini, table)["self_correlation"],
        splits=PARTS * ROUNDS,
        share=0.20,
        left_out=[name for t, name in enumerate(table.tasks) if t not in mini.chosen],
    )
    write_page(args.out / "downsampling.md", study)
    print(f"wrote {args.out / 'downsampling.md'} after {time.monotonic() - start:.0f} s")
    return 0


Folds = dict[tuple[str, float], tuple[NDArray[np.float64], ...]]


def compare(table: ScoreTable) -> tuple[list[Cell], Folds]:
    """Every method at every cost over all splits; the last also by model, its rounds averaged."""
    truth = table.scores @ table.shares
    cells, folds = [], {}
    for name, method in COMPARED.items():
        for share in COSTS:
            if name not in ALL_COSTS and share in (0.01, 0.05):
                continue
            started = time.monotonic()
            means = np.zeros((ROUNDS, len(truth)))
            halves = np.zeros((ROUNDS, len(truth)))
            spread: list[tuple[float, ...]] = []
            for round_ in range(ROUNDS):
                for held in family_splits(table.families, PARTS, SEED + round_):
                    guess = method(table.rows(~held), table.scores[held], share, SEED + round_)
                    means[round_, held], halves[round_, held] = guess.means, guess.widths
                    if guess.chosen:
                        spread.append(figures(truth[held], guess.means, guess.widths))
            if len(spread) < PARTS * ROUNDS:
                cells.append(Cell(name, share, np.full(6, np.nan), np.full(6, np.nan)))
                continue
            over = np.array([figures(truth, m, h) for m, h in zip(means, halves, strict=True)])
            cells.append(Cell(name, share, over.mean(axis=0), np.std(spread, axis=0)))
            folds[name, share] = (truth, means[0], halves[0])
            errors = np.abs(means - truth).mean(axis=0)
            missed = 2 * halves + 20 * np.maximum(np.abs(means - truth) - halves, 0)
            folds[f"{name} by model", share] = (errors, missed.mean(axis=0))
            print(
                f"{name:<28} {share:4.0%} {over.mean(axis=0).round(4)} "
                f"{time.monotonic() - started:5.1f} s",
                file=sys.stderr,
            )
    return cells, folds


def figures(
    truth: NDArray[np.float64], means: NDArray[np.float64], half: NDArray[np.float64]
) -> tuple[float, ...]:
    """Spearman, Kendall, MAE, coverage, width and interval score of 90 % intervals."""
    off = np.abs(means - truth)
    return (
        float(spearmanr(truth, means).statistic),
        float(kendalltau(truth, means).statistic),
        float(off.mean()),
        float((off <= half).mean()) if np.isfinite(half).all() else float("nan"),
        float(2 * half.mean()),
        float((2 * half + 20 * np.maximum(off - half, 0)).mean()),
    )


def differences(table: ScoreTable, folds: Folds) -> list[tuple[str, float, str, list[float]]]:
    """Baseline less ours, by model over all rounds: mean and 95 % interval over families drawn."""
    draws = np.random.default_rng(SEED)
    members = [np.flatnonzero(table.families == family) for family in np.unique(table.families)]
    drawn = [
        np.concatenate([members[n] for n in draws.integers(0, len(members), len(members))])
        for _ in range(4000)
    ]
    found = []
    for rival in ("baseline, Ledoit-Wolf", "baseline, 8 factors"):
        for share in COSTS[:-1]:
            for place, what in ((0, "MAE"), (1, "interval score")):
                more = folds[f"{rival} by model", share][place]
                less = folds[f"{OURS} by model", share][place]
                values = [float((more - less)[some].mean()) for some in drawn]
                low, high = np.quantile(values, [0.025, 0.975])
                found.append((rival, share, what, [float((more - less).mean()), low, high]))
    return found


def sensitivity(table: ScoreTable) -> dict[tuple[float, float], list[float]]:
    """MAE by bandwidth and shrinkage, at each cost, the tasks chosen as ever."""
    truth = table.scores @ table.shares
    found: dict[tuple[float, float], list[float]] = {}
    for share in COSTS[:-1]:
        splits = []
        for round_ in range(2):
            for held in family_splits(table.families, PARTS * 2, SEED + round_):
                fitted = table.rows(~held)
                splits.append((held, fitted, np.array(gaussian(problem_of(fitted, share)))))
        for bandwidth in BANDWIDTHS:
            for shrinkage in SHRINKAGES:
                off = [
                    np.abs(
                        predict(
                            fitted.scores,
                            chosen,
                            table.scores[held][:, chosen],
                            bandwidth=bandwidth,
                            shrinkage=shrinkage,
                        ).scores
                        @ table.shares
                        - truth[held]
                    )
                    for held, fitted, chosen in splits
                ]
                found.setdefault((bandwidth, shrinkage), []).append(
                    float(np.concatenate(off).mean())
                )
    return found


if __name__ == "__main__":
    sys.exit(main())

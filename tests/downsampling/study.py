"""Repeat the study of smaller suites on families held out, and write docs/downsampling.md.

Run by ``nox -s downsampling``; needs the published results of many models on one suite.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from itertools import product as pairs
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.catalog import find_suite, find_tasks
from benchmark.downsample.families import family_splits, siblings_of
from benchmark.downsample.fit import Wanted, fit_mini
from benchmark.downsample.methods import gaussian
from benchmark.downsample.picture import correlation_picture, scatter_picture
from benchmark.downsample.report import report
from benchmark.downsample.source import score_table, task_costs
from benchmark.downsample.table import ScoreTable
from benchmark.results.load import read_results
from tests.downsampling.figures import Round, cell_of, difference
from tests.downsampling.methods import (
    COMPARED,
    ELIMINATION,
    FACTOR,
    LEDOIT_WOLF,
    OURS,
    Guess,
    guessed,
    problem_of,
)
from tests.downsampling.page import Study, write_page

HERE = Path(__file__).parents[2]
COSTS = (0.01, 0.05, 0.10, 0.20, 0.45)
WITHOUT_END = float("inf")
PARTS, ROUNDS = 5, 10  # 50 splits, each with a fifth of the families held out
SEED = 42
CONSTANTS: Sequence[dict[str, float]] = (
    {},
    {"bandwidth": 0.3},
    {"bandwidth": 0.6},
    {"bandwidth": 1000.0},
    {"to_kinds": 0.0},
    {"to_kinds": 0.2},
    {"to_kinds": 0.6},
    {"to_zero": 0.02},
    {"to_zero": 0.1},
    {"to_kinds": 0.0, "to_zero": 0.2},
)
SIBLINGS = (1.0, 2.0, 5.0, 9.0)

Held = NDArray[np.bool_]
Guesses = dict[tuple[str, float], Guess]


def main() -> int:
    """Run the study; 0 when it was written, also where there are no results to study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--results", type=Path, default=HERE.parent / "shared/public_results/results"
    )
    parser.add_argument("--suite", default="mteb-eng-v2")
    parser.add_argument("--out", type=Path, default=HERE / "docs")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    if not args.results.is_dir():
        print(f"skipped: {args.results} holds no results to study")
        return 0
    start = time.monotonic()
    suite = find_suite(args.suite)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    results, _ = read_results(args.results, suite.task_names)
    every = score_table(suite, tasks, results, task_costs(suite, results), mixed=True)
    table = every.rows(every.complete)
    with ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        rounds = compare(table, args.rounds, pool)
        known = list(pool.map(by_model, *zip(*model_splits(table), strict=True)))
    mini = fit_mini(suite, tasks, table, Wanted(0.20 * table.costs.sum()), "at 20 %")
    args.out.mkdir(exist_ok=True)
    (args.out / "downsampling-tasks.svg").write_text(
        correlation_picture(table, mini.chosen, f"{suite.title} at 20 % of its characters"), "utf-8"
    )
    first = rounds[OURS, 0.20][0]
    (args.out / "downsampling-scatter.svg").write_text(
        scatter_picture(
            first.truth,
            first.means,
            first.halves,
            np.zeros(len(first.truth), bool),
            "20 % of the cost, families held out",
        ),
        "utf-8",
    )
    study = Study(
        suite=suite.title,
        table=table,
        cells=[cell_of(name, share, found) for (name, share), found in rounds.items()],
        differences=[
            (rival, share, what, difference(table, rounds[rival, share], rounds[OURS, share], what))
            for rival, share, what in pairs((LEDOIT_WOLF, FACTOR), COSTS, ("MAE", "interval score"))
        ],
        constants=sensitivity(table),
        known=siblings_told(table, known),
        self_correlation=report(mini, table)["self_correlation"],
        splits=PARTS * args.rounds,
        share=0.20,
        left_out=[name for t, name in enumerate(table.tasks) if t not in mini.chosen],
    )
    write_page(args.out / "downsampling.md", study)
    print(f"wrote {args.out / 'downsampling.md'} after {time.monotonic() - start:.0f} s")
    return 0


def compare(
    table: ScoreTable, rounds: int, pool: ProcessPoolExecutor
) -> dict[tuple[str, float], list[Round]]:
    """Every method at every cost: a round puts together splits that hold each family out once."""
    truth = table.scores @ table.shares
    splits = [
        (number, held)
        for number in range(rounds)
        for held in family_splits(table.families, PARTS, SEED + number)
    ]
    cells = [*pairs(COMPARED, COSTS), (ELIMINATION, WITHOUT_END)]
    found = {cell: [Round.empty(truth) for _ in range(rounds)] for cell in cells}
    held_out = [table.rows(held) for _, held in splits]
    fitted = [table.rows(~held) for _, held in splits]
    seeds = [SEED + number for number, _ in splits]
    every = pool.map(by_family, fitted, held_out, seeds)
    for (number, held), guesses in zip(splits, every, strict=True):
        for cell, guess in guesses.items():
            found[cell][number].add(held, guess, table.costs)
    return found


def by_family(fitted: ScoreTable, held: ScoreTable, seed: int) -> Guesses:
    """All methods on one split."""
    found = {
        (name, share): method(fitted, held, share, seed)
        for name, method in COMPARED.items()
        for share in COSTS
    }
    found[ELIMINATION, WITHOUT_END] = COMPARED[ELIMINATION](fitted, held, WITHOUT_END, seed)
    return found


def model_splits(table: ScoreTable) -> Iterator[tuple[ScoreTable, ScoreTable]]:
    """Fitted and held-out models, each held out once, apart from its makers' others."""
    alone = replace(table, families=np.arange(len(table.models)))
    for held in family_splits(alone.families, 10, SEED):
        yield table.rows(~held), table.rows(held)


def by_model(fitted: ScoreTable, held: ScoreTable) -> dict[tuple[str, float], NDArray[np.float64]]:
    """Errors of the means of models of which the fit may know siblings, NaN where it knows none."""
    truth = held.scores @ held.shares
    with_siblings = siblings_of(held.models, fitted.models).any(axis=1)
    found = {}
    for share in COSTS:
        chosen = gaussian(problem_of(fitted, share))
        guesses = {
            f"a sibling counts {factor:g} times": (
                guessed(fitted, held, chosen, sibling=factor).scores @ held.shares
            )
            for factor in SIBLINGS
        }
        guesses[LEDOIT_WOLF] = COMPARED[LEDOIT_WOLF](fitted, held, share, SEED).means
        for name, means in guesses.items():
            found[name, share] = np.where(with_siblings, np.abs(means - truth), np.nan)
    return found


def siblings_told(
    table: ScoreTable, known: Sequence[dict[tuple[str, float], NDArray[np.float64]]]
) -> dict[str, list[float]]:
    """MAE at each cost over models of which a sibling was fitted, and how many these are."""
    off = {cell: np.concatenate([part[cell] for part in known]) for cell in known[0]}
    names = dict.fromkeys(name for name, _ in off)
    told = {name: [float(np.nanmean(off[name, share])) for share in COSTS] for name in names}
    told["models"] = [float((~np.isnan(off[LEDOIT_WOLF, COSTS[0]])).sum())]
    return told


def sensitivity(table: ScoreTable) -> list[tuple[dict[str, float], list[float]]]:
    """MAE by the constants of the prediction, at each cost, the tasks chosen as ever."""
    truth = table.scores @ table.shares
    off: list[list[list[NDArray[np.float64]]]] = [[[] for _ in COSTS] for _ in CONSTANTS]
    for number in range(2):
        for held in family_splits(table.families, PARTS * 2, SEED + number):
            fitted, rest = table.rows(~held), table.rows(held)
            for place, share in enumerate(COSTS):
                chosen = gaussian(problem_of(fitted, share))
                for row, constants in enumerate(CONSTANTS):
                    means = guessed(fitted, rest, chosen, **constants).scores @ table.shares
                    off[row][place].append(np.abs(means - truth[held]))
    return [
        (constants, [float(np.concatenate(cell).mean()) for cell in row])
        for constants, row in zip(CONSTANTS, off, strict=True)
    ]


if __name__ == "__main__":
    raise SystemExit(main())

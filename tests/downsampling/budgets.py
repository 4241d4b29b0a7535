"""How well what a budget buys predicts a suite's mean, on published models held out by family.

Usage: python tests/downsampling/budgets.py [--results DIR] [--suite NAME] [--model ORG/NAME]

For each share of the characters: the tasks that it buys in the order of ``run --budget``, the error
of the mean, and how often its 90 % interval holds, choice, fit and width made anew without each
fifth of the families. With a model also what its published scores on the tasks of 5 % predict.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).parents[2]
sys.path.insert(0, str(HERE))

from benchmark.catalog import find_suite, find_tasks  # noqa: E402 -- also run as a file
from benchmark.cli.predicted import print_prediction_within  # noqa: E402
from benchmark.downsample.calibration import Widths  # noqa: E402
from benchmark.downsample.families import family_splits  # noqa: E402
from benchmark.downsample.mini import Mini  # noqa: E402
from benchmark.downsample.report import predict_models  # noqa: E402
from benchmark.downsample.source import score_table, task_costs  # noqa: E402
from benchmark.downsample.table import ScoreTable  # noqa: E402
from benchmark.downsample.telling import as_ran, bought, predict_from  # noqa: E402
from benchmark.results.load import read_results  # noqa: E402
from benchmark.suite import SuiteTask  # noqa: E402

PUBLISHED = HERE.parent / "shared" / "public_results" / "results"
SHARES = (0.01, 0.05, 0.10, 0.20)
PARTS = 5


@dataclass(frozen=True, slots=True)
class Held:
    """Over models held out: how often intervals hold, their width, the error, the tasks run."""

    coverage: float
    width: float
    error: float
    tasks: float


def published(results: Path, suite_name: str) -> ScoreTable:
    """The scores of models that are complete on a suite."""
    suite = find_suite(suite_name)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    found, _ = read_results(results, suite.task_names)
    table = score_table(suite, tasks, found, task_costs(suite, found))
    return table.rows(table.complete)


def mini_of(table: ScoreTable, chosen: tuple[int, ...] = (0, 1), of: str = "all") -> Mini:
    """A smaller suite of some tasks; its widths are not those of what runs."""
    parts = tuple(SuiteTask(name) for name in table.tasks)
    return Mini(of, "Small", parts, table, chosen, Widths(9.0, 9.0, 9.0, 0), "gaussian")


def held_out(table: ScoreTable, share: float, parts: int = PARTS) -> Held:
    """What a share of the characters tells of models whose family the fit has not seen."""
    off: list[float] = []
    half: list[float] = []
    counts = []
    for held in family_splits(table.families, parts, 0):
        fitted = table.rows(~held)
        ran = [table.tasks[t] for t in bought(fitted, share * table.costs.sum(), table.tasks)]
        found = predict_models(as_ran(mini_of(fitted), ran, table.tasks), table.rows(held))
        off += np.abs(found.truth - found.means).tolist()
        half += found.widths.tolist()
        counts.append(len(ran))
    inside = np.array(off) <= np.array(half)
    return Held(
        float(inside.mean()),
        2 * float(np.mean(half)),
        float(np.mean(off)),
        float(np.mean(counts)),
    )


def main() -> int:
    """Print the table; 0 also where there are no results to study."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--results", type=Path, default=PUBLISHED)
    parser.add_argument("--suite", default="mteb-eng-v2")
    parser.add_argument("--model", help="one of the published, to show what is predicted of it")
    args = parser.parse_args()
    if not args.results.is_dir():
        print(f"skipped: {args.results} holds no results to study")
        return 0
    table = published(args.results, args.suite)
    print(f"{len(table.models)} models, {len(table.tasks)} tasks of {args.suite}\n")
    print("| budget | tasks run | error of the mean | width of 90 % | holds for |")
    print("| ---: | ---: | ---: | ---: | ---: |")
    for share in SHARES:
        held = held_out(table, share)
        print(
            f"| {share:.0%} | {held.tasks:.1f} | {held.error:.2f} | {held.width:.2f} "
            f"| {held.coverage:.1%} |"
        )
    if args.model:
        row = table.models.index(args.model)
        ran = bought(table, 0.05 * table.costs.sum(), table.tasks)
        scores = {table.tasks[t]: float(table.scores[row, t]) for t in ran}
        found = predict_from(mini_of(table, of=args.suite), scores, table.tasks, args.model)
        about = {"model": args.model, "suite": args.suite, "measured": list(scores)}
        print_prediction_within([about | found])
        print(f"\nThe published mean is {table.scores[row] @ table.shares:.2f}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Sets of ranks of 70 published models on MTEB(eng, v2); writes docs/ranks.md.

Run as ``python -m tests.coverage.published ../shared/public_results/results``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.boards.board import Board, parse_board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.markdown import escape
from benchmark.boards.ranks import board_ranks
from benchmark.boards.render import shown_ranks, shown_score
from benchmark.catalog import find_suite, find_tasks
from benchmark.results.load import read_results
from benchmark.stats.rank_sets import DRAWS, SEED, rank_sets, rank_sets_by_errors
from tests.coverage import ranks as simulated

ROOT = Path(__file__).parents[2]
PAGE, TEXT = ROOT / "docs/ranks.md", Path(__file__).with_name("ranks_method.md")
BOARD = ROOT / "leaderboards/mteb-eng-v2.toml"
SIZES, REPEATS, TRIAL_DRAWS = (8, 15, 41), 300, 199


def published(results: Path) -> Leaderboard:
    """The board of MTEB(eng, v2) over these results."""
    board: Board = parse_board(BOARD)
    suite = find_suite(board.suite)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    return build_leaderboard(board, suite, tasks, read_results(results)[0])


def tied(table: Leaderboard, size: int) -> tuple[float, float]:
    """Coverage when all models are equal but for what these tasks made of them; ours, percentiles.

    Each model's mean is taken off its scores, so that all are equal, and as many tasks are drawn
    with replacement as a board is to have. The tasks drawn are data sets of their own.
    """
    scores = np.array([[row.cells[name].score for name in table.tasks] for row in table.rows])
    scores = scores - scores.mean(axis=0)
    scores -= scores.mean(axis=1, keepdims=True)
    rng, models = np.random.default_rng([SEED, size]), len(scores)
    held = np.zeros((REPEATS, 2))
    for at in range(REPEATS):
        drawn = scores[:, rng.integers(0, scores.shape[1], size)]
        seed = int(rng.integers(2**31))
        sets = rank_sets(drawn, range(size), draws=TRIAL_DRAWS, seed=seed)
        held[at, 0] = all(each and (each.low, each.high) == (1, models) for each in sets)
        low, high = simulated.percentiles(drawn, rng)
        held[at, 1] = ((low <= 1) & (high >= models)).all()
    ours, plain = held.mean(axis=0).tolist()
    return ours, plain


def seconds(table: Leaderboard) -> tuple[float, float]:
    """What the sets of the board take, by means and points, and by errors of as many models."""
    start = time.perf_counter()
    board_ranks(table.rows, table.tasks, table.averaging)
    middle = time.perf_counter()
    means = np.array([row.mean for row in table.rows], np.float64)
    rank_sets_by_errors(means, np.full(len(means), 0.002))
    return middle - start, time.perf_counter() - middle


def page(table: Leaderboard) -> Iterator[str]:
    """The lines of the page: the method, what was measured on these results, the board."""
    yield TEXT.read_text("utf-8").rstrip("\n")
    equal = [simulated.cell(simulated.EQUAL, "mean", n, simulated.REPEATS) for n in SIZES]
    sizes = ", ".join(map(str, SIZES[:-1])) + f" and {SIZES[-1]}"
    yield (
        f"\nOf {simulated.MODELS} equal models on {sizes} tasks, {simulated.REPEATS:,} boards a "
        f"size, all sets held all ranks in {_each(e.coverage for e in equal)}. Percentiles did in "
        f"{_each(e.plain for e in equal)}; even the first true rank, 1, was in those of "
        f"{_each(e.plain_first for e in equal)} of the models."
    )
    sets = {task.data_set for task in table.tasks.values()}
    alike = [row for row in table.rows if _like(row).with_leader]
    widths = [_like(row).high - _like(row).low + 1 for row in table.rows]
    yield (
        f"\n## {len(table.rows)} published models\n\n"
        f"MTEB(eng, v2), {len(table.tasks)} tasks in {len(sets)} data sets, {DRAWS:,} draws, seed "
        f"{SEED}, from the public results of mteb (CC0), by `python -m tests.coverage.published`. "
        f"{len(alike)} models cannot be told from the first by their means on tasks like these; a "
        f"set holds {np.mean(widths):.0f} of the {len(table.rows)} ranks on average. Published "
        "results have no errors of their own, so that there are no sets on these tasks.\n"
    )
    covered = [tied(table, size) for size in SIZES]
    shown = ", ".join(
        f"{100 * ours:.0f} % on {size} tasks"
        for size, (ours, _) in zip(SIZES, covered, strict=True)
    )
    plain = max(other for _, other in covered)
    yield (
        "Their differences are skewed, and some models are siblings. Made equal (each model's mean "
        f"taken off) and with tasks drawn from the {len(table.tasks)}, {REPEATS} boards a size, "
        f"all {len(table.rows)} sets held all ranks in {shown}; percentiles of a plain bootstrap "
        f"in {100 * plain:.0f} %.\n"
    )
    board, errors = seconds(table)
    yield (
        f"The sets by means and by points took {board:.1f} s, those from standard errors of as "
        f"many models {errors:.1f} s, on one core.\n"
    )
    yield "| model | mean | ranks (mean) | letters | ranks (Borda) |"
    yield "| :--- | ---: | ---: | :--- | ---: |"
    for row in table.rows:
        yield (
            f"| {escape(row.model)} | {shown_score(row.mean)} | {shown_ranks(_like(row))} | "
            f"{_like(row).letters} | {shown_ranks(row.ranks.borda)} |"
        )
    yield ""


def _each(shares: Iterable[float]) -> str:
    return ", ".join(f"{100 * share:.0f} %" for share in shares)


def _like(row: Any) -> Any:
    return row.ranks.mean_like


if __name__ == "__main__":
    PAGE.write_text("\n".join(page(published(Path(sys.argv[1])))), "utf-8")

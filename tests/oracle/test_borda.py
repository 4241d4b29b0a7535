"""Borda ranks and boards, against those of mteb 2.26.24."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import mteb
import polars as pl
import pytest
from mteb.benchmarks._create_table import _borda_rank_from_long, _get_borda_rank

from benchmark.boards.board import parse_board
from benchmark.boards.build import Leaderboard, build_leaderboard, wanted_entries
from benchmark.catalog import find_suite, find_tasks
from benchmark.results.load import read_results
from benchmark.stats.borda import borda_ranks

pytestmark = pytest.mark.oracle

RESULTS = Path(__file__).parents[2].parent / "shared" / "public_results" / "results"
BOARDS = Path(__file__).parents[2] / "leaderboards"
BENCHMARK = "MTEB(eng, v2)"


def random_board(seed: int) -> list[list[float | None]]:
    """Up to 30 models on up to 12 tasks, with ties, gaps and no empty row."""
    draws = random.Random(seed)
    models, tasks = draws.randint(1, 30), draws.randint(1, 12)
    coarse = draws.random() < 0.5
    rows: list[list[float | None]] = []
    for _ in range(models):
        row = [draws.random() for _ in range(tasks)]
        if coarse:
            row = [round(value, 1) for value in row]
        gaps: list[float | None] = [None if draws.random() < 0.2 else value for value in row]
        rows.append(row if all(value is None for value in gaps) else gaps)
    return rows


@pytest.mark.parametrize("seed", range(300))
def test_borda_ranks_equal_the_reference(seed: int) -> None:
    """Both of mteb's ways, wide and long."""
    scores = random_board(seed)
    tasks = [f"t{n}" for n in range(len(scores[0]))]
    columns = {task: [row[n] for row in scores] for n, task in enumerate(tasks)}
    wide = pl.DataFrame(columns, schema=dict.fromkeys(tasks, pl.Float64))
    long = pl.DataFrame(
        [
            {"model_name": model, "task_name": task, "score": value}
            for model, row in enumerate(scores)
            for task, value in zip(tasks, row, strict=True)
            if value is not None
        ]
    )
    from_long = dict(_borda_rank_from_long(long, n_models=len(scores)).iter_rows())
    ranks = borda_ranks(scores)

    assert wide.select(_get_borda_rank(tasks)).to_series().to_list() == ranks
    assert [from_long[model] for model in range(len(scores))] == ranks


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], dict[str, Any]]:
    """What mteb makes of the published results: model -> summary, model -> scores by task."""
    if not RESULTS.is_dir():
        pytest.skip("the published results are absent")
    cache = tmp_path_factory.mktemp("cache")
    (cache / "results").symlink_to(RESULTS)
    benchmark = mteb.get_benchmark(BENCHMARK)
    loaded = mteb.ResultCache(cache_path=cache).load_results(
        tasks=benchmark, require_model_meta=False, include_remote=False
    )
    summary = loaded.get_benchmark_result().to_dict("records")
    cells = benchmark._create_per_task_table(loaded._to_results_df(benchmark.tasks)).to_dicts()
    scores = {row.pop("Model"): row for row in cells}
    for row in cells:
        del row["_experiment_id"]
    return {row["Model"]: row for row in summary}, scores


@pytest.fixture(scope="module")
def ours() -> Leaderboard:
    """The project's board over the same files, as the command builds it."""
    if not RESULTS.is_dir():
        pytest.skip("the published results are absent")
    board = parse_board(BOARDS / "mteb-eng-v2.toml")
    suite = find_suite(board.suite)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    results, problems = read_results(RESULTS, tasks)
    assert [] == problems
    return build_leaderboard(board, suite, tasks, results)


@pytest.mark.parametrize(
    ("board", "benchmark"),
    [
        ("mteb-eng-v2", BENCHMARK),
        ("beir", "BEIR"),
        ("c-mteb", "MTEB(cmn, v1)"),
        ("longembed", "LongEmbed"),
    ],
)
def test_a_board_asks_for_what_the_benchmark_asks(board: str, benchmark: str) -> None:
    """The same tasks, each with the same main score, splits and subsets."""
    suite = find_suite(parse_board(BOARDS / f"{board}.toml").suite)
    tasks = {task.name: task for task in find_tasks(suite.task_names)}
    expected = {
        task.metadata.name: (
            task.metadata.main_score,
            {(split, subset) for split in task.eval_splits for subset in task.hf_subsets},
        )
        for task in mteb.get_benchmark(benchmark).tasks
    }

    assert expected == {
        part.name: (tasks[part.name].main_score, set(wanted_entries(suite, part, tasks)))
        for part in suite.tasks
    }


def test_the_board_equals_the_reference(
    ours: Leaderboard, theirs: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """Rank, both means and every kind, of every model that mteb shows.

    mteb ranks all 70 models and then hides those that its registry does not know by name.
    """
    summary, _ = theirs
    rows = {row.model: row for row in ours.rows}

    assert {"voyageai/voyage-3"} == set(rows) - set(summary)
    assert set() == set(summary) - set(rows)
    for model, expected in summary.items():
        row = rows[model]
        assert expected["Rank (Borda)"] == row.rank
        assert expected["Mean (Task)"] == pytest.approx(row.mean, abs=1e-12)
        assert expected["Mean (TaskType)"] == pytest.approx(row.mean_by_kind, abs=1e-12)
        kinds = {kind: expected[_type(kind)] for kind in row.kinds}
        assert kinds == pytest.approx(row.kinds, abs=1e-12)


def _type(kind: str) -> str:
    """mteb's name of a kind."""
    return "STS" if kind == "sts" else kind.title().replace("_", "")


def test_every_cell_equals_the_reference(
    ours: Leaderboard, theirs: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    """70 models x 41 tasks."""
    _, scores = theirs
    cells = {row.model: {t: c.score for t, c in row.cells.items()} for row in ours.rows}

    assert 70 * 41 == sum(map(len, cells.values()))
    assert set(scores) == set(cells)
    for model, expected in scores.items():
        assert expected == pytest.approx(cells[model], abs=1e-12)

"""Sets of ranks on boards: columns, marks, letters, and what was drawn again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.note import note
from benchmark.boards.render import csv_text, json_text, latex, markdown
from benchmark.results.load import read_results
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]
Build = Callable[..., Leaderboard]

NAMES = ("A", "B", "C", "D", "E", "F")
SCORES = {
    "org/one": (0.80, 0.71, 0.92, 0.63, 0.84, 0.75),
    "org/two": (0.81, 0.70, 0.91, 0.64, 0.83, 0.74),
    "org/far": (0.30, 0.22, 0.41, 0.12, 0.33, 0.25),
}


@pytest.fixture
def build(tmp_path: Path, make_task: MakeTask, write_result: WriteResult) -> Build:
    """Build a board of three models on six tasks; ``sets`` names the data set of each task."""

    def make(sets: str = "abcdef", gap: bool = False, **board: object) -> Leaderboard:
        for model, scores in SCORES.items():
            for name, score in zip(NAMES, scores, strict=True):
                if not (gap and (model, name) == ("org/two", "F")):
                    write_result(model, name, score)
        tasks = {
            name: make_task(name, settings={"files": of})
            for name, of in zip(NAMES, sets, strict=True)
        }
        results, _ = read_results(tmp_path / "results")
        suite = Suite("s", "S", tuple(map(SuiteTask, NAMES)))
        return build_leaderboard(Board("b", "B", "s", **board), suite, tasks, results)  # type: ignore[arg-type]

    return make


def test_the_sets_are_shown(build: Build) -> None:
    """Beside rank and mean, marked, with letters, in every format; points say less than means."""
    table = build()
    found = {row["model"]: row for row in csv.DictReader(io.StringIO(csv_text(table)))}
    keys = ("rank", "borda_ranks_like", "mean_ranks_like", "letters")

    assert {
        "org/one": ("1", "1-3 =", "1-2 =", "a"),
        "org/two": ("2", "1-3 =", "1-2 =", "a"),
        "org/far": ("3", "1-3 =", "3", "b"),
    } == {model: tuple(row[key] for key in keys) for model, row in found.items()}
    assert "| Rank (Borda) | Ranks (Borda, tasks like these) | Model |" in markdown(table)
    assert "| 1 | 1-3 = | org/one |" in markdown(table)
    assert "1 & 1-3 = & org/one &" in latex(table)


def test_the_json_has_them_all(build: Build) -> None:
    """Ends, mark and letters by Borda and mean; tasks, data sets, draws and seed."""
    content = json.loads(json_text(build("aabbcd")))

    assert {"tasks": 6, "data_sets": 4, "draws": 1999, "seed": 42, "level": 0.95} == (
        content["resampled"]
    )
    assert ["a", "a", "b", "b", "c", "d"] == [
        task["data_set"].split("/")[-1] for task in content["tasks"]
    ]
    sets = content["models"][0]["ranks"]
    assert ["borda", "mean_like", "mean_these"] == list(sets)
    assert sets["mean_these"] is None
    assert ["low", "high", "with_leader", "letters"] == list(sets["mean_like"])


def test_the_note_says_what_was_drawn(build: Build) -> None:
    """How many tasks of how many data sets, draws and seed; what marks and letters are."""
    text = note(build("aabbcd"))

    assert (
        "for tasks like these, 6 tasks in 4 data sets were drawn again, by data set (1,999 draws,"
        " seed 42)"
    ) in text
    assert "= marks models that cannot be told from the leader" in text
    assert "models that share a letter cannot be told apart" in text


def test_too_few_data_sets(build: Build) -> None:
    """Six tasks of three data sets are too few, and the note says so."""
    table = build("aabbcc")

    assert not any("ranks" in key for key in csv_text(table).splitlines()[0].split(","))
    assert (
        "no sets of ranks for tasks like these, which take 4 data sets (here: 6 tasks in 3 data"
        " sets)"
    ) in note(table)


def test_a_model_without_a_mean(build: Build) -> None:
    """It has a set by Borda points only, and the others' by the mean are among those with one."""
    rows = {row.model: row.ranks for row in build(gap=True).rows}

    assert (None, 2) == (rows["org/two"].mean_like, getattr(rows["org/far"].mean_like, "high", 0))
    assert rows["org/two"].borda is not None


def test_a_board_without_ranks_and_means(build: Build) -> None:
    """Nothing is drawn, and nothing is said of it."""
    table = build(columns=("tasks",))

    assert all(row.ranks.borda is None for row in table.rows)
    assert "ranks" not in note(table)

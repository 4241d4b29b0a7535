"""Boards from results: means, ranks, order, and the policies for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, Row, build_leaderboard
from benchmark.errors import TaskFileError
from benchmark.results.load import read_results
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]
Build = Callable[..., Leaderboard]

SUITE = Suite(
    "three",
    "Three",
    (SuiteTask("A"), SuiteTask("B"), SuiteTask("C")),
    groups={"first": ("A", "C")},
)


@pytest.fixture
def build(tmp_path: Path, make_task: MakeTask) -> Build:
    """Build a board over the results written so far; A and B are sts, C is bitext."""

    def make(
        suite: Suite = SUITE, tasks: Mapping[str, Task] | None = None, **board: Any
    ) -> Leaderboard:
        known = tasks or {
            "A": make_task("A"),
            "B": make_task("B"),
            "C": make_task("C", "bitext"),
        }
        results, problems = read_results(tmp_path / "results")
        assert [] == problems
        return build_leaderboard(Board("b", "B", suite.name, **board), suite, known, results)

    return make


def names(table: Leaderboard) -> list[str]:
    """The models of a board, in its order."""
    return [row.model for row in table.rows]


def statuses(row: Row) -> list[str]:
    """What each cell of a row is."""
    return [cell.status for cell in row.cells.values()]


def test_a_board_by_hand(build: Build, write_result: WriteResult) -> None:
    """Means over tasks, kinds and groups; Borda points 3 x (2 - 1.5), 1 + 0.5 + 1 and so on."""
    for task, one, two in (("A", 0.5, 0.75), ("B", 0.25, 0.25), ("C", 0.75, 0.875)):
        write_result("org/one", task, one)
        write_result("org/two", task, two)
    first, second = build().rows

    assert ("org/two", "org/one") == (first.model, second.model)
    # (0.75 + 0.25 + 0.875) / 3; ((0.75 + 0.25) / 2 + 0.875) / 2; (0.75 + 0.875) / 2
    assert (0.625, 0.6875, {"first": 0.8125}) == (first.mean, first.mean_by_kind, first.groups)
    assert {"sts": 0.5, "bitext": 0.875} == first.kinds
    # (0.5 + 0.25 + 0.75) / 3; ((0.5 + 0.25) / 2 + 0.75) / 2; (0.5 + 0.75) / 2
    assert (0.5, 0.5625, {"first": 0.625}) == (second.mean, second.mean_by_kind, second.groups)
    # two: (2 - 1) + (2 - 1.5) + (2 - 1) = 2.5; one: 0 + 0.5 + 0 = 0.5
    assert (1, 2) == (first.rank, second.rank)


def test_weights_reach_the_means_and_not_the_ranks(build: Build, write_result: WriteResult) -> None:
    """Weight 3 on A lifts the model that leads there; Borda counts each task once."""
    parts = (SuiteTask("A", weight=3.0), SuiteTask("B"), SuiteTask("C"))
    for task, one, two in (("A", 1.0, 0.5), ("B", 0.0, 0.5), ("C", 0.0, 0.5)):
        write_result("org/one", task, one)
        write_result("org/two", task, two)
    first, second = build(Suite("w", "W", parts)).rows

    # (3 x 1 + 0 + 0) / 5 against 0.5; two wins two of three tasks
    assert ("org/one", 0.6, 2) == (first.model, first.mean, first.rank)
    assert ("org/two", 0.5, 1) == (second.model, second.mean, second.rank)


def test_a_task_is_the_mean_of_its_splits_and_subsets(
    build: Build, make_task: MakeTask, write_result: WriteResult
) -> None:
    """All that the suite asks for, and nothing else that the file holds."""
    tasks = {"A": make_task("A", splits=("test", "dev"), subsets=("de", "en", "fr"))}
    keys = ["test/de", "test/en", "test/fr", "dev/de", "dev/en", "dev/fr"]
    values = [0.25, 0.75, 0.125, 0.5, 1.0, 0.125]
    write_result("org/model", "A", dict(zip(keys, values, strict=True)))
    part = SuiteTask("A", subsets=("en", "de"))
    both = build(Suite("s", "S", (part,)), tasks)
    test_only = build(Suite("s", "S", (SuiteTask("A", ("en", "de"), ("test",)),)), tasks)

    # (0.25 + 0.75 + 0.5 + 1.0) / 4, which is the mean over splits of means over subsets
    assert 0.625 == both.rows[0].mean
    assert 0.5 == test_only.rows[0].mean


def test_a_missing_task_leaves_strict_means_empty(build: Build, write_result: WriteResult) -> None:
    """The model that lacks its worst task does not rise: it has no mean and stands last."""
    for task in "ABC":
        write_result("org/whole", task, 0.25)
    write_result("org/part", "A", 0.75)
    write_result("org/part", "C", 0.75)
    table = build()
    whole, part = table.rows

    assert ["org/whole", "org/part"] == names(table)
    assert ["measured", "missing", "measured"] == statuses(part)
    assert (None, None) == (part.mean, part.mean_by_kind)
    assert {"sts": None, "bitext": 0.75} == part.kinds
    assert {"first": 0.75} == part.groups
    # part: 1 + 0 + 1; whole: 0 + (2 - 1) + 0
    assert (1, 2) == (part.rank, whole.rank)
    assert 0.25 == whole.mean
    assert 1 == table.counts["missing"]


def test_common_means_are_over_what_all_have(build: Build, write_result: WriteResult) -> None:
    """A task that one model lacks counts for none."""
    for task, score in (("A", 0.25), ("B", 1.0), ("C", 0.5)):
        write_result("org/whole", task, score)
    write_result("org/part", "A", 0.75)
    write_result("org/part", "C", 0.5)
    table = build(missing="common")
    part, whole = table.rows

    assert ("A", "C") == table.averaging.tasks
    assert ["org/part", "org/whole"] == names(table)
    # (0.75 + 0.5) / 2 and (0.25 + 0.5) / 2: the 1.0 on B lifts nobody
    assert (0.625, 0.375) == (part.mean, whole.mean)
    assert {"sts": 0.25, "bitext": 0.5} == whole.kinds


def test_common_with_nothing_in_common(build: Build, write_result: WriteResult) -> None:
    """No task that all have: no means, and no kind or group has one."""
    write_result("org/one", "A", 0.25)
    write_result("org/two", "C", 0.5)
    table = build(missing="common")

    assert () == table.averaging.tasks
    assert [(None, None)] * 2 == [(row.mean, row.mean_by_kind) for row in table.rows]
    assert [{"sts": None, "bitext": None}] * 2 == [row.kinds for row in table.rows]
    assert [{"first": None}] * 2 == [row.groups for row in table.rows]


def test_a_missing_subset_makes_the_task_missing(
    build: Build, make_task: MakeTask, write_result: WriteResult
) -> None:
    """The easy half of a task is no score of the task; the cell names what is absent."""
    tasks = {"A": make_task("A", subsets=("de", "en")), "B": make_task("B")}
    write_result("org/model", "A", {"test/en": 0.9})
    write_result("org/model", "B", 0.5)
    (row,) = build(Suite("s", "S", (SuiteTask("A"), SuiteTask("B"))), tasks).rows

    assert ["missing", "measured"] == statuses(row)
    assert ("test/de",) == row.cells["A"].absent


def test_a_failed_subset_fails_the_task(
    build: Build, make_task: MakeTask, write_result: WriteResult
) -> None:
    """A null in the file is a failure, not an absence."""
    tasks = {"A": make_task("A", subsets=("de", "en")), "B": make_task("B")}
    write_result("org/model", "A", {"test/en": 0.9, "test/de": None})
    write_result("org/model", "B", 0.5)
    (row,) = build(Suite("s", "S", (SuiteTask("A"), SuiteTask("B"))), tasks).rows

    assert ["failed", "measured"] == statuses(row)
    assert ("test/de",) == row.cells["A"].absent


def test_equal_means_stand_by_name(build: Build, write_result: WriteResult) -> None:
    """Ties in the mean are broken by the model's name."""
    for model in ("org/c", "org/a", "org/b"):
        for task in "ABC":
            write_result(model, task, 0.5)

    assert ["org/a", "org/b", "org/c"] == names(build())


def test_models_that_the_board_does_not_name(build: Build, write_result: WriteResult) -> None:
    """Patterns choose rows, and ranks are among those chosen."""
    for model, score in (("x/one", 0.9), ("y/two", 0.5), ("y/three", 0.1)):
        for task in "ABC":
            write_result(model, task, score)
    table = build(models=("y/*",))

    assert [("y/two", 1), ("y/three", 2)] == [(row.model, row.rank) for row in table.rows]


def test_models_without_any_score_are_named_and_not_ranked(
    build: Build, write_result: WriteResult
) -> None:
    """They take no part in n, as in mteb."""
    write_result("org/failed", "A", None)
    write_result("org/failed", "A", None, revision="2")
    write_result("org/model", "A", None, revision="2")
    for task in "ABC":
        write_result("org/model", task, 0.5)
    table = build()

    assert ["org/model"] == names(table)
    assert {"org/failed": {"failed": 2, "missing": 4}} == table.without_scores


def test_revisions_and_experiments_are_rows(build: Build, write_result: WriteResult) -> None:
    """Each revision, and each set of changed options, is a row of its own."""
    for revision, slug in (("1", ""), ("2", ""), ("2", "dim_64")):
        for task in "ABC":
            write_result("org/model", task, 0.5, revision=revision, slug=slug)

    assert [(("1",), ""), (("2",), ""), (("2",), "dim_64")] == [
        (row.revisions, row.slug) for row in build().rows
    ]


def test_joined_revisions_are_one_row(build: Build, write_result: WriteResult) -> None:
    """Tasks of several revisions fill one row; on the same task the greater revision counts."""
    write_result("org/model", "A", 0.25, revision="1")
    write_result("org/model", "B", 0.25, revision="1")
    write_result("org/model", "B", 0.75, revision="2")
    write_result("org/model", "C", 0.5, revision="2")
    (row,) = build(revisions="joined").rows

    assert ("1", "2") == row.revisions
    assert [0.25, 0.75, 0.5] == [cell.score for cell in row.cells.values()]


def test_nothing_to_show(build: Build, tmp_path: Path) -> None:
    """A folder without results is a board without rows."""
    (tmp_path / "results").mkdir()

    assert () == build().rows


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (SuiteTask("Q"), "suite 's': no task is named 'Q'; known: A"),
        (SuiteTask("A", subsets=("fr",)), "suite 's': A has no subset 'fr'; known: de, en"),
        (SuiteTask("A", splits=("tset",)), "A has no split 'tset'; did you mean 'test'?"),
    ],
)
def test_a_suite_that_asks_for_what_is_not_there(
    build: Build, make_task: MakeTask, tmp_path: Path, part: SuiteTask, message: str
) -> None:
    """The suite, the task and the nearest name are said."""
    (tmp_path / "results").mkdir()
    with pytest.raises(TaskFileError) as raised:
        build(Suite("s", "S", (part,)), {"A": make_task("A", subsets=("de", "en"))})

    assert message in str(raised.value)


def test_a_group_of_the_board_that_names_no_task(build: Build, tmp_path: Path) -> None:
    """The groups of a board are checked against its suite."""
    (tmp_path / "results").mkdir()
    message = "board 'b': group 'g' names 'D', which is no task of suite 'three'; known: A, B, C"
    with pytest.raises(TaskFileError, match=message):
        build(groups={"g": ("D",)})

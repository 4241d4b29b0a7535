"""Boards as Markdown, CSV and JSON, and the sentence under them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.files import outdated, table_files, write_tables
from benchmark.boards.markdown import escape
from benchmark.boards.note import note
from benchmark.boards.render import csv_text, json_text, markdown
from benchmark.errors import ResultError
from benchmark.results.load import read_results
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]
Build = Callable[..., Leaderboard]

SUITE = Suite("s", "S", (SuiteTask("A"), SuiteTask("B")), "Two tasks.", {"g": ("B",)})


@pytest.fixture
def build(tmp_path: Path, make_task: MakeTask) -> Build:
    """Build a board over the results written so far; B is hard."""

    def make(**board: Any) -> Leaderboard:
        tasks = {"A": make_task("A"), "B": make_task("B", "long_context", hard=True)}
        results, _ = read_results(tmp_path / "results")
        return build_leaderboard(Board("b", "A title", "s", **board), SUITE, tasks, results)

    return make


def test_markdown(build: Build, write_result: WriteResult) -> None:
    """The whole file: title, description, table, sentence."""
    write_result("org/one", "A", 0.5)
    write_result("org/one", "B", 0.123456)
    write_result("org/two", "A", 0.25)

    assert """\
# A title

Two tasks.

| Rank (Borda) | Model | Mean (tasks) | Mean (kinds) | Mean sts | Mean long context | Group g | A |\
 B (hard) | Notes |
| ---: | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | :--- |
| 1 | org/one | 31.17 | 31.17 | 50.00 | 12.35 | 12.35 | 50.00 | 12.35 |  |
| 2 | org/two |  |  | 25.00 |  |  | 25.00 | missing | missing 1 |

Scores are 100 times the main score of each task, higher is better, for 2 models on 2 tasks of 2 \
kinds, weighted equally; policy for missing scores: strict (a mean that needs one is left empty), \
and they earn no Borda points; cells missing: 1 of 4; no sets of ranks for tasks like these, \
which take 4 data sets (here: 2 tasks in 2 data sets); (hard) marks a task that static models are \
expected to fail.
""" == markdown(build())


def test_csv(build: Build, write_result: WriteResult) -> None:
    """Every line a row, every row as wide as the header."""
    write_result('org/"one", two', "A", 0.5)
    write_result('org/"one", two', "B", 0.25)
    lines = list(csv.reader(io.StringIO(csv_text(build()))))

    assert [
        [
            "rank",
            "model",
            "mean",
            "mean_by_kind",
            "kind:sts",
            "kind:long_context",
            "group:g",
            "A",
            "B",
        ],
        ["1", 'org/"one", two', "37.50", "37.50", "50.00", "25.00", "25.00", "50.00", "25.00"],
    ] == lines


def test_json_is_not_rounded(build: Build, write_result: WriteResult) -> None:
    """Scores as they are, null where there is none, and why."""
    write_result("org/one", "A", 0.1234567890123)
    content = json.loads(json_text(build()))

    assert [
        {
            "model": "org/one",
            "revisions": ["1"],
            "experiment": "",
            "rank": 1,
            "ranks": {"borda": None, "mean_like": None, "mean_these": None},
            "mean": None,
            "mean_interval": None,
            "mean_interval_like": None,
            "mean_by_kind": None,
            "kinds": {"sts": 0.1234567890123, "long_context": None},
            "groups": {"g": None},
            "scores": {"A": 0.1234567890123, "B": None},
            "standard_errors": {},
            "imported": [],
            "external": [],
            "other_data_revision": [],
            "facts": {},
            "zero_shot": None,
            "not_scored": {"B": {"status": "missing", "entries": ["test/default"]}},
        }
    ] == content["models"]
    assert ("s", "strict", "measured") == (
        content["suite"],
        content["missing"],
        content["provenance"],
    )
    assert [("A", False), ("B", True)] == [
        (task["name"], task["hard"]) for task in content["tasks"]
    ]


def test_columns_are_chosen_by_the_board(build: Build, write_result: WriteResult) -> None:
    """Only what is asked for, beside the model."""
    for task in "AB":
        write_result("org/one", task, 0.5, revision="a" * 40)
    header, row = csv_text(build(columns=("tasks", "revision"))).splitlines()

    assert "model,revision,A,B" == header
    assert f"org/one,{'a' * 40},50.00,50.00" == row


def test_rows_of_one_name_show_their_revision(build: Build, write_result: WriteResult) -> None:
    """The revision, cut to 12 characters, and the experiment tell rows apart."""
    for revision in ("a" * 40, "b" * 40):
        for task in "AB":
            write_result("org/one", task, 0.5, revision=revision)
            write_result("org/two", task, 0.5, slug="dim_64")
    lines = csv_text(build(columns=("mean",))).splitlines()

    assert [
        "model,mean",
        f"org/one@{'a' * 12},50.00",
        f"org/one@{'b' * 12},50.00",
        "org/two (dim_64),50.00",
    ] == lines


def test_the_same_results_give_the_same_bytes(build: Build, write_result: WriteResult) -> None:
    """However often and in whatever order they were written; no date is in the tables."""
    order = [("org/one", "A"), ("org/one", "B"), ("org/two", "A"), ("org/two", "B")]
    scores = dict(zip(order, (0.1, 0.7, 0.3, 0.2), strict=True))
    for model, task in order:
        write_result(model, task, scores[model, task])
    first = table_files(build(), Path())
    for model, task in reversed(order):
        write_result(model, task, scores[model, task])

    assert first == table_files(build(), Path())
    assert not any(b"1785806998" in content or b"2026" in content for content in first.values())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("org/all-MiniLM_L6_v2", "org/all-MiniLM_L6_v2"),
        ("a|b", r"a\|b"),
        ("__bold__ *x*", r"\_\_bold\_\_ \*x\*"),
        ("<script>alert(1)</script>", r"\<script\>alert(1)\</script\>"),
        ("[x](y) ![z]", r"\[x\](y) !\[z\]"),
        ("`a` ~b~ &lt; # $x$ \\", r"\`a\` \~b\~ \&lt; \# \$x\$ \\"),
        ("two\nlines\r\tand\x1b", "two lines  and "),
        ("https://evil.example", "https&#8203;://evil.example"),
        ("www.evil.example", "www&#8203;.evil.example"),
        ("to @someone", "to @&#8203;someone"),
        ("name@revision", "name@revision"),
        ("日本語", "日本語"),
    ],
)
def test_names_are_escaped_in_markdown(text: str, expected: str) -> None:
    """Letter by letter, on one line, and never a link, a mention or markup."""
    assert expected == escape(text)


def test_a_name_cannot_break_the_table(build: Build, write_result: WriteResult) -> None:
    """Pipes and line breaks in a model's name leave the number of columns alone."""
    for task in "AB":
        write_result("org/a|b\n| 1 | fake |", task, 0.5)
    rows = [line for line in markdown(build()).splitlines() if line.startswith("|")]

    assert 3 == len(rows)
    assert {rows[0].count("|")} == {row.replace(r"\|", "").count("|") for row in rows}


def test_the_note_counts_what_is_not_claimed(build: Build, write_result: WriteResult) -> None:
    """Failed, missing and unclaimed cells are counted apart, and the policy is named."""
    write_result("org/one", "A", 0.5)
    write_result("org/one", "B", None)
    write_result("org/two", "A", 0.5)
    write_result("org/three", "A", 0.5)
    write_result("org/three", "B", 0.5, protocol="0")
    write_result("org/four", "A", None)
    text = note(build(missing="common"))

    assert (
        "policy for missing scores: common (means are over the 1 task that all models have, without"
        " B), and they earn no Borda points; cells missing: 1 of 6, failed: 1, not claimed: 1"
        " (protocol differs 1); no sets of ranks for tasks like these, which take 4 data sets"
        " (here: 1 task in 1 data set, by Borda 2 tasks in 2 data sets); left out for having no"
        " score: org/four (missing 1, failed 1);"
    ) in text
    assert text.endswith(".")
    assert "\n" not in text


def test_files_are_written_and_checked(
    tmp_path: Path, build: Build, write_result: WriteResult
) -> None:
    """Four files a board; a changed or missing one is named."""
    for task in "AB":
        write_result("org/one", task, 0.5)
    folder = tmp_path / "tables" / "new"
    paths = write_tables(build(), folder)

    assert [folder / f"b{ending}" for ending in (".md", ".csv", ".json", ".tex", ".html")] == paths
    assert sorted(paths) == sorted(folder.iterdir())
    assert {} == outdated(build(), folder)

    paths[0].unlink()
    paths[1].write_bytes(paths[1].read_bytes().replace(b"\n", b"\r\n"))

    assert {paths[0]: "missing", paths[1]: "out of date"} == outdated(build(), folder)


def test_a_folder_that_cannot_be_written(
    tmp_path: Path, build: Build, write_result: WriteResult
) -> None:
    """A file where the folder should be is said in one line."""
    write_result("org/one", "A", 0.5)
    (tmp_path / "tables").write_text("a file", "utf-8")
    with pytest.raises(ResultError, match="tables cannot be written"):
        write_tables(build(), tmp_path / "tables")

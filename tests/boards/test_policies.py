"""Which result counts where a model has several, and what the table says of it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.note import note
from benchmark.boards.render import FORMATS, csv_text
from benchmark.results.load import read_results
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]
Build = Callable[..., Leaderboard]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One model: reported by its owners, an old revision on all tasks, a newer one on a task."""
    folder = tmp_path / "results" / "org__m"
    for revision, version, scores, data, date in (
        ("external", None, {"A": 0.9, "B": 0.9, "C": 0.9}, "d1", None),
        ("aaa", "1.12.0", {"A": 0.1, "B": 0.2}, "d1", 5.0),
        ("bbb", "1.9.0", {"A": 0.3}, "d2", 6.0),
    ):
        for task, score in scores.items():
            path = folder / revision / f"{task}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            entry = {"main_score": score, "hf_subset": "default", "languages": ["eng-Latn"]}
            content = {
                "task_name": task,
                "mteb_version": version,
                "dataset_revision": data,
                "date": date,
                "scores": {"test": [entry]},
            }
            path.write_text(json.dumps(content), "utf-8")
    facts = {"external": {"n_parameters": 7, "license": "mit"}, "aaa": {"n_parameters": 1}}
    for revision, known in facts.items():
        meta = {"name": "org/m", "revision": revision, **known, "training_datasets": {"A": []}}
        (folder / revision / "model_meta.json").write_text(json.dumps(meta), "utf-8")
    return tmp_path / "results"


@pytest.fixture
def build(tree: Path, make_task: MakeTask) -> Build:
    """``build(revisions="joined", ...)`` over the tree."""

    def made(settings: dict[str, Any] | None = None, **fields: Any) -> Leaderboard:
        tasks = {name: make_task(name, settings=settings) for name in "ABC"}
        suite = Suite("s", "S", tuple(map(SuiteTask, tasks)))
        board = Board("b", "B", "s", **{"provenance": "any", **fields})
        return build_leaderboard(board, suite, tasks, read_results(tree)[0])

    return made


def scores(table: Leaderboard) -> list[list[float | None]]:
    """The scores of each row."""
    return [[cell.score for cell in row.cells.values()] for row in table.rows]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, [[0.9, 0.9, 0.9], [0.1, 0.2, None], [0.3, None, None]]),
        ({"revisions": "joined"}, [[0.1, 0.2, 0.9]]),
        ({"revisions": "joined", "main_revisions": {"org/m": "bbb"}}, [[0.3, 0.2, 0.9]]),
        ({"revisions": "joined", "main_revisions": {"org/m": "external"}}, [[0.9, 0.9, 0.9]]),
        ({"revisions": "latest"}, [[0.3, None, None]]),
        ({"revisions": "complete"}, [[0.9, 0.9, 0.9]]),
        ({"revisions": "joined", "provenance": "imported"}, [[0.1, 0.2, None]]),
        ({"revisions": "complete", "provenance": "imported"}, [[0.1, 0.2, None]]),
        ({"provenance": "measured"}, []),
    ],
)
def test_which_revision_counts(
    build: Build, fields: dict[str, Any], expected: list[list[float | None]]
) -> None:
    """By the name of the policy."""
    assert expected == scores(build(**fields))


def test_measured_ones_come_first(build: Build, write_result: WriteResult) -> None:
    """In a row of joined revisions."""
    write_result("org/m", "A", 0.5, revision="000")

    assert [[0.5, 0.2, 0.9]] == scores(build(revisions="joined"))


@pytest.mark.parametrize(
    ("policy", "settings", "expected", "other"),
    [
        ("any", None, [0.3, 0.2, 0.9], 1),
        ("majority", None, [None, 0.2, 0.9], 0),
        ("declared", {"revision": "d2"}, [0.3, None, None], 0),
        ("declared", {"revision": "unpinned"}, [None, 0.2, 0.9], 0),
        ("declared", {}, [None, None, None], 0),
    ],
)
def test_mixed_revisions_of_the_data(
    tree: Path,
    build: Build,
    policy: str,
    settings: dict[str, Any] | None,
    expected: Any,
    other: int,
) -> None:
    """Any counts and is counted, or only that of most results, or that of the task file."""
    fields = {"revisions": "joined", "main_revisions": {"org/m": "bbb"}, "data_revisions": policy}
    others = {"x": "d1", "y": "d1"} if policy != "declared" or settings else {}
    for name, data in others.items():
        content = json.loads((tree / "org__m" / "aaa" / "A.json").read_text("utf-8"))
        path = tree / f"org__{name}" / "1" / "A.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({**content, "dataset_revision": data}), "utf-8")
    table = build(settings, **fields)
    rows = [row for row in table.rows if row.model == "org/m"]
    cells = [cell for row in rows for cell in row.cells.values()]

    if any(expected):
        assert expected == [cell.score for cell in cells]
    else:
        assert () == table.rows
        assert "data revision differs 3" in note(table)
    assert other == sum(cell.other_data for cell in cells)
    assert f"policy for data revisions: {policy} (" in note(table)
    assert (f"scores on another one than most: {other}" in note(table)) == bool(other)


def test_experiments(build: Build, write_result: WriteResult) -> None:
    """Rows of their own, or left out, which the table says."""
    write_result("org/m", "A", 0.5, slug="dim_64")

    assert 2 == len(build(revisions="joined").rows)
    table = build(revisions="joined", experiments="excluded")
    assert 1 == len(table.rows)
    assert "experiments (results of changed options) are left out" in note(table)


def test_the_note_names_every_policy(build: Build) -> None:
    """What was chosen, and how many numbers are whose."""
    text = note(build(revisions="joined", columns=("mean", "zero_shot")))

    assert "imported (read from files that EmbedMark did not write): 2" in text
    assert "external (reported by the models' owners, copied by mteb): 1" in text
    assert "policy for revisions of a model: joined (" in text
    assert "policy for provenance: any (" in text
    assert "zero-shot is the share of the tasks" in text


def test_facts_are_columns(build: Build) -> None:
    """Of the revision with most of the row's results, then of the others; unknown ones empty."""
    columns = ("parameters", "license", "dimension", "open_weights", "zero_shot")
    header, row = csv_text(build(revisions="joined", columns=columns)).splitlines()

    assert "model,parameters,dimension,license,open_weights,zero_shot,notes" == header
    assert row.startswith("org/m,1,,mit,,67%,")


def test_a_hostile_licence(tree: Path, build: Build) -> None:
    """Facts are text from data: escaped wherever they are shown, on one line."""
    path = tree / "org__m" / "aaa" / "model_meta.json"
    evil = "|\n<img> \\input{/etc/passwd} & $x$"
    meta = {"name": "org/m", "revision": "aaa", "license": evil}
    path.write_text(json.dumps(meta), "utf-8")
    table = build(revisions="joined", columns=("license",))

    assert r"| \| \<img\> \\input{/etc/passwd} \& \$x\$ |" in FORMATS[".md"](table)
    escaped = (
        r"\textbar{} \textless{}img\textgreater{} \textbackslash{}input\{/etc/passwd\} \& \$x\$"
    )
    assert f"& {escaped} &" in FORMATS[".tex"](table)
    assert r"<td>| &lt;img&gt; \input{/etc/passwd} &amp; $x$</td>" in FORMATS[".html"](table)


def test_the_page_loads_and_runs_nothing(build: Build) -> None:
    """Well-formed, the cells of Markdown, numbers on the right, the note below."""
    table = build(revisions="joined", columns=("mean", "tasks"))
    text = FORMATS[".html"](table)

    root = ET.fromstring(
        text.removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', "")
    )
    rows = list(csv.reader(csv_text(table).splitlines()))
    assert rows[1:] == [[cell.text or "" for cell in row] for row in root.iter("tr")][1:]
    assert "n" == root.findall(".//th")[1].get("class")
    assert "not claimed" in text or "cells missing" in text
    assert not any(part in text for part in ("<script", "src=", "href=", "http"))


def test_the_latex_table(build: Build) -> None:
    """Rules of booktabs, numbers on the right, the note below."""
    text = FORMATS[".tex"](build(revisions="joined", columns=("mean", "tasks")))

    assert text.splitlines()[:6] == [
        "% B",
        r"\begin{tabular}{lrrrrl}",
        r"\toprule",
        r"Model & Mean (tasks) & A & B & C & Notes \\",
        r"\midrule",
        r"org/m & 40.00 & 10.00 & 20.00 & 90.00 & imported 2; external 1 \\",
    ]
    assert text.rstrip().endswith(".")

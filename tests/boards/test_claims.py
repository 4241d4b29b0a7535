"""Which scores a board may claim."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmark.boards.board import Board
from benchmark.boards.build import Leaderboard, build_leaderboard
from benchmark.boards.policies import preferred
from benchmark.data.fingerprint import combined
from benchmark.results.load import read_results
from benchmark.results.task_result import TaskResult
from benchmark.suite import Suite, SuiteTask
from benchmark.task import Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]

SUITE = Suite("s", "S", (SuiteTask("A"), SuiteTask("B")))


def built(folder: Path, tasks: Sequence[Task], **board: Any) -> Leaderboard:
    """The board over a folder of results."""
    results, _ = read_results(folder)
    known = {task.name: task for task in tasks}
    return build_leaderboard(Board("b", "B", "s", **board), SUITE, known, results)


def status(table: Leaderboard, task: str = "A") -> dict[str, str]:
    """Model -> what its cell on a task is."""
    return {row.model: row.cells[task].status for row in table.rows}


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, "measured"),
        ({"task_digest": "of another file"}, "task file differs"),
        ({"protocol": "0"}, "protocol differs"),
        ({"limit": 100}, "limited"),
        ({"notes": ("fingerprint_differs",)}, "fingerprint differs"),
    ],
)
def test_a_score_of_something_else_is_not_claimed(
    tmp_path: Path, make_task: MakeTask, write_result: WriteResult, how: Any, expected: str
) -> None:
    """Neither the cell nor a mean shows it, and the cell says why."""
    write_result("org/model", "A", 0.9, **how)
    write_result("org/model", "B", 0.5)
    table = built(tmp_path / "results", [make_task("A"), make_task("B")])

    assert {"org/model": expected} == status(table)
    assert (0.9 if expected == "measured" else None) == table.rows[0].cells["A"].score
    assert (table.rows[0].mean is None) == (expected != "measured")


def test_the_task_file_decides_about_the_data(
    tmp_path: Path, make_task: MakeTask, write_result: WriteResult
) -> None:
    """A declared fingerprint outweighs any number of results on other data."""
    declared = combined({"test/default": "sha256:right"})
    tasks = [make_task("A", settings={"fingerprint": declared}), make_task("B")]
    for model, fingerprint in (("a", "wrong"), ("b", "wrong"), ("c", "right")):
        write_result(model, "A", 0.5, fingerprints={"test/default": f"sha256:{fingerprint}"})
        write_result(model, "B", 0.5)
    table = built(tmp_path / "results", tasks)

    assert {
        "a": "fingerprint differs",
        "b": "fingerprint differs",
        "c": "measured",
    } == status(table)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("xxy", ["measured", "measured", "fingerprint differs"]),
        ("xy", ["fingerprint differs", "fingerprint differs"]),
        ("xyz", ["fingerprint differs"] * 3),
        ("xx", ["measured", "measured"]),
    ],
)
def test_without_a_declared_fingerprint_most_results_decide(
    tmp_path: Path,
    make_task: MakeTask,
    write_result: WriteResult,
    data: str,
    expected: list[str],
) -> None:
    """More than half of the results must agree; else none that disagree is claimed."""
    for number, fingerprint in enumerate(data):
        write_result(f"m{number}", "A", 0.5, fingerprints={"test/default": fingerprint})
        write_result(f"m{number}", "B", 0.5)
    table = built(tmp_path / "results", [make_task("A"), make_task("B")])

    assert expected == list(status(table).values())


def theirs(folder: Path, model: str, task: str, score: float, **more: Any) -> None:
    """Write a result file as mteb does."""
    path = folder / model.replace("/", "__") / "rev" / f"{task}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"main_score": score, "hf_subset": "default", "languages": ["eng-Latn"]}
    content = {"task_name": task, "mteb_version": "2.0.0", "scores": {"test": [entry]}, **more}
    path.write_text(json.dumps(content), "utf-8")


def test_imported_scores_are_shown_only_where_asked_for(
    tmp_path: Path, make_task: MakeTask, write_result: WriteResult
) -> None:
    """Provenance 'measured' hides files that EmbedMark did not write; 'any' marks them."""
    tasks = [make_task("A"), make_task("B")]
    for task in "AB":
        write_result("org/ours", task, 0.5)
        theirs(tmp_path / "results", "org/theirs", task, 0.9)

    assert {"org/ours": "measured"} == status(built(tmp_path / "results", tasks))
    assert {"org/theirs": "imported", "org/ours": "measured"} == status(
        built(tmp_path / "results", tasks, provenance="any")
    )


def result(**fields: Any) -> TaskResult:
    """A result with nothing but what is compared."""
    known = {"path": Path("x"), "model": "m", "revision": "r", "slug": "", "task": "A"}
    return TaskResult(**{**known, "entries": (), **fields})


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"measured": True}, {"measured": False, "mteb_version": "9.0.0"}),
        ({"mteb_version": "1.2.0"}, {"mteb_version": "unknown"}),
        ({"mteb_version": "1.2.0"}, {"mteb_version": "9.0.0", "revision": "external"}),
        ({"mteb_version": "1.12.0"}, {"mteb_version": "1.9.75"}),
        ({"mteb_version": "2.26.24+embedmark.1"}, {"mteb_version": "2.9"}),
        ({"revision": "b"}, {"revision": "a"}),
    ],
)
def test_which_of_two_results_counts(better: dict[str, Any], worse: dict[str, Any]) -> None:
    """Whichever way round they are met."""
    one, other = result(**better), result(**worse)

    board = Board("b", "B", "s")
    assert one == preferred(board, one, other) == preferred(board, other, one)

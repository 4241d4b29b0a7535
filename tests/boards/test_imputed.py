"""Boards with what a smaller suite predicts: shown apart, counted nowhere."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.suite import parse_suite
from tests.cli.test_downsample_cli import TASKS, here, made, write_results

__all__ = ["here"]  # a fixture

BOARD = 'title = "Made"\nsuite = "made"\nprovenance = "any"\n'
SHOWN = BOARD + 'imputed = "show"\nmini = "mini.toml"\n'


def built(here: Path, name: str, content: str) -> dict[str, Any]:
    """The board's JSON, from published results and one model that ran the smaller suite."""
    (here / f"{name}.toml").write_text(content, "utf-8")
    results = ["--results", "published", "small"]
    assert 0 == main(["leaderboard", "build", f"{name}.toml", *results, "--out", "tables"])
    found: dict[str, Any] = json.loads((here / f"tables/{name}.json").read_text("utf-8"))
    return found


@pytest.fixture
def ran(here: Path) -> list[str]:
    """The tasks of a smaller suite, of which one model has results and no others."""
    assert 0 == made("--cost", "20%")
    names = list(parse_suite(here / "mini.toml").task_names)
    write_results(here / "small", range(90, 91), names)
    return names


def test_what_is_predicted_is_shown_apart(here: Path, ran: list[str]) -> None:
    """≈ and an interval in Markdown and CSV, a place of its own in JSON, and a line in the note."""
    content = built(here, "shown", SHOWN)
    (model,) = [row for row in content["models"] if row["model"] == "org45/m90"]
    told = model["predicted"]
    with (here / "tables/shown.csv").open(encoding="utf-8", newline="") as lines:
        rows = {row["model"]: row for row in csv.DictReader(lines)}
    row = rows["org45/m90"]
    mean = told["mean"]
    text = f"≈{mean['predicted']:.1f} ({mean['low']:.1f} to {mean['high']:.1f})"

    assert ("predicted", None) == (told["status"], model["mean"])
    assert mean["low"] < mean["predicted"] < mean["high"]
    assert (text, "") == (row["predicted_mean"], row["mean"])
    assert text in (here / "tables/shown.md").read_text("utf-8")
    assert "≈" in (here / "tables/shown.tex").read_text("utf-8")
    assert "≈ is predicted, not measured" in content["note"]
    for name in TASKS:
        assert row[name].startswith("≈") == (name not in ran)
        assert (model["scores"][name] is None) == (name not in ran)
    assert all(rows[f"org{n // 2}/m{n}"]["predicted_mean"] == "" for n in range(40))


def test_nothing_else_of_the_board_moves(here: Path, ran: list[str]) -> None:
    """The same board that does not ask: the same ranks, means and scores, and no predictions."""
    shown, plain = built(here, "shown", SHOWN), built(here, "plain", BOARD)
    rows = [{k: v for k, v in row.items() if k != "predicted"} for row in shown["models"]]

    assert plain["models"] == rows
    assert "≈" not in (here / "tables/plain.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOARD + 'imputed = "show"\n', "go together"),
        (BOARD + 'mini = "mini.toml"\n', "go together"),
        (BOARD + 'imputed = "always"\nmini = "x"\n', "does not know 'always'"),
        (BOARD + 'imputed = "show"\nmini = "none"\n', "no suite is named 'none'"),
        (SHOWN.replace('"made"', '"starter"'), "names a smaller suite of 'made'"),
    ],
)
def test_what_cannot_be_imputed_is_refused(
    here: Path, ran: list[str], content: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, exit code 2."""
    (here / "wrong.toml").write_text(content, "utf-8")
    capsys.readouterr()

    assert 2 == main(["leaderboard", "build", "wrong.toml", "--results", "published", "small"])
    assert message in capsys.readouterr().err


def test_changed_task_files_are_refused(
    here: Path, ran: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The fit is of other tasks then."""
    task = here / "tasks/Made2.toml"
    task.write_text(task.read_text("utf-8").replace("eng-Latn", "fra-Latn"), "utf-8")
    (here / "shown.toml").write_text(SHOWN, "utf-8")
    capsys.readouterr()

    assert 2 == main(["leaderboard", "build", "shown.toml", "--results", "published", "small"])
    assert "the task file of Made2 changed since" in capsys.readouterr().err

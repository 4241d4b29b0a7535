"""The project's own boards, and the tables that are committed beside them."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from benchmark.boards.board import parse_board
from benchmark.catalog import find_suite, find_tasks
from benchmark.cli import leaderboard as command

ROOT = Path(__file__).parents[2]
BOARDS = sorted((ROOT / "leaderboards").glob("*.toml"))


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths start at the project's top."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_board_names_a_suite_whose_tasks_exist(path: Path) -> None:
    """Every name on the way from the board to the task files is found."""
    suite = find_suite(parse_board(path).suite)

    assert list(suite.task_names) == [task.name for task in find_tasks(suite.task_names)]


@pytest.mark.skipif(not (ROOT / "results").is_dir(), reason="no results are committed")
def test_the_committed_tables_are_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """They are what the committed results give; if not: embedmark leaderboard build."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    code = command.run(parser.parse_args(["check", *map(str, BOARDS)]))

    assert (0, "") == (code, "" if code == 0 else capsys.readouterr().out)

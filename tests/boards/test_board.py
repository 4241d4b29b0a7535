"""Board files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.boards.board import DEFAULT_COLUMNS, Board, parse_board
from benchmark.errors import TaskFileError

GOOD = """
title = "All"
suite = "starter"
columns = ["mean", "tasks"]
models = ["wordllama/*", "embedmark/tfidf"]
missing = "common"
provenance = "any"
revisions = "joined"

[groups]
finance = ["One"]
"""


def test_a_board_is_parsed(tmp_path: Path) -> None:
    """Every key, and the file's stem as the name."""
    path = tmp_path / "all.toml"
    path.write_text(GOOD, "utf-8")

    assert parse_board(path) == Board(
        name="all",
        title="All",
        suite="starter",
        columns=("mean", "tasks"),
        groups={"finance": ("One",)},
        models=("wordllama/*", "embedmark/tfidf"),
        missing="common",
        provenance="any",
        revisions="joined",
    )


def test_what_a_board_leaves_out(tmp_path: Path) -> None:
    """Strict, measured results only, a row a revision, all models, all columns but revisions."""
    path = tmp_path / "short.toml"
    path.write_text("title = 'Short'\nsuite = 'starter'", "utf-8")
    board = parse_board(path)

    assert ("strict", "measured", "separate") == (board.missing, board.provenance, board.revisions)
    assert DEFAULT_COLUMNS == board.columns
    assert board.shows("any/model")


def test_patterns_of_models() -> None:
    """A pattern is matched whole and by case; without a star it is a name."""
    board = Board("b", "B", "s", models=("wordllama/*", "embedmark/tfidf"))
    names = (
        "wordllama/l2",
        "embedmark/tfidf",
        "embedmark/tfidf2",
        "Wordllama/l2",
        "x/wordllama/l2",
    )

    assert [True, True, False, False, False] == [board.shows(name) for name in names]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("titel = 'x'", ":1: unknown key 'titel'; did you mean 'title'?"),
        ("title = 'x'", ": missing key 'suite'; add it (a string)"),
        ("suite = 'x'", ": missing key 'title'; add it (a string)"),
        ("missing = 'stict'", "'missing' does not know 'stict'; did you mean 'strict'?"),
        ("missing = ['strict']", ":3: 'missing' must be a string, not a list"),
        (
            "provenance = 'imputed'",
            "'provenance' does not know 'imputed'; did you mean 'imported'",
        ),
        ("revisions = 'join'", "'revisions' does not know 'join'; did you mean 'joined'?"),
        ("columns = ['task']", "'columns' does not know 'task'; did you mean 'tasks'?"),
        ("columns = []", ":3: 'columns' must be a list of strings, not an empty list"),
        ("models = 'x'", ":3: 'models' must be a list of strings, not a string"),
        ("groups = {g = ['A', 'A']}", ": group 'g' names 'A' twice; name it once"),
    ],
)
def test_a_wrong_board_says_what_and_where(tmp_path: Path, text: str, message: str) -> None:
    """One line that names the file and the way out; exit code 2."""
    path = tmp_path / "wrong.toml"
    complete = "" if text.startswith(("tit", "sui")) else "title = 'x'\nsuite = 's'\n"
    path.write_text(complete + text, "utf-8")
    with pytest.raises(TaskFileError) as raised:
        parse_board(path)

    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)
    assert 2 == raised.value.exit_code

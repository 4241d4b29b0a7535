"""Suite files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import TaskFileError
from benchmark.suite import Suite, SuiteTask, parse_suite

GOOD = """
title = "Two tasks"
description = "Why they stand together."
tasks = ["One", {name = "Two", subsets = ["de", "en"], splits = ["test"], weight = 2}]

[groups]
finance = ["Two"]

[characters]
Two = 1500
"""


def test_a_suite_is_parsed(tmp_path: Path) -> None:
    """Names and tables of tasks, groups, and the file's stem as the name."""
    path = tmp_path / "pair.toml"
    path.write_text(GOOD, "utf-8")
    suite = parse_suite(path)

    assert suite == Suite(
        name="pair",
        title="Two tasks",
        description="Why they stand together.",
        tasks=(SuiteTask("One"), SuiteTask("Two", ("de", "en"), ("test",), 2.0)),
        groups={"finance": ("Two",)},
        characters={"Two": 1500},
    )
    assert ("One", "Two") == suite.task_names


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("titel = 'x'", ":1: unknown key 'titel'; did you mean 'title'?"),
        ("title = 3", ":1: 'title' must be a string, not a number"),
        ("title = 'x'", ": missing key 'tasks'; add it (a list of tasks)"),
        ("tasks = ['A']", ": missing key 'title'; add it (a string)"),
        ("title = 'x'\ntasks = []", ": 'tasks' must be a list of names"),
        ("title = 'x'\ntasks = 'A'", ": 'tasks' must be a list of names"),
        ("title = 'x'\ntasks = [1]", ": entry 1 of 'tasks' must be a name, or a table"),
        ("title = 'x'\ntasks = ['A', '']", ": entry 2 of 'tasks' must be a name, or a table"),
        ("title = 'x'\ntasks = ['A', 'A']", ": 'tasks' names 'A' twice; name it once"),
        ("title = 'x'\ntasks = [{weight = 2}]", ": entry 1 of 'tasks' has no 'name'; add it"),
        (
            "title = 'x'\ntasks = [{name = 'A', split = ['test']}]",
            ": unknown key 'split' in entry 1 of 'tasks'; did you mean 'splits'?",
        ),
        ("title = 'x'\ntasks = [{name = 'A', splits = []}]", "'splits' must be a list of strings"),
        ("title = 'x'\ntasks = [{name = 'A', weight = '2'}]", "'weight' must be a number"),
        ("title = 'x'\ntasks = [{name = 'A', weight = 0}]", "the weight of 'A' must be above 0"),
        ("title = 'x'\ntasks = [{name = 'A', weight = nan}]", "the weight of 'A' must be above 0"),
        ("title = 'x'\ntasks = [{name = 'A', weight = inf}]", "the weight of 'A' must be above 0"),
        (
            "title = 'x'\ntasks = ['Apple']\n[groups]\ng = ['Aple']",
            ": group 'g' names 'Aple', which is no task of the suite; did you mean 'Apple'?",
        ),
        (
            "title = 'x'\ntasks = ['A']\n[groups]\ng = ['A', 'A']",
            ": group 'g' names 'A' twice; name it once",
        ),
        ("title = 'x'\ntasks = ['A']\n[groups]\ng = 'A'", ":4: 'g' must be a list of strings"),
        ("title = 'x'\ntasks = ['A'", ": invalid TOML"),
    ],
)
def test_a_wrong_suite_says_what_and_where(tmp_path: Path, text: str, message: str) -> None:
    """One line that names the file and the way out; exit code 2."""
    path = tmp_path / "wrong.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(TaskFileError) as raised:
        parse_suite(path)

    assert str(raised.value).startswith(str(path))
    assert message in str(raised.value)
    assert 2 == raised.value.exit_code
    assert "\n" not in str(raised.value)


def test_a_suite_that_is_not_there(tmp_path: Path) -> None:
    """A missing file is said to be missing."""
    with pytest.raises(TaskFileError, match="no such file; check the path"):
        parse_suite(tmp_path / "none.toml")

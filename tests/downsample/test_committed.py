"""The smaller suite that is kept with the tasks: its fit, its task files, and what it tells."""

from __future__ import annotations

import shlex

import numpy as np

from benchmark.catalog import data_folder, find_suite, find_tasks
from benchmark.downsample.mini import check_digests, read_mini
from benchmark.downsample.report import quality

PATH = data_folder("tasks") / "suites" / "mteb-eng-v2-mini.toml"
MINI = read_mini(PATH)


def test_it_was_fitted_on_the_task_files_as_they_are() -> None:
    """The digest of each task of the whole suite, and the parts that the suite asks for."""
    whole = find_suite(MINI.of)
    digests = {task.name: task.digest for task in find_tasks(whole.task_names)}
    check_digests(PATH, MINI, digests)

    assert set(digests) == set(MINI.table.tasks)
    assert all(MINI.table.digests)
    assert whole.tasks == MINI.parts
    assert [whole.characters[name] for name in MINI.table.tasks] == MINI.table.costs.tolist()


def test_it_says_what_it_was_fitted_on() -> None:
    """Seventy models, each with its revisions; at most a fifth of the cost; a task of each kind."""
    table = MINI.table

    assert 70 == len(table.models) == len(table.revisions)
    assert all(table.revisions)
    assert MINI.cost_share <= 0.2
    assert set(table.kinds) == {table.kinds[t] for t in MINI.chosen}


def test_its_figures_are_those_of_its_fit() -> None:
    """Each model predicted without its family, as the file says."""
    whole = MINI.table.rows(MINI.table.complete)
    found = quality(MINI, whole)
    stated = dict(MINI.quality or {})

    assert stated.pop("models") == len(whole.models)
    assert stated
    for name, value in stated.items():
        assert np.isclose(found[name], value, atol=2e-4), name


def test_its_first_line_is_the_command_that_made_it() -> None:
    """Of the whole suite, at a fifth of the cost."""
    words = shlex.split(PATH.read_text("utf-8").splitlines()[0])

    assert ["#", "embedmark", "downsample", "tasks", "--suite", MINI.of] == words[:6]
    assert "20%" in words

"""Tasks of mteb whose data come from the hub: both harnesses read the same bytes, and agree.

mteb loads its own tasks by their own paths and revisions, in a process whose HF_ENDPOINT is the
local server; our task files name the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from benchmark.catalog import KINDS, load_kind, load_task
from benchmark.data.sources import load_tables
from tests.hub.client import point_at
from tests.hub.server import serving
from tests.oracle.comparing import DEVIATION, assert_equal
from tests.oracle.harness import ours
from tests.oracle.hub_sets import TASKS, HubTask
from tests.oracle.hub_vectors import HashVectors

pytestmark = pytest.mark.oracle

SCRIPT = Path(__file__).with_name("hub_reference.py")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data sets of all tasks."""
    folder = tmp_path_factory.mktemp("hub")
    for task in TASKS:
        task.write(folder / task.folder)
    return folder


@pytest.fixture(scope="module")
def expected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """mteb's scores of all tasks, by name."""
    room = tmp_path_factory.mktemp("reference")
    asked = [
        {"name": task.name, "subsets": list(task.subsets), "splits": list(task.splits)}
        for task in TASKS
    ]
    (room / "asked.json").write_text(json.dumps(asked), "utf-8")
    with serving(root) as hub:
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(room / "home"),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, str(SCRIPT), str(room / "asked.json"), str(room / "out.json")]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    return json.loads((room / "out.json").read_text("utf-8"))


@pytest.mark.parametrize("about", TASKS, ids=lambda task: task.name)
def test_the_same_bytes_score_the_same(
    about: HubTask,
    root: Path,
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every number that mteb gives for its task, with the data fetched by each from one server."""
    path = tmp_path / f"{about.name}.toml"
    path.write_text(about.toml, "utf-8")
    task = load_task(path)
    kind = load_kind(task.kind)
    theirs = expected[about.name]
    assert isinstance(theirs, dict), theirs

    with serving(root) as hub:
        point_at(hub, tmp_path / "cache", monkeypatch)
        parts = {
            (split, subset): load_tables(task, kind, split, subset)
            for split in task.splits
            for subset in task.subsets
        }

    assert_equal(
        {tuple(key.split("/")): value for key, value in theirs.items()},
        ours(task, parts, HashVectors()),
        allowed=DEVIATION,
    )


def test_every_kind_that_mteb_has_a_text_task_of() -> None:
    """Zero-shot classification is of images only in mteb 2.26.24."""
    assert {task.kind for task in TASKS} == set(KINDS) - {"zero_shot_classification"}

"""Bundles of tasks whose data come from the hub."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("huggingface_hub", reason="needs the extra hub")

from tests.hub.server import Hub
from tests.hub.test_command import room, run  # noqa: F401 -- a fixture
from tests.test_bundles import results
from tests.test_offline import FORBIDDEN


@pytest.mark.parametrize("name", ["Pairs", "Newest"])
def test_a_bundle_stands_for_the_hub(room: Hub, tmp_path: Path, name: str) -> None:  # noqa: F811
    """Same commit, warnings and scores, from an empty home and with no socket allowed."""
    files = ["-t", f"{name}.toml"]
    code, _, error = run(tmp_path, room, "run", "random", *files, "-o", "plain", "--no-cache")
    assert 0 == code, error
    code, _, error = run(tmp_path, room, "tasks", "bundle", *files, "-o", "b.zip")
    assert 0 == code, error
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(tmp_path / "b.zip", elsewhere)

    arguments = ["run", "random", "--bundle", "b.zip", "-o", "out", "--no-cache"]
    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, *arguments],
        cwd=elsewhere,
        env={
            "HOME": str(elsewhere),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[2]),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    expected = results(tmp_path / "plain")
    assert 1 == len(expected)
    assert expected == results(elsewhere / "out")

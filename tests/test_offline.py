"""The embedded model runs with no network at all, from an empty home."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

FORBIDDEN = """
import socket, sys
class Refused(socket.socket):
    def __init__(self, *arguments, **named):
        raise OSError("no network")
socket.socket = socket.create_connection = socket.getaddrinfo = Refused
from benchmark.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(not importlib.util.find_spec("wordllama"), reason="wordllama not installed")
def test_the_embedded_model_needs_no_network(tmp_path: Path) -> None:
    """Every socket is forbidden, the home is empty, and a score comes out."""
    data = tmp_path / "pairs"
    data.mkdir()
    rows = ["sentence1,sentence2,score", "a cat,a kitten,4", "a car,a cloud,0", "one,two,3"]
    (data / "test.csv").write_text("\n".join(rows))
    home = tmp_path / "home"
    home.mkdir()

    done = subprocess.run(
        [sys.executable, "-c", FORBIDDEN, "run", "wordllama", "--data", "pairs"],
        cwd=tmp_path,
        env={
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path(__file__).parents[1]),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    assert "wordllama has a score on 1 of 1 tasks." in done.stdout
    assert "Traceback" not in done.stderr

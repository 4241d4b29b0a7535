"""Runs an installed embedmark as a newcomer would, without network, and checks what it leaves."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import fmean
from typing import Any

FORBID_CONNECTIONS = """
import socket

def refuse(self, address, *rest):
    raise OSError(f"this run has no network: {address}")

socket.socket.connect = socket.socket.connect_ex = refuse
"""
MODELS = {"wordllama", "tfidf", "random"}
LIMIT_MB = 1024


def main(room: Path) -> None:
    """Run twice in ``room``: all is measured and shown at first, all is reused at second."""
    check_contents()
    (room / "forbid").mkdir(exist_ok=True)
    (room / "forbid/sitecustomize.py").write_text(FORBID_CONNECTIONS, "utf-8")
    (room / "home").mkdir(exist_ok=True)
    environment = {
        "HOME": str(room / "home"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(room / "forbid"),
    }
    check_no_network(environment)
    start = time.monotonic()
    table, megabytes = run(["embedmark", "run"], room, environment)
    seconds = time.monotonic() - start
    again, _ = run(["embedmark", "run", "--json"], room, environment)
    rows = json.loads(again)["results"]
    assert {row["status"] for row in rows} == {"reused"}, rows
    assert {row["model"] for row in rows} == MODELS, rows
    files = {row["path"] for row in rows}
    assert all((room / file).is_file() for file in files), files
    tasks = {row["task"] for row in rows}
    assert len(tasks) >= 12, tasks
    assert all(name in table for name in tasks | MODELS), table
    check_above_random(rows)
    assert megabytes < LIMIT_MB, megabytes
    print(table)
    print(
        f"{len(files)} result files, {len(tasks)} tasks, "
        f"{seconds:.0f} s, {megabytes:.0f} MB at the peak; the second run reused everything"
    )


def check_contents() -> None:
    """The wheel installs one package, its command and nothing else at the top."""
    files = importlib.metadata.files("embedmark") or []
    names = {file.parts[0] for file in files if file.suffix not in (".pyc", ".pth")}
    package = {name for name in names if not name.endswith(".dist-info")}
    assert package == {"benchmark", ".."}, package
    assert any("_data/tasks/suites" in file.as_posix() for file in files)
    assert any("_data/leaderboards" in file.as_posix() for file in files)


def check_no_network(environment: dict[str, str]) -> None:
    """The environment that forbids connections does."""
    code = "import socket; socket.create_connection(('127.0.0.1', 9))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert "this run has no network" in done.stderr, done.stderr


def check_above_random(rows: list[dict[str, Any]]) -> None:
    """Averaged over splits and subsets, wordllama beats random on every task not marked hard."""
    scores: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if not row["hard"]:
            scores.setdefault((row["task"], row["model"]), []).append(row["main_score"])
    for task in {task for task, _ in scores}:
        static, chance = (fmean(scores[task, model]) for model in ("wordllama", "random"))
        assert static > chance, (task, static, chance)


def run(command: list[str], room: Path, environment: dict[str, str]) -> tuple[str, float]:
    """The command's stdout and its peak memory in MB; the exit code must be 0."""
    output = room / "stdout.txt"
    with output.open("wb") as stdout:
        process = subprocess.Popen(command, cwd=room, env=environment, stdout=stdout)
        _, status, usage = os.wait4(process.pid, 0)
    text = output.read_text("utf-8")
    code = os.waitstatus_to_exitcode(status)
    assert code == 0, f"{' '.join(command)}: exit {code}\n{text}"
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    return text, kilobytes / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]))

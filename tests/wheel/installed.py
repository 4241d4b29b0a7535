"""Runs an installed embedmark as a newcomer would, without network, and checks what it leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

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
    (room / "forbid").mkdir(exist_ok=True)
    (room / "forbid/sitecustomize.py").write_text(FORBID_CONNECTIONS, "utf-8")
    (room / "home").mkdir(exist_ok=True)
    environment = {
        "HOME": str(room / "home"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(room / "forbid"),
    }
    start = time.monotonic()
    table, megabytes = run(["embedmark", "run"], room, environment)
    seconds = time.monotonic() - start
    assert all(model in table for model in MODELS), table
    files = sorted((room / "results").glob("*/*/*.json"))
    again, _ = run(["embedmark", "run", "--json"], room, environment)
    rows = json.loads(again)["results"]
    assert {row["status"] for row in rows} == {"reused"}, rows
    missing = [row for row in rows if not (room / row["path"]).is_file()]
    assert not missing, missing
    tasks = {row["task"] for row in rows}
    assert len(tasks) >= 12, tasks
    assert megabytes < LIMIT_MB, megabytes
    print(table)
    print(
        f"{len(files)} result files, {len(tasks)} tasks, "
        f"{seconds:.0f} s, {megabytes:.0f} MB at the peak; the second run reused everything"
    )


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

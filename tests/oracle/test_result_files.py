"""Our result files in mteb's own hands: loaded, scored, merged."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from mteb.cache import ResultCache
from mteb.results import TaskResult

import benchmark

pytestmark = pytest.mark.oracle

COMMITTED = Path(__file__).parents[2] / "results"
PAIRS = [("a cat", "a kitten", 4.0), ("a car", "a cloud", 0.0), ("one", "two", 3.0)]


class Letters:
    """A model of four numbers a text."""

    def encode(self, texts: list[str]) -> Any:
        """Count."""
        return np.array([[len(t), t.count("a"), t.count("o"), 1.0] for t in texts], np.float32)


def committed() -> list[Path]:
    """Every result file of the project."""
    return [p for p in sorted(COMMITTED.rglob("*.json")) if p.name != "model_meta.json"]


def write_task(folder: Path, name: str, subsets: tuple[str, ...] = ()) -> Path:
    """An STS task, with subsets where they are named."""
    for subset in subsets or ("",):
        data = folder / name / subset
        data.mkdir(parents=True)
        rows = [dict(zip(("sentence1", "sentence2", "score"), pair, strict=True)) for pair in PAIRS]
        (data / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    path = folder / f"{name}.toml"
    languages = "\n".join(f'{subset} = ["{subset}-Latn"]' for subset in subsets)
    path.write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\n'
        + ("" if subsets else 'languages = ["eng-Latn"]\n')
        + f'[source]\nfiles = "{name}"\n'
        + (f"[subsets]\n{languages}\n" if subsets else "")
    )
    return path


@pytest.mark.parametrize("path", committed(), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_mteb_loads_every_committed_result(path: Path) -> None:
    """``from_disk`` and ``get_score`` give the mean that the file's main scores have."""
    content = json.loads(path.read_text("utf-8"))
    expected = fmean(
        fmean(entry["main_score"] for entry in entries) for entries in content["scores"].values()
    )

    result = TaskResult.from_disk(path)

    assert pytest.approx(expected, abs=1e-12) == result.get_score()
    assert content["task_name"] == result.task_name


def test_results_of_two_subsets_merge(tmp_path: Path) -> None:
    """What was run apart is one result, in mteb as in our own file."""
    task = write_task(tmp_path, "Mine", ("deu", "fra"))
    benchmark.evaluate(Letters(), str(task), output=tmp_path / "out", cache=tmp_path / "cache")
    (path,) = (tmp_path / "out").rglob("Mine.json")
    whole = TaskResult.from_disk(path)
    one, two = (
        whole.model_copy(update={"scores": {"test": [entry]}}) for entry in whole.scores["test"]
    )

    assert whole.get_score() == one.merge(two).get_score()


@pytest.mark.parametrize("task", ["STSBenchmark", "STS12"])
def test_mteb_finds_results_of_its_own_tasks(tmp_path: Path, task: str) -> None:
    """``load_results`` over a tree that we wrote: model, revision, task and score."""
    path = write_task(tmp_path, task)
    rows = benchmark.evaluate(
        Letters(), str(path), output=tmp_path / "cache" / "results", cache=tmp_path / "vectors"
    )

    loaded = ResultCache(tmp_path / "cache").load_results(include_remote=False)

    (model,) = loaded.model_results
    assert "local/Letters" == model.model_name
    (result,) = model.task_results
    assert task == result.task_name
    assert pytest.approx(next(iter(rows)).main_score) == result.get_score()
    assert result.mteb_version is not None
    assert result.mteb_version.startswith("2.26.24+embedmark.")

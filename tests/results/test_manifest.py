"""The manifest of a result: what made its numbers, told from what differs between equal runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.catalog import Choice, load_task
from benchmark.results.commit import commit_of
from benchmark.results.record import Part, Result, from_json, to_json
from benchmark.results.store import read_result, save_result
from benchmark.run import RunSettings, run
from tests.results.test_store import part, result
from tests.test_run import MODEL, write_pairs


def measured(folder: Path, model: str, **options: Any) -> dict[str, Any]:
    """What ``embedmark`` holds of the only task of a run."""
    tasks = [Choice(load_task(write_pairs(folder, "Pairs")))]
    (row,) = run([model], tasks, RunSettings(output=folder / "out", **options))
    found: dict[str, Any] = json.loads(Path(str(row.path)).read_text("utf-8"))["embedmark"]
    return found


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A model file of the user's."""
    (tmp_path / "mine.py").write_text(MODEL, "utf-8")
    return str(tmp_path / "mine.py")


def test_two_equal_runs_differ_in_cost_and_environment_alone(tmp_path: Path, model: str) -> None:
    """With the cache and without, and in another batch plan."""
    first = measured(tmp_path, model, cache=tmp_path / "cache")
    second = measured(tmp_path, model, fresh=True)

    for found in (first, second):
        del found["environment"], found["cost"]
    assert first == second


def test_a_result_says_what_made_its_vectors() -> None:
    """Settings stand once for all parts, and again only where a part's differ."""
    cut = {"pooling": "mean", "max_tokens": 512}
    parts = [replace(part(name), settings=cut) for name in ("a", "b")]
    odd = replace(part("c"), settings={**cut, "max_tokens": 64})

    content = to_json(result(*parts, odd))["embedmark"]

    assert cut == content["model"]["settings"]
    found = {key: subset.get("settings") for key, subset in content["subsets"].items()}
    assert {"test/a": None, "test/b": None, "test/c": odd.settings} == found


def test_a_run_names_its_batches_packages_device_and_commit(tmp_path: Path) -> None:
    """Of the embedded model, where it is installed."""
    pytest.importorskip("wordllama")
    found = measured(tmp_path, "wordllama")

    plan = found["cost"]["batches"]["test/default"]
    assert ("characters", 1) == (plan["unit"], plan["batches"])
    assert {"numpy", "pyarrow", "wordllama"} <= set(found["environment"]["packages"])
    assert "cpu" == found["environment"]["device"]
    assert {"pooling": "mean", "normalize": False}.items() <= found["model"]["settings"].items()


def test_parts_of_two_runs_keep_their_environments(tmp_path: Path) -> None:
    """What was measured before is not said to be of the newer versions."""
    old, new = {"packages": {"numpy": "1.26.4"}}, {"packages": {"numpy": "2.4.6"}}
    save_result(tmp_path, replace(result(part("a")), environment=old))
    path = save_result(tmp_path, replace(result(part("b")), environment=new))

    again = read_result(path)

    assert again is not None
    assert (old, new) == tuple(again.parts[key].environment for key in ("test/a", "test/b"))
    assert new == again.environment


def test_a_result_without_a_manifest_is_read() -> None:
    """As all of before were written."""
    content = json.loads(json.dumps(to_json(result(part()))))
    del content["embedmark"]["model"]["settings"]

    found: Result = from_json(content, "old.json")

    (known,) = found.parts.values()
    assert isinstance(known, Part)
    assert ({}, {}) == (known.settings, known.batches)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_of_a_checkout(tmp_path: Path) -> None:
    """On a branch, packed, without one, and in a worktree; none where git is not."""

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@b")
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    assert "" == commit_of(tmp_path)
    git("init", "-q", "-b", "trunk")
    git("commit", "-q", "--allow-empty", "-m", "one")
    expected = git("rev-parse", "HEAD")
    git("worktree", "add", "-q", "-b", "side", "beside")
    assert (expected, expected) == (commit_of(tmp_path), commit_of(tmp_path / "beside"))
    git("pack-refs", "--all")
    assert (expected, expected) == (commit_of(tmp_path), commit_of(tmp_path / "beside"))
    git("checkout", "-q", "--detach")
    assert expected == commit_of(tmp_path)

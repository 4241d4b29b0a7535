"""Every kind has an example under docs/examples that runs and explains all of its options."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from benchmark.catalog import KINDS, load_kind, load_task
from benchmark.cli import main

EXAMPLES = Path(__file__).parent.parent / "docs" / "examples"
FILES = sorted(EXAMPLES.glob("*.toml"))
MODEL = '''import numpy as np


def encode(texts):
    """How often each pair of neighbouring letters occurs, in 64 buckets, and the length."""
    vectors = np.zeros((len(texts), 65), np.float32)
    for row, text in enumerate(texts):
        vectors[row, 64] = len(text)
        for first, second in zip(text.lower(), text.lower()[1:]):
            vectors[row, (31 * ord(first) + ord(second)) % 64] += 1
    return vectors
'''


def named(path: Path) -> str:
    """The example's name as the test's id."""
    return path.stem


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model without any dependency but numpy."""
    path = tmp_path_factory.mktemp("model") / "letters.py"
    path.write_text(MODEL, "utf-8")
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_example(kind: str) -> None:
    """Under the kind's own name."""
    assert kind == load_task(EXAMPLES / f"{kind}.toml").kind


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_is_short_and_explains_every_option(path: Path) -> None:
    """Under 20 lines, and each option of the kind on a line of its own with a comment."""
    text = path.read_text("utf-8")
    kind = tomllib.loads(text)["kind"]
    known = load_kind(kind).OPTIONS if kind in KINDS else {}

    explained = set(re.findall(r"^(?:# )?(\w+) = .+  # \S", text, re.MULTILINE))

    assert len(text.splitlines()) < 20
    assert max(map(len, text.splitlines())) <= 100
    assert set() == set(known) - explained


@pytest.mark.parametrize("path", FILES, ids=named)
def test_it_passes_the_check_and_runs(
    path: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every split and subset gets a score, the same twice."""
    assert 0 == main(["tasks", "check", str(path)]), capsys.readouterr()
    capsys.readouterr()
    found = []
    for name in ("one", "two"):
        run = ["run", str(model), "-t", str(path), "--no-cache", "--json"]
        assert 0 == main([*run, "-o", str(tmp_path / name)]), capsys.readouterr()
        found.append(json.loads(capsys.readouterr().out)["results"])

    scores = [[(r["task"], r["split"], r["subset"], r["main_score"]) for r in f] for f in found]
    task = load_task(path)
    own = [row for row in scores[0] if row[0] == path.stem]
    assert scores[0] == scores[1]
    assert {(split, subset) for split in task.splits for subset in task.subsets} == {
        row[1:3] for row in own
    }


def test_the_list_is_complete() -> None:
    """The README beside them links every file."""
    links = re.findall(r"\]\((\w+)\.toml\)", (EXAMPLES / "README.md").read_text("utf-8"))

    assert sorted(links) == [path.stem for path in FILES]

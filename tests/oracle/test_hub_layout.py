"""Configs, splits and files of a repository: those that the datasets library finds there."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

import datasets

from benchmark.data.hub_layout import config_names, find_config, read_card
from benchmark.errors import DataError

pytestmark = pytest.mark.oracle

TREES = {
    "one file": ["data.csv"],
    "splits at the top": ["train.jsonl", "test.jsonl", "dev.jsonl"],
    "shards": ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"],
    "shards of other splits": [
        "data/corpus-00000-of-00001.parquet",
        "data/test.v2-00000-of-00001.parquet",
        "data/train-00000-of-00001.parquet",
    ],
    "folders": ["train/a.json", "train/b.json", "test/a.json", "other/c.json"],
    "folders with numbers": ["x/train_1/a.csv", "x/test-2/b.csv"],
    "names in the middle": ["my-train-part.csv", "my.test.csv", "eval_2.csv", "validate.csv"],
    "numbered": ["train_0.csv", "train_1.csv", "train_10.csv", "test_0.csv"],
    "compressed": ["train.jsonl.gz", "test.jsonl.gz"],
    "hidden and special": ["test.csv", ".hidden/test.csv", "__cache__/test.csv", ".test.csv"],
    "notes": ["test.csv", "README.md", "dataset_infos.json", "config.json"],
    "deep": ["a/b/test/c/d.jsonl", "a/b/train/c/d.jsonl"],
    "both ways": ["test/train.csv", "train/test.csv"],
}
CARDS = {
    "paths": "configs:\n- config_name: a\n  data_files: data.csv\n",
    "globs": (
        "configs:\n- config_name: a\n  data_files:\n  - split: test\n    path: '*.csv'\n"
        "  - split: dev\n    path: [x/*.csv, y/**/z.csv]\n"
    ),
    "folders": "configs:\n- config_name: a\n  data_dir: x\n- config_name: b\n  data_dir: y\n",
    "default": (
        "configs:\n- config_name: a\n  data_files: x/1.csv\n- config_name: b\n"
        "  data_files: y/q/z.csv\n  default: true\n"
    ),
}
OF_CARDS = ["data.csv", "b.csv", "x/1.csv", "x/2.csv", "y/q/z.csv", "y/z.csv", ".hidden.csv"]


def made(folder: Path, paths: list[str], card: str = "") -> None:
    """The files of a repository."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        content = "{}" if path.startswith("dataset_infos") else '{"a": 1}\n'
        (folder / path).write_text("a,b\n1,2\n" if ".csv" in path else content)
    if card:
        (folder / "README.md").write_text(f"---\n{card}---\n")


def theirs(folder: Path, name: str | None) -> dict[str, list[str]] | None:
    """The library's files by split; None where it refuses."""
    try:
        files = datasets.load_dataset_builder(str(folder), name).config.data_files
    except (ValueError, FileNotFoundError):
        return None
    root = f"{folder.resolve().as_posix()}/"
    found = files if isinstance(files, dict) else {}
    return {str(s): [str(p).removeprefix(root) for p in ps] for s, ps in found.items() if ps}


def ours(folder: Path, name: str | None) -> dict[str, list[str]] | None:
    """Ours."""
    paths = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    card = folder / "README.md"
    about = read_card(card.read_text()) if card.exists() else {}
    try:
        found = find_config(paths, about, name, "org/set").files
    except DataError:
        return None
    return {split: list(files) for split, files in found.items() if files}


@pytest.mark.parametrize("paths", TREES.values(), ids=TREES.keys())
def test_without_a_card(paths: list[str], tmp_path: Path) -> None:
    """The names of files and folders tell."""
    made(tmp_path, paths)

    assert theirs(tmp_path, None) == ours(tmp_path, None)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS.keys())
def test_with_a_card(card: str, tmp_path: Path) -> None:
    """Its configs, the usual one, and one that is not there."""
    made(tmp_path, OF_CARDS, card)
    names = datasets.get_dataset_config_names(str(tmp_path))

    assert names == config_names(read_card((tmp_path / "README.md").read_text()))
    for name in (None, *names, "absent"):
        assert theirs(tmp_path, name) == ours(tmp_path, name), name


@pytest.mark.parametrize("seed", range(40))
def test_random_trees(seed: int, tmp_path: Path) -> None:
    """Words, breaks and folders in any order."""
    draws = random.Random(seed)
    words = ["train", "test", "dev", "val", "eval", "x", "validation", "0", "training", "corpus"]

    def name() -> str:
        return draws.choice("-_.").join(draws.sample(words, draws.randint(1, 2)))

    paths = {
        "/".join([*(name() for _ in range(draws.randint(0, 2))), f"{name()}.csv"])
        for _ in range(draws.randint(1, 6))
    }
    folders = {"/".join(path.split("/")[:n]) for path in paths for n in range(1, 4)}
    made(tmp_path, sorted(path for path in paths if path not in folders or path.count("/") == 0))

    assert theirs(tmp_path, None) == ours(tmp_path, None)

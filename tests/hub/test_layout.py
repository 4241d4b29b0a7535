"""Where tables lie: the places that mteb's loaders look in, and cards that make no sense.

Files of configs and splits are compared with the datasets library in tests/oracle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.data import hub_places
from benchmark.data.hub_layout import globbed, read_card
from benchmark.data.hub_places import Place, find_place, has_table
from benchmark.data.hub_repository import Repository
from benchmark.data.hub_shapes import named_labels
from benchmark.errors import DataError
from benchmark.task import Task, parse_task

pytest.importorskip("yaml", reason="needs the extra hub")
pytest.importorskip("fsspec", reason="needs the extra hub")

COMMIT = "c" * 40
HEAD = f"""kind = "retrieval"
main_score = "ndcg_at_10"
languages = ["eng-Latn"]
[source]
hub = "org/set"
revision = "{COMMIT}"
"""


def task_of(folder: Path, text: str = "") -> Task:
    """A task of the data set."""
    (folder / "T.toml").write_text(HEAD + text)
    return parse_task(folder / "T.toml")


def holding(monkeypatch: pytest.MonkeyPatch, paths: list[str], card: str = "") -> None:
    """Every repository has these files and this card."""
    sizes = dict.fromkeys(paths, 1)
    about = read_card(f"---\n{card}\n---") if card else {}
    monkeypatch.setattr(
        hub_places,
        "open_repository",
        lambda name, revision: Repository(name, COMMIT, sizes, {}, about),
    )


def place(task: Task, table: str, split: str = "test", subset: str = "default") -> Place:
    """The place of a table."""
    return find_place(task, table, split, subset, False)


def configs(**splits: str) -> str:
    """A card of configs with one file a split."""
    lines = ["configs:"]
    for name, split in splits.items():
        config = name.replace("_", "-") if name.startswith("fr") else name
        lines += [f"- config_name: {config}", "  data_files:"]
        lines += [f"  - split: {split}", f"    path: {config}.jsonl"]
    return "\n".join(lines)


def test_tables_of_a_retrieval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judgements are the config ``default``; the only split is that of any name."""
    card = configs(default="test", corpus="corpus", query="q", queries="x", instruction="i")
    names = ("default", "corpus", "query", "queries", "instruction")
    holding(monkeypatch, [f"{name}.jsonl" for name in names], card)
    task = task_of(tmp_path)

    assert ("default.jsonl",) == place(task, "qrels").files
    assert ("corpus.jsonl",) == place(task, "corpus").files
    assert ("query.jsonl",) == place(task, "queries").files
    assert has_table(task, "instruction", "default")
    assert not has_table(task, "top_ranked", "default")


def test_tables_of_a_subset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A subset's name, or the config that it names, stands before each."""
    card = configs(fr_corpus="x", fr_queries="x", fr_qrels="test")
    holding(monkeypatch, ["fr-corpus.jsonl", "fr-queries.jsonl", "fr-qrels.jsonl"], card)
    text = '[subsets.french]\nlanguages = ["fra-Latn"]\nconfig = "fr"\n[subsets.fr]\n'
    task = task_of(tmp_path, text + 'languages = ["fra-Latn"]\n')

    for subset in ("french", "fr"):
        assert ["fr-corpus", "fr-queries", "fr-qrels"] == [
            place(task, table, subset=subset).config for table in ("corpus", "queries", "qrels")
        ]


def test_without_a_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders and stems are configs: BEIR's own layout."""
    paths = ["corpus.jsonl.gz", "queries.jsonl", "qrels/test.tsv", "qrels/dev.tsv"]
    holding(monkeypatch, paths)
    task = task_of(tmp_path)

    assert ("corpus.jsonl.gz",) == place(task, "corpus").files
    assert ("qrels/test.tsv",) == place(task, "qrels").files
    with pytest.raises(DataError, match="the config 'qrels' has no split 'train'; known: test, va"):
        place(task, "qrels", "train")


def test_files_named_by_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Globs by split, and what is filled in."""
    holding(monkeypatch, ["a/test/1.csv", "a/test/2.csv", "b/x.csv"])
    files = 'files = { test = ["a/{split}/*.csv", "b/x.csv"] }\nsplits = { test = "test" }\n'
    task = task_of(tmp_path, files)

    assert ("a/test/1.csv", "a/test/2.csv", "b/x.csv") == place(task, "corpus").files
    with pytest.raises(DataError, match=r"files in .source. have no split 'dev'; known: test"):
        place(task, "corpus", "dev")


@pytest.mark.parametrize("pattern", ["../a.csv", "/a.csv", "https://x/a.csv", "**a.csv", "z*"])
def test_globs_that_name_nothing(pattern: str) -> None:
    """One that leads out of the repository, one that is none, one without a file."""
    with pytest.raises(DataError):
        globbed(["a.csv"], [pattern], "org/set")


@pytest.mark.parametrize(
    "card",
    [
        "configs: 5",
        "configs: [a, 5, {x: y}]",
        "configs: [{config_name: default, data_files: 5}]",
        "configs: [{config_name: default, data_files: [5, {path: }]}]",
        "configs: [{config_name: default, data_files: {split: {a: b}}}]",
        "configs: [{config_name: default, data_dir: [a]}]",
        "configs: [{config_name: [default], data_files: a.csv}]",
        "dataset_info: 5",
        "dataset_info: {features: [{name: a, dtype: {class_label: {names: {x: y}}}}]}",
        "dataset_info: {features: [5, {dtype: {class_label: 5}}]}",
        "a: [",
        "5",
        "- 1",
    ],
)
def test_cards_that_make_no_sense(
    card: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read without harm, or refused in one line."""
    import pyarrow as pa

    holding(monkeypatch, ["test.csv"], card)
    table: Any = pa.table({"a": ["y"]})
    said, files = "", ("test.csv",)
    try:
        files = find_place(task_of(tmp_path), "rows", "test", "default", False).files
    except DataError as error:
        said = str(error)

    assert ("test.csv",) == files
    assert "\n" not in said
    assert table.equals(named_labels(table, read_card(f"---\n{card}\n---"), "default"))

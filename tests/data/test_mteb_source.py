"""The source ``mteb``: what another process hands back, here written by the test itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmark.catalog import Choice, load_kind, load_task
from benchmark.data.hub_errors import OutOfReachError
from benchmark.data.mteb import child, source
from benchmark.data.sources import load_tables
from benchmark.errors import DataError
from benchmark.prepare import prepare
from benchmark.task import Task

STS = """kind = "sts"
main_score = "cosine_spearman"
splits = ["dev", "test"]
[source]
mteb = "Pairs"
revision = "abc"
[subsets]
en = ["eng-Latn"]
de = ["deu-Latn"]
"""
RETRIEVAL = """kind = "{kind}"
main_score = "ndcg_at_10"
languages = ["eng-Latn"]
[source]
mteb = "Search"
"""
needs_datasets = pytest.mark.skipif(
    find_spec("datasets") is None, reason="the other process writes with datasets"
)
Answer = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As a new process begins."""
    monkeypatch.setattr(source, "version", lambda needed_by: "2.26.24")
    source.forget()
    yield
    source.forget()


class Process:
    """Stands for the other process: writes tables, and remembers what it was asked."""

    def __init__(self, told: dict[str, Any] | None = None, **tables: pa.Table) -> None:
        self.told, self.tables = told, tables
        self.asked: list[dict[str, Any]] = []
        self.environments: list[dict[str, str]] = []

    def __call__(self, verb: str, folder: Path, **environment: str) -> None:
        """Answer in ``told.json``."""
        asked = json.loads((folder / "asked.json").read_text("utf-8"))
        self.asked.append(asked)
        self.environments.append(environment)
        writer = child._Writer(folder)
        tables = {name: writer(table) for name, table in self.tables.items()}
        subsets = asked["subsets"] or ["default"]
        files = {split: dict.fromkeys(subsets, tables) for split in ("dev", "test")}
        (folder / "told.json").write_text(json.dumps(self.told or {"files": files}), "utf-8")


def task_of(folder: Path, text: str = STS) -> Task:
    """A task file, parsed."""
    path = folder / "Pairs.toml"
    path.write_text(text, "utf-8")
    return load_task(path)


def pairs() -> pa.Table:
    """A few rows of an sts."""
    return pa.table(
        {"sentence1": ["a", "b", "c"], "sentence2": ["a", "d", "e"], "score": [5.0, 2.0, 1.0]}
    )


def ranked(**more: pa.Table) -> dict[str, pa.Table]:
    """Two documents and a query."""
    return {
        "corpus": pa.table({"id": ["1", "2"], "title": ["x", ""], "text": ["one", "two"]}),
        "queries": pa.table({"id": ["q"], "text": ["who"]}),
        "qrels": pa.table({"query-id": ["q"], "corpus-id": ["2"], "score": [1]}),
        **more,
    }


@needs_datasets
def test_a_process_loads_what_is_chosen_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All splits of the subsets that are asked for, and the revision is the data's name."""
    process = Process(rows=pairs())
    monkeypatch.setattr(source, "run_child", process)

    found = prepare(Choice(task_of(tmp_path), subsets=("de",)))

    assert [part.error for part in found.parts] == [None, None]
    assert [asked["subsets"] for asked in process.asked] == [["de"]]
    assert process.asked[0]["name"] == "Pairs"
    assert process.environments == [{"HF_DATASETS_TRUST_REMOTE_CODE": "0"}]
    assert found.pinned == "abc"


@needs_datasets
def test_without_a_choice_all_subsets_come_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For those that read part by part."""
    process = Process(rows=pairs())
    monkeypatch.setattr(source, "run_child", process)
    task = task_of(tmp_path)

    for subset in ("en", "de"):
        table = load_tables(task, load_kind("sts"), "test", subset)["rows"]
        assert table.column("score").to_pylist() == [5.0, 2.0, 1.0]

    assert [asked["subsets"] for asked in process.asked] == [["en", "de"]]


@needs_datasets
def test_a_trusted_task_may_run_code_of_its_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As mteb itself lets it."""
    process = Process(rows=pairs())
    monkeypatch.setattr(source, "run_child", process)

    load_tables(replace(task_of(tmp_path), trusted=True), load_kind("sts"), "test", "en")

    assert process.environments == [{}]


@needs_datasets
def test_a_search_is_read_as_from_a_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Titles before texts, a subset of no name."""
    process = Process(**ranked())
    monkeypatch.setattr(source, "run_child", process)
    task = task_of(tmp_path, RETRIEVAL.format(kind="retrieval"))

    tables = load_tables(task, load_kind("retrieval"), "test", "default")

    assert tables["corpus"].column("text").to_pylist() == ["x one", "two"]
    assert process.asked[0]["subsets"] is None
    assert process.asked[0]["ranked"] is True


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"revision": "def"}, "mteb:Pairs: the installed mteb reads revision def"),
        ({"failed": ["KeyError", "LookupError"]}, "could not load its data (KeyError)"),
        ({"failed": ["DatasetNotFoundError"]}, "private or gated; accept its terms"),
        ({"files": {"dev": {}}}, "mteb's task has no such split and subset"),
    ],
)
def test_what_goes_wrong_is_said_of_each_part(
    told: dict[str, Any], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name of the task; the process runs once."""
    process = Process(told)
    monkeypatch.setattr(source, "run_child", process)

    found = prepare(Choice(task_of(tmp_path)))

    assert len(found.parts) == 4
    assert all(said in str(part.error) for part in found.parts)
    assert len(process.asked) == 1


def test_without_network_the_task_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a check of the file alone says so."""
    monkeypatch.setattr(source, "run_child", Process({"failed": ["OSError", "ConnectionError"]}))

    with pytest.raises(OutOfReachError, match="the hub is out of reach"):
        load_tables(task_of(tmp_path), load_kind("sts"), "test", "en")


@needs_datasets
def test_candidates_are_never_searched_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retrieval with candidates is a reranking: else another number would come out."""
    shown = pa.table({"query-id": ["q"], "corpus-id": ["2"]})
    monkeypatch.setattr(source, "run_child", Process(**ranked(top_ranked=shown)))

    task = task_of(tmp_path, RETRIEVAL.format(kind="retrieval"))
    with pytest.raises(DataError, match='set kind = "reranking"'):
        load_tables(task, load_kind("retrieval"), "test", "default")
    task = task_of(tmp_path, RETRIEVAL.format(kind="reranking"))
    tables = load_tables(task, load_kind("reranking"), "test", "default")
    assert tables["top_ranked"].num_rows == 1


@needs_datasets
def test_two_tasks_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The third one's tables take the place of the first, whose folder goes."""
    monkeypatch.setattr(source, "run_child", Process(rows=pairs()))
    tables, rooms = [], []
    for name in ("One", "Two", "Three"):
        task = task_of(tmp_path, STS.replace("Pairs", name))
        tables.append(load_tables(task, load_kind("sts"), "test", "en"))
        room = next(reversed(source._loaded.values())).room
        assert room is not None
        rooms.append(Path(room.name))

    assert [room.is_dir() for room in rooms] == [False, True, True]
    assert [table["rows"].num_rows for table in tables] == [3, 3, 3]


class Base:
    """As a base class of mteb."""

    samples_per_label = 8
    max_fraction_of_documents_to_embed: float | None = 0.04

    def load_data(self) -> None:
        """Load as it says."""


class Own(Base):
    """A task that sets one attribute, and another one while it loads."""

    samples_per_label = 16

    def load_data(self) -> None:
        """Load otherwise."""
        self.max_fraction_of_documents_to_embed = None


def test_facts_tell_what_a_class_changes() -> None:
    """Attributes that differ from the base's, those set in code, and functions put in place."""
    assert child._attributes(Base, Base) == {}
    assert child._attributes(Own, Base) == {
        "samples_per_label": 16,
        "max_fraction_of_documents_to_embed": None,
    }
    assert child._overridden(Own, Base) == {"load_data"}


def test_pairs_of_candidates() -> None:
    """A row each, in order."""
    found = child._pairs({"a": ["1", "2"], "b": [], "c": [3]})

    assert found.to_pydict() == {"query-id": ["a", "a", "c"], "corpus-id": ["1", "2", "3"]}

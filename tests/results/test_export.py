"""Results written out: a tree in mteb's layout, parquet and csv."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark.errors import ResultError
from benchmark.results.export import COLUMNS, export_table, export_tree
from benchmark.results.load import import_results, read_results

WriteResult = Callable[..., Path]


def theirs(tmp_path: Path) -> Path:
    """A file of mteb's with a NaN, and what its model's owners say."""
    folder = tmp_path / "results" / "org__theirs" / "external"
    folder.mkdir(parents=True)
    rows = '[{"hf_subset": "en", "main_score": 0.5, "ndcg_at_1": NaN}]'
    content = f'{{"task_name": "STS12", "scores": {{"test": {rows}}}, "more": [1]}}'
    (folder / "STS12.json").write_text(content, "utf-8")
    meta = '{"name": "org/theirs", "revision": "external", "max_tokens": Infinity, "embed_dim": 8}'
    (folder / "model_meta.json").write_text(meta, "utf-8")
    return folder / "STS12.json"


def test_a_file_of_mteb_s(tmp_path: Path) -> None:
    """All that it holds, as JSON that every reader takes; what mteb's loader needs is added."""
    theirs(tmp_path)
    results, _ = read_results(tmp_path / "results")
    done = export_tree(results, tmp_path / "out")
    folder = tmp_path / "out" / "org__theirs" / "external"

    assert (1, 0, ()) == (done.files, done.main_scores_only, done.problems)
    assert {
        "dataset_revision": "",
        "mteb_version": None,
        "evaluation_time": None,
        "task_name": "STS12",
        "scores": {
            "test": [{"hf_subset": "en", "main_score": 0.5, "ndcg_at_1": None, "languages": []}]
        },
        "more": [1],
    } == json.loads((folder / "STS12.json").read_text("utf-8"))
    meta = json.loads((folder / "model_meta.json").read_text("utf-8"))
    assert ("org/theirs", None, 8) == (meta["name"], meta["max_tokens"], meta["embed_dim"])


def test_ours_come_back_as_they_were(tmp_path: Path, write_result: WriteResult) -> None:
    """Exported and read again: all but the place is equal, experiments too."""
    write_result("org/ours", "STS12", {"test/de": 0.25, "test/en": None})
    write_result("org/ours", "STS13", 0.75, slug="dim_64")
    results, _ = read_results(tmp_path / "results")
    export_tree(results, tmp_path / "out")
    again, problems = read_results(tmp_path / "out")

    assert [] == problems
    assert [replace(r, path=Path()) for r in results] == [replace(r, path=Path()) for r in again]


def test_only_the_entries_of_the_result(tmp_path: Path, write_result: WriteResult) -> None:
    """What a filter left out is not written."""
    write_result("org/ours", "STS12", {"test/de": 0.25, "test/en": 0.5})
    results, _ = read_results(tmp_path / "results")
    export_tree([replace(results[0], entries=results[0].entries[:1])], tmp_path / "out")
    (again,), _ = read_results(tmp_path / "out")

    assert results[0].entries[:1] == again.entries


def test_an_index_whose_files_are_gone(tmp_path: Path) -> None:
    """The main scores are left, and the facts of the model."""
    path = theirs(tmp_path)
    import_results(tmp_path / "results", tmp_path / "i")
    path.unlink()
    path.with_name("model_meta.json").unlink()
    results, _ = read_results(tmp_path / "i")
    done = export_tree(results, tmp_path / "out")
    folder = tmp_path / "out" / "org__theirs" / "external"

    assert (1, 1) == (done.files, done.main_scores_only)
    assert 8 == json.loads((folder / "model_meta.json").read_text("utf-8"))["embed_dim"]
    assert [0.5] == [entry.main_score for entry in read_results(tmp_path / "out")[0][0].entries]


def test_nothing_is_overwritten(tmp_path: Path, write_result: WriteResult) -> None:
    """The same again is fine; another result in its place is named and stays."""
    path = write_result("org/ours", "STS12", 0.25)
    results, _ = read_results(tmp_path / "results")
    export_tree(results, tmp_path / "out")
    assert () == export_tree(results, tmp_path / "out").problems

    there = tmp_path / "out" / path.relative_to(tmp_path / "results")
    there.write_text("{", "utf-8")
    (problem,) = export_tree(results, tmp_path / "out").problems

    assert f"{there}: holds another result; export to an empty folder" == problem
    assert "{" == there.read_text("utf-8")


def test_a_part_of_a_task_never_carries_its_name(tmp_path: Path, write_result: WriteResult) -> None:
    """Results of --limit are not exported."""
    write_result("org/ours", "STS12", 0.25, limit=10)
    (problem,) = export_tree(read_results(tmp_path / "results")[0], tmp_path / "out").problems

    assert "STS12.json: measured with --limit 10, which is not the task" in problem
    assert not (tmp_path / "out").exists()


def test_names_that_lead_out(tmp_path: Path, write_result: WriteResult) -> None:
    """A model's name is never a path."""
    write_result("org/ours", "STS12", 0.25)
    (result,), _ = read_results(tmp_path / "results")
    hostile = replace(result, model="../../../x", revision="../y", slug="../z", task="../../w")
    export_tree([hostile], tmp_path / "out")

    written = list(tmp_path.rglob("*w.json"))
    assert written
    assert all(path.is_relative_to(tmp_path / "out") for path in written)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_one_long_table(tmp_path: Path, write_result: WriteResult, ending: str) -> None:
    """A row a split and subset, scores not rounded, nothing where there is none."""
    write_result("org/ours", "STS12", {"test/de": 0.1234567890123, "test/en": None})
    theirs(tmp_path)
    path = tmp_path / f"table{ending}"
    results, _ = read_results(tmp_path / "results")

    assert 3 == export_table(results, path)
    if ending == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        scores = [float(row["main_score"]) if row["main_score"] else None for row in rows]
    else:
        rows = pq.read_table(path).to_pylist()
        scores = [row["main_score"] for row in rows]
    assert list(COLUMNS) == list(rows[0])
    assert [0.1234567890123, None, 0.5] == scores
    assert ["measured", "measured", "external"] == [row["provenance"] for row in rows]


def test_a_table_that_cannot_be_written(tmp_path: Path, write_result: WriteResult) -> None:
    """One line, and nothing half written."""
    write_result("org/ours", "STS12", 0.25)
    results, _ = read_results(tmp_path / "results")
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(ResultError, match=r"table.csv: cannot be written .*choose another"):
        export_table(results, tmp_path / "table.csv")

    assert ["results", "table.csv"] == sorted(path.name for path in tmp_path.iterdir())

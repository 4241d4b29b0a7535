"""Trees of results as they lie, and the index that is kept of them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.errors import ResultError, UsageError
from benchmark.results import rows
from benchmark.results.facts import ModelFacts
from benchmark.results.index import read_table
from benchmark.results.load import import_results, read_all, read_results
from benchmark.results.task_result import LARGEST, TaskResult

WriteResult = Callable[..., Path]


def theirs(
    folder: Path, model: str, revision: str, task: str, score: Any = 0.5, **more: Any
) -> Path:
    """Write a result file as mteb does."""
    path = folder / model.replace("/", "__") / revision / f"{task}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"main_score": score, "hf_subset": "default", "languages": ["eng-Latn", "deu-Latn"]}
    content = {
        "task_name": task,
        "mteb_version": "2.0.0",
        "dataset_revision": "abc",
        "scores": {"test": [{**entry, "ndcg_at_1": 0.25}]},
        **more,
    }
    path.write_text(json.dumps(content), "utf-8")
    return path


@pytest.fixture
def tree(tmp_path: Path, write_result: WriteResult) -> Path:
    """Ours, theirs in two revisions, an experiment, and one from before mteb 1.11."""
    folder = tmp_path / "results"
    write_result("org/ours", "STS12", {"test/de": 0.25, "test/en": None}, limit=3)
    write_result("org/ours", "STS13", 0.75, slug="dim_64", notes=("a note",))
    theirs(folder, "org/theirs", "external", "STS12")
    theirs(folder, "org/theirs", "1a2b", "STS12")
    meta = {"name": "Org/Theirs", "revision": "9f", "n_parameters": 1e6, "embed_dim": [64, 384]}
    (folder / "org__theirs" / "1a2b" / "model_meta.json").write_text(json.dumps(meta), "utf-8")
    old = {
        "mteb_dataset_name": "STS14",
        "mteb_version": "1.1.0",
        "test": {"cos_sim": {"spearman": 0.5}, "evaluation_time": 1.5},
    }
    (folder / "org__theirs" / "external" / "STS14.json").write_text(json.dumps(old), "utf-8")
    return folder


def test_an_index_holds_what_the_files_hold(tree: Path, tmp_path: Path) -> None:
    """Every field of every result, in the same order."""
    index = tmp_path / "index.parquet"
    found = import_results(tree, index)
    from_files, problems = read_results(tree)
    from_index, _ = read_results(index)

    assert (5, 5, 0, 6, ()) == (found.files, found.read, found.gone, found.rows, found.problems)
    assert [] == problems
    assert from_files == from_index
    assert [r.facts for r in from_files] == [r.facts for r in from_index]
    assert [("Org/Theirs", "9f"), ("org/theirs", "external")] == [
        (result.model, result.revision) for result in from_files[2:4]
    ]
    assert ModelFacts(parameters=1_000_000, dimension=384) == from_files[2].facts
    assert ["measured", "measured", "imported", "external", "external"] == [
        result.provenance for result in from_index
    ]
    assert [("STS14", 0.5, ("eng-Latn",))] == [
        (from_index[-1].task, entry.main_score, entry.languages) for entry in from_index[-1].entries
    ]


def test_only_some_tasks_of_an_index(tree: Path, tmp_path: Path) -> None:
    """As of a tree."""
    import_results(tree, tmp_path / "i")

    assert read_results(tree, {"STS13"}) == read_results(tmp_path / "i", {"STS13"})
    assert ["STS13"] == [result.task for result in read_results(tmp_path / "i", {"STS13"})[0]]


def test_the_folder_of_mteb_s_cache(tree: Path) -> None:
    """A folder that holds ``results`` stands for it."""
    assert read_results(tree) == read_results(tree.parent)


def test_unchanged_files_are_not_opened(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is the index written again."""
    index = tmp_path / "i"
    import_results(tree, index)
    before = index.stat().st_mtime_ns

    def refuse(*_: Any, **__: Any) -> TaskResult:
        raise AssertionError("a file was opened")

    monkeypatch.setattr(rows, "read_result_file", refuse)
    found = import_results(tree, index)

    assert (5, 0, 0, 6) == (found.files, found.read, found.gone, found.rows)
    assert before == index.stat().st_mtime_ns


def test_changed_new_and_gone_files(tree: Path, tmp_path: Path) -> None:
    """Only what changed is read, and the index is what a fresh one would be."""
    index, fresh = tmp_path / "i", tmp_path / "fresh"
    import_results(tree, index)
    theirs(tree, "org/theirs", "external", "STS12", 0.875)
    theirs(tree, "org/new", "1", "STS15")
    (tree / "org__theirs" / "external" / "STS14.json").unlink()
    found = import_results(tree, index)
    import_results(tree, fresh)

    assert (5, 2, 1) == (found.files, found.read, found.gone)
    assert read_table(fresh).to_pylist() == read_table(index).to_pylist()
    assert read_results(tree) == read_results(index)


def test_other_model_meta_renames_the_model(tree: Path, tmp_path: Path) -> None:
    """The result files beside it are read again."""
    import_results(tree, tmp_path / "i")
    meta = {"name": "org/renamed", "revision": "9f"}
    path = tree / "org__theirs" / "1a2b" / "model_meta.json"
    path.write_text(json.dumps(meta), "utf-8")

    assert 1 == import_results(tree, tmp_path / "i").read
    assert "org/renamed" in {result.model for result in read_results(tmp_path / "i")[0]}


def test_metrics_beside_the_main_score(tree: Path, tmp_path: Path) -> None:
    """A column each; asking for others reads all files again."""
    import_results(tree, tmp_path / "i")
    found = import_results(tree, tmp_path / "i", metrics=["ndcg_at_1", "map_at_1"])
    results, _ = read_results(tmp_path / "i")

    assert 5 == found.read
    assert {"ndcg_at_1": 0.25} == results[2].entries[0].metrics
    assert {} == results[0].entries[0].metrics


def test_several_processes(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same index, however many read."""
    monkeypatch.setattr("benchmark.results.load._WORTH_A_PROCESS", 1)
    monkeypatch.setattr("benchmark.results.load._CHUNK", 2)
    steps: list[tuple[int, int]] = []
    import_results(tree, tmp_path / "two", processes=2, progress=lambda *s: steps.append(s))
    import_results(tree, tmp_path / "one")

    assert read_table(tmp_path / "one").equals(read_table(tmp_path / "two"))
    assert [(2, 5), (4, 5), (5, 5)] == steps


def test_the_index_of_another_folder(tree: Path, tmp_path: Path) -> None:
    """Is not overwritten."""
    import_results(tree, tmp_path / "i")
    theirs(tmp_path / "other", "a/b", "1", "STS12")
    with pytest.raises(UsageError, match=r"the index of another folder, .*name another with --ind"):
        import_results(tmp_path / "other", tmp_path / "i")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1 something PAR1", b"{}"])
def test_what_is_no_index(tree: Path, tmp_path: Path, content: bytes) -> None:
    """One line, and nothing is overwritten."""
    (tmp_path / "i").write_bytes(content)
    for call in (
        lambda: read_results(tmp_path / "i"),
        lambda: import_results(tree, tmp_path / "i"),
    ):
        with pytest.raises(ResultError, match="not an index of results; make one with"):
            call()
    assert content == (tmp_path / "i").read_bytes()


def changed(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    """An index with other values in a column of words."""
    column = pa.array(values, pa.string()).dictionary_encode()
    return table.set_column(table.column_names.index(name), name, column)


@pytest.mark.parametrize("path", ["../../secret.json", "/etc/secret.json", "a/../../b.json"])
def test_an_index_that_leads_out(tree: Path, tmp_path: Path, path: str) -> None:
    """An index from somebody else names no file outside of its tree."""
    import_results(tree, tmp_path / "i")
    table = read_table(tmp_path / "i")
    pq.write_table(changed(table, "path", [path] * len(table)), tmp_path / "i")
    with pytest.raises(ResultError, match="names a file outside of it; make it again"):
        read_results(tmp_path / "i")


def test_an_index_without_a_column(tree: Path, tmp_path: Path) -> None:
    """Is none, as is one with a column of another type."""
    import_results(tree, tmp_path / "i")
    table = read_table(tmp_path / "i")
    other = table.set_column(0, "path", pa.array(range(len(table))))
    for damaged in (table.drop_columns(["error"]), other):
        pq.write_table(damaged, tmp_path / "i")
        with pytest.raises(ResultError, match="not an index of results"):
            read_results(tmp_path / "i")


def test_an_index_that_cannot_be_written(tree: Path, tmp_path: Path) -> None:
    """A file where the folder should be."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ResultError, match="the index cannot be written"):
        import_results(tree, tmp_path / "file" / "i")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\xff\xfe", "not valid JSON"),
        (b"[" * 1_000_000, "not valid JSON"),
        (b'{"a":' * 1_000_000, "not valid JSON"),
        (b'"' + b"x" * LARGEST + b'"', "larger than 64 MB"),
        (b'{"scores": {"test": []}, "task_name": 3}', "holds no score"),
        (b'{"scores": {"test": [{"main_score": "0.5"}]}}', "is no number but str for split 'test'"),
        (b'{"scores": {"test": [{"main_score": null}]}}', "no main score for split 'test'"),
        (b'{"scores": {"test": [{"main_score": NaN}]}}', "is not finite for split 'test'"),
        (b'{"scores": {"te\\nst": [{"main_score": []}]}}', r"list for split 'te\nst' and"),
        (b'{"scores": {"t": [{}, {}]}}', "two entries for split 't' and subset 'default'"),
        (b'{"task_name": "../../B", "scores": {}}', "holds the task '../../B'; rename"),
        (b'{"mteb_dataset_name": "A", "test": {}}', "from before mteb 1.11, of a task whose main"),
        (b'{"mteb_dataset_name": "STS12", "test": 1}', "holds the task 'STS12'; rename the file"),
    ],
    ids=range(13),
)
def test_a_bad_file_is_one_line_and_nothing_else_is_lost(
    tree: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    """From the tree, from the index, and from the index that is not read again."""
    good, _ = read_results(tree)
    path = tree / "org__ours" / "1" / "A.json"
    path.write_bytes(content)
    results, (problem,) = read_results(tree)
    index = tmp_path / "i"
    lines = [*import_results(tree, index).problems, *import_results(tree, index).problems]

    assert good == [result for result in results if result.path != path]
    assert good == [result for result in read_results(index)[0] if result.path != path]
    assert problem.startswith(f"{path}: ")
    assert message in problem
    assert "\n" not in problem
    assert [problem] * 2 == lines


def test_a_bad_old_file(tree: Path) -> None:
    """Something else where scores are due."""
    path = tree / "org__theirs" / "external" / "STS15.json"
    for scores in ({"test": 1}, {"test": {"cos_sim": 3}}, {"test": {"en": {"x": 1}, "de": 0.5}}):
        path.write_text(json.dumps({"mteb_dataset_name": "STS15", **scores}), "utf-8")
        _, (problem,) = read_results(tree)

        assert f"{path}: from before mteb 1.11, with something else where scores" in problem


def test_half_a_surrogate_pair(tree: Path, tmp_path: Path) -> None:
    """Which JSON can hold and no file can."""
    content = b'{"scores": {"test": [{"main_score": 0.5, "hf_subset": "a\\ud800", "x": NaN}]}}'
    (tree / "org__ours" / "1" / "A.json").write_bytes(content)
    import_results(tree, tmp_path / "i")

    assert read_results(tree) == read_results(tmp_path / "i")
    assert "a?" in {entry.subset for r in read_results(tree)[0] for entry in r.entries}


def test_a_damaged_model_meta(tree: Path) -> None:
    """The folders say whose results they are, and a line says so."""
    path = tree / "org__theirs" / "1a2b" / "model_meta.json"
    path.write_text("[", "utf-8")
    results, (problem,) = read_results(tree)

    assert ("org/theirs", "1a2b") == (results[2].model, results[2].revision)
    assert problem.startswith(f"{path}: not a readable table")


@pytest.mark.skipif(os.name == "nt", reason="links and such names are not for everyone there")
def test_links_and_names_that_lead_out(tree: Path, tmp_path: Path) -> None:
    """A link stays within the tree or is listed; so is a name that is no text."""
    good, _ = read_results(tree)
    outside = theirs(tmp_path / "outside", "a/b", "1", "STS12")
    revision = tree / "org__theirs" / "external"
    (revision / "STS16.json").symlink_to(outside)
    (revision / "STS17.json").symlink_to(tmp_path / "nowhere")
    (tree / "org__linked").symlink_to(outside.parent.parent)
    (tree / "loop").symlink_to(tree)
    (revision / "a\nb.json").write_text("{}", "utf-8")
    os.mkdir(os.fsencode(tree) + b"/\xff")
    results, problems = read_results(tree)

    assert good == results
    assert 6 == len(problems)
    assert 4 == sum("a link that leads out of the tree, in a" in line for line in problems)
    assert 2 == sum("is no name; rename it" in line for line in problems)
    assert not any("\n" in line or "\udcff" in line for line in problems)


def test_a_link_within_the_tree(tree: Path) -> None:
    """Is read as what it leads to."""
    source = theirs(tree, "org/theirs", "1a2b", "STS15")
    link = tree / "org__theirs" / "external" / "STS15.json"
    link.symlink_to(source)
    results, problems = read_results(tree)

    assert [] == problems
    assert [source, link] == [result.path for result in results if result.task == "STS15"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read(tree: Path) -> None:
    """Is listed; the others are read."""
    (tree / "org__theirs").chmod(0)
    results, (problem,) = read_results(tree)
    (tree / "org__theirs").chmod(0o700)

    assert 2 == len(results)
    assert "cannot be read" in problem


def test_several_sources(tree: Path, tmp_path: Path) -> None:
    """One after the other, each once."""
    import_results(tree, tmp_path / "i")
    once, _ = read_results(tree)
    twice, _ = read_all([tree, tmp_path / "i", tree])

    assert [*once, *once] == twice


def test_results_can_be_told_apart(tree: Path) -> None:
    """Facts of the model do not make two results differ."""
    result = read_results(tree)[0][0]

    assert result == replace(result, facts=ModelFacts(dimension=3))

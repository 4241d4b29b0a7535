"""embedmark results list|show."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import results as command
from benchmark.errors import ResultError, UsageError
from benchmark.protocols import Identity
from benchmark.results.record import Part, Result
from benchmark.results.store import save_result


def run(*arguments: str) -> int:
    """Run the command as the command line does."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One model of ours on two tasks, one of which failed on a subset, and a file of mteb's."""
    folder = tmp_path / "results"
    for task, kind, subsets in (
        ("Pairs", "sts", {"de": 0.25, "en": 0.75}),
        ("Names", "bitext", {"default": None}),
    ):
        parts = {
            f"test/{subset}": Part(
                split="test",
                subset=subset,
                languages=("deu-Latn",) if subset == "de" else ("eng-Latn",),
                metrics={},
                main_score=score,
                examples=20,
                fingerprint="sha256:0123456789abcdef",
                seconds={"read": 0.25, "encode": 1.0},
                error=None if score is not None else "row 3: not a number",
            )
            for subset, score in subsets.items()
        }
        identity = Identity("org/ours", "a" * 40, "st/1")
        result = Result(task, kind, "f1", "digest", identity, parts, date=86_400.0)
        save_result(folder, result)
    path = folder / "org__theirs" / "rev" / "STS12.json"
    path.parent.mkdir(parents=True)
    entry = {"main_score": 0.5, "hf_subset": "default", "languages": ["eng-Latn"]}
    path.write_text(json.dumps({"task_name": "STS12", "scores": {"test": [entry]}}), "utf-8")
    return folder


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The rows of the JSON printed."""
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["results"]
    return rows


def test_the_list(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a file, scores 0-100, revisions cut, and what the number is."""
    assert 0 == run("list", "--results", str(tree))

    header, rule, *rows = capsys.readouterr().out.splitlines()
    assert header.split() == [
        *("model", "revision", "task", "kind", "main_score_name", "main_score"),
        *("protocol", "date", "status"),
    ]
    assert set(rule) == {"─"}
    assert [
        ["org/ours", "aaaaaaaaaaaa", "Names", "bitext", "f1", "1", "1970-01-02", "failed"],
        ["org/ours", "aaaaaaaaaaaa", "Pairs", "sts", "f1", "50.00", "1", "1970-01-02", "measured"],
        ["org/theirs", "rev", "STS12", "sts", "50.00", "imported"],
    ] == [row.split() for row in rows]


def test_the_list_as_json(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Values as they are: not rounded, not cut, null where there is none."""
    assert 0 == run("list", "--json", "--results", str(tree))

    failed, measured, imported = listed(capsys)
    assert (None, "failed") == (failed["main_score"], failed["status"])
    assert ("a" * 40, 0.5, 2) == (measured["revision"], measured["main_score"], measured["entries"])
    assert str(tree / "org__ours" / ("a" * 40) / "Pairs.json") == measured["path"]
    assert ("imported", "sts", None) == (imported["status"], imported["kind"], imported["date"])


@pytest.mark.parametrize(
    ("filters", "tasks"),
    [
        ([], ["Names", "Pairs", "STS12"]),
        (["-t", "Pairs", "STS12"], ["Pairs", "STS12"]),
        (["-t", "S*"], ["STS12"]),
        (["--kind", "sts"], ["Pairs", "STS12"]),
        (["--kind", "bitext"], ["Names"]),
        (["--kind", "sts", "--kind", "bitext"], ["Names", "Pairs", "STS12"]),
        (["--language", "deu"], ["Pairs"]),
        (["--language", "eng-Latn"], ["Names", "Pairs", "STS12"]),
        (["--subset", "en"], ["Pairs"]),
        (["--split", "dev"], []),
        (["--kind", "sts", "-t", "Names"], []),
    ],
)
def test_filters(
    tree: Path, capsys: pytest.CaptureFixture[str], filters: list[str], tasks: list[str]
) -> None:
    """The filters are met together."""
    assert 0 == run("list", "--json", "--results", str(tree), *filters)
    assert tasks == [row["task"] for row in listed(capsys)]


def test_a_filter_narrows_the_score(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a task with several languages only the chosen one counts."""
    assert 0 == run("list", "--json", "--results", str(tree), "--language", "deu")

    (row,) = listed(capsys)
    assert (0.25, 1) == (row["main_score"], row["entries"])


def test_a_suite_stands_for_its_tasks(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suite found in ./tasks is replaced by its tasks."""
    folder = tmp_path / "tasks" / "suites"
    folder.mkdir(parents=True)
    for name in ("de", "en"):
        (folder.parent / f"{name}.csv").write_text("sentence1,sentence2,score\na,b,1\n", "utf-8")
    (folder.parent / "Pairs.toml").write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\n'
        'domains = ["gossip"]\n[source]\nfiles = "{subset}.csv"\n'
        '[subsets]\nde = ["deu-Latn"]\nen = ["eng-Latn"]\n',
        "utf-8",
    )
    (folder / "mine.toml").write_text('title = "Mine"\ntasks = ["Pairs"]\n', "utf-8")
    (folder / "one.toml").write_text(
        'title = "One"\ntasks = [{ name = "Pairs", subsets = ["de"] }]\n', "utf-8"
    )
    (tmp_path / "Pairs").mkdir()
    monkeypatch.chdir(tmp_path)

    for filters in (["-t", "mine"], ["-t", "tasks/Pairs.toml"], ["--domain", "gossip"]):
        assert 0 == run("list", "--json", *filters)
        assert ["Pairs"] == [row["task"] for row in listed(capsys)]
    assert 0 == run("list", "--json", "-t", "one")
    assert [0.25] == [row["main_score"] for row in listed(capsys)]  # of the subset it asks for
    assert 0 == run("list", "--json", "-t", "Pairs", "one", "Nothing")
    shown = capsys.readouterr()
    assert [0.5] == [row["main_score"] for row in json.loads(shown.out)["results"]]
    assert "note: -t: no results of 'Nothing'" in shown.err


@pytest.mark.parametrize("form", ["name", "part", "folder name", "file", "folder"])
def test_show(tree: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    """A model by name, by its half that is no other's, as its folder is named, a file, a folder."""
    folder = tree / "org__ours"
    file = folder / ("a" * 40) / "Pairs.json"
    named = {"name": "org/ours", "part": "ours", "folder name": "org__ours"}
    target = {**named, "file": file, "folder": folder}[form]

    assert 0 == run("show", str(target), "--json", "--results", str(tree))
    rows = listed(capsys)
    assert [("de", 0.25), ("en", 0.75)] == [
        (row["subset"], row["main_score"]) for row in rows if row["task"] == "Pairs"
    ]
    assert ("org/ours", "a" * 40, 20, 1.25, "sha256:0123456789abcdef", "measured") == tuple(
        rows[-1][key]
        for key in ("model", "revision", "examples", "seconds", "fingerprint", "status")
    )
    assert (2 if form == "file" else 3) == len(rows)


def test_show_as_a_table(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The error of a failed subset stands in a last column."""
    assert 0 == run("show", "org/ours", "--results", str(tree))

    header, _, failed, german, _ = capsys.readouterr().out.splitlines()
    assert header.split()[-1] == "error"
    assert failed.endswith("row 3: not a number")
    expected = "Pairs test de f1 25.00 20 1.2 0123456789ab"
    assert expected.split() == german.split()[:8]


def test_a_broken_file_is_named_and_the_rest_is_listed(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, one line on stderr, the others on stdout."""
    (tree / "org__theirs" / "rev" / "STS13.json").write_text("{", "utf-8")

    assert 1 == run("list", "--json", "--results", str(tree))
    output = capsys.readouterr()
    assert 3 == len(json.loads(output.out)["results"])
    assert 1 == len(output.err.splitlines())
    assert "STS13.json: not valid JSON" in output.err
    assert 1 == run("show", str(tree), "--json")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "org/our"], "no results of 'org/our' in .*; did you mean 'org/ours'"),
        (["show", "missing.json"], "missing.json: no such file; 'embedmark results list --json'"),
        (["list", "--kind", "stss"], "unknown kind 'stss'; did you mean 'sts'"),
    ],
)
def test_usage_errors(tree: Path, arguments: list[str], message: str) -> None:
    """What is not there, and the nearest that is."""
    with pytest.raises(UsageError, match=message):
        run(*arguments, "--results", str(tree))


def test_a_file_that_is_no_result(tree: Path) -> None:
    """A file named by hand must be one."""
    path = tree / "other.json"
    path.write_text("[]", "utf-8")
    with pytest.raises(ResultError, match="has no 'scores' by split"):
        run("show", str(path))


def test_nothing_found_is_said(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty list prints no table."""
    assert 0 == run("list", "--results", str(tree), "--split", "dev")
    output = capsys.readouterr()
    assert "" == output.out
    assert "no results" in output.err


def test_import_and_what_reads_the_index(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index lands in the current folder, and stands for the tree."""
    monkeypatch.chdir(tmp_path)
    assert 0 == run("import", "results")
    assert "3 files: 3 read, 0 unchanged, 0 gone; 4 rows in results.index.parquet\n" == (
        capsys.readouterr().out
    )
    assert 0 == run("import", "results")
    assert capsys.readouterr().out.startswith("3 files: 0 read, 3 unchanged")

    for arguments in (["list"], ["list", "--kind", "sts"], ["show", "org/ours", "--subset", "de"]):
        assert 0 == run(*arguments, "--json", "--results", str(tree))
        from_tree = listed(capsys)
        assert 0 == run(*arguments, "--json", "--results", "results.index.parquet")
        assert from_tree == listed(capsys)


def test_an_import_of_a_broken_file(
    tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Exit 1 with one line, each time; the others are in the index."""
    (tree / "org__theirs" / "rev" / "STS13.json").write_text("{", "utf-8")
    for _ in range(2):
        assert 1 == run("import", str(tree), "--index", str(tmp_path / "i"), "--json")
        output = capsys.readouterr()
        found = json.loads(output.out)
        assert (4, 5) == (found["files"], found["rows"])
        assert found["problems"] == output.err.splitlines()
        assert "STS13.json: not valid JSON" in output.err


def test_export(tree: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What the filters leave, as a tree or a table."""
    folder, table = tmp_path / "out", tmp_path / "table.csv"
    assert 0 == run("export", "--results", str(tree), "--to", str(folder), "--language", "deu")
    assert f"1 result file in {folder}\n" == capsys.readouterr().out
    assert ["Pairs.json", "model_meta.json"] == sorted(path.name for path in folder.rglob("*.json"))

    assert 0 == run("export", "--results", str(tree), "--to", str(table), "-t", "Pairs")
    assert f"2 rows in {table}\n" == capsys.readouterr().out
    assert 3 == len(table.read_text("utf-8").splitlines())


def test_an_export_to_neither(tree: Path, tmp_path: Path) -> None:
    """A name with another ending is no folder by accident."""
    with pytest.raises(UsageError, match=r"out.xlsx: neither a folder nor a .parquet or .csv"):
        run("export", "--results", str(tree), "--to", str(tmp_path / "out.xlsx"))

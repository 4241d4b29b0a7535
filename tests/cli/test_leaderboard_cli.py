"""embedmark leaderboard build|check."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from benchmark.cli import leaderboard as command
from benchmark.errors import TaskFileError, UsageError
from benchmark.protocols import Identity
from benchmark.results.record import Part, Result
from benchmark.results.store import save_result
from benchmark.task import parse_task


def run(*arguments: str) -> int:
    """Run the command as the command line does."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def measure(folder: Path, model: str, score: float) -> None:
    """Write the result of a model on the task of the project."""
    task = parse_task(folder / "tasks" / "Pairs.toml")
    part = Part("test", "default", ("eng-Latn",), {}, score, 1, "sha256:x")
    identity = Identity(model, "1", "st/1")
    result = Result(
        "Pairs", "sts", "cosine_spearman", task.digest, identity, {part.key: part}, date=0.0
    )
    save_result(folder / "results", result)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a task, a suite, a board, and the results of two models; we stand in it."""
    for name in ("tasks/suites", "leaderboards"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "tasks" / "Pairs.toml").write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "pairs.csv"\n',
        "utf-8",
    )
    (tmp_path / "tasks" / "suites" / "mine.toml").write_text(
        'title = "Mine"\ntasks = ["Pairs"]\n', "utf-8"
    )
    board = 'title = "My board"\nsuite = "mine"\n'
    (tmp_path / "leaderboards" / "own.toml").write_text(board, "utf-8")
    monkeypatch.chdir(tmp_path)
    for model, score in (("org/one", 0.5), ("org/two", 0.75)):
        measure(tmp_path, model, score)
    return tmp_path


def test_build_writes_beside_the_board(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three files; the table and its sentence on stdout, the paths on stderr."""
    assert 0 == run("build", "own")

    output = capsys.readouterr()
    names = ["own.csv", "own.html", "own.json", "own.md", "own.tex", "own.toml"]
    assert names == sorted(path.name for path in (project / "leaderboards").iterdir())
    rows = [line.split() for line in output.out.splitlines()]
    assert ["1", "org/two", "75.00", "75.00", "75.00"] == rows[2]
    assert ["2", "org/one", "50.00", "50.00", "50.00"] == rows[3]
    assert output.out.splitlines()[-1].startswith("Scores are 100 times the main score")
    assert ["wrote leaderboards/own.md", "wrote leaderboards/own.csv"] == (
        output.err.splitlines()[:2]
    )


def test_build_again_gives_the_same_bytes(project: Path) -> None:
    """Also after the results were written again."""
    run("build", "own")
    tables = {p: p.read_bytes() for p in (project / "leaderboards").glob("own.*")}
    measure(project, "org/one", 0.5)
    run("build", "own")

    assert tables == {p: p.read_bytes() for p in (project / "leaderboards").glob("own.*")}


def test_check(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1 before the tables are built, 0 after, 1 when a result has changed; files are named."""
    assert 1 == run("check", "own")
    assert "leaderboards/own.md: missing; run: embedmark leaderboard build own" in (
        capsys.readouterr().out
    )
    run("build", "own")
    capsys.readouterr()

    assert 0 == run("check", "own")
    assert "own: up to date\n" == capsys.readouterr().out

    measure(project, "org/three", 0.9)
    before = (project / "leaderboards" / "own.md").read_bytes()

    assert 1 == run("check", "own")
    assert [
        f"leaderboards/own{ending}: out of date"
        for ending in (".md", ".csv", ".json", ".tex", ".html")
    ] == [line.split(";")[0] for line in capsys.readouterr().out.splitlines()]
    assert before == (project / "leaderboards" / "own.md").read_bytes()


def test_a_changed_task_file_is_not_claimed(project: Path) -> None:
    """Results of the task as it was leave the board until it is measured again."""
    task = project / "tasks" / "Pairs.toml"
    task.write_text(task.read_text("utf-8") + "[options]\nmax_score = 10\n", "utf-8")

    assert 0 == run("build", "own")
    content = json.loads((project / "leaderboards" / "own.json").read_text("utf-8"))
    assert [] == content["models"]
    assert {"org/one": {"task file differs": 1}, "org/two": {"task file differs": 1}} == (
        content["without_scores"]
    )


def test_boards_by_path_and_other_folders(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A board file anywhere, its suite a path from there; results and tables elsewhere."""
    (project / "boards").mkdir()
    board = project / "boards" / "other.toml"
    board.write_text('title = "Other"\nsuite = "../tasks/suites/mine.toml"\n', "utf-8")
    (project / "results").rename(project / "measured")
    options = ["--results", "measured", "--out", str(project / "out")]

    assert 0 == run("build", str(board), *options)
    assert ["other.csv", "other.html", "other.json", "other.md", "other.tex"] == sorted(
        path.name for path in (project / "out").iterdir()
    )
    assert 0 == run("check", str(board), *options)


def test_a_broken_result_is_named_and_the_rest_is_built(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 1, and the tables are there, without that result."""
    (project / "results" / "org__one" / "1" / "Pairs.json").write_text("{", "utf-8")

    assert 1 == run("build", "own")
    assert "Pairs.json: not valid JSON" in capsys.readouterr().err
    content = json.loads((project / "leaderboards" / "own.json").read_text("utf-8"))
    assert ["org/two"] == [row["model"] for row in content["models"]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "onw"], "no board is named 'onw'; did you mean 'own'"),
        (["build", "--results", "none", "own"], "none: no such folder of results"),
    ],
)
def test_usage_errors(project: Path, arguments: list[str], message: str) -> None:
    """What is not there, and what to do."""
    with pytest.raises(UsageError, match=message):
        run(*arguments)


def test_a_board_file_that_is_not_there(project: Path) -> None:
    """A path is not looked up by name."""
    with pytest.raises(TaskFileError, match=r"gone\.toml: no such file"):
        run("build", "gone.toml")


def test_a_board_of_an_unknown_suite(project: Path) -> None:
    """The nearest suite is named."""
    (project / "leaderboards" / "own.toml").write_text('title = "x"\nsuite = "mien"\n', "utf-8")
    with pytest.raises(UsageError, match="no suite is named 'mien'; did you mean 'mine'"):
        run("build", "own")


def test_several_sources_and_an_index(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Folders and indexes are read as one."""
    from benchmark.results.load import import_results

    assert 0 == run("build", "own", "--results", "results", "-o", "one")
    moved = project / "more" / "org__one"
    moved.parent.mkdir()
    (project / "results" / "org__one").rename(moved)
    import_results(project / "more", project / "more.parquet")
    assert 0 == run("build", "own", "--results", "results", "more.parquet", "-o", "two")

    for path in (project / "one").iterdir():
        assert path.read_bytes() == (project / "two" / path.name).read_bytes()


def test_a_board_without_results(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Has no table, and none is out of date; a table that is there is."""
    (project / "none").mkdir()

    assert 0 == run("check", "own", "--results", "none")
    assert 0 == run("build", "own", "--results", "none")
    assert "own: no result of its suite in none; no table" in capsys.readouterr().err
    assert not (project / "leaderboards" / "own.md").exists()

    assert 0 == run("build", "own")
    assert 1 == run("check", "own", "--results", "none")

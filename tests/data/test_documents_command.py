"""Documents without labels through the command: what is said, saved, left out and refused."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.data.documents import MADE_OF_DOCUMENTS, read, source

OURS = Path(__file__).parents[2]
SECRET = "zanzibar"  # in every sentence: no message and no result may hold it


def prose(number: int, words: int = 300) -> str:
    """Sentences that occur nowhere else."""
    draws = random.Random(f"prose {number}")
    names = [f"n{draws.randrange(10**6)}" for _ in range(words)]
    starts = range(0, words, 10)
    return " ".join(f"The {SECRET} {' '.join(names[s : s + 10])}." for s in starts)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twelve documents with titles below ``notes``, beside which the command runs."""
    monkeypatch.chdir(tmp_path)
    for number in range(12):
        path = tmp_path / f"notes/{number % 3}/{number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# The {SECRET} number {number}\n\n{prose(number)}\n", "utf-8")
    return tmp_path / "notes"


@pytest.fixture(autouse=True)
def _forgetful() -> Iterator[None]:
    """Nothing read by one test is known to another."""
    yield
    _forget()


def rows_of(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, Any]], str]:
    """The rows that were printed as JSON, and what was said beside."""
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    return json.loads(out)["results"], err


def results(root: str = "results") -> dict[str, Any]:
    """The saved result of each model."""
    found = {}
    for path in Path(root).glob("*/*/notes.json"):
        assert SECRET not in path.read_text("utf-8")
        found[path.parts[-3]] = json.loads(path.read_text("utf-8"))
    return found


def test_a_folder_becomes_three_tasks(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is made of it is said, with what a score can tell, and the result says it too."""
    assert 0 == main(["run", "random", "tfidf", "--data", "notes", "--no-cache", "--json"])
    rows, err = rows_of(capsys)

    assert ["title", "cloze", "opening"] == [
        row["subset"] for row in rows if row["model"] == "tfidf"
    ]
    assert {"retrieval"} == {row["kind"] for row in rows}
    said = err.splitlines()
    assert said[0] == (
        "note: notes: read as documents without labels (12 .md; 12 documents); makes retrieval "
        "tasks of them with seed 42: title (12 queries, 12 documents), cloze (24 queries, 24 "
        "documents), opening (12 queries, 12 documents)"
    )
    assert f"note: notes: {MADE_OF_DOCUMENTS}" in said
    for result in results().values():
        assert [MADE_OF_DOCUMENTS] == result["embedmark"]["notes"]
        for part in result["embedmark"]["subsets"].values():
            assert 1 == part["warnings"]["made_of_documents"]


def test_bm25_stands_beside(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Added once, where it is installed and all tasks are made of documents."""
    pytest.importorskip("bm25s")
    rest = ["--data", "notes", "--no-cache", "--json", "--subset", "opening"]

    assert 0 == main(["run", "random", *rest, "--plan"])
    assert ["random", "bm25"] == json.loads(capsys.readouterr().out)["models"]
    assert 0 == main(["run", "random", *rest])
    rows, err = rows_of(capsys)
    assert ["random", "bm25"] == [row["model"] for row in rows]
    assert "note: bm25 runs too, since " in err
    assert 0 == main(["run", "bm25", "random", *rest])
    rows, err = rows_of(capsys)
    assert ["bm25", "random"] == [row["model"] for row in rows]
    assert "bm25 runs too" not in err


def test_without_bm25_a_note_says_how(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The extra's name; a sweep runs without it too."""
    run = ["run", "random", "--data", "notes", "--no-cache", "--json", "--subset", "title"]
    assert 0 == main([*run, "--dim", "8,16"])
    rows, err = rows_of(capsys)
    assert {"random?dim=8", "random?dim=16"} == {row["model"] for row in rows}
    assert "pip install 'embedmark[bm25]'" in err

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert 0 == main(run)
    rows, err = rows_of(capsys)
    assert ["random"] == [row["model"] for row in rows]
    assert "pip install 'embedmark[bm25]'" in err


def test_the_written_file_does_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``tasks new``, ``tasks check``, and a run of the file: the scores of ``--data``."""
    run = ["run", "tfidf", "--no-cache", "--json"]
    assert 0 == main(["tasks", "new", "Mine", "--data", "notes"])
    seen = capsys.readouterr().out.splitlines()[0]
    assert 0 == main(["tasks", "check", "Mine.toml"])
    checked = capsys.readouterr().out.splitlines()
    assert 0 == main([*run, "-t", "Mine.toml", "-o", "one"])
    one, _ = rows_of(capsys)
    assert 0 == main([*run, "--data", "notes", "-o", "two"])
    two, err = rows_of(capsys)

    assert f"note: {seen}" == err.splitlines()[0]
    assert [f"warning: Mine: {MADE_OF_DOCUMENTS}", "ok: Mine.toml, 1 warning"] == checked
    assert [row["main_score"] for row in one] == [row["main_score"] for row in two]
    lines = Path("Mine.toml").read_text("utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#")][2:] == [
        'splits = ["test"]',
        "[source]",
        'documents = "notes"  # a folder beside this file',
        "seed = 42  # of all draws",
        "[subsets]  # construction = languages (ISO 639-3 and script)",
        'title = ["und-Zyyy"]  # a title to the rest of its document',
        'cloze = ["und-Zyyy"]  # a sentence to the passage that it was cut from',
        'opening = ["und-Zyyy"]  # a sentence of the opening to a later passage of its document',
    ]


def test_the_order_of_the_file_system_is_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files listed backwards, and written in another order: the same bytes are scored."""
    run = ["run", "random", "--data", "notes", "--no-cache", "--json"]
    assert 0 == main([*run, "-o", "one"])
    rows_of(capsys)
    _forget()
    files = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.md")}
    for name in sorted(files, reverse=True):
        (folder / name).unlink()
        (folder / name).write_bytes(files[name])
    walk = os.walk

    def backwards(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
        for place, folders, names in walk(root):
            folders.sort(reverse=True)
            yield place, folders, sorted(names, reverse=True)

    monkeypatch.setattr("os.walk", backwards)
    assert 0 == main([*run, "-o", "two"])
    rows_of(capsys)

    found = [
        {part: facts["fingerprint"] for part, facts in each["embedmark"]["subsets"].items()}
        for root in ("one", "two")
        for name, each in results(root).items()
        if "random" in name
    ]
    assert found[0] == found[1]
    assert 3 == len(found[0])


def _forget() -> None:
    read.read_folder.cache_clear()
    source._material.cache_clear()
    source._made.cache_clear()


def test_one_broken_file_of_many(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named and counted, all others are scored and saved, and the command ends with 1."""
    (folder / "2/broken.txt").write_bytes(f"{SECRET}\ncaf\xe9".encode("latin-1"))
    line = (
        "notes/2/broken.txt line 2: not UTF-8 (byte 0xe9); save the file as UTF-8 (1 of 13 files "
        "left out)"
    )
    run = ["run", "random", "--data", "notes", "--no-cache", "--json"]

    for status in ("measured", "reused"):
        assert 1 == main(run)
        out, err = capsys.readouterr()
        content = json.loads(out)
        assert {status} == {row["status"] for row in content["results"]}
        assert [f"notes: {line}"] == content["left_out"]
        assert f"failed: notes: {line}" == err.splitlines()[-1]
        assert "1 cannot be read" in err.splitlines()[0]
        assert SECRET not in out + err
    for result in results().values():
        for part in result["embedmark"]["subsets"].values():
            assert 1 == part["warnings"]["unreadable_document"]
    assert 1 == main([*run, "--plan"])
    assert f"failed: notes: {line}" in capsys.readouterr().err
    assert 1 == main([*run, "--dim", "8"])
    assert f"failed: notes: {line}" == capsys.readouterr().err.splitlines()[-1]
    assert 0 == main(["tasks", "new", "Mine", "--data", "notes"])
    assert 1 == main(["tasks", "check", "Mine.toml"])
    assert f"failure: Mine: {line}" in capsys.readouterr().err


def test_many_broken_files_are_named_up_to_a_point(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the others are counted."""
    for number in range(30):
        (folder / f"bad{number:02d}.txt").write_bytes(b"\xff")

    assert 1 == main(["run", "random", "--data", "notes", "--no-cache"])
    failed = [line for line in capsys.readouterr().err.splitlines() if line.startswith("failed")]

    assert 21 == len(failed)
    assert failed[0].endswith("(30 of 42 files left out)")
    assert failed[-1] == "failed: notes: notes: 10 more files cannot be read; mend the first ones"


def test_a_changed_file_is_read_again(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also within one process; the result is measured again."""
    run = ["run", "random", "--data", "notes", "--no-cache", "--json", "--subset", "title"]
    assert 0 == main(run)
    rows_of(capsys)
    (folder / "0/0.md").write_text("# Another\n\n" + prose(99), "utf-8")

    assert 0 == main(run)
    rows, err = rows_of(capsys)

    assert {"measured"} == {row["status"] for row in rows}
    assert "measured again, the data changed" in err


def test_duplicates_and_gaps_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once each, with how many; the result counts them."""
    (folder / "copy.md").write_text((folder / "0/0.md").read_text("utf-8"), "utf-8")
    (folder / "near.md").write_text((folder / "1/1.md").read_text("utf-8") + "\nMore.", "utf-8")
    (folder / "bare.txt").write_text(prose(50), "utf-8")
    (folder / "empty.html").write_text("<title>Nothing</title>", "utf-8")

    assert 0 == main(["run", "random", "--data", "notes", "--no-cache"])
    err = capsys.readouterr().err

    for said in (
        "notes: documents with the text of an earlier one, set aside: 1",
        "notes: documents with nearly the text of an earlier one, set aside: 1",
        "notes: documents without any text (scanned pages?), set aside: 1",
        "notes (title): documents without a title, which no query asks for: 1",
    ):
        assert 1 == err.count(said)


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (('"retrieval"', '"clustering"'), 2, "documents make a task of kind 'retrieval', not of a"),
        (("title =", "titel ="), 2, "are constructions (title, cloze, opening), not 'titel'"),
        (('"notes"', '"../notes"'), 2, "'../notes' leaves the folder of the task file"),
        (('"notes"', '"nowhere"'), 1, "nowhere: no such folder; check documents in [source]"),
        (("seed =", "sed ="), 2, "unknown key 'sed' in [source]; did you mean 'seed'?"),
        (('"notes"', '"few"'), 1, "few: too little for the construction 'title' (seen: 1 .txt; 1 "),
    ],
)
def test_a_wrong_file_is_explained(
    change: tuple[str, str],
    code: int,
    message: str,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line, without a traceback."""
    (folder.parent / "few").mkdir()
    (folder.parent / "few/one.txt").write_text(prose(1, 20), "utf-8")
    assert 0 == main(["tasks", "new", "Mine", "--data", "notes"])
    text = Path("Mine.toml").read_text("utf-8").replace(*change, 1)
    if '"clustering"' in change:
        text = text.replace("ndcg_at_10", "v_measure", 1)
    Path("Mine.toml").write_text(text, "utf-8")
    capsys.readouterr()

    assert code == main(["run", "random", "-t", "Mine.toml", "--no-cache"])
    assert message in capsys.readouterr().err


def test_another_seed_asks_for_other_sentences(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the same seed for the same ones."""
    assert 0 == main(["tasks", "new", "Mine", "--data", "notes"])
    shown = []
    for seed in ("42", "42", "7"):
        text = Path("Mine.toml").read_text("utf-8").replace("seed = 42", f"seed = {seed}")
        Path(f"Seed{seed}.toml").write_text(text, "utf-8")
        capsys.readouterr()
        run = ["run", "random", "-t", f"Seed{seed}.toml", "--no-cache", "--fresh"]
        assert 0 == main([*run, "-o", f"out{len(shown)}"])
        (path, *_) = Path(f"out{len(shown)}").glob("*random*/*/*.json")
        facts = json.loads(next(path.parent.glob("Seed*.json")).read_text("utf-8"))["embedmark"]
        shown.append(facts["subsets"]["test/cloze"]["fingerprint"])

    assert shown[0] == shown[1] != shown[2]


def test_rows_become_documents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A title and a text a row, and rows of other columns as ``column: value``."""
    monkeypatch.chdir(tmp_path)
    for name, keys in (("titled", ("title", "text")), ("plain", ("part", "about"))):
        (tmp_path / name).mkdir()
        rows = [{"id": n, keys[0]: f"Part {n}", keys[1]: prose(n, 60)} for n in range(6)]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "rows.jsonl").write_text(text, "utf-8")

    assert 0 == main(["run", "random", "--data", "titled", "--no-cache"])
    assert "title (6 queries, 6 documents), cloze (6 queries, 6" in capsys.readouterr().err
    assert 0 == main(["run", "random", "--data", "plain", "--kind", "retrieval", "--no-cache"])
    assert "with seed 42: cloze (6 queries, 6 documents); too little for title and" in (
        capsys.readouterr().err
    )


def test_our_own_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The documentation of this project: every page has a title, and words find passages."""
    monkeypatch.chdir(tmp_path)
    own_pages = [*OURS.glob("docs/*.md"), OURS / "README.md", OURS / "CONTRIBUTING.md"]
    (tmp_path / "pages").mkdir()
    for path in own_pages:
        (tmp_path / "pages" / path.name).write_bytes(path.read_bytes())

    assert 0 == main(["run", "tfidf", "random", "--data", "pages", "--no-cache", "--json"])
    rows = json.loads(capsys.readouterr().out)["results"]

    scores = {(row["model"], row["subset"]): row for row in rows}
    assert len(own_pages) == scores["tfidf", "title"]["examples"]
    assert scores["tfidf", "cloze"]["examples"] > 5 * len(own_pages)
    assert scores["tfidf", "opening"]["examples"] > len(own_pages) // 2
    found, chance = (scores[model, "cloze"]["main_score"] for model in ("tfidf", "random"))
    assert found > chance + 0.2

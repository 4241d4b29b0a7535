"""``embedmark tasks``: what list, show, check and new print."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main

STS = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn", "deu-Latn"]
domains = ["news"]
description = "Pairs."
[source]
files = "data"
"""
ROWS = f'sentence1,sentence2,score\nshort,{"long " * 40},1\n"two\nlines",b,2.5\nc,d,3\ne,f,4\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a task, its data, and a suite."""
    monkeypatch.chdir(tmp_path)
    write("tasks/Mine.toml", STS)
    write("tasks/data/test.csv", ROWS)
    write("tasks/suites/ours.toml", 'title = "Ours"\ntasks = ["Mine"]\n')
    return tmp_path


def write(name: str, text: str) -> None:
    """A file below the working directory."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """What a command prints on stdout."""
    assert code == main(arguments)
    return capsys.readouterr().out


def parsed(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> Any:
    """The JSON that a command prints."""
    return json.loads(printed(capsys, *arguments, "--json", code=code))


def test_list_shows_the_projects_tasks_and_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    """By kind, then by name."""
    lines = printed(capsys, "tasks", "list").splitlines()
    rows = parsed(capsys, "tasks", "list")["tasks"]

    columns = ["name", "kind", "main_score", "languages", "domains", "subsets", "splits"]
    assert columns == lines[0].split()
    assert "Mine sts cosine_spearman eng-Latn, deu-Latn news 1 1" in [
        " ".join(line.split()) for line in lines
    ]
    assert [line.split()[0] for line in lines[2:]] == [row["name"] for row in rows]
    assert sorted(rows, key=lambda row: (row["kind"], row["name"])) == rows


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--kind", "sts", "-t", "Mine", "starter"), {"Mine", "LeeNewsSimilarity"}),
        (("-t", "ours"), {"Mine"}),
        (("--language", "deu", "--kind", "sts", "-t", "Mine", "starter"), {"Mine"}),
        (("--language", "deu-Latn", "--kind", "sts", "--suite", "ours"), {"Mine"}),
        (
            ("--domain", "news", "--kind", "sts", "--kind", "bitext", "-t", "Mine", "starter"),
            {"Mine", "LeeNewsSimilarity"},
        ),
    ],
)
def test_list_filters(
    arguments: tuple[str, ...], expected: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """By task or suite, kind, language and domain; several kinds are a union."""
    rows = parsed(capsys, "tasks", "list", *arguments)["tasks"]

    assert expected == {row["name"] for row in rows}


def test_list_needs_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    """Only task files are read."""
    Path("tasks/data/test.csv").unlink()

    assert "Mine" in printed(capsys, "tasks", "list", "-t", "Mine")


def test_show_prints_facts_sizes_and_first_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """Three rows, cells cut and on one line."""
    lines = [
        " ".join(line.split()) for line in printed(capsys, "tasks", "show", "Mine").split("\n")
    ]

    assert {"kind sts", "languages eng-Latn, deu-Latn", "domains news", "description Pairs."} < set(
        lines
    )
    assert "test default rows 4" in lines
    first = lines.index("first rows of rows:")
    assert "sentence1 sentence2 score" == lines[first + 1]
    cut = f"{'long ' * 40}".strip()[:57]
    assert [f"short {cut}... 1.0", "two lines b 2.5", "c d 3.0"] == lines[first + 3 : first + 6]
    assert "e f 4.0" not in lines


def test_show_as_json_holds_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    """One object, also for a suite."""
    (task,) = parsed(capsys, "tasks", "show", "ours")["tasks"]

    assert [{"split": "test", "subset": "default", "table": "rows", "rows": 4}] == task["sizes"]
    assert {"name", "kind", "languages", "license", "file", "digest", "sizes"} < set(task)


def test_check_goes_through_every_task_of_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """One line a finding, one line a thing asked for; the worst exit code."""
    write("more/Good.toml", STS.replace('"data"', '"good"'))
    write("more/good/test.csv", ROWS)
    write("more/Bad.toml", STS.replace('"data"', '"bad"'))
    write("more/bad/test.csv", ROWS + "g,h,\n")

    assert 1 == main(["tasks", "check", "more", "Mine"])

    out, err = capsys.readouterr()
    expected = (
        "error: Bad: bad/test.csv row 5: the field 'score' is empty or NaN; drop the row or give "
        "it a value\n"
    )
    assert (expected, "ok: Mine\n") == (err, out)


def test_check_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Findings with their level, and whether all is well."""
    write("tasks/data/test.csv", ROWS + ",h,5\n")
    fine = parsed(capsys, "tasks", "check", "Mine")
    wrong = parsed(capsys, "tasks", "check", "Mine", "nothing.toml", code=2)

    warning = {
        "task": "Mine",
        "level": "warning",
        "code": "empty_text",
        "count": 1,
        "message": "data/test.csv row 5: the field 'sentence1' is empty; it is evaluated as an "
        "empty text, remove the row if that is not meant",
    }
    error = {
        "task": "nothing.toml",
        "level": "error",
        "message": "nothing.toml: no such file; check the path",
    }
    assert {"findings": [warning], "ok": True} == fine
    assert {"findings": [warning, error], "ok": False} == wrong


@pytest.mark.skipif(not find_spec("gensim"), reason="needs the starter data")
def test_check_compares_a_declared_fingerprint(capsys: pytest.CaptureFixture[str]) -> None:
    """Data that moved is an error, and the fingerprint that was found is named."""
    declared = STS.replace('files = "data"', 'generate = "passkey"').replace('"sts"', '"retrieval"')
    declared = declared.replace("cosine_spearman", "ndcg_at_10").replace(
        "[source]", 'splits = ["test_256"]\n[source]\nfingerprint = "sha256:0"'
    )
    declared += (
        '[source.arguments]\npackage = "gensim"\ndocuments = 5\n'
        'path = "gensim/test/test_data/lee_background.cor"\n'
    )
    write("Moved.toml", declared)

    code = main(["tasks", "check", "Moved.toml"])

    err = capsys.readouterr().err
    assert 1 == code
    assert err.startswith(
        "error: Moved: the data differ from the declared fingerprint (found sha256:"
    )
    found = err.partition("(found ")[2].partition(")")[0]
    write("Moved.toml", declared.replace("sha256:0", found))
    assert 0 == main(["tasks", "check", "Moved.toml"])


def test_new_says_what_it_saw_and_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    """The file lies beside the folder, and is never written over."""
    lines = printed(capsys, "tasks", "new", "Support", "--data", "tasks/data").splitlines()
    again = main(["tasks", "new", "Support", "--data", "tasks/data"])

    file = Path("tasks/Support.toml").resolve()
    assert [
        (
            "data: read as sts from test.csv (split test; sentence1 from 'sentence1', sentence2 "
            "from 'sentence2', score from 'score')"
        ),
        f"wrote {file}",
        f"next: embedmark tasks check {file}",
    ] == lines
    assert (2, f"embedmark: error: {file}: exists; choose another name or remove it first\n") == (
        again,
        capsys.readouterr().err,
    )


def test_new_writes_nothing_when_it_sees_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Data that fits no kind is an error of the data."""
    write("other/notes.csv", "id,when\n1,2\n2,3\n")

    assert 1 == main(["tasks", "new", "Other", "--data", "other"])

    assert not Path("Other.toml").exists()
    assert 1 == len(capsys.readouterr().err.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("", 2, "Made.toml: [source.arguments] lacks 'documents'; add it"),
        (
            '[source.arguments]\ndocuments = "many"\n',
            1,
            (
                "Made: 'passkey' failed (ValueError); check the values of "
                "[source.arguments] and the version of the package"
            ),
        ),
    ],
)
def test_arguments_that_a_generator_cannot_use(
    arguments: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that is absent is a fault of the file."""
    text = STS.replace('files = "data"', 'generate = "passkey"').replace('"sts"', '"retrieval"')
    write("Made.toml", text.replace("cosine_spearman", "ndcg_at_10") + arguments)

    assert code == main(["tasks", "check", "Made.toml"])

    assert f"error: {message}\n" == capsys.readouterr().err


def test_files_of_other_names_and_shapes_become_a_retrieval(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names of columns by table, a joined heading, a pattern, judgements without a score."""
    write(
        "Own.toml",
        """kind = "retrieval"
main_score = "ndcg_at_10"
languages = ["eng-Latn"]
[source]
files = "own"
pattern = "{table}-{split}.csv"
[columns.corpus]
id = "docno"
text = ["head", "body"]
[columns.queries]
id = "topic"
text = "need"
[columns.qrels]
query-id = "topic"
corpus-id = "docno"
""",
    )
    write("own/corpus-test.csv", "docno,head,body\n1,Cats,they purr\n2,,dogs bark\n")
    write("own/queries-test.csv", "topic,need\n7,cats purr\n8,dogs\n")
    write("own/qrels-test.csv", "topic,docno\n7,1\n8,2\n")

    assert "ok: Own.toml\n" == printed(capsys, "tasks", "check", "Own.toml")
    shown = " ".join(printed(capsys, "tasks", "show", "Own.toml").split())
    assert "id text ─" in shown
    assert "1 Cats they purr 2 dogs bark" in shown
    rows = parsed(capsys, "run", "tfidf", "-t", "Own.toml", "--no-cache", "-o", "out")["results"]
    assert [1.0] == [row["main_score"] for row in rows]

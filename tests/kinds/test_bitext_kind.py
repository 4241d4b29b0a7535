"""Bitext mining over one table of languages, and over second sentences of their own."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from benchmark.catalog import load_kind, load_task
from benchmark.cli import main
from benchmark.data.sources import load_tables
from benchmark.errors import TaskFileError
from tests.kinds.kinds_help import findings, score, table

TASK = """kind = "bitext"
main_score = "f1"
[source]
files = "data"
[options]
parallel = true
[subsets]
eng-deu = ["eng-Latn", "deu-Latn"]
deu-eng = ["deu-Latn", "eng-Latn"]
deu-fra = ["deu-Latn", "fra-Latn"]
"""
ROWS = [{"eng": f"green {n}", "deu": f"grün {n}", "fra": f"vert {n}", "note": n} for n in range(5)]
GOLD = {
    "rows": table(sentence1=["a", "b", "c"], gold=["y", "y", "x"]),
    "sentence2": table(id=["x", "y", "z"], text=["d", "e", "f"]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A parallel task in the working directory."""
    (tmp_path / "data").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "data/test.jsonl").write_text(lines, "utf-8")
    (tmp_path / "T.toml").write_text(TASK, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_subset_names_the_columns_of_the_one_table(folder: Path) -> None:
    """The first name is the side that is searched for."""
    task, kind = load_task(Path("T.toml")), load_kind("bitext")

    found = {name: load_tables(task, kind, "test", name)["rows"] for name in task.subsets}

    pairs = {n: (t["sentence1"][3].as_py(), t["sentence2"][3].as_py()) for n, t in found.items()}
    assert {
        "eng-deu": ("green 3", "grün 3"),
        "deu-eng": ("grün 3", "green 3"),
        "deu-fra": ("grün 3", "vert 3"),
    } == pairs


def test_subsets_share_their_texts(folder: Path) -> None:
    """Two hundred languages make forty thousand subsets, which must not hold a copy each."""
    task, kind = load_task(Path("T.toml")), load_kind("bitext")
    read = [
        kind.read(load_tables(task, kind, "test", name), task, random.Random(42))
        for name in ("eng-deu", "deu-eng", "deu-fra")
    ]

    places = [
        [texts.buffers()[2].address for texts in (data.sentence1, data.sentence2)] for data in read
    ]
    assert places[0] == places[1][::-1]
    assert places[1][0] == places[2][0]


def test_a_changed_file_is_read_again(folder: Path) -> None:
    """Between two subsets the file is kept, and it may change between two runs."""
    task, kind = load_task(Path("T.toml")), load_kind("bitext")
    assert 5 == load_tables(task, kind, "test", "eng-deu")["rows"].num_rows
    path = folder / "data/test.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n", "utf-8")

    assert 1 == load_tables(task, kind, "test", "eng-deu")["rows"].num_rows


def test_every_pair_gets_its_score(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command runs all of them, and a language is encoded once."""
    model = folder / "counting.py"
    model.write_text(
        "import numpy as np\n\n\ndef encode(texts):\n"
        "    with open('calls', 'a') as log:\n        log.write(f'{len(texts)}\\n')\n"
        "    return np.array([[int(t[-1]) == n for n in range(5)] for t in texts], np.float32)\n",
        "utf-8",
    )

    assert 0 == main(["run", "counting.py", "-t", "T.toml", "--json"])

    rows = json.loads(capsys.readouterr().out)["results"]
    assert {"eng-deu": 1.0, "deu-eng": 1.0, "deu-fra": 1.0} == {
        row["subset"]: row["main_score"] for row in rows
    }
    assert 15 == sum(map(int, (folder / "calls").read_text("utf-8").split()))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('deu-fra = ["deu-Latn", "fra-Latn"]', 'french = ["fra-Latn"]'),
            (
                "T.toml:10: subset 'french' of a parallel task: name two columns of the file, as "
                "in deu-eng"
            ),
        ),
        (
            ("[options]", '[columns]\nsentence1 = "eng"\n[options]'),
            "T.toml:5: with 'parallel' the names of subsets are those of columns; remove [columns]",
        ),
        (
            ("parallel = true", "parallel = true\ngold = true"),
            "T.toml:7: options 'parallel' and 'gold' exclude each other; keep one of them",
        ),
    ],
)
def test_what_cannot_be_parallel(change: tuple[str, str], message: str, folder: Path) -> None:
    """Said with its line before any data is read."""
    Path("T.toml").write_text(TASK.replace(*change), "utf-8")

    with pytest.raises(TaskFileError) as caught:
        load_task(Path("T.toml"))

    assert message == str(caught.value)


def test_an_absent_language_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the columns that there are; the other subsets go on."""
    Path("T.toml").write_text(TASK.replace("deu-fra", "deu-ita"), "utf-8")

    assert 1 == main(["run", "random", "-t", "T.toml", "--json"])

    out, err = capsys.readouterr()
    assert ["measured", "measured", "failed"] == [
        row["status"] for row in json.loads(out)["results"]
    ]
    assert "data/test.jsonl: no column 'ita' for the field 'sentence2'" in err


def test_gold_by_hand() -> None:
    """Two first sentences share the translation y; all three find it.

    Precision of y: 2 of 3 taken; recall 2 of 2; F1 2 * 2 / (2 + 3). The class x is never taken.
    """
    vectors = {"sentence1": [[1, 0]] * 3, "sentence2": [[0, 1], [1, 0], [-1, 0]]}

    found = score("bitext", GOLD, vectors, gold=True)

    expected = {
        "precision": (2 / 3 + 2 / 3 + 0) / 3,
        "recall": 2 / 3,
        "f1": (0.8 + 0.8 + 0) / 3,
        "accuracy": 2 / 3,
    }
    assert expected == pytest.approx(dict(found.metrics))


def test_checks_of_gold() -> None:
    """A gold sentence that is absent stops the task; one that stands twice is counted."""
    twice = table(id=["x", "y", "z"], text=["d", "secret", "secret"])
    found = findings("bitext", GOLD | {"sentence2": twice}, gold=True)
    lost = findings("bitext", GOLD | {"sentence2": twice.slice(0, 1)}, gold=True)

    assert {"duplicate_sentence2": "warning"} == {code: f.level for code, f in found.items()}
    assert ("error", 2) == (lost["absent_gold"].level, lost["absent_gold"].count)
    assert lost["absent_gold"].message.startswith("small.csv row 1: names the second sentence 'y'")

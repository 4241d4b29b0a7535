"""embedmark results samples: the worst examples with their texts."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmark.cli import main

TASK = """kind = "retrieval"
main_score = "ndcg_at_1"
languages = ["eng-Latn"]
[source]
files = "animals"
"""


@pytest.fixture(autouse=True)
def animals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two queries, of which tf-idf answers one."""
    monkeypatch.chdir(tmp_path)
    Path("animals").mkdir()
    Path("animals.toml").write_text(TASK, "utf-8")
    for name, rows in {
        "corpus": [{"_id": "d1", "text": "a cat sleeps"}, {"_id": "d2", "text": "the dog barks"}],
        "queries": [{"_id": "q1", "text": "a cat"}, {"_id": "q2", "text": "cat food for a dog"}],
        "qrels": [
            {"query-id": "q1", "corpus-id": "d1", "score": 1},
            {"query-id": "q2", "corpus-id": "d2", "score": 1},
        ],
    }.items():
        lines = "\n".join(map(json.dumps, rows))
        Path(f"animals/{name}.jsonl").write_text(lines, "utf-8")


def measure(*options: str) -> Path:
    """Run tf-idf and return the file of records."""
    assert 0 == main(["run", "tfidf", "-t", "animals.toml", "--no-cache", *options])
    (path,) = Path("results").rglob("*.parquet")
    return path


def worst(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, list[dict[str, object]]]:
    """The code and rows of the command."""
    capsys.readouterr()
    code = main(["results", "samples", "animals.toml", "tfidf", "--json", *options])
    return code, json.loads(capsys.readouterr().out)["samples"]


def test_the_worst_come_first_with_their_texts(capsys: pytest.CaptureFixture[str]) -> None:
    """Joined from the data; the file of records has none."""
    path = measure()
    code, rows = worst(capsys, "--worst", "1")

    assert (0, ["q2"], [1.0]) == (code, [row["id"] for row in rows], [row["loss"] for row in rows])
    assert {"queries": "cat food for a dog", "first document": "a cat sleeps"} == rows[0]["texts"]
    assert not [name for name in pq.read_schema(path).names if name.startswith("text")]


def test_changed_data_give_no_texts_unless_they_were_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The rows are of other texts now."""
    measure("--keep-texts")
    lines = Path("animals/queries.jsonl").read_text("utf-8")
    Path("animals/queries.jsonl").write_text(lines.replace("food", "toy"), "utf-8")
    code, rows = worst(capsys, "--worst", "1")

    assert 0 == code
    assert {"queries": "cat food for a dog", "first document": "a cat sleeps"} == rows[0]["texts"]


def test_damaged_records_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The code is 1, and the result is still shown."""
    path = measure()
    path.write_bytes(b"nothing")

    assert 1 == main(["results", "samples", "animals.toml", "tfidf"])
    assert f"{path}: damaged" in capsys.readouterr().err
    assert 0 == main(["results", "show", "tfidf"])


def test_bad_requests_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """No such task among the results, and a number below 1."""
    measure()

    assert 2 == main(["results", "samples", "plants", "tfidf"])
    assert 2 == main(["results", "samples", "animals", "tfidf", "--worst", "0"])
    assert "no result of 'plants' by 'tfidf'; there are: animals" in capsys.readouterr().err


def test_a_result_without_records_is_reused_with_a_note(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As measured before they were kept."""
    measure()
    (path,) = (p for p in Path("results").rglob("animals.json"))
    content = json.loads(path.read_text("utf-8"))
    for part in content["embedmark"]["subsets"].values():
        del part["samples"], part["interval"]
    path.write_text(json.dumps(content), "utf-8")

    assert 0 == main(["run", "tfidf", "-t", "animals.toml", "--no-cache"])
    assert "reused, measured before intervals were" in capsys.readouterr().err

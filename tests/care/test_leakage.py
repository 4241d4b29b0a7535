"""Leaks: training texts in the test, and queries that are documents, with rows and ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmark.cli import main

LONG = "the bank raised its forecast for the year after a strong quarter in all of its markets"
SORT = 'kind = "classification"\nmain_score = "accuracy"\nlanguages = ["eng-Latn"]\n'
FIND = 'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'


def checked(capsys: pytest.CaptureFixture[str], name: str) -> dict[str, tuple[int, str]]:
    """Count and message of each code that ``tasks check --json`` finds; it must exit with 0."""
    assert 0 == main(["tasks", "check", name, "--json"])
    printed = capsys.readouterr().out
    return {
        each["code"]: (each["count"], each["message"]) for each in json.loads(printed)["findings"]
    }


def test_training_texts_in_the_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Equal and nearly equal ones are counted apart; no text is shown."""
    monkeypatch.chdir(tmp_path)
    Path("Sort.toml").write_text(f'{SORT}[source]\nfiles = "sort"\n')
    Path("sort").mkdir()
    train = ["one thing,a", "other things,b", f"{LONG},a", "more things,b", "one thing,a"]
    test = ["new thing,a", "ONE  thing,a", f"{LONG} today,b", "other things,b", "two,a"]
    for name, rows in (("train", train), ("test", test)):
        Path(f"sort/{name}.csv").write_text("\n".join(["text,label", *rows]))

    found = checked(capsys, "Sort.toml")

    where = "sort/train.csv"
    count, message = found["training_text"]
    assert 2 == count
    assert f"row 2: the field 'text' stands in {where} row 1 too (2 rows in all); " in message
    count, message = found["near_training_text"]
    assert 1 == count
    assert f"sort/test.csv row 3: the field 'text' is nearly that of {where} row 3; " in message
    assert "bank" not in str(found)


@pytest.mark.parametrize("ignored", [False, True])
def test_queries_among_documents(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    ignored: bool,
) -> None:
    """A query whose own document is not ranked is fine, one that another document equals is not."""
    monkeypatch.chdir(tmp_path)
    options = f"[options]\nignore_identical_ids = {str(ignored).lower()}\n"
    Path("Find.toml").write_text(f'{FIND}[source]\nfiles = "find"\n{options}')
    Path("find/qrels").mkdir(parents=True)
    documents = {"a": "same text", "b": "Another text", "c": "third"}
    queries = {"a": "Same text", "q": "another\ttext", "r": "unlike"}
    for name, texts in (("corpus", documents), ("queries", queries)):
        lines = [json.dumps({"_id": key, "text": text}) for key, text in texts.items()]
        Path(f"find/{name}.jsonl").write_text("\n".join(lines))
    rows = ["query-id\tcorpus-id\tscore", "a\tb\t1", "q\tc\t1", "r\tc\t0"]
    Path("find/qrels/test.tsv").write_text("\n".join(rows))

    found = checked(capsys, "Find.toml")

    count, message = found["query_is_document"]
    first = "row 2: the query 'q' has the text of the document 'b'"
    every = "row 1: the query 'a' has the text of the document 'a' (2 rows in all)"
    assert (1 if ignored else 2) == count
    assert message.startswith(f"find/queries.jsonl {first if ignored else every}; ")
    count, message = found["query_without_relevant"]
    assert 1 == count
    assert "the query 'r' has no relevant document" in message

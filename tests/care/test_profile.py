"""What data are made of: counts as plain Python counts them."""

from __future__ import annotations

import json
import re
import statistics
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest

from benchmark.care.picture import lengths_picture
from benchmark.care.profile import histogram, lengths, profile, scripts, simple_tokens
from benchmark.cli import main

TEXTS = ["One two, three!", "", " \t", "one two", "利润增长2倍", "Привет мир", "ONE  two", "नमस्ते"]
FIELDS = {
    "rows": {"text": "text", "label": "labels"},
    "corpus": {"id": "id", "text": "text"},
    "queries": {"id": "id", "text": "text"},
    "qrels": {"query-id": "id", "corpus-id": "id", "score": "number?"},
}


def column(texts: list[str]) -> pa.Array:
    """Texts as a task's table holds them."""
    return pa.array(texts, pa.large_string())


def test_lengths_and_repeats() -> None:
    """Characters by code points, empty texts, and texts that an earlier one equals."""
    table = pa.table({"text": column(TEXTS), "label": [1, 1, 1, 1, 2, 2, 2, 3]})

    facts = profile({"rows": table}, FIELDS)["rows"]

    expected = [len(text) for text in TEXTS]
    found = facts["texts"]["text"]
    assert sum(expected) == found["characters"]["sum"]
    assert round(statistics.mean(expected), 2) == found["characters"]["mean"]
    assert statistics.median(expected) == found["characters"]["median"]
    assert (min(expected), max(expected)) == (
        found["characters"]["least"],
        found["characters"]["most"],
    )
    assert (2, 2) == (found["empty"], found["repeated"])
    labels = facts["labels"]
    assert (3, 0.5, 0.125) == (labels["labels"], labels["largest_share"], labels["smallest_share"])
    # Entropy of 1/2, 3/8, 1/8 over the logarithm of 3.
    assert 0.8869 == pytest.approx(labels["evenness"], abs=1e-4)


def test_simple_tokens() -> None:
    """Words, marks, and characters of scripts without spaces."""
    assert [5, 0, 0, 2, 6, 2, 2, 1] == simple_tokens(column(TEXTS)).tolist()
    mixed = ["abc中文def", "don't", "a-b 3.5", "日本語です", "e\u0301t", "👍👍"]
    assert [4, 3, 6, 5, 1, 2] == simple_tokens(column(mixed)).tolist()


def test_scripts_by_letter() -> None:
    """Shares of letters; digits, marks and spaces have no script."""
    assert {"Latn": 0.6, "Cyrl": 0.4} == scripts(column(["abc 12", "..", "ёж"]))
    assert {"Hani": 0.5, "Hira": 0.25, "Kana": 0.25} == scripts(column(["漢字かカ"]))
    assert {} == scripts(column(["12 !", ""])) == scripts(column([]))


def test_lists_of_labels() -> None:
    """Every label counts, and how many a row has."""
    table = pa.table({"text": column(["a", "b"]), "label": pa.array([["x", "y"], ["x"]])})

    labels = profile({"rows": table}, FIELDS)["rows"]["labels"]

    assert (2, 1.5) == (labels["labels"], labels["labels_a_row"])
    assert 2 / 3 == pytest.approx(labels["largest_share"], abs=1e-4)


def test_relevant_documents_a_query() -> None:
    """Judgements of 0 are none, those of unknown queries are not counted."""
    ids = {"id": pa.array(["a", "b", "c"]), "text": column(["x", "y", "z"])}
    qrels = {"query-id": ["a", "a", "b", "d"], "corpus-id": ["a", "b", "c", "a"]}
    tables = {
        "corpus": pa.table(ids),
        "queries": pa.table(ids),
        "qrels": pa.table({**qrels, "score": [1.0, 2.0, 0.0, 1.0]}),
    }

    relevant = profile(tables, FIELDS)["queries"]["relevant"]

    assert (0, 0.67, 2, 2) == tuple(relevant[key] for key in ("least", "mean", "most", "without"))


def test_histogram_by_powers_of_two() -> None:
    """0, 1, 2-3, 4-7, 8-15."""
    assert [2, 1, 2, 2, 1] == histogram(np.array([0, 0, 1, 2, 3, 4, 7, 8]))
    assert [] == histogram(np.array([], np.int64))
    assert 0 == lengths(np.array([], np.int64))["most"]


def test_a_picture_is_escaped() -> None:
    """Names come from files; no markup of theirs stays."""
    root = ET.fromstring(lengths_picture("<b>", [("a</svg><script>&", [1, 0, 3]), ("", [])]))

    assert not [each for each in root.iter() if each.tag.rpartition("}")[2] in ("b", "script")]
    assert 4 == len([each for each in root.iter() if each.tag.endswith("rect")])


def test_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A table, JSON and a picture; splits are compared, and no text or label is shown."""
    monkeypatch.chdir(tmp_path)
    Path("Sort.toml").write_text(
        'kind = "classification"\nmain_score = "accuracy"\nlanguages = ["eng-Latn"]\n'
        'splits = ["test", "dev"]\n[source]\nfiles = "sort"\n'
    )
    Path("sort").mkdir()
    rows = {
        "train": ["secretone,hiddena", "secrettwo,hiddenb"],
        "test": ["secretthree,hiddena", "SecretOne,hiddenb", "secretfour,hiddenb"],
        "dev": ["secretthree,hiddena", "secretfive,hiddenb"],
    }
    for name, lines in rows.items():
        Path(f"sort/{name}.csv").write_text("\n".join(["text,label", *lines]))

    assert 0 == main(["tasks", "stats", "Sort.toml", "--json", "--picture", "p.svg"])
    printed = capsys.readouterr().out
    assert 0 == main(["tasks", "stats", "Sort.toml"])
    table = capsys.readouterr().out
    assert 0 == main(["tasks", "show", "Sort.toml", "--json"])
    (shown,) = json.loads(capsys.readouterr().out)["tasks"]

    (task,) = json.loads(printed)["tasks"]
    test, dev = task["parts"]
    assert (1, {}) == (test["in_training"], test["in_other_splits"])
    assert (0, {"test": 1}) == (dev["in_training"], dev["in_other_splits"])
    assert shown["fingerprints"] == {
        f"{part['split']}/{part['subset']}": part["fingerprint"] for part in task["parts"]
    }
    picture = Path("p.svg").read_text()
    assert "Sort test/default rows.text" in picture
    assert not re.search("secret|hidden", printed + table + picture, re.IGNORECASE)
    assert 2 == main(["tasks", "stats"])
    assert 2 == main(["tasks", "stats", "Sort.toml", "--picture", "none/p.svg"])
    if find_spec("tokenizers"):
        assert 2 == main(["tasks", "stats", "Sort.toml", "--tokenizer", "sort/test.csv"])
        assert "is no tokenizer.json" in capsys.readouterr().err

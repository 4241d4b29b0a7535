"""Files of the hub in every format, and what is said of those that cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmark.data.hub_read import can_read, read_files
from benchmark.errors import DataError
from tests.hub.files import write

TABLE = pa.table(
    {
        "id": ["001", "7", "x"],
        "text": ['quoted "words", and\nlines', "a\ttab", "猫 2024-01-01"],
        "when": ["2024-01-01", "2024-01-02", "2024-01-03"],
        "label": [3, 1, 2],
    }
)
ENDINGS = ("", ".gz", ".zst")


def read(folder: Path, names: list[str], options: Mapping[str, Any] = {}) -> pa.Table:
    """The files of a folder as one table."""
    return read_files([folder / name for name in names], names, options, "org/set@1 c/test")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", [".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet"])
def test_every_format_gives_the_same_rows(kind: str, ending: str, tmp_path: Path) -> None:
    """Texts keep their quotation marks and line breaks, ids their zeros, dates their form."""
    if kind == ".parquet" and ending:
        pytest.skip("parquet compresses inside")
    write(tmp_path / f"test{kind}{ending}", TABLE)

    found = read(tmp_path, [f"test{kind}{ending}"])

    labels = [str(x) for x in TABLE["label"].to_pylist()] if kind in (".csv", ".tsv") else None
    for name in TABLE.column_names:
        expected = labels if name == "label" and labels else TABLE[name].to_pylist()
        assert expected == found[name].to_pylist()


def test_several_files_follow_each_other(tmp_path: Path) -> None:
    """A column that one of them lacks is null there."""
    write(tmp_path / "b.jsonl", TABLE.slice(0, 2))
    write(tmp_path / "a.jsonl", TABLE.slice(2).drop_columns(["when"]))

    found = read(tmp_path, ["b.jsonl", "a.jsonl"])

    assert ["001", "7", "x"] == found["id"].to_pylist()
    assert [TABLE["when"][0].as_py(), TABLE["when"][1].as_py(), None] == found["when"].to_pylist()


def test_json_of_other_shapes(tmp_path: Path) -> None:
    """Strings, one row, columns as lists, rows under a field, rows with other keys each."""
    contents = {
        "strings.json": (["a", "b"], {}, {"text": ["a", "b"]}),
        "one.json": ({"a": [1, 2]}, {}, {"a": [[1, 2]]}),
        "columns.json": ({"data": {"a": [1, 2]}}, {"field": "data"}, {"a": [1, 2]}),
        "field.json": ({"data": [{"a": 1}], "b": 0}, {"field": "data"}, {"a": [1]}),
        "keys.json": ([{"a": 1}, {"b": 2}], {}, {"a": [1, None], "b": [None, 2]}),
    }
    for name, (content, options, expected) in contents.items():
        (tmp_path / name).write_text(json.dumps(content, indent=2))
        assert expected == read(tmp_path, [name], options).to_pydict()


def test_what_a_card_says_of_a_csv(tmp_path: Path) -> None:
    """Separator, names where there is no header, encoding."""
    (tmp_path / "a.csv").write_bytes("x;é\n1;2\n".encode("latin-1"))
    options = {"sep": ";", "names": ["p", "q"], "encoding": "latin-1"}

    assert {"p": ["x", "1"], "q": ["é", "2"]} == read(tmp_path, ["a.csv"], options).to_pydict()
    header = {**options, "header": 0}
    assert {"p": ["1"], "q": ["2"]} == read(tmp_path, ["a.csv"], header).to_pydict()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.parquet", b"PAR1 no", "is damaged, or no parquet"),
        ("a.jsonl.gz", b"\x1f\x8b\x08 no", "is damaged, or no jsonl"),
        ("a.jsonl.zst", b"no", "is damaged, or no jsonl"),
        ("a.jsonl", b'{"a": 1}\n{"a": \n', "is damaged, or no jsonl"),
        ("a.json", b"[1, 2", "is damaged, or no json"),
        ("a.csv", b"a,b\n1,2,3\n", "is damaged, or no csv"),
        ("a.csv", b"a,b\n\xff\xfe,2\n", "is damaged, or no csv"),
        ("a.jsonl", b'{"a": 1}\n{"a": "x"}\n', "the column 'a' mixes types"),
    ],
)
def test_what_cannot_be_read(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    """One line with the file, and nothing of its content."""
    (tmp_path / name).write_bytes(content)

    with pytest.raises(DataError) as error:
        read(tmp_path, [name])

    assert str(error.value).startswith(f"org/set@1 c/test {name}: {message}")
    assert "\n" not in str(error.value)


def test_files_that_differ_in_types(tmp_path: Path) -> None:
    """A column of numbers in one file and of strings in the next is no column."""
    write(tmp_path / "a.parquet", pa.table({"a": [1]}))
    write(tmp_path / "b.parquet", pa.table({"a": ["x"]}))

    with pytest.raises(DataError, match="differ in the types of a column"):
        read(tmp_path, ["a.parquet", "b.parquet"])


def test_what_is_read_elsewhere() -> None:
    """Other formats, archives, and options of a card that are not known here."""
    assert can_read(["a.jsonl.gz", "b.parquet"], {"sep": ","})
    assert not can_read(["a.arrow"], {})
    assert not can_read(["a.csv.zip"], {})
    assert not can_read(["a.csv"], {"foreign": ["quoting"]})

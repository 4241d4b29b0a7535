"""Files of every format and compression hold the same columns; broken ones say where."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.canonical import to_table
from benchmark.data.fingerprint import fingerprint
from benchmark.data.formats import (
    COMPRESSIONS,
    FORMATS,
    FileOptions,
    first_row,
    found_names,
    is_row_of_data,
    looks_like_names,
    read_columns,
    split_suffixes,
)
from benchmark.errors import DataError

Rows = Sequence[Mapping[str, Any]]

FIELDS = {"text": "text", "label": "label", "weight": "number"}
ROWS: Rows = [
    {"text": 'He said "yes", twice', "label": 3, "weight": 0.1},
    {"text": "ελληνικά 日本語 \U0001f600", "label": -12, "weight": -2.0},
    {"text": "", "label": 0, "weight": 1e300},
]


def as_jsonl(rows: Rows) -> bytes:
    """Rows as .jsonl."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows: Rows) -> bytes:
    """Rows as .csv."""
    return _delimited(rows, delimiter=",")


def as_tsv(rows: Rows) -> bytes:
    """Rows as .tsv, which has no quoting."""
    lines = [list(rows[0]), *([str(row[name]) for name in rows[0]] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines).encode()


def as_parquet(rows: Rows) -> bytes:
    """Rows as .parquet, in row groups of two."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(map(dict, rows))), sink, row_group_size=2)
    return sink.getvalue()


def _delimited(rows: Rows, delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def zstd(data: bytes) -> bytes:
    """Zstandard-compressed bytes."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(data)
    return bytes(sink.getvalue())


WRITERS: Mapping[str, Callable[[Rows], bytes]] = {
    ".jsonl": as_jsonl,
    ".csv": as_csv,
    ".tsv": as_tsv,
    ".parquet": as_parquet,
}
COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".zst": zstd}
ENDINGS = [f"{kind}{compression}" for kind in FORMATS for compression in COMPRESSIONS]


def write(folder: Path, ending: str, rows: Rows) -> Path:
    """A file of that ending."""
    kind = f".{ending.split('.')[1]}"
    path = folder / f"test{ending}"
    path.write_bytes(COMPRESS[ending.removeprefix(kind)](WRITERS[kind](rows)))
    return path


def table_of(path: Path) -> pa.Table:
    """The canonical table of a file without errors."""
    table, findings = to_table(read_columns(path, path.name), FIELDS, {}, False)
    assert [] == [finding for finding in findings if finding.level == "error"]
    assert table is not None
    return table


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_and_compression_gives_the_same_table(ending: str, tmp_path: Path) -> None:
    """Equal values, equal types, equal fingerprints."""
    expected = pa.table(
        {
            "text": pa.array([row["text"] for row in ROWS], pa.large_string()),
            "label": pa.array([row["label"] for row in ROWS], pa.int64()),
            "weight": pa.array([row["weight"] for row in ROWS], pa.float64()),
        }
    )

    actual = table_of(write(tmp_path, ending, ROWS))

    assert expected.equals(actual)
    assert fingerprint({"rows": expected}) == fingerprint({"rows": actual})


texts = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n\0"), max_size=20)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": texts,
                "label": st.sampled_from(["a", "b", "01", "x y"]),
                "weight": st.floats(allow_nan=False, allow_infinity=False),
            }
        ),
        min_size=1,
        max_size=8,
    )
)
def test_the_fingerprint_does_not_depend_on_the_format(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """Any rows, through any format, have one fingerprint."""
    folder = tmp_path_factory.mktemp("rows")

    found = {
        fingerprint({"rows": table_of(write(folder, ending, rows))})
        for ending in (".jsonl", ".csv", ".tsv", ".parquet", ".jsonl.gz", ".csv.zst")
    }

    assert 1 == len(found)


def test_names_split_into_stem_format_and_compression() -> None:
    """Only the known endings are split off."""
    names = ("a.b.csv.gz", "test.jsonl", "x.parquet.zst", "notes.md", "archive.gz")

    assert [
        ("a.b", ".csv", ".gz"),
        ("test", ".jsonl", ""),
        ("x", ".parquet", ".zst"),
        ("notes.md", "", ""),
        ("archive", "", ".gz"),
    ] == [split_suffixes(Path(name)) for name in names]


def test_a_header_can_be_given(tmp_path: Path) -> None:
    """``header`` names the columns of a file whose first row is data."""
    path = tmp_path / "test.csv"
    path.write_text("one,3,1\ntwo,4,2\n", "utf-8")

    columns = read_columns(path, "test.csv", FileOptions(header=("text", "label", "weight")))

    assert 2 == columns.rows
    assert {"text": ("one", "two"), "label": ("3", "4"), "weight": ("1", "2")} == columns.values


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8-sig", "utf-8"), ("latin-1", "latin-1"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_encodings(encoding: str, declared: str, tmp_path: Path) -> None:
    """A byte-order mark is no part of the first name; other encodings are declared."""
    path = tmp_path / "test.csv"
    path.write_bytes("text,label\ncafé,1\n".encode(encoding))

    columns = read_columns(path, "test.csv", FileOptions(encoding=declared))

    assert {"text": ("café",), "label": ("1",)} == columns.values


def test_a_separator_can_be_given(tmp_path: Path) -> None:
    """European csv files have semicolons."""
    path = tmp_path / "test.csv"
    path.write_text("text;label\na,b;1\n", "utf-8")

    columns = read_columns(path, "test.csv", FileOptions(separator=";"))

    assert {"text": ("a,b",), "label": ("1",)} == columns.values


def test_csv_fields_may_hold_line_breaks_and_tsv_fields_quotation_marks(tmp_path: Path) -> None:
    """Each format by its own rules; blank lines and Windows line ends are no rows."""
    csv_path, tsv_path = tmp_path / "a.csv", tmp_path / "a.tsv"
    csv_path.write_bytes(b'text,label\r\n"a ""b""\r\nc",1\r\n\r\n')
    tsv_path.write_bytes(b'text\tlabel\r\na "b\t1\r\n')

    assert {"text": ('a "b"\r\nc',), "label": ("1",)} == read_columns(csv_path, "a.csv").values
    assert {"text": ('a "b',), "label": ("1",)} == read_columns(tsv_path, "a.tsv").values


def test_a_long_field_is_read(tmp_path: Path) -> None:
    """The csv module's own limit of 128 KiB does not hold."""
    path = tmp_path / "test.csv"
    path.write_text(f"text\n{'x' * 200_000}\n", "utf-8")

    assert [200_000] == [len(text) for text in read_columns(path, "test.csv").values["text"]]


def test_keys_that_a_row_lacks_are_missing_values(tmp_path: Path) -> None:
    """Every key of any row is a column."""
    path = tmp_path / "test.jsonl"
    path.write_text('{"a": 1}\n\n{"b": [2]}\n', "utf-8")

    columns = read_columns(path, "test.jsonl")

    assert {"a": [1, None], "b": [None, [2]]} == columns.values
    assert 2 == columns.rows


def test_problems_are_gathered_up_to_twenty(tmp_path: Path) -> None:
    """A file that is broken throughout does not print a line for each of its rows."""
    path = tmp_path / "test.csv"
    path.write_text("a,b\n" + "1\n" * 50, "utf-8")

    with pytest.raises(DataError) as caught:
        read_columns(path, "test.csv")

    assert 20 == len(caught.value.problems)
    expected = (
        "test.csv line 2: 1 fields where the header has 2; quote or remove the separator (and 19 "
        "more: embedmark tasks check lists them)"
    )
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("ending", "part"),
    [
        (ending, part)
        for ending in ENDINGS
        for part in (0.0, 0.3, 0.9)
        if not part or ending not in (".jsonl", ".csv", ".tsv")  # plain text has no end mark
    ],
)
def test_a_file_cut_short_is_never_half_read(ending: str, part: float, tmp_path: Path) -> None:
    """An archive or a parquet file that ends too soon is an error, wherever it ends."""
    rows = [{"text": f"text {n}", "label": n, "weight": n} for n in range(2000)]
    path = write(tmp_path, ending, rows)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])

    with pytest.raises(DataError) as caught:
        read_columns(path, path.name)

    said = str(caught.value)
    assert said.startswith(f"{path.name}: ")
    assert "empty file" in said or "copy or download it again" in said, said


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(ENDINGS))
def test_no_bytes_lead_to_anything_but_columns_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, ending: str
) -> None:
    """Whatever lies in a file."""
    path = tmp_path_factory.mktemp("bytes") / f"test{ending}"
    path.write_bytes(data)

    with suppress(DataError):
        columns = read_columns(path, "test")
        assert all(columns.rows == len(values) for values in columns.values.values())


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    """With the formats that there are."""
    path = tmp_path / "test.xlsx"
    path.write_bytes(b"PK")

    with pytest.raises(DataError) as caught:
        read_columns(path, "test.xlsx")

    expected = "test.xlsx: unknown format; use one of .jsonl, .csv, .tsv, .parquet (also .gz, .zst)"
    assert expected == str(caught.value)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["text", "label"], True),
        (["sentence1", "sentence2", "similarity_score"], True),
        (["", "Sentence A", "Date (UTC)"], True),
        (["_id", "query-id"], True),
        (["A man plays.", "A dog runs.", "3.2"], False),
        (["text", "text"], False),
        (["text", "1"], False),
        (["What is the rate?", "rates"], False),
        (["a plane is taking off now", "x"], False),
    ],
)
def test_what_can_be_a_header(row: list[str], expected: bool) -> None:
    """Numbers, sentences and repeated cells are data."""
    assert expected == looks_like_names(row)


def test_names_are_shown_only_where_they_are_names(tmp_path: Path) -> None:
    """A first row that is data is counted, not shown."""
    named, sentences, labels = (tmp_path / f"{name}.csv" for name in "abc")
    named.write_text("text,label\nx,y\n", "utf-8")
    sentences.write_text("It is so.,yes\nIt is not.,no\n", "utf-8")
    labels.write_text("good,positive\nfine,positive\nbad,negative\nnice,positive\n", "utf-8")

    shown = [found_names(read_columns(path, path.name)) for path in (named, sentences, labels)]

    hidden = "2, whose names look like a row of data: set header in [source]"
    assert ["text, label", hidden, hidden] == shown
    assert is_row_of_data(read_columns(labels, "c.csv"))


def test_the_first_row_of_a_file_without_rows_is_empty(tmp_path: Path) -> None:
    """Also of one that is no csv, and of one that is not valid."""
    for name, text in (("a.csv", ""), ("a.jsonl", "{}"), ("b.csv", '"x')):
        (tmp_path / name).write_text(text, "utf-8")

    assert [[], [], []] == [first_row(tmp_path / n, n) for n in ("a.csv", "a.jsonl", "b.csv")]

"""Columns become the kind's fields: names, joins, types, and what is found wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from benchmark.data.canonical import to_table
from benchmark.data.formats import Columns
from benchmark.protocols import Finding
from benchmark.tables import source_of

CORPUS = {"id": "id", "text": "text"}


def convert(
    fields: Mapping[str, str],
    values: Mapping[str, Any],
    mapping: Mapping[str, Any] = {},
    *,
    joins_title: bool = False,
    typed: bool = True,
) -> tuple[pa.Table | None, list[Finding]]:
    """The table and findings of columns in memory."""
    rows = len(next(iter(values.values())))
    return to_table(Columns(values, rows, "f", typed), fields, mapping, joins_title)


def column(
    fields: Mapping[str, str], values: Mapping[str, Any], name: str, **options: Any
) -> list[Any]:
    """One column of the table that columns give."""
    table, findings = convert(fields, values, **options)
    assert table is not None, findings
    result: list[Any] = table.column(name).to_pylist()
    return result


def test_a_table_names_its_file() -> None:
    """So that later findings can."""
    table, findings = convert({"text": "text"}, {"text": ["a"], "other": [1]})

    assert table is not None
    assert ("f", ["text"], []) == (source_of(table), table.column_names, findings)


def test_titles_are_joined_as_mteb_joins_them() -> None:
    """``title text`` with the ends stripped; the stripped text where there is no title."""
    values = {
        "_id": ["1", "2", "3", "4", "5"],
        "title": ["Title", "", None, " ", "Title"],
        "text": ["text ", " text ", "text", " text", ""],
    }

    actual = column(CORPUS, values, "text", joins_title=True)

    # (title + " " + text).strip() if title else text.strip(), mteb/_create_dataloaders.py.
    assert ["Title text", "text", "text", "text", "Title"] == actual


def test_a_corpus_without_titles_is_stripped_and_queries_are_not() -> None:
    """As mteb does with each."""
    values = {"_id": ["1"], "text": [" text\n"]}

    assert ["text"] == column(CORPUS, values, "text", joins_title=True)
    assert [" text\n"] == column(CORPUS, values, "text")


def test_a_mapping_names_a_column_or_several() -> None:
    """A list is joined by a space; a mapped field needs exactly what it names."""
    values = {"docno": ["1"], "head": ["A"], "body": ["b c"], "title": ["unused"]}

    one = column(CORPUS, values, "text", mapping={"id": "docno", "text": "body"}, joins_title=True)
    two = column(CORPUS, values, "text", mapping={"id": "docno", "text": ["head", "body"]})

    assert (["b c"], ["A b c"]) == (one, two)


@pytest.mark.parametrize("names", [("_id",), ("id",), ("id", "_id")])
def test_the_usual_name_comes_first(names: tuple[str, ...]) -> None:
    """BEIR's ``_id`` before ``id``."""
    values = {name: [name] for name in names} | {"text": ["x"]}

    assert ["_id" if "_id" in names else "id"] == column(CORPUS, values, "id")


def test_an_optional_field_may_be_absent_but_not_when_it_is_named() -> None:
    """Judgements without a score are binary."""
    fields = {"query-id": "id", "score": "number?"}
    values = {"query-id": ["q"]}

    table, findings = convert(fields, values)
    _, missing = convert(fields, values, {"score": "grade"})

    assert table is not None
    assert (["query-id"], []) == (table.column_names, findings)
    assert ["missing_column"] == [finding.code for finding in missing]


def test_every_missing_column_is_reported_at_once() -> None:
    """With the columns that there are."""
    table, findings = convert({"sentence1": "text", "sentence2": "text"}, {"a": [1], "b": [2]})

    assert table is None
    assert [
        f"f: no column '{name}' for the field '{name}' (columns found: a, b); name it under "
        "[columns] in the task file"
        for name in ("sentence1", "sentence2")
    ] == [finding.message for finding in findings]


def test_ids_are_strings_of_any_scalar() -> None:
    """Numbers are written out, so that a csv and a jsonl agree."""
    assert ["1", "b", "2.5"] == column({"id": "id"}, {"id": [1, "b", 2.5]}, "id")


@pytest.mark.parametrize("value", [None, "", math.nan, ["a"], {"a": 1}])
def test_what_is_no_id(value: object) -> None:
    """Nothing, or something with parts."""
    table, (finding,) = convert({"id": "id"}, {"id": ["a", value]})

    assert table is None
    expected = "f row 2: no 'id', or one that is no string or number; give every row one"
    assert ("missing_id", expected) == (finding.code, finding.message)


def test_duplicate_ids_name_the_id_and_both_rows() -> None:
    """The first of them, and how many rows there are; query-ids of judgements may repeat."""
    _, (finding,) = convert({"id": "id"}, {"id": ["a", "b", 1, "1", "b"]})

    assert ("duplicate_id", 2) == (finding.code, finding.count)
    assert "f rows 4, 5: the id '1' is that of row 3 too; make ids unique" == finding.message
    assert ["a", "a"] == column({"query-id": "id"}, {"query-id": ["a", "a"]}, "query-id")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1.0),
        ("1.5", 1.5),
        (" 2 ", 2.0),
        (True, 1.0),
        ("True", 1.0),
        ("false", 0.0),
        ("1e3", 1e3),
    ],
)
def test_numbers(value: object, expected: float) -> None:
    """Also as strings, and flags as libraries write them to csv."""
    assert [expected] == column({"score": "number"}, {"score": [value]}, "score")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty_number"),
        ("", "empty_number"),
        ("  ", "empty_number"),
        (math.nan, "empty_number"),
        ("nan", "empty_number"),
        (math.inf, "not_a_number"),
        ("-inf", "not_a_number"),
        ("high", "not_a_number"),
        ([1], "not_a_number"),
        (10**400, "not_a_number"),
        ("1,5", "not_a_number"),
    ],
)
def test_what_is_no_number(value: object, code: str) -> None:
    """Nothing, or something else; each with its row."""
    table, (finding,) = convert({"score": "number"}, {"score": [1, value]})

    assert table is None
    assert ("error", code, 1) == (finding.level, finding.code, finding.count)
    assert finding.message.startswith("f row 2: the field 'score' is ")


@pytest.mark.parametrize(
    ("values", "typed", "expected"),
    [
        ([1, 2], True, [1, 2]),
        ([True, False], True, [1, 0]),
        (["1", "2"], True, ["1", "2"]),
        ([1, "b"], True, ["1", "b"]),
        ([1.5, 2], True, ["1.5", "2"]),
        ([2**63, 1], True, [str(2**63), "1"]),
        (["1", "-20"], False, [1, -20]),
        (["1", "02"], False, ["1", "02"]),
        (["1", "b"], False, ["1", "b"]),
        (["1" * 19, "2"], False, ["1" * 19, "2"]),
    ],
)
def test_labels_are_whole_numbers_or_strings(
    values: list[Any], typed: bool, expected: list[Any]
) -> None:
    """Numbers where all are; in csv, strings that a number gives back unchanged."""
    assert expected == column({"label": "label"}, {"label": values}, "label", typed=typed)


def test_labels_may_have_levels() -> None:
    """A list a row, outermost first; a bare label among lists is a list of one."""
    actual = column({"label": "labels"}, {"label": [["a", "b"], ["a"], "c"]}, "label")

    assert [["a", "b"], ["a"], ["c"]] == actual


@pytest.mark.parametrize("value", [None, "", [], [None], math.nan, {"a": 1}, [["a"]]])
def test_what_is_no_label(value: object) -> None:
    """Nothing, or something with parts."""
    table, (finding,) = convert({"label": "labels"}, {"label": ["a", value]})

    assert table is None
    expected = "f row 2: no 'label', or one that is no string or number; label the row or drop it"
    assert ("missing_label", expected) == (finding.code, finding.message)


def test_empty_texts_are_warned_of_and_counted() -> None:
    """White space alone is empty too; at most three rows are named."""
    table, (finding,) = convert({"text": "text"}, {"text": ["", "a", " ", "\n", "\t"]})

    assert table is not None
    assert ["", "a", " ", "\n", "\t"] == table.column("text").to_pylist()
    assert ("warning", "empty_text", 4) == (finding.level, finding.code, finding.count)
    assert finding.message.startswith("f rows 1, 3, 4 and 1 more: the field 'text' is empty; ")


@pytest.mark.parametrize("value", [None, 3, ["a"], {"a": "b"}, b"a"])
def test_what_is_no_text(value: object) -> None:
    """A number is not a text: it may be the wrong column."""
    table, (finding,) = convert({"text": "text"}, {"text": ["a", value]})

    assert table is None
    expected = "f row 2: the field 'text' is missing or not a string; write a string"
    assert ("not_text", expected) == (finding.code, finding.message)


@pytest.mark.parametrize(("field", "kind"), [("text", "text"), ("id", "id"), ("label", "label")])
def test_half_a_surrogate_pair_is_an_error(field: str, kind: str) -> None:
    """JSON can write one, Arrow and UTF-8 cannot hold it."""
    table, (finding,) = convert({field: kind}, {field: ["a", "\ud83d"]})

    assert table is None
    expected = (
        f"f row 2: the field '{field}' holds half a surrogate pair; write the whole character"
    )
    assert ("not_unicode", expected) == (finding.code, finding.message)


def test_arrow_columns_read_as_lists_do() -> None:
    """Dictionary-encoded, chunked and of any width, as parquet files hold them."""
    text = pa.chunked_array(
        [pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]
    )
    label = pa.chunked_array([pa.array([1, 2], pa.int8())])
    score = pa.chunked_array([pa.array([1, 2.5], pa.float32())])
    fields = {"text": "text", "label": "label", "score": "number"}

    table, findings = convert(fields, {"text": text, "label": label, "score": score})

    expected = pa.table(
        {
            "text": pa.array(["a", "b"], pa.large_string()),
            "label": pa.array([1, 2], pa.int64()),
            "score": pa.array([1.0, 2.5], pa.float64()),
        }
    )
    assert table is not None
    assert [] == findings
    assert expected.equals(table)

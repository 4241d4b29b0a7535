"""Whole columns: what Arrow's kernels settle, and what is left to a look at each value."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.data.arrow import joined_array, plain_array
from benchmark.data.canonical import to_table
from benchmark.data.formats import Columns


def converted(values: Any, kind: str, *, unique: bool = False, strip: bool = False) -> Any:
    """Type and values of the field, None where single values must be looked at."""
    array = plain_array(values, kind, unique=unique, strip=strip)
    return None if array is None else (str(array.type), array.to_pylist())


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (["a", "b "], "text", ("large_string", ["a", "b "])),
        (["a", "b"], "id", ("string", ["a", "b"])),
        ([1, 20], "id", ("string", ["1", "20"])),
        ([1, 20], "label", ("int64", [1, 20])),
        (["x", "y"], "label", ("string", ["x", "y"])),
        ([1, 2.5], "number", ("double", [1.0, 2.5])),
        (pa.chunked_array([["a"], ["b"]]), "text", ("large_string", ["a", "b"])),
        (pa.chunked_array([pa.array([1, 2], pa.int8())]), "label", ("int64", [1, 2])),
    ],
)
def test_plain_columns(values: Any, kind: str, expected: Any) -> None:
    """Whole columns of strings, integers and numbers."""
    assert expected == converted(values, kind)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "text"),
        (["a", None], "text"),
        (["a", " \u2003\n"], "text"),
        (["a", 1], "text"),
        ([1, 2], "text"),
        (["\ud800"], "text"),
        (["a", ""], "id"),
        ([1, "a"], "id"),
        ([1.0, 2.0], "id"),
        ([True, False], "label"),
        ([["a"], ["b"]], "labels"),
        ([1 << 70], "label"),
        ([1.0, float("nan")], "number"),
        ([1.0, float("inf")], "number"),
        (["1", "2"], "number"),
        (pa.chunked_array([pa.array([1], pa.uint64())]), "label"),
        (pa.chunked_array([pa.array([b"a"])]), "text"),
    ],
)
def test_columns_that_need_a_look_at_each_value(values: Any, kind: str) -> None:
    """What is odd, empty, missing or not finite."""
    assert converted(values, kind) is None


def test_a_repeated_id_needs_a_look() -> None:
    """Only where ids must be unique."""
    assert ("string", ["a", "a"]) == converted(["a", "a"], "id")
    assert converted(["a", "a"], "id", unique=True) is None


@pytest.mark.parametrize("space", [chr(n) for n in range(0x3001) if chr(n).isspace()])
def test_white_space_is_pythons(space: str) -> None:
    """Texts of a corpus lose the white space that ``str.strip`` takes."""
    assert ("large_string", ["a"]) == converted([f"{space}a{space}"], "text", strip=True)


PART = st.one_of(st.none(), st.text(" ab\n\u2003", max_size=3))


@given(rows=st.lists(st.tuples(PART, PART, PART), min_size=1, max_size=8))
def test_texts_of_several_columns_join_as_value_by_value(rows: list[Any]) -> None:
    """Titles that are empty or missing are left out, and the ends are stripped."""
    columns = [pa.chunked_array([pa.array(part, pa.string())]) for part in zip(*rows, strict=True)]

    found = joined_array(columns)

    expected = [" ".join(value for value in row if value).strip() for row in rows]
    if found is None:
        assert None in columns[-1].to_pylist() or "" in expected
    else:
        assert expected == found.to_pylist()


@pytest.mark.parametrize(
    "columns",
    [
        [["a"], ["b"]],
        [pa.chunked_array([[1]]), pa.chunked_array([["b"]])],
        [pa.chunked_array([["a"]]), pa.chunked_array([pa.array([None], pa.string())])],
    ],
)
def test_what_is_not_joined_at_once(columns: Any) -> None:
    """Lists of a file without types, numbers, a missing text."""
    assert joined_array(columns) is None


@pytest.mark.parametrize("kind", ["id", "text", "label", "number"])
def test_both_ways_agree(kind: str) -> None:
    """A column with one odd row, which is looked at value by value, gives the rest the same."""
    values: list[Any] = [3, 1, 2] if kind in ("label", "number") else ["c", "a", "b"]
    whole, _ = to_table(Columns({"x": values}, 3, "f"), {"x": kind}, {}, False)
    odd: list[Any] = [*values, "4" if kind == "number" else " " if kind == "text" else True]
    looked_at, _ = to_table(Columns({"x": odd}, 4, "f"), {"x": kind}, {}, False)

    assert whole is not None
    assert looked_at is not None
    if kind != "label":  # a flag among labels is a number still
        assert whole.schema.field("x").type == looked_at.schema.field("x").type
    assert whole.column("x").to_pylist() == looked_at.slice(0, 3).column("x").to_pylist()

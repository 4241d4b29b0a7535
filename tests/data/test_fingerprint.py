"""A fingerprint is of the content: not of chunks, of slices or of the order of columns."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.fingerprint import combined, fingerprint

VALUES = {
    "text": (st.text(st.characters(codec="utf-8"), max_size=6), pa.large_string()),
    "id": (st.text(st.characters(codec="utf-8"), max_size=6), pa.string()),
    "score": (st.floats(allow_nan=False), pa.float64()),
    "label": (st.integers(-(2**63), 2**63 - 1), pa.int64()),
    "labels": (st.lists(st.integers(0, 9), max_size=3), pa.list_(pa.int64())),
    "names": (st.lists(st.text("ab", max_size=3), max_size=3), pa.list_(pa.string())),
}


@st.composite
def columns(draw: st.DrawFn) -> tuple[list[Any], pa.DataType]:
    """A column of any type that a table may have."""
    values, type_ = VALUES[draw(st.sampled_from(sorted(VALUES)))]
    return draw(st.lists(values, max_size=12)), type_


@settings(deadline=None)
@given(columns(), st.lists(st.integers(0, 12), max_size=4))
def test_chunks_and_slices_do_not_matter(
    column: tuple[list[Any], pa.DataType], cuts: list[int]
) -> None:
    """The same rows in any chunks, also as slices of one buffer."""
    values, type_ = column
    whole = pa.array(values, type_)
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    chunks = [whole.slice(a, b - a) for a, b in itertools.pairwise(edges)]
    padded = pa.concat_arrays([whole, whole]).slice(len(values))

    expected = fingerprint({"rows": pa.table({"x": whole})})

    assert expected == fingerprint({"rows": pa.table({"x": pa.chunked_array(chunks, type_)})})
    assert expected == fingerprint({"rows": pa.table({"x": padded})})


@settings(deadline=None)
@given(columns(), st.randoms(use_true_random=False))
def test_any_change_of_a_value_changes_it(
    column: tuple[list[Any], pa.DataType], random: Any
) -> None:
    """A row more, a row less, two rows exchanged."""
    values, type_ = column
    before = fingerprint({"rows": pa.table({"x": pa.array(values, type_)})})
    shuffled = random.sample(values, len(values))

    after = fingerprint({"rows": pa.table({"x": pa.array(shuffled, type_)})})

    assert (values == shuffled) == (before == after)
    assert before != fingerprint({"rows": pa.table({"x": pa.array(values[:-1], type_)})}) or not (
        values
    )


def test_the_width_of_strings_and_the_order_of_columns_do_not_matter() -> None:
    """``string`` and ``large_string`` are one; columns go by name."""
    one = pa.table({"a": pa.array(["x", "yz"]), "b": pa.array([1, 2])})
    other = pa.table({"b": pa.array([1, 2]), "a": pa.array(["x", "yz"], pa.large_string())})

    assert fingerprint({"rows": one}) == fingerprint({"rows": other})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["ab", "c"], ["a", "bc"]),
        (["a", ""], ["", "a"]),
        ([["a"], ["b", "c"]], [["a", "b"], ["c"]]),
        ([1, 2], [1.0, 2.0]),
        ([1, 2], ["1", "2"]),
    ],
    ids=["lengths", "empty", "levels", "floats", "strings"],
)
def test_what_only_looks_alike_differs(one: list[Any], other: list[Any]) -> None:
    """Lengths and types are part of the content."""
    assert fingerprint({"rows": pa.table({"x": one})}) != fingerprint(
        {"rows": pa.table({"x": other})}
    )


def test_names_of_tables_and_columns_are_content() -> None:
    """The same values under another name are other data."""
    table = pa.table({"x": ["a"]})

    found = {
        fingerprint({"rows": table}),
        fingerprint({"train": table}),
        fingerprint({"rows": pa.table({"y": ["a"]})}),
    }

    assert 3 == len(found)


def test_a_known_fingerprint_stays_what_it_is() -> None:
    """Results are compared by it, so it may not change unnoticed."""
    table = pa.table({"text": ["a", "bé"], "label": [1, 2]})

    assert EXPECTED == fingerprint({"rows": table})


EXPECTED = "sha256:17db2717e1b1807d40011866d6c0690d644ddc7a9dcc15dd65cb346ba1220e20"


def test_several_fingerprints_combine_by_key() -> None:
    """In any order of the parts."""
    one = combined({"test/de": "x", "test/en": "y"})

    assert one == combined({"test/en": "y", "test/de": "x"})
    assert one != combined({"test/de": "y", "test/en": "x"})

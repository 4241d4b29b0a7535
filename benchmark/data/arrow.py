"""Whole columns of one type, checked by Arrow's kernels without a look at each value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.tables import as_one

if TYPE_CHECKING:
    import pyarrow as pa


def plain_array(
    values: Sequence[Any] | pa.ChunkedArray, kind: str, *, unique: bool, strip: bool
) -> pa.Array | None:
    """A file's column as a field of this kind; None where single values must be looked at.

    ``kind`` is ``id``, ``text``, ``label``, ``labels`` or ``number``. None stands for a column of
    mixed or other types, with a missing or empty value, with a number that is not finite, or, with
    ``unique``, with a value that occurs twice: what converts or reports these sees each value.
    ``strip`` takes white space off the ends of texts.
    """
    import pyarrow as pa

    column: Any = values
    try:
        if isinstance(values, list | tuple):
            column = pa.chunked_array([pa.array(values)])
    except (pa.ArrowException, UnicodeEncodeError, OverflowError):
        return None
    if not len(column) or column.null_count:
        return None
    if kind == "number":
        return _numbers(column)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        found = _strings(column, is_text=kind == "text", strip=strip)
    elif pa.types.is_signed_integer(column.type) and kind != "text":
        found = column.cast(pa.int64())
    else:
        return None
    if found is None or (unique and len(found.unique()) < len(found)):
        return None
    if kind == "id":
        found = found.cast(pa.string())
    return as_one(found)


def joined_array(columns: Sequence[Sequence[Any] | pa.ChunkedArray]) -> pa.Array | None:
    """Columns of texts joined by a space, empty and missing ones left out, the ends stripped.

    None where a column is not of strings, the last one lacks a value, or a joined text is empty:
    what converts or reports these sees each value.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    wide = []
    for values in columns:
        if not isinstance(values, pa.ChunkedArray):
            return None
        if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
            return None
        wide.append(values.cast(pa.large_string()))
    if not len(wide[-1]) or wide[-1].null_count:
        return None
    space = pa.scalar(" ", pa.large_string())
    joined = wide[0].fill_null("")
    for column in wide[1:]:
        column = column.fill_null("")
        both = pc.binary_join_element_wise(joined, column, space)
        with_left = pc.if_else(pc.equal(column, ""), joined, both)
        joined = pc.if_else(pc.equal(joined, ""), column, with_left)
    found = pc.utf8_trim_whitespace(joined)
    return as_one(found) if pc.min(pc.binary_length(found)).as_py() else None


def _strings(column: pa.ChunkedArray, *, is_text: bool, strip: bool) -> pa.ChunkedArray | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    wide = column.cast(pa.large_string())
    # What Arrow takes for white space is what Python does (Unicode's Zs, and bidi WS, B and S).
    bare = pc.utf8_trim_whitespace(wide) if is_text else wide
    if pc.min(pc.binary_length(bare)).as_py() == 0:
        return None
    if is_text:
        return bare if strip else wide
    return wide.cast(pa.string())


def _numbers(column: pa.ChunkedArray) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_integer(column.type) and not pa.types.is_floating(column.type):
        return None
    numbers = pc.cast(column, pa.float64(), safe=False)
    return as_one(numbers) if pc.all(pc.is_finite(numbers)).as_py() else None

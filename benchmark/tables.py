"""Where the rows of a table come from, so that a message can name file and row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

_SOURCE = b"embedmark.source"


def as_one(values: pa.ChunkedArray) -> pa.Array:
    """A column as one array; Arrow would copy even a single chunk."""
    return values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()


def with_source(table: pa.Table, source: str) -> pa.Table:
    """Return ``table`` labelled with the file (or package, or generator) it was read from."""
    return table.replace_schema_metadata({**(table.schema.metadata or {}), _SOURCE: source})


def source_of(table: pa.Table) -> str:
    """The label that ``with_source`` gave, or ``data`` for a table made in memory."""
    label: bytes = (table.schema.metadata or {}).get(_SOURCE, b"data")
    return label.decode()


def at_row(table: pa.Table, index: int) -> str:
    """``file row N`` for a 0-based row index; N counts data rows from 1, without the header."""
    return f"{source_of(table)} row {index + 1}"

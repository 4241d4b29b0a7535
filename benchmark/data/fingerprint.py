"""A fingerprint of the content of tables: the same rows in the same order give the same one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


def fingerprint(tables: Mapping[str, pa.Table]) -> str:
    """``sha256:`` and the digest of every table's fields, lengths and values, by field name."""
    digest = hashlib.sha256()
    for name in sorted(tables):
        table = tables[name]
        for field in sorted(table.column_names):
            digest.update(f"{name}.{field}:{table.num_rows};".encode())
            _update(digest, table.column(field))
    return f"sha256:{digest.hexdigest()}"


def combined(fingerprints: Mapping[str, str]) -> str:
    """One fingerprint for several, by key: a task's from its splits' and subsets'."""
    lines = "".join(f"{key}={value}\n" for key, value in sorted(fingerprints.items()))
    return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"


def _update(digest: Any, column: pa.ChunkedArray) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
        flat = column.combine_chunks()
        digest.update(pc.list_value_length(flat).to_numpy(zero_copy_only=False).tobytes())
        column = pa.chunked_array([flat.flatten()])
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        lengths = pc.binary_length(column).to_numpy()
        digest.update(lengths.astype("<i8").tobytes())
        for chunk in column.cast(pa.large_binary()).chunks:
            # Offsets tell which bytes of the shared buffer are this chunk's.
            if len(chunk):
                offsets = chunk.buffers()[1]
                start, end = _ends(offsets, chunk.offset, len(chunk))
                digest.update(memoryview(chunk.buffers()[2])[start:end] if end > start else b"")
        return
    kind = "<i8" if pa.types.is_integer(column.type) else "<f8"
    digest.update(column.to_numpy().astype(kind).tobytes())


def _ends(offsets: pa.Buffer, first: int, length: int) -> tuple[int, int]:
    import numpy as np

    values = np.frombuffer(offsets, np.int64)
    return int(values[first]), int(values[first + length])

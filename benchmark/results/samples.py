"""The records of examples beside a result: written whole, read back, told from damaged ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.errors import ResultError

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Columns: TypeAlias = "Mapping[str, NDArray[Any]]"
"""One array a column, ``(n,)`` or ``(n, k)``; examples in the order of the data."""

VALUE = "value"
"""The column of a main score that is a mean over examples."""


def samples_path(result: Path) -> Path:
    """Where the records of a result file's examples lie.

    >>> samples_path(Path("results/a__b/1/STS12.json")).as_posix()
    'results/a__b/1/samples/STS12.parquet'
    """
    return result.parent / "samples" / f"{result.stem}.parquet"


def as_stored(columns: Columns, main_score: str) -> dict[str, NDArray[Any]]:
    """The columns as a file gives them back: whole numbers in 32 bits, names in order."""
    found: dict[str, NDArray[Any]] = {}
    for name, values in columns.items():
        whole = np.issubdtype(values.dtype, np.integer)
        kept = values.astype(np.int32) if whole else values
        found[VALUE if name == main_score else name] = kept
    return dict(sorted(found.items()))


def digest_of(columns: Columns) -> str:
    """What tells the columns of one split and subset from any others; '' for none."""
    if not columns:
        return ""
    digest = hashlib.sha256()
    for name, values in sorted(columns.items()):
        text = values.dtype.kind == "U"
        content = "\0".join(values.tolist()).encode() if text else values.tobytes()
        digest.update(f"{name} {values.dtype.kind} {values.shape}\n".encode())
        digest.update(content)
    return f"sha256:{digest.hexdigest()}"


def write_samples(path: Path, parts: Mapping[str, Columns]) -> None:
    """Write the columns of each ``split/subset``, whole or not at all, for the owner alone.

    Raises ResultError when the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [_table(key, columns) for key, columns in parts.items() if columns]
    if not tables:
        return
    table = pa.concat_tables(tables, promote_options="default").unify_dictionaries()
    # Ranked rows are as good as random, so differences of them take fewer bits than a dictionary.
    lists = {"top": "top.list.element", "row": "row"}
    packed = {lists[name]: "DELTA_BINARY_PACKED" for name in lists if name in table.column_names}
    plain = [_leaf(field) for field in table.schema if _leaf(field) not in packed]
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        try:
            with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
                pq.write_table(
                    table, f, compression="zstd", compression_level=9, write_statistics=False,
                    use_dictionary=plain, column_encoding=packed, store_schema=False,
                )  # fmt: skip
                f.flush()
                os.fsync(f.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ResultError(
            f"{path}: cannot be written ({error.strerror}); choose another folder with -o"
        ) from None


def read_samples(path: Path, digests: Mapping[str, str]) -> tuple[dict[str, Columns], list[str]]:
    """The columns of each ``split/subset`` whose digest is known, and a line for what is not right.

    A part whose columns are not those of its digest is left out and named; the result beside it is
    as good as before. A part with the digest '' has none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    wanted = {key: digest for key, digest in digests.items() if digest}
    if not wanted:
        return {}, []
    action = "the scores stand; 'embedmark run --fresh' measures again"
    if not path.is_file():
        return {}, [f"{path}: the records of the examples are missing; {action}"]
    found: dict[str, Columns] = {}
    problems = []
    try:
        table = pq.read_table(path)
        of_part = [f"{a}/{b}" for a, b in zip(*(table[n].to_pylist() for n in _WHERE), strict=True)]
        known = np.array(of_part, dtype=object)
        for key, digest in wanted.items():
            columns = _columns(table.filter(pa.array(known == key, pa.bool_())))
            if digest_of(columns) == digest:
                found[key] = columns
            else:
                problems.append(f"{path}: not the records of {key} that were scored; {action}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError, pa.ArrowException):
        return {}, [f"{path}: damaged; {action}"]
    return found, problems


_WHERE = ("split", "subset")


def _table(key: str, columns: Columns) -> pa.Table:
    import pyarrow as pa

    count = len(next(iter(columns.values())))
    words = dict(zip(_WHERE, key.split("/", 1), strict=True))
    return pa.table(
        {
            **{name: pa.array([word] * count).dictionary_encode() for name, word in words.items()},
            **{name: _array(values) for name, values in columns.items()},
        }
    )


def _array(values: NDArray[Any]) -> pa.Array:
    import pyarrow as pa

    if values.ndim == 1:
        return (
            pa.array(values.tolist(), pa.string()) if values.dtype.kind == "U" else pa.array(values)
        )
    starts = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
    return pa.ListArray.from_arrays(pa.array(starts), pa.array(values.ravel()))


def _columns(table: pa.Table) -> dict[str, NDArray[Any]]:
    """The columns of one part, without those that only others have."""
    import pyarrow as pa

    found: dict[str, NDArray[Any]] = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        if name in _WHERE or (len(column) and column.null_count == len(column)):
            continue
        if pa.types.is_list(column.type):
            flat = column.flatten().to_numpy(zero_copy_only=False)
            found[name] = flat.reshape(len(column), -1)
        elif pa.types.is_string(column.type):
            found[name] = np.array(column.to_pylist(), dtype=str)
        else:
            found[name] = column.to_numpy(zero_copy_only=False)
    return dict(sorted(found.items()))


def _leaf(field: pa.Field) -> str:
    import pyarrow as pa

    return f"{field.name}.list.element" if pa.types.is_list(field.type) else str(field.name)

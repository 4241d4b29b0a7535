"""Read the files of a config and split of the hub into one Arrow table."""

from __future__ import annotations

import csv
import io
import json
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.data.hub_layout import format_of
from benchmark.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

READABLE = (".parquet", ".jsonl", ".json", ".ndjson", ".csv", ".tsv")
_COMPRESSED = (".gz", ".zst", ".bz2", ".xz", ".zip", ".lz4")
_BLOCK = 16 << 20  # of JSON lines at once; a longer line is read without Arrow's reader
_BOM = b"\xef\xbb\xbf"


class _MixedTypesError(ValueError):
    """The column of this name holds values that no one Arrow type holds."""


def can_read(paths: Sequence[str], options: Mapping[str, Any]) -> bool:
    """Whether this module reads these files; the ``datasets`` package is for the others."""
    return "foreign" not in options and all(
        format_of(path) in READABLE and not path.endswith((".zip", ".xz")) for path in paths
    )


def read_files(
    copies: Sequence[Path], paths: Sequence[str], options: Mapping[str, Any], label: str
) -> pa.Table:
    """The rows of all files, in their order; DataError names the file that cannot be read.

    ``options`` are those of the card: ``sep``, ``names``, ``header``, ``encoding``, ``field``.
    Columns that a file lacks are null there; every column of a csv holds strings.
    """
    import pyarrow as pa

    tables = []
    for copy, path in zip(copies, paths, strict=True):
        where = f"{label} {path}"
        try:
            tables.append(_read(copy, path, options))
        except _MixedTypesError as error:
            raise DataError(
                f"{where}: the column '{error}' mixes types; name other files in [source], or ask "
                "those who keep the data set to mend it"
            ) from None
        except (
            OSError,
            EOFError,
            zlib.error,
            ValueError,
            LookupError,
            pa.ArrowException,
            RecursionError,
        ):
            message = f"{where}: is damaged, or no {format_of(path)[1:]}; see its page on the hub"
            raise DataError(message) from None
    if len(tables) == 1:
        return tables[0]
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        message = f"{label}: {paths[0]} and the files after it differ in the types of a column"
        raise DataError(f"{message}; name some of them with files in [source]") from None


def read_elsewhere(
    name: str, commit: str, config: str | None, split: str, files: Sequence[str], label: str
) -> pa.Table:
    """The rows as the ``datasets`` package reads them; it runs no code of a data set.

    Raises DataError when it cannot, MissingExtraError when it is not installed.
    """
    try:
        import datasets
    except ModuleNotFoundError:
        from benchmark.errors import MissingExtraError

        raise MissingExtraError("datasets", "hub", f"{label} ({files[0]})") from None
    if not sys.stderr.isatty():
        datasets.disable_progress_bars()
    try:
        table = datasets.load_dataset(name, config, split=split, revision=commit)
        return table.with_format("arrow")[:]
    except Exception as error:  # noqa: BLE001 -- it raises anything
        raise DataError(
            f"{label}: '{files[0]}' is of a format that is not read here, and the datasets package "
            f"failed ({type(error).__name__}); convert the files, or name others in [source]"
        ) from None


def _read(copy: Path, path: str, options: Mapping[str, Any]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kind = format_of(path)
    if kind == ".parquet":
        file = pq.ParquetFile(copy, memory_map=True)
        return file.read([column.name for column in file.schema_arrow if _is_plain(column.type)])
    compression = "detect" if path.endswith(_COMPRESSED) else None
    if path.endswith(".zst"):
        compression = "zstd"
    with pa.input_stream(str(copy), compression=compression) as stream:
        data = stream.read()
    encoding = options.get("encoding") or "utf-8"
    if encoding.lower().replace("-", "") != "utf8":
        data = data.decode(encoding).encode()
    data = data.removeprefix(_BOM)
    if kind in (".csv", ".tsv"):
        return _read_csv(data, "\t" if kind == ".tsv" else ",", options)
    return _read_json(data, options.get("field"))


def _is_plain(type_: pa.DataType) -> bool:
    """Whether a column may be of texts, labels or numbers; images and the like are not read."""
    import pyarrow.types as pt

    if pt.is_list(type_) or pt.is_large_list(type_):
        return _is_plain(type_.value_type)
    return not (pt.is_nested(type_) or pt.is_binary(type_) or pt.is_large_binary(type_))


def _read_csv(data: bytes, separator: str, options: Mapping[str, Any]) -> pa.Table:
    """Every column as strings, quoted fields with line breaks and all, as pandas takes them."""
    import pyarrow as pa
    import pyarrow.csv as pc

    names = options.get("column_names") or options.get("names")
    separator = options.get("delimiter") or options.get("sep") or separator
    reads_header = names is None or options.get("header") == 0
    parse = pc.ParseOptions(delimiter=separator, newlines_in_values=True)
    block = pc.ReadOptions(block_size=max(_BLOCK, min(len(data) + 1, 2**31 - 1)))
    first = csv.reader(io.TextIOWrapper(io.BytesIO(data), "utf-8"), delimiter=separator)
    block.column_names = names or next(first, [])
    block.skip_rows = 1 if reads_header else 0
    types = dict.fromkeys(block.column_names, pa.large_string())
    convert = pc.ConvertOptions(column_types=types, strings_can_be_null=False)
    return pc.read_csv(io.BytesIO(data), block, parse, convert)


def _read_json(data: bytes, field: str | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.json as pj

    start = data[:4096].lstrip()[:1]
    if field is None and start == b"{":
        try:
            table = pj.read_json(io.BytesIO(data), pj.ReadOptions(block_size=_BLOCK))
            # Arrow takes strings that look like dates for dates, whose text is then another.
            if not any(pa.types.is_temporal(column.type) for column in table.schema):
                return table
        except pa.ArrowException:
            pass
        try:
            return _of_rows([json.loads(line) for line in data.split(b"\n") if line.strip()])
        except json.JSONDecodeError:
            pass
    content = json.loads(data)
    if field is not None:
        content = content[field]
    if isinstance(content, dict):
        return pa.table(content) if field is not None else _of_rows([content])
    return _of_rows([row if isinstance(row, dict) else {"text": row} for row in content])


def _of_rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        try:
            columns[name] = pa.array([row.get(name) for row in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            raise _MixedTypesError(name) from None
    return pa.table(columns)

"""Read one data file (jsonl, csv, tsv, parquet; plain, .gz or .zst) into columns.

Messages name file and line or row, never a text of the data.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import DataError
from benchmark.tables import as_one

if TYPE_CHECKING:
    from _csv import Reader

    import pyarrow as pa

FORMATS = (".jsonl", ".csv", ".tsv", ".parquet")
COMPRESSIONS = ("", ".gz", ".zst")
_SHOWN_NAMES = 20
_NAME = re.compile(r"(?!-?\d+([.,]\d+)?$)[\w.:/()#@$-]{1,40}( [\w.:/()#@$-]{1,20}){0,2}(?<![.?!])")
_MAX_FIELD = 2**31 - 1  # the csv module's own limit of 128 KiB is below long texts
_MAX_PROBLEMS = 20  # enough to see the pattern; a broken file has one on every row


@dataclass(frozen=True, slots=True)
class Columns:
    """The raw columns of one file: name -> values (a list, or an Arrow array from parquet).

    ``typed`` is false where the format knows only strings (csv, tsv).
    """

    values: Mapping[str, Sequence[Any] | pa.ChunkedArray]
    rows: int
    label: str
    typed: bool = True


@dataclass(frozen=True, slots=True)
class FileOptions:
    """How a file departs from its format's habits: ``[source]`` keys of the same names."""

    header: tuple[str, ...] = ()
    encoding: str = "utf-8"
    separator: str = ""


def split_suffixes(path: Path) -> tuple[str, str, str]:
    """Split a file's name into stem, format and compression.

    >>> split_suffixes(Path("data/test.csv.gz"))
    ('test', '.csv', '.gz')
    """
    name, compression = path.name, ""
    for ending in COMPRESSIONS[1:]:
        if name.endswith(ending):
            name, compression = name[: -len(ending)], ending
    for ending in FORMATS:
        if name.endswith(ending):
            return name[: -len(ending)], ending, compression
    return name, "", compression


def read_columns(path: Path, label: str, options: FileOptions = FileOptions()) -> Columns:
    """Read a whole file; DataError holds every problem found in it."""
    _, kind, compression = split_suffixes(path)
    if not kind:
        known = ", ".join(FORMATS)
        raise DataError(f"{label}: unknown format; use one of {known} (also .gz, .zst)")
    data = _read_bytes(path, label, compression)
    if kind == ".parquet":
        return _read_parquet(data, label)
    text = _decode(data, label, options.encoding)
    if kind == ".jsonl":
        return _read_jsonl(text, label)
    return _read_delimited(text, label, kind, options)


@lru_cache(maxsize=1)
def read_shared(path: Path, label: str, options: FileOptions, changed: int) -> Columns:
    """A whole file that the next subset reads again, of which there may be thousands.

    Its texts are put into Arrow here, so that the subsets share them. ``changed`` is when the file
    was written last; the last file read is kept.
    """
    columns = read_columns(path, label, options)
    return replace(columns, values={n: _shared(v) for n, v in columns.values.items()})


def _shared(values: Sequence[Any] | pa.ChunkedArray) -> Sequence[Any] | pa.ChunkedArray:
    import pyarrow as pa

    if not isinstance(values, pa.ChunkedArray):
        if not all(isinstance(value, str) for value in values):
            return values
        try:
            values = pa.chunked_array([pa.array(values, pa.large_string())])
        except UnicodeEncodeError:  # half a surrogate pair, which is reported with its row later
            return values
    if not pa.types.is_string(values.type) and not pa.types.is_large_string(values.type):
        return values
    return pa.chunked_array([as_one(values.cast(pa.large_string()))])


def first_row(path: Path, label: str) -> list[str]:
    """The first row of a csv or tsv, as its file has it; empty for other formats and empty files.

    Raises DataError for a file that cannot be read.
    """
    _, kind, compression = split_suffixes(path)
    if kind not in (".csv", ".tsv"):
        return []
    text = _decode(_read_bytes(path, label, compression), label, "utf-8")
    try:
        return next(_rows_of(text, kind, FileOptions()), [])
    except csv.Error:
        return []


def looks_like_names(row: Sequence[str]) -> bool:
    """Whether a row can be column names: short, no two alike, none a number or a sentence."""
    return len(set(row)) == len(row) and all(
        not cell or _NAME.fullmatch(cell.strip()) for cell in row
    )


def found_names(columns: Columns) -> str:
    """The columns of a file for a message; not where they may be a row of the user's data."""
    names = [name for name in columns.values if name]
    if is_row_of_data(columns) or not looks_like_names(names):
        return f"{len(names)}, whose names look like a row of data: set header in [source]"
    shown = ", ".join(names[:_SHOWN_NAMES]) or "none"
    return shown + (f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else "")


def is_row_of_data(columns: Columns) -> bool:
    """Whether the names were a row of data: a label's column holds its own name again and again."""
    return any(first_values(values).count(name) > 1 for name, values in columns.values.items())


def first_values(values: Sequence[Any] | pa.ChunkedArray) -> list[Any]:
    """The first thousand values of a column."""
    part = values[:1000]
    return part.to_pylist() if hasattr(part, "to_pylist") else list(part)


def _read_bytes(path: Path, label: str, compression: str) -> bytes:
    cut_short = f"{label}: the archive is cut short or damaged; copy or download it again"
    try:
        if compression and not path.stat().st_size:
            raise EOFError
        if compression == ".gz":
            with gzip.open(path) as stream:
                return stream.read()
        if compression == ".zst":
            return _read_zst(path, cut_short)
        return path.read_bytes()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(cut_short) from None
    except FileNotFoundError:
        raise DataError(f"{label}: no such file; check the path in [source]") from None
    except OSError as error:
        reason = error.strerror or "input/output error"
        raise DataError(f"{label}: cannot be read ({reason}); check the file") from None


def _read_zst(path: Path, cut_short: str) -> bytes:
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            data: bytes = stream.read()
    except (OSError, pa.ArrowInvalid):
        raise DataError(cut_short) from None
    return data


def _decode(data: bytes, label: str, encoding: str) -> str:
    try:
        return data.decode("utf-8-sig" if encoding.lower() in ("utf-8", "utf8") else encoding)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise DataError(
            f"{label} line {line}: not {encoding} (byte 0x{error.object[error.start]:02x}); "
            "save the file as UTF-8 or set encoding in [source]"
        ) from None
    except LookupError:
        raise DataError(
            f"{label}: unknown encoding '{encoding}'; use a Python codec name such as latin-1"
        ) from None


def _read_jsonl(text: str, label: str) -> Columns:
    rows: list[Mapping[str, Any]] = []
    problems: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            column = getattr(error, "colno", 1)
            problems.append(
                f"{label} line {number}: invalid JSON at column {column}; mend the line"
            )
        else:
            if isinstance(row, dict):
                rows.append(row)
                continue
            problems.append(f"{label} line {number}: not a JSON object; write one object a line")
        if len(problems) >= _MAX_PROBLEMS:
            break
    if problems:
        raise DataError(problems)
    if not rows:
        raise DataError(f"{label}: empty file; write one JSON object a line")
    names = dict.fromkeys(name for row in rows for name in row)
    return Columns({name: [row.get(name) for row in rows] for name in names}, len(rows), label)


def _rows_of(text: str, kind: str, options: FileOptions) -> Reader:
    csv.field_size_limit(_MAX_FIELD)
    separator = options.separator or ("\t" if kind == ".tsv" else ",")
    # A TSV has no quoting (IANA text/tab-separated-values): data sets hold stray quotation marks.
    # Elsewhere strict, or a quotation mark that nothing closes would swallow the rows after it.
    stream = io.StringIO(text, newline="")
    if kind == ".tsv":
        return csv.reader(stream, delimiter=separator, quoting=csv.QUOTE_NONE)
    return csv.reader(stream, delimiter=separator, strict=True)


def _read_delimited(text: str, label: str, kind: str, options: FileOptions) -> Columns:
    reader = _rows_of(text, kind, options)
    problems: list[str] = []
    rows: list[list[str]] = []
    header: list[str] | None = list(options.header) or None
    line = 1  # where the row at hand begins: a quoted field may hold line breaks
    try:
        for row in reader:
            start, line = line, reader.line_num + 1
            if not row:
                continue
            if header is None:
                header = row
            elif len(row) != len(header):
                problems.append(
                    f"{label} line {start}: {len(row)} fields where the header has "
                    f"{len(header)}; quote or remove the separator"
                )
                if len(problems) >= _MAX_PROBLEMS:
                    break
            else:
                rows.append(row)
    except csv.Error:
        problems.append(
            f"{label} line {line}: not valid {kind[1:]}; close the quotation marks, and double "
            "those inside a field"
        )
    if problems:
        raise DataError(problems)
    if header is None:
        raise DataError(f"{label}: empty file; it needs a header row and data")
    if len(set(header)) < len(header):
        raise DataError(f"{label}: the header names a column twice; rename one")
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return Columns(dict(zip(header, columns, strict=True)), len(rows), label, typed=False)


def _read_parquet(data: bytes, label: str) -> Columns:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # Not pq.read_table, which imports pandas where it is installed: half a second.
        table = pq.ParquetFile(pa.BufferReader(data)).read()
    except (pa.ArrowException, OSError):
        raise DataError(f"{label}: not a whole parquet file; copy or download it again") from None
    return Columns({name: table.column(name) for name in table.column_names}, table.num_rows, label)

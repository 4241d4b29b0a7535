"""The index of a tree of results: a parquet file, one row a split and subset of a result file.

A file that cannot be read has one row too, without a split, with the reason under ``problems``.
Boards read from these columns as from the files themselves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ResultError
from benchmark.results.facts import facts_of_json
from benchmark.results.task_result import file_stem
from benchmark.results.tree import Folder

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "1"
"""Raised when the columns change, or what is read from a file: then every file is read again."""

METRIC = "metric:"
"""What the columns of metrics beside the main score begin with."""

_OF_FILE = (
    *("path", "model", "revision", "experiment", "task", "kind", "main_score_name", "provenance"),
    *("protocol", "task_digest", "dataset_revision", "mteb_version"),
)
_WHERE = b"embedmark"


def schema(metrics: Collection[str] = ()) -> pa.Schema:
    """The columns; those up to ``modified`` are equal within a file.

    ``languages`` and ``degenerate`` are words, a space between two.
    """
    import pyarrow as pa

    word = pa.dictionary(pa.int32(), pa.string())
    words = pa.list_(pa.string())
    return pa.schema(
        [
            *((name, word) for name in _OF_FILE),
            ("date", pa.float64()),
            ("limit", pa.int64()),
            ("notes", words),
            ("problems", words),
            ("size", pa.int64()),
            ("modified", pa.int64()),
            ("entry", pa.int32()),
            ("split", word),
            ("subset", word),
            ("main_score", pa.float64()),
            ("standard_error", pa.float64()),
            ("languages", word),
            ("examples", pa.int64()),
            ("seconds", pa.float64()),
            ("fingerprint", word),
            ("degenerate", word),
            ("error", word),
            *((METRIC + name, pa.float64()) for name in metrics),
        ]
    )


def of_tasks(table: pa.Table, tasks: Collection[str] | None) -> pa.Table:
    """The rows of some tasks, by the names of their files too; all for None."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if tasks is None:
        return table
    names = pa.array([*tasks, *map(file_stem, tasks)], pa.string())
    task = table.column("task").unify_dictionaries()
    return table.filter(pc.is_in(task.cast(pa.string()), names))


def write_index(
    path: Path, table: pa.Table, root: Path, folders: Mapping[str, Folder], problems: Iterable[str]
) -> None:
    """Write an index whole or not at all; ResultError when it cannot be written."""
    import pyarrow.parquet as pq

    about = {
        "version": VERSION,
        "root": str(root.absolute()),
        "folders": {name: _folder_json(folder) for name, folder in folders.items()},
        "problems": list(problems),
    }
    table = table.unify_dictionaries().replace_schema_metadata({_WHERE: json.dumps(about).encode()})
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            pq.write_table(table, unfinished, compression="zstd")
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise ResultError(
            f"{path}: the index cannot be written ({error.strerror or 'no space?'}); choose another"
            " place with --index"
        ) from None


def read_about(path: Path) -> dict[str, Any]:
    """What an index says of itself: version, root, folders, problems, columns.

    Raises ResultError when the file is no index, or one of another version.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        columns = pq.read_schema(path)
        about = json.loads((columns.metadata or {})[_WHERE])
        if about["version"] != VERSION:
            raise ResultError(
                f"{path}: an index of another version of EmbedMark; make it again with"
                " 'embedmark results import'"
            )
        about["folders"] = {name: _read_folder(f) for name, f in about["folders"].items()}
        if any(columns.field(field.name).type != field.type for field in schema()):
            raise ValueError("a column of another type")
        return {**about, "columns": columns.names}
    except (OSError, pa.ArrowInvalid, AttributeError, KeyError, TypeError, ValueError):
        raise ResultError(
            f"{path}: not an index of results; make one with 'embedmark results import'"
        ) from None


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of an index, or some columns of them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid):
        raise ResultError(
            f"{path}: damaged; delete it and run 'embedmark results import' again"
        ) from None


def values(column: pa.ChunkedArray) -> list[Any]:
    """The values of a column, null as None; some ten times as fast as ``to_pylist``."""
    import pyarrow as pa

    if column.null_count == len(column):
        return [None] * len(column)
    if pa.types.is_dictionary(column.type):
        found: list[Any] = []
        for chunk in column.chunks:
            words = [*chunk.dictionary.to_numpy(zero_copy_only=False).tolist(), None]
            found += [words[n] for n in chunk.indices.fill_null(-1).to_numpy().tolist()]
        return found
    if pa.types.is_floating(column.type):  # which hold no NaN
        return [None if value != value else value for value in column.to_numpy().tolist()]
    values: list[Any] = column.to_pylist()
    return values


def _folder_json(folder: Folder) -> list[Any]:
    return [folder.model, folder.revision, folder.slug, folder.facts.to_json()]


def _read_folder(content: Sequence[Any]) -> Folder:
    model, revision, slug, facts = content
    return Folder(model, revision, slug, facts_of_json(facts))

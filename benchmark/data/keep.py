"""The examples that a smaller task keeps: the file of their ids, and tables cut down to them.

The file is parquet with the columns ``split``, ``subset``, ``table``, ``id`` and ``order``. An id
is that of a query or document, of a text with its summaries, of a set; where a table has none, the
number of the row from 1. ``order`` is the place of an example among the strata it was drawn from,
-1 for what is no example.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import DataError, TaskFileError
from benchmark.tables import as_one, source_of, with_source
from benchmark.task import Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

COLUMNS = ("split", "subset", "table", "id", "order")
VERSION_OF_QUERY = "-(og|changed)$"  # the two instructions of one query, by the ending of its id


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one table: ids ``(n,)``, and their places among the strata ``(n,)``."""

    ids: pa.Array
    order: NDArray[np.int64]


def kept_of(task: Task, split: str, subset: str) -> Mapping[str, Kept]:
    """What a smaller task keeps, by table; TaskFileError when the file is absent or another one."""
    if task.path is None:
        raise TaskFileError(f"{task.name}: a task that keeps examples is read from its file")
    path = task.path.parent / str(task.keep["file"])
    return _read(path, str(task.keep["digest"]), task.path).get((split, subset), {})


def write_kept(path: Path, parts: Mapping[tuple[str, str], Mapping[str, Kept]]) -> str:
    """Write the file and return its digest; equal content gives equal bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [
        pa.table(
            {
                "split": pa.array([split] * len(kept.ids), pa.string()),
                "subset": pa.array([subset] * len(kept.ids), pa.string()),
                "table": pa.array([name] * len(kept.ids), pa.string()),
                "id": kept.ids.cast(pa.string()),
                "order": pa.array(kept.order, pa.int64()),
            }
        )
        for (split, subset), by_table in parts.items()
        for name, kept in by_table.items()
    ]
    sink = io.BytesIO()
    table = pa.concat_tables(tables)
    pq.write_table(table, sink, compression="zstd", store_schema=False, write_statistics=False)
    content = sink.getvalue()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be written ({error.strerror}); check it") from None
    return _digest(content)


def keep_rows(
    tables: Mapping[str, pa.Table], task: Task, split: str, subset: str
) -> dict[str, pa.Table]:
    """The tables of a smaller task: those of the whole one, cut to what it keeps."""
    kept = kept_of(task, split, subset)
    if not kept:
        raise DataError(f"{task.path}: keeps nothing of {split}/{subset}; make the task again")
    return cut_tables(tables, kept, task.name)


def cut_tables(
    tables: Mapping[str, pa.Table], kept: Mapping[str, Kept], task: str
) -> dict[str, pa.Table]:
    """The tables with what is kept of them, rows in their old order.

    Judgements, candidates and changes follow the queries; a corpus of which nothing is said follows
    the candidates; references follow their texts. A judgement of a document that the whole corpus
    lacks stays. Raises DataError, naming ``task``, when a kept id is absent.
    """
    found = dict(tables)
    for name, each in kept.items():
        if name not in tables:
            raise DataError(f"{task}: keeps rows of '{name}', which the data lack")
        found[name] = _only_kept(tables[name], each.ids, name, task)
    return _follow(found, tables, kept)


def ids_of(table: pa.Table, name: str) -> pa.Array:
    """The ids that the rows of a table are kept by, ``(n,)`` strings; several may share one."""
    import pyarrow as pa

    key = next((key for key in _keys(name) if key in table.column_names), None)
    if key is None:
        return pa.array([str(n) for n in range(1, table.num_rows + 1)], pa.string())
    ids = as_one(table.column(key)).cast(pa.string())
    return unversioned(ids) if name == "queries" and _is_versioned(ids) else ids


def unversioned(ids: pa.Array) -> pa.Array:
    """Ids of queries without what tells the two instructions of one query apart."""
    import pyarrow.compute as pc

    return pc.replace_substring_regex(ids, VERSION_OF_QUERY, "")


def _keys(name: str) -> tuple[str, ...]:
    return ("id",) if name in ("queries", "corpus", "sentence2") else ("text-id", "set")


def _is_versioned(ids: pa.Array) -> bool:
    import pyarrow.compute as pc

    return len(ids) > 0 and bool(pc.all(pc.match_substring_regex(ids, VERSION_OF_QUERY)).as_py())


def _only_kept(table: pa.Table, wanted: pa.Array, name: str, task: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = ids_of(table, name)
    absent = wanted.filter(pc.invert(pc.is_in(wanted, value_set=ids)))
    if len(absent):
        raise DataError(
            f"{source_of(table)}: lacks {len(absent):,} of {len(wanted):,} kept ids of {task}, "
            f"the first is '{absent[0].as_py()}'; bring the data that it was made of, or make "
            "the smaller task again"
        )
    return with_source(
        table.filter(pc.is_in(ids, value_set=wanted.cast(pa.string()))), source_of(table)
    )


def _follow(
    found: dict[str, pa.Table], whole: Mapping[str, pa.Table], kept: Mapping[str, Kept]
) -> dict[str, pa.Table]:
    import pyarrow.compute as pc

    def only(name: str, column: str, values: pa.Array) -> None:
        ids = found[name].column(column).cast(values.type)
        found[name] = found[name].filter(pc.is_in(ids, value_set=values))

    if "queries" in kept:
        queries = as_one(found["queries"].column("id"))
        for name in ("qrels", "top_ranked"):
            if name in found:
                only(name, "query-id", queries)
        if "changed" in found:
            only("changed", "query-id", unversioned(queries))
    if "corpus" in kept:
        for name in ("qrels", "top_ranked"):
            if name in found:
                documents = found[name].column("corpus-id")
                here = pc.is_in(documents, value_set=as_one(found["corpus"].column("id")))
                never = pc.invert(
                    pc.is_in(documents, value_set=as_one(whole["corpus"].column("id")))
                )
                found[name] = found[name].filter(pc.or_(here, never))
    elif "queries" in kept and "top_ranked" in found:
        named = [
            as_one(found[n].column("corpus-id")) for n in ("top_ranked", "qrels") if n in found
        ]
        ids = found["corpus"].column("id")
        here = [pc.is_in(ids, value_set=values) for values in named]
        found["corpus"] = found["corpus"].filter(pc.or_(*here) if len(here) > 1 else here[0])
    if "references" in found and "rows" in kept:
        only("references", "text-id", as_one(found["rows"].column("text-id")))
    return found


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@lru_cache(maxsize=4)
def _read(path: Path, digest: str, task: Path) -> Mapping[tuple[str, str], Mapping[str, Kept]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        content = path.read_bytes()
    except OSError:
        message = f"its kept ids {path.name} are not beside it; copy both files"
        raise TaskFileError(f"{task}: {message}") from None
    if path.resolve().parent != task.resolve().parent:
        raise TaskFileError(f"{path}: leads out of the task file's folder; copy the file itself")
    if _digest(content) != digest:
        raise TaskFileError(
            f"{task}: {path.name} does not hold the ids that the task was made with (digest "
            f"{_digest(content)[:19]}, not {digest[:19]}); copy both files, or make them again"
        )
    try:
        table = pq.read_table(pa.BufferReader(content), columns=list(COLUMNS))
        return _parts(table)
    except (pa.ArrowException, ValueError, KeyError, OSError):
        raise TaskFileError(f"{path}: is no file of kept ids; make the task again") from None


def _parts(table: pa.Table) -> dict[tuple[str, str], dict[str, Kept]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found: dict[tuple[str, str], dict[str, Kept]] = {}
    names: Any = table.select(COLUMNS[:3]).group_by(list(COLUMNS[:3])).aggregate([]).to_pylist()
    for each in names:
        here = None
        for key in COLUMNS[:3]:
            same = pc.equal(table.column(key), each[key])
            here = same if here is None else pc.and_(here, same)
        rows = table.filter(here)
        kept = Kept(as_one(rows.column("id")).cast(pa.string()), rows.column("order").to_numpy())
        found.setdefault((each["split"], each["subset"]), {})[each["table"]] = kept
    return found

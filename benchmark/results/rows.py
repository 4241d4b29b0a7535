"""The rows of an index: made from result files, and made into results again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ResultError
from benchmark.results.facts import ModelFacts
from benchmark.results.index import METRIC, schema, values
from benchmark.results.task_result import Entry, TaskResult, read_result_file
from benchmark.results.tree import File, Folder

if TYPE_CHECKING:
    import pyarrow as pa


def read_files(
    root: Path, files: Sequence[File], folders: Mapping[str, Folder], metrics: Collection[str]
) -> pa.Table:
    """Read result files into rows, in their order; what is wrong with a file is in its rows."""
    import pyarrow as pa

    of_files: list[tuple[Any, ...]] = []
    entries: list[tuple[Any, ...]] = []
    rows: list[int] = []
    for number, file in enumerate(files):
        folder = folders[file.folder]
        path = root / file.path
        try:
            result = read_result_file(
                path, folder.model, folder.revision, folder.slug, metrics=metrics
            )
            problems = [f"{path}: {remark}; it counts as failed" for remark in result.remarks]
        except ResultError as error:
            stem = path.stem
            result = TaskResult(path, folder.model, folder.revision, folder.slug, stem, ())
            problems = [str(error)]
        of_files.append(_file_cells(file, result, problems))
        entries.extend(_entry_cells(result, metrics))
        rows.extend([number] * max(len(result.entries), 1))
    columns = schema(metrics)
    split = columns.get_field_index("entry")
    per_file = _arrays(of_files, [columns.field(n) for n in range(split)])
    per_entry = _arrays(entries, [columns.field(n) for n in range(split, len(columns))])
    take = pa.array(rows, pa.int32())
    return pa.Table.from_arrays(
        [*(array.take(take) for array in per_file), *per_entry], schema=columns
    )


def results_of(table: pa.Table, root: Path, folders: Mapping[str, Folder]) -> Iterator[TaskResult]:
    """The results in an index, in the order of its rows; files without an entry are left out.

    Raises ResultError when a path leads out of ``root``: somebody else wrote it.
    """
    names = table.column_names
    metrics = {name: name.removeprefix(METRIC) for name in names if name.startswith(METRIC)}
    columns = [values(column) for column in table.columns]
    rows = (dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True))
    for path, group in groupby(rows, key=lambda row: row["path"]):
        entries = list(group)
        row = entries[0]
        if row["split"] is None:
            continue
        if not path or path.startswith("/") or ".." in path.split("/"):
            raise ResultError(
                f"{root}: its index names a file outside of it; make it again with"
                " 'embedmark results import'"
            )
        folder = folders.get(path.rpartition("/")[0])
        yield TaskResult(
            path=root / path,
            model=row["model"],
            revision=row["revision"],
            slug=row["experiment"],
            task=row["task"],
            entries=tuple(_entry(entry, metrics) for entry in entries),
            measured=row["provenance"] == "measured",
            kind=row["kind"],
            main_score_name=row["main_score_name"],
            protocol=row["protocol"],
            task_digest=row["task_digest"],
            dataset_revision=row["dataset_revision"],
            mteb_version=row["mteb_version"],
            date=row["date"],
            limit=row["limit"],
            notes=tuple(row["notes"]),
            facts=folder.facts if folder else ModelFacts(),
        )


def _arrays(rows: list[tuple[Any, ...]], fields: list[pa.Field]) -> list[pa.Array]:
    import pyarrow as pa

    columns = zip(*rows, strict=True) if rows else ([] for _ in fields)
    arrays = []
    for column, field in zip(columns, fields, strict=True):
        if pa.types.is_dictionary(field.type):
            arrays.append(pa.array(column, pa.string()).dictionary_encode())
        else:
            arrays.append(pa.array(column, field.type))
    return arrays


def _file_cells(file: File, result: TaskResult, problems: list[str]) -> tuple[Any, ...]:
    """The cells before ``entry``, in the order of the schema."""
    return (
        file.path,
        result.model,
        result.revision,
        result.slug,
        result.task,
        result.kind,
        result.main_score_name,
        result.provenance,
        result.protocol,
        result.task_digest,
        result.dataset_revision,
        result.mteb_version,
        result.date,
        result.limit,
        result.notes,
        problems,
        file.size,
        file.modified,
    )


def _entry_cells(result: TaskResult, metrics: Collection[str]) -> Iterator[tuple[Any, ...]]:
    """The cells from ``entry`` on, in the order of the schema."""
    if not result.entries:
        yield (0, *[None] * (10 + len(metrics)))
    for number, entry in enumerate(result.entries):
        yield (
            number,
            entry.split,
            entry.subset,
            entry.main_score,
            entry.standard_error,
            " ".join(entry.languages),
            entry.examples,
            entry.seconds,
            entry.fingerprint,
            " ".join(entry.degenerate),
            entry.error,
            *(entry.metrics.get(name) for name in metrics),
        )


def _entry(row: Mapping[str, Any], metrics: Mapping[str, str]) -> Entry:
    return Entry(
        split=row["split"],
        subset=row["subset"],
        main_score=row["main_score"],
        languages=tuple(row["languages"].split()),
        standard_error=row["standard_error"],
        examples=row["examples"],
        fingerprint=row["fingerprint"],
        seconds=row["seconds"],
        degenerate=tuple(row["degenerate"].split()),
        error=row["error"],
        metrics={name: row[column] for column, name in metrics.items() if row[column] is not None},
    )

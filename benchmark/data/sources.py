"""Load the tables of one split and subset of a task, checked, from wherever they come.

A new type of source is a module with ``load(task, fields, split, subset)`` and one line in SOURCES.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from benchmark.data.canonical import to_table
from benchmark.data.formats import Columns, FileOptions, read_columns, read_shared
from benchmark.data.layout import find_table
from benchmark.errors import BenchmarkError, DataError, TaskFileError, nearest
from benchmark.protocols import Finding, Kind
from benchmark.tables import source_of
from benchmark.task import DEFAULT_SUBSET, Task

if TYPE_CHECKING:
    import pyarrow as pa

SOURCES: Mapping[str, str] = {
    "hub": "benchmark.data.hub:load_hub",
    "files": "benchmark.data.sources:load_files",
    "package": "benchmark.data.sources:load_package",
    "generate": "benchmark.data.sources:load_generated",
    "mteb": "benchmark.data.mteb.source:load_mteb",
    "bundle": "benchmark.data.bundle:load_packed",  # of tasks from an archive, in no task file
    "documents": "benchmark.data.documents.source:load_documents",
}


class Load(Protocol):
    """What a type of source provides: the raw columns of every table."""

    def __call__(
        self, task: Task, kind: Kind, split: str, subset: str, problems: list[str]
    ) -> dict[str, Columns]: ...


def load_tables(task: Task, kind: Kind, split: str, subset: str) -> dict[str, pa.Table]:
    """The checked tables of one split and subset; DataError lists every error found."""
    tables, findings = read_tables(task, kind, split, subset)
    errors = [finding.message for finding in findings if finding.level == "error"]
    if errors:
        raise DataError(errors)
    return tables


def read_tables(
    task: Task, kind: Kind, split: str, subset: str
) -> tuple[dict[str, pa.Table], list[Finding]]:
    """The tables of one split and subset, and everything found in them, errors included.

    The kind's own checks run only on tables that could be read.
    """
    load: Load = resolve(SOURCES[task.source.type])
    problems: list[str] = []
    raw = load(task, kind, split, subset, problems)
    findings = [Finding("error", "unreadable", problem) for problem in problems]
    fields = fields_of(task, kind)
    packed = task.source.type == "bundle"  # the kind's own tables, with select and hook applied
    chosen = {} if packed else _columns_of(task, kind, subset) or task.columns
    tables = _canonical(raw, fields, chosen, findings)
    if task.select and not packed and not _failed(findings):
        from benchmark.data.select import select_rows

        tables = select_rows(tables, task.select)
    if task.hook and not packed and not _failed(findings):
        from benchmark.data.hook import run_hook

        findings.clear()
        tables = _canonical(_as_columns(run_hook(task, tables)), fields, {}, findings)
    if task.keep and not packed and not _failed(findings):
        from benchmark.data.keep import keep_rows

        tables = keep_rows(tables, task, split, subset)
    if not _failed(findings):
        tables = _alike(tables)
        findings += kind.check(tables, task)
    if task.source.type in ("hub", "mteb") and not problems:
        from benchmark.data.hub import findings_of, tolerated

        findings = [*findings_of(task), *map(tolerated, findings)]
    if task.source.type == "documents":
        from benchmark.data.documents import source

        findings = [*source.findings_of(task, subset), *findings]
    if packed:
        from benchmark.data.bundle import known_findings

        findings = known_findings(task, split, subset, findings)
    return tables, findings


def fields_of(task: Task, kind: Kind) -> Mapping[str, Mapping[str, str]]:
    """The kind's tables and their fields under the task's options.

    Options may make a table needless: a cross-validation has none of its own to train on.
    """
    tables_of = getattr(kind, "tables_of", None)
    fields: Mapping[str, Mapping[str, str]] = tables_of(task.options) if tables_of else kind.TABLES
    return fields


def _columns_of(task: Task, kind: Kind, subset: str) -> Mapping[str, str]:
    """The columns that a subset of a parallel task names; empty where each has its own table."""
    columns_of = getattr(kind, "columns_of", None)
    return dict(columns_of(task, subset)) if columns_of else {}


def is_parallel(task: Task, kind: Kind, subset: str) -> bool:
    """Whether one table holds all subsets, each as columns of its own."""
    return bool(_columns_of(task, kind, subset))


def _failed(findings: list[Finding]) -> bool:
    return any(finding.level == "error" for finding in findings)


def _canonical(
    raw: Mapping[str, Columns],
    fields: Mapping[str, Mapping[str, str]],
    chosen: Mapping[str, Any],
    findings: list[Finding],
) -> dict[str, pa.Table]:
    """The kind's tables; what is found in them is added to ``findings``."""
    tables: dict[str, pa.Table] = {}
    for name, columns in raw.items():
        if name not in fields:
            continue
        mapping = _mapping(chosen, fields[name], name)
        table, found = to_table(columns, fields[name], mapping, name == "corpus")
        findings += found
        if table is not None:
            tables[name] = table
    return tables


def _alike(tables: dict[str, pa.Table]) -> dict[str, pa.Table]:
    """Labels that are numbers in one table and strings in another become strings in both."""
    import pyarrow as pa

    labelled = {name: table for name, table in tables.items() if "label" in table.column_names}
    types = {table.schema.field("label").type for table in labelled.values()}
    if len(types) < 2 or any(map(pa.types.is_list, types)):
        return tables
    alike = dict(tables)
    for name, table in labelled.items():
        at = table.column_names.index("label")
        alike[name] = table.set_column(at, "label", table.column("label").cast(pa.string()))
    return alike


def table_split(task: Task, kind: Kind, table: str, split: str) -> str:
    """The split that a table is read from: a training table has its own (``train_split``)."""
    if table != "train":
        return split
    return str({**kind.OPTIONS, **task.options}["train_split"])


def load_files(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """Read the files of a folder beside the task file."""
    settings = task.source.settings
    options = FileOptions(
        header=tuple(settings.get("header", ())),
        encoding=settings.get("encoding", "utf-8"),
        separator=settings.get("separator", ""),
    )
    loaded: dict[str, Columns] = {}
    parallel = is_parallel(task, kind, subset)
    for name in fields_of(task, kind):
        try:
            path, label = find_table(
                task.source,
                name,
                table_split(task, kind, name, split),
                DEFAULT_SUBSET if parallel else subset,
            )
            if parallel:
                loaded[name] = read_shared(path, label, options, path.stat().st_mtime_ns)
            else:
                loaded[name] = read_columns(path, label, options)
        except DataError as error:
            problems.extend(error.problems)
    return loaded


def load_package(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """Read data that an installed package carries, without importing the package."""
    from benchmark.data.package import find_file
    from benchmark.data.readers import READERS

    settings = task.source.settings
    reader = _named(READERS, settings["reader"], task, "reader")
    path = find_file(settings["package"], settings["path"], f"the task '{task.name}'")
    arguments = _Arguments(task, settings.get("arguments", {}))
    return _made(settings["reader"], lambda: reader(path, arguments, subset, split))


def load_generated(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """Make data from a seed."""
    from benchmark.data.generators import GENERATORS

    settings = task.source.settings
    generator = _named(GENERATORS, settings["generate"], task, "generator")
    arguments = _Arguments(task, settings.get("arguments", {}))
    seed = settings.get("seed", 42)
    return _made(settings["generate"], lambda: generator(arguments, seed, subset, split))


def resolve(target: str) -> Any:
    """The object that a ``module:name`` line of a table stands for."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _named(table: Mapping[str, str], name: str, task: Task, what: str) -> Any:
    if name not in table:
        raise TaskFileError(f"{task.path}: unknown {what} '{name}'{nearest(name, table)}")
    return resolve(table[name])


class _Arguments(dict[str, Any]):
    """``[source.arguments]``, which says itself what it lacks."""

    def __init__(self, task: Task, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.task = task

    def __missing__(self, name: str) -> Any:
        raise TaskFileError(f"{self.task.path}: [source.arguments] lacks '{name}'; add it")


def _made(name: str, make: Callable[[], dict[str, pa.Table]]) -> dict[str, Columns]:
    """What a reader or generator makes; an argument that it cannot use is named as such."""
    try:
        return _as_columns(make())
    except BenchmarkError:
        raise
    except Exception as error:  # noqa: BLE001 -- a wrong argument or package raises anything
        raise DataError(
            f"'{name}' failed ({type(error).__name__}); check the values of "
            "[source.arguments] and the version of the package"
        ) from None


def _as_columns(tables: Mapping[str, pa.Table]) -> dict[str, Columns]:
    return {
        name: Columns(
            {column: table.column(column) for column in table.column_names},
            table.num_rows,
            name if source_of(table) == "data" else source_of(table),
        )
        for name, table in tables.items()
    }


def _mapping(
    columns: Mapping[str, Any], fields: Mapping[str, str], table: str
) -> Mapping[str, Any]:
    """``[columns]`` of one table: nested tables where the kind has several, flat otherwise."""
    nested = any(isinstance(value, Mapping) for value in columns.values())
    chosen: Mapping[str, Any] = columns.get(table, {}) if nested else columns
    return {field: name for field, name in chosen.items() if field in fields}

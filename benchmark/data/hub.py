"""Data sets of the hub, fetched and read into the kind's tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from benchmark.data.formats import Columns
from benchmark.data.hub_errors import OutOfReachError
from benchmark.data.hub_layout import format_of
from benchmark.data.hub_places import RANKED, Place, find_place, has_table
from benchmark.data.hub_read import can_read, read_elsewhere, read_files
from benchmark.data.hub_repository import (
    UNPINNED,
    Repository,
    Told,
    fetch,
    is_here,
    open_repository,
)
from benchmark.data.hub_shapes import (
    is_old_reranking,
    named_labels,
    only_where,
    pairs_of,
    reranking_of,
    rows_of,
    summaries_of,
    with_instructions,
)
from benchmark.data.sources import fields_of, is_parallel, table_split
from benchmark.errors import BenchmarkError, DataError
from benchmark.protocols import Finding, Kind
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = ("rows", "train")
CANDIDATES = 'has candidates (top_ranked), among which alone mteb ranks; set kind = "reranking"'
_TOLERATED = ("absent_query", "absent_document", "query_without_pair")


@dataclass(frozen=True, slots=True)
class Found:
    """A table as it was read; ``typed`` where its columns are not all strings."""

    table: pa.Table
    label: str
    typed: bool


def load_hub(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """Fetch and read the tables of one split and subset, in the shapes that the kind wants.

    Raises OutOfReachError when they are not in the cache and there is no network.
    """
    found: dict[str, Found] = {}
    try:
        names = _tables(task, kind, subset)
    except OutOfReachError:
        raise
    except DataError as error:
        problems.extend(error.problems)
        return {}
    for name in names:
        try:
            place = _place(task, kind, name, split, subset)
            whole = replace(place, where=())
            keep = bool(place.where) or is_parallel(task, kind, subset)
            found[name] = _only(_shared(whole) if keep else _read(whole), place)
        except OutOfReachError:
            raise
        except DataError as error:
            problems.extend(error.problems)
    try:
        return {} if problems else columns_of(shaped(task, found, split))
    except DataError as error:
        problems.extend(error.problems)
        return {}


def columns_of(tables: Mapping[str, Found]) -> dict[str, Columns]:
    """The tables as columns by name, as every source gives them."""
    return {
        name: Columns(
            {column: each.table.column(column) for column in each.table.column_names},
            each.table.num_rows,
            each.label,
            each.typed,
        )
        for name, each in tables.items()
    }


def fetch_all(task: Task, kind: Kind, parts: Iterable[tuple[str, str]], told: Told) -> None:
    """Download the files of these splits and subsets; what fails is said when it is read."""
    for repository, paths in _files(task, kind, parts).items():
        with suppress(BenchmarkError):
            fetch(repository, list(paths), told)


def bytes_to_fetch(task: Task, kind: Kind, parts: Iterable[tuple[str, str]]) -> int:
    """The size of those files of these splits and subsets that the cache lacks."""
    return sum(
        repository.sizes[path]
        for repository, paths in _files(task, kind, parts).items()
        for path in paths
        if not is_here(repository, [path])
    )


def _files(
    task: Task, kind: Kind, parts: Iterable[tuple[str, str]]
) -> dict[Repository, dict[str, None]]:
    """The files to read by repository, each once; what cannot be found is left out."""
    wanted: dict[Repository, dict[str, None]] = {}
    for split, subset in parts:
        with suppress(BenchmarkError):
            for name in _tables(task, kind, subset):
                place = _place(task, kind, name, split, subset)
                if can_read(place.files, place.options):
                    wanted.setdefault(place.repository, {}).update(dict.fromkeys(place.files))
    return wanted


def commit_of(task: Task) -> str:
    """The commit that the task's data are read at; looked up where the file does not say it."""
    settings = task.source.settings
    return open_repository(settings["hub"], settings["revision"]).commit


def findings_of(task: Task) -> list[Finding]:
    """What the user should know of where the data come from: a revision that moves on."""
    if task.source.type != "hub":
        return []
    settings = task.source.settings
    revision, commit = settings["revision"], commit_of(task)
    if revision == commit:
        return []
    moves = "the newest commit" if revision == UNPINNED else f"the revision '{revision}'"
    message = (
        f"{settings['hub']}: {moves} is now {commit}; write that as revision in [source], so that "
        "later results are of the same data"
    )
    return [Finding("warning", "unpinned", message)]


def tolerated(finding: Finding) -> Finding:
    """Judgements of what is absent as a warning: published data have some, and mteb takes them."""
    if finding.code not in _TOLERATED:
        return finding
    what = finding.message.rpartition(";")[0]
    return replace(finding, level="warning", message=f"{what}; it counts as in mteb")


def _tables(task: Task, kind: Kind, subset: str) -> list[str]:
    """The tables to read: one of rows where mteb keeps several tables in it."""
    names = list(fields_of(task, kind))
    if task.kind == "summarization" and "references" not in task.source.settings:
        return ["rows"]
    if "queries" not in names or "files" in task.source.settings:
        return names
    if "top_ranked" in names and not has_table(task, "corpus", subset):
        return ["rows"]  # a query and its documents a row, as rerankings were stored before
    if "top_ranked" not in names and has_table(task, "top_ranked", subset):
        raise DataError(f"{task.source.settings['hub']}: {CANDIDATES}")
    return [*names, "instruction"] if has_table(task, "instruction", subset) else names


def _place(task: Task, kind: Kind, table: str, split: str, subset: str) -> Place:
    if table not in (*RANKED, *_ROWS) and table not in task.source.settings:
        raise DataError(
            f"{task.source.settings['hub']}: where is the table '{table}'? add "
            f'{table} = {{ config = "..." }} or {{ files = "..." }} to [source]'
        )
    own = table_split(task, kind, table, split)
    return find_place(task, table, own, subset, is_parallel(task, kind, subset))


@lru_cache(maxsize=3)
def _shared(place: Place) -> Found:
    """A table that the next subset or split reads again."""
    return _read(place)


def _read(place: Place) -> Found:
    repository, files, label = place.repository, place.files, place.label
    if can_read(files, place.options):
        copies = fetch(repository, files)
        typed = not any(format_of(path) in (".csv", ".tsv") for path in files)
        table = read_files(copies, files, place.options, label)
        return Found(named_labels(table, repository.card, place.config), label, typed)
    table = read_elsewhere(
        repository.name, repository.commit, place.config, place.split, files, label
    )
    return Found(table, label, typed=True)


def _only(found: Found, place: Place) -> Found:
    table = found.table
    for column, values in place.where:
        table = only_where(table, column, values, found.label)
    return replace(found, table=table)


def shaped(task: Task, found: Mapping[str, Found], split: str) -> dict[str, Found]:
    """The kind's tables of those that were read."""
    tables = dict(found)
    if "instruction" in found:
        queries, told = tables["queries"], tables.pop("instruction")
        table = with_instructions(queries.table, told.table, told.label)
        tables["queries"] = replace(queries, table=table)
    for name in ("top_ranked", "changed"):
        if name in found:
            table = pairs_of(found[name].table, found[name].label)
            tables[name] = replace(found[name], table=table)
    for name in _ROWS:
        if name in found:
            table = rows_of(task.kind, found[name].table, found[name].label)
            tables[name] = replace(found[name], table=table)
    if list(found) != ["rows"]:
        return tables
    rows = tables["rows"]
    made: Mapping[str, pa.Table] = {}
    if task.kind == "summarization":
        made = summaries_of(rows.table, task.columns, rows.label)
    elif is_old_reranking(rows.table):
        made = reranking_of(rows.table, split)
    return {name: replace(rows, table=table) for name, table in made.items()} or tables

"""Load results from trees and indexes, and keep an index up to date with its tree."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ResultError, UsageError
from benchmark.results.index import (
    of_tasks,
    read_about,
    read_table,
    schema,
    values,
    write_index,
)
from benchmark.results.rows import read_files, results_of
from benchmark.results.task_result import TaskResult, file_stem, read_result_file
from benchmark.results.tree import File, Tree, scan

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[int, int], None]
"""Is told how many files of how many are read."""

_CHUNK = 1000  # files a process reads at a time
_WORTH_A_PROCESS = 4000  # files; fewer are read before a second process has started


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import found: files in the tree, those of them read now, and rows in the index."""

    index: Path
    files: int
    read: int
    gone: int
    rows: int
    problems: tuple[str, ...]


def read_results(
    source: Path, tasks: Collection[str] | None = None
) -> tuple[list[TaskResult], list[str]]:
    """Read the results in a tree, or in an index of one; the second is a line a problem.

    With ``tasks`` only files of these names are opened. Results come in the order of their paths.
    An index is read as it is, without a look at its tree. Raises UsageError when there is neither.
    """
    if source.is_file():
        about = read_about(source)
        table = of_tasks(read_table(source), tasks)
        lines = [line for cell in table.column("problems").to_pylist() for line in cell]
        results = list(results_of(table, Path(about["root"]), about["folders"]))
        return results, [*about["problems"], *dict.fromkeys(lines)]
    tree = scan(source)
    stems = None if tasks is None else {file_stem(task) for task in tasks}
    results, problems = [], list(tree.problems)
    for file in tree.files:
        path = tree.root / file.path
        if stems is not None and path.stem not in stems:
            continue
        folder = tree.folders[file.folder]
        try:
            result = read_result_file(
                path, folder.model, folder.revision, folder.slug, facts=folder.facts
            )
        except ResultError as error:
            problems.append(str(error))
            continue
        problems += [f"{path}: {remark}; it counts as failed" for remark in result.remarks]
        results.append(result)
    return results, problems


def read_all(
    sources: Iterable[Path], tasks: Collection[str] | None = None
) -> tuple[list[TaskResult], list[str]]:
    """The results in several trees or indexes, one after the other; see ``read_results``."""
    results: list[TaskResult] = []
    problems: list[str] = []
    for source in dict.fromkeys(sources):
        found, lines = read_results(source, tasks)
        results += found
        problems += lines
    return results, problems


def import_results(
    source: Path,
    index: Path,
    *,
    metrics: Sequence[str] = (),
    processes: int = 1,
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Bring the index of a tree up to date: read what is new or changed, drop what is gone.

    A file whose path, size and time of change are those in the index is not opened, unless the
    ``model_meta.json`` beside it says something else now. ``metrics`` become columns beside the
    main score. ``processes`` above 1 are started afresh, so a script that asks for them needs the
    usual ``if __name__ == "__main__"``. Raises UsageError when the index is of another tree.
    """
    with _without_collector():
        return _import(source, index, tuple(dict.fromkeys(metrics)), processes, progress)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Let nobody look for cycles in what has none: with so many objects it takes a third longer."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _import(
    source: Path, index: Path, metrics: Sequence[str], processes: int, progress: Progress
) -> Imported:
    tree = scan(source)
    stored = _stored(index, tree, metrics)
    known = {} if stored is None else _known(index, stored, tree)
    changed = [file for file in tree.files if known.get(file.path) != (file.size, file.modified)]
    gone = len(known.keys() - {file.path for file in tree.files})
    if stored is not None and not changed and not gone:
        about = read_about(index)
        if about["folders"] == tree.folders and about["problems"] == tree.problems:
            return _imported(index, tree, 0, 0, stored)
    fresh = _read(tree, changed, metrics, processes, progress)
    table = fresh
    if len(changed) < len(tree.files):
        table = _joined(read_table(index), fresh, tree, changed)
    write_index(index, table, tree.root, tree.folders, tree.problems)
    return _imported(index, tree, len(changed), gone, table)


def _stored(index: Path, tree: Tree, metrics: Sequence[str]) -> pa.Table | None:
    """What the index says of its files; None when there is none, or one of other metrics."""
    if not index.exists():
        return None
    about = read_about(index)
    if Path(about["root"]) != tree.root.absolute():
        raise UsageError(
            f"{index}: the index of another folder, {about['root']}; name another with --index"
        )
    if about["columns"] != schema(metrics).names:
        return None
    return read_table(index, ["path", "size", "modified", "entry", "problems"])


def _known(index: Path, stored: pa.Table, tree: Tree) -> dict[str, tuple[int, int]]:
    """Path -> size and time of change of the files whose rows in the index still hold."""
    import pyarrow.compute as pc

    first = stored.select(["path", "size", "modified"])
    first = first.filter(pc.equal(stored.column("entry"), 0))
    size, modified = (first.column(name).to_numpy().tolist() for name in ("size", "modified"))
    stamps = zip(size, modified, strict=True)
    known = dict(zip(values(first.column("path")), stamps, strict=True))
    folders = read_about(index)["folders"]
    other = {name for name, folder in tree.folders.items() if folders.get(name) != folder}
    if other:
        known = {p: stamp for p, stamp in known.items() if p.rpartition("/")[0] not in other}
    return known


def _read(
    tree: Tree, files: Sequence[File], metrics: Sequence[str], processes: int, progress: Progress
) -> pa.Table:
    import pyarrow as pa

    chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
    arguments = [
        (tree.root, chunk, {f.folder: tree.folders[f.folder] for f in chunk}, metrics)
        for chunk in chunks
    ]
    tables: list[pa.Table] = []

    def collect(found: Iterable[pa.Table]) -> None:
        for table, chunk in zip(found, chunks, strict=True):
            tables.append(table)
            progress((len(tables) - 1) * _CHUNK + len(chunk), len(files))

    if processes > 1 and len(files) >= _WORTH_A_PROCESS:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(processes, context, initializer=gc.disable) as pool:
            collect(pool.map(_read_chunk, arguments))
    else:
        collect(map(_read_chunk, arguments))
    return pa.concat_tables(tables) if tables else schema(metrics).empty_table()


def _read_chunk(arguments: tuple[Any, ...]) -> pa.Table:
    return read_files(*arguments)


def _joined(old: pa.Table, fresh: pa.Table, tree: Tree, changed: Sequence[File]) -> pa.Table:
    """The rows of unchanged files and the fresh ones, in the order of the tree."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = {file.path for file in tree.files} - {file.path for file in changed}
    paths = old.column("path").cast(pa.string())
    old = old.filter(pc.is_in(paths, pa.array(sorted(kept), pa.string())))
    table = pa.concat_tables([old.replace_schema_metadata(None), fresh]).unify_dictionaries()
    place = {file.path: number for number, file in enumerate(tree.files)}
    places = pa.array([place[path] for path in values(table.column("path"))], pa.int64())
    order = pc.sort_indices(
        pa.table({"place": places, "entry": table.column("entry")}),
        sort_keys=[("place", "ascending"), ("entry", "ascending")],
    )
    return table.take(order)


def _imported(index: Path, tree: Tree, read: int, gone: int, table: pa.Table) -> Imported:
    import pyarrow.compute as pc

    problems = table.column("problems")
    wrong = pc.and_(
        pc.equal(table.column("entry"), 0), pc.greater(pc.list_value_length(problems), 0)
    )
    lines = [line for cell in problems.filter(wrong).to_pylist() for line in cell]
    return Imported(index, len(tree.files), read, gone, table.num_rows, (*tree.problems, *lines))

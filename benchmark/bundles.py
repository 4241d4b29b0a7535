"""Make a bundle of tasks, and find the tasks that a bundle holds."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.aggregate import AGGREGATE, with_parts
from benchmark.catalog import Choice, checked, expanded, load_kind
from benchmark.data.bundle import FORMAT, MANIFEST, VERSION, Bundle, parquet_of
from benchmark.data.fingerprint import fingerprint
from benchmark.data.mteb.source import load_ahead
from benchmark.data.sources import read_tables
from benchmark.errors import BenchmarkError, DataError, TaskFileError, UsageError, nearest
from benchmark.prepare import parts_to_read, revision_of
from benchmark.suite import Suite, parse_suite
from benchmark.tables import source_of
from benchmark.task import Source, Task, build_task
from benchmark.task_checks import check_task

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the zip format's first day: the same input, the same bytes
_MODE = 0o100600


@dataclass(frozen=True, slots=True)
class Made:
    """What was packed; ``digest`` names the content, ``size`` is the file's in bytes."""

    digest: str
    tasks: tuple[str, ...]
    parts: int
    rows: int
    size: int


def make_bundle(
    choices: Iterable[Choice], suites: Iterable[Suite], target: Path, *, trust: bool = False
) -> Made:
    """Pack the chosen parts of tasks, their files and ``suites`` into one file, or leave no file.

    All splits and subsets are packed where none are chosen, or draws or a fingerprint cover them.
    A table that occurs twice is kept once. Raises UsageError where ``target`` exists or cannot be
    written, DataError for data with errors, TaskFileError for a hook without ``trust``.
    """
    if target.exists():
        raise UsageError(f"{target}: exists; remove it or choose another name")
    asked = sorted(expanded(choices), key=lambda choice: choice.task.name)
    for choice in asked:
        if choice.task.hook and not trust:
            raise TaskFileError(
                f"{choice.task.path}: the task runs code of its own ({choice.task.hook}) on the "
                "data that would be packed; add --trust to allow it"
            )
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".bundle-")
        try:
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
                made = _fill(_Writer(archive, {}), asked, suites)
            size = os.stat(name).st_size
            os.replace(name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise UsageError(
            f"{target}: cannot be written ({error.strerror}); nothing of it was kept; choose a "
            "folder that exists and has room"
        ) from None
    return replace(made, size=size)


def choices_of(bundle: Bundle, names: Sequence[str] = ()) -> list[Choice]:
    """The tasks of a bundle by their names and those of its suites; all that were asked for.

    Raises UsageError for a name that the bundle lacks, TaskFileError for a task that this EmbedMark
    reads in another way than the one that packed it.
    """
    packed = bundle.manifest["tasks"]
    suites = _suites_of(bundle)
    whole = {name: _choice(bundle, name) for name in packed}
    asked = names or [name for name, told in packed.items() if told["asked"]]
    found: dict[str, Choice] = {}
    for name in asked:
        suite = next((each for each in suites if name in (each.name, each.title)), None)
        if name in whole:
            found.setdefault(name, whole[name])
        elif suite is None:
            known = [*whole, *(each.name for each in suites)]
            raise UsageError(
                f"{bundle.path}: holds no task or suite '{name}'{nearest(name, known)}"
            )
        else:
            for part in suite.tasks:
                if part.name not in whole:
                    raise UsageError(f"{bundle.path}: lacks '{part.name}' of the suite '{name}'")
                task = whole[part.name].task
                found.setdefault(part.name, checked(Choice(task, part.splits, part.subsets)))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Writer:
    archive: zipfile.ZipFile
    files: dict[str, dict[str, Any]]

    def add(self, name: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(name, _LONG_AGO)
        entry.create_system, entry.external_attr = 3, _MODE << 16  # alike on every system
        self.archive.writestr(entry, content)
        told = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        self.files[name] = told

    def add_table(self, table: Any) -> dict[str, Any]:
        content, size = parquet_of(table)
        name = f"data/{hashlib.sha256(content).hexdigest()}.parquet"
        if name not in self.files:
            self.add(name, content)
        return {"file": name, "label": source_of(table), "bytes": size, "rows": table.num_rows}


def _fill(writer: _Writer, choices: Sequence[Choice], suites: Iterable[Suite]) -> Made:
    told = {choice.task.name: _pack(writer, choice) for choice in choices}
    for suite in suites:
        if suite.path is not None and all(name in told for name in suite.task_names):
            writer.add(f"suites/{suite.name}.toml", suite.path.read_bytes())
    manifest = {"format": FORMAT, "version": VERSION, "tasks": told, "files": dict(writer.files)}
    content = _json(manifest)
    writer.add(MANIFEST, content)
    parts = [part for task in told.values() for part in task["parts"].values()]
    rows = sum(table["rows"] for part in parts for table in part["tables"].values())
    digest = hashlib.sha256(content).hexdigest()
    return Made(digest, tuple(told), len(parts), rows, 0)


def _pack(writer: _Writer, choice: Choice) -> dict[str, Any]:
    """Write one task's file and tables; what the manifest tells of it."""
    task = choice.task
    writer.add(f"tasks/{task.name}.json", _json(task.content))
    if task.hook and task.path is not None:
        file = task.hook.partition(":")[0]
        writer.add(f"hooks/{task.name}.py", (task.path.parent / file).read_bytes())
    parts = {}
    read = [] if task.parts else parts_to_read(choice)
    if task.source.type == "mteb":
        load_ahead(task, load_kind(task.kind), read)
    for split, subset in read:
        try:
            tables, findings = read_tables(task, load_kind(task.kind), split, subset)
        except BenchmarkError as error:
            raise DataError(f"{task.name}: {error}; nothing was packed") from None
        errors = [finding.message for finding in findings if finding.level == "error"]
        if errors:
            raise DataError([f"{task.name}: {errors[0]}", *errors[1:]])
        parts[f"{split}/{subset}"] = {
            "fingerprint": fingerprint(tables),
            "findings": [[f.level, f.code, f.message, f.count] for f in findings],
            "tables": {name: writer.add_table(table) for name, table in sorted(tables.items())},
        }
    return {
        "asked": not choice.part_of,
        "splits": list(choice.splits),
        "subsets": list(choice.subsets),
        "digest": task.digest,
        "pinned": revision_of(task),
        "parts": parts,
    }


def _json(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, sort_keys=False, ensure_ascii=True, default=dict, indent=1)
    return text.encode()


def _choice(bundle: Bundle, name: str) -> Choice:
    told = bundle.manifest["tasks"][name]
    task = _task(bundle, name)
    if task.digest != told["digest"]:
        raise TaskFileError(
            f"{task.path}: this EmbedMark reads the task in another way than the one that packed "
            "it; make the bundle again with this version"
        )
    return checked(Choice(task, tuple(told["splits"]), tuple(told["subsets"])))


def _task(bundle: Bundle, name: str) -> Task:
    """The task as its own file makes it, with the bundle in place of its source."""
    file, hook = f"tasks/{name}.json", f"hooks/{name}.py"
    path = bundle.path / file
    try:
        content = json.loads(bundle.read(file))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise TaskFileError(f"{path}: is no JSON object; make the bundle again")
    code = bundle.manifest["files"].get(hook, {}).get("sha256", "")
    task = build_task(path, content, folder=bundle.path.parent, hook_digest=code)
    if task.kind == AGGREGATE:
        return with_parts(task, lambda part: _part(bundle, part))
    check_task(task, load_kind(task.kind))
    known = {"pinned": bundle.manifest["tasks"][name]["pinned"], "origin": task.source.type}
    settings = {**task.source.settings, **known, "bundle": bundle}
    source = Source("bundle", MappingProxyType(settings), bundle.path.parent)
    return replace(task, source=source)


def _part(bundle: Bundle, name: str) -> Task:
    if name not in bundle.manifest["tasks"]:
        raise TaskFileError("the bundle lacks it; make the bundle again")
    return _task(bundle, name)


def _suites_of(bundle: Bundle) -> list[Suite]:
    suites = []
    for name in bundle.manifest["files"]:
        if name.startswith("suites/"):
            path = bundle.path / name
            try:
                content = tomllib.loads(bundle.read(name).decode())
            except (ValueError, RecursionError):
                raise TaskFileError(f"{path}: is no TOML; make the bundle again") from None
            suites.append(parse_suite(path, content))
    return suites

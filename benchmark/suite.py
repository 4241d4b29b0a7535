"""A suite file: TOML in, a frozen Suite out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.errors import TaskFileError, nearest
from benchmark.toml_file import check_type, read_toml, unknown_key

_KEYS: Mapping[str, str] = {
    "title": "a string",
    "description": "a string",
    "tasks": "a list of tasks",
    "groups": "a table",
    "characters": "a table",
    "downsampled": "a table",
}
_TASK_KEYS: Mapping[str, str] = {
    "name": "a string",
    "subsets": "a list of strings",
    "splits": "a list of strings",
    "weight": "a number",
}


@dataclass(frozen=True, slots=True)
class SuiteTask:
    """A task of a suite; empty ``subsets`` or ``splits`` mean all that the task file declares."""

    name: str
    subsets: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Suite:
    """A parsed suite file: a named list of tasks; ``groups`` cut it across kinds.

    ``characters`` says, for tasks whose size is known, how many a model must read. ``downsampled``
    is there when the suite stands for a larger one: what ``embedmark downsample`` wrote of it.
    """

    name: str
    title: str
    tasks: tuple[SuiteTask, ...]
    description: str = ""
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    characters: Mapping[str, int] = field(default_factory=dict)
    downsampled: Mapping[str, Any] = field(default_factory=dict)
    path: Path | None = field(default=None, compare=False)

    @property
    def task_names(self) -> tuple[str, ...]:
        """The names of the tasks, in the file's order."""
        return tuple(task.name for task in self.tasks)


def parse_suite(path: Path, content: Mapping[str, Any] | None = None) -> Suite:
    """Parse one suite file, or what it holds; the file's stem is the suite's name.

    A task is named once; a group names tasks of the suite. Whether the tasks exist, and have the
    subsets and splits asked for, is checked where they are looked up. Raises TaskFileError with
    file, line and what to do.
    """
    content = read_toml(path) if content is None else content
    for key, value in content.items():
        if key not in _KEYS:
            raise unknown_key(path, key, _KEYS)
        if key != "tasks":
            check_type(path, key, value, _KEYS[key])
    for key in ("title", "tasks"):
        if key not in content:
            raise TaskFileError(f"{path}: missing key '{key}'; add it ({_KEYS[key]})")
    tasks = _parse_tasks(path, content["tasks"])
    names = [task.name for task in tasks]
    return Suite(
        name=path.stem,
        title=content["title"],
        tasks=tasks,
        description=content.get("description", ""),
        groups=parse_groups(path, content.get("groups", {}), names),
        characters=_parse_characters(path, content.get("characters", {}), names),
        downsampled=MappingProxyType(content.get("downsampled", {})),
        path=path,
    )


def _parse_characters(
    path: Path, sizes: Mapping[str, Any], task_names: list[str]
) -> Mapping[str, int]:
    for task, size in sizes.items():
        check_type(path, task, size, "a whole number")
        if task not in task_names:
            hint = nearest(task, task_names)
            raise TaskFileError(
                f"{path}: 'characters' names '{task}', which is no task of the suite{hint}"
            )
        if size < 1:
            raise TaskFileError(f"{path}: '{task}' must have at least one character, not {size}")
    return MappingProxyType(dict(sizes))


def parse_groups(
    path: Path, groups: Mapping[str, Any], task_names: list[str] | None
) -> Mapping[str, tuple[str, ...]]:
    """Check a ``[groups]`` table, group name -> names of tasks, and return it frozen.

    With ``task_names`` a group that names another task is a TaskFileError.
    """
    for group, members in groups.items():
        check_type(path, group, members, "a list of strings")
        for name in members:
            if task_names is not None and name not in task_names:
                hint = nearest(name, task_names)
                raise TaskFileError(
                    f"{path}: group '{group}' names '{name}', which is no task of the suite{hint}"
                )
            if members.count(name) > 1:
                raise TaskFileError(f"{path}: group '{group}' names '{name}' twice; name it once")
    return MappingProxyType({group: tuple(members) for group, members in groups.items()})


def _parse_tasks(path: Path, entries: Any) -> tuple[SuiteTask, ...]:
    if not isinstance(entries, list) or not entries:
        raise TaskFileError(
            f"{path}: 'tasks' must be a list of names, or of tables with a name; write "
            'tasks = ["One", {name = "Two", splits = ["test"]}]'
        )
    tasks = tuple(_parse_task(path, entry, n) for n, entry in enumerate(entries, 1))
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise TaskFileError(f"{path}: 'tasks' names '{name}' twice; name it once")
    return tasks


def _parse_task(path: Path, entry: Any, number: int) -> SuiteTask:
    if isinstance(entry, str) and entry:
        return SuiteTask(entry)
    if not isinstance(entry, dict):
        raise TaskFileError(
            f"{path}: entry {number} of 'tasks' must be a name, or a table with a name"
        )
    for key, value in entry.items():
        if key not in _TASK_KEYS:
            raise unknown_key(path, key, _TASK_KEYS, f" in entry {number} of 'tasks'")
        check_type(path, key, value, _TASK_KEYS[key])
    if "name" not in entry:
        raise TaskFileError(f"{path}: entry {number} of 'tasks' has no 'name'; add it")
    weight = float(entry.get("weight", 1.0))
    if not (math.isfinite(weight) and weight > 0):
        raise TaskFileError(
            f"{path}: the weight of '{entry['name']}' must be above 0; leave the task out instead"
        )
    return SuiteTask(
        name=entry["name"],
        subsets=tuple(dict.fromkeys(entry.get("subsets", ()))),
        splits=tuple(dict.fromkeys(entry.get("splits", ()))),
        weight=weight,
    )

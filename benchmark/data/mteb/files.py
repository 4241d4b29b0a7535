"""Task and suite files of what mteb names, written once into the cache folder."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.data.mteb import PREFIX
from benchmark.data.mteb.facts import content_of
from benchmark.data.mteb.index import facts_of, folder_of, read_index, version
from benchmark.errors import UsageError
from benchmark.task import Task, build_task

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 100


def written(name: str) -> tuple[Path, dict[str, Path]]:
    """What ``benchmark.data.mteb.files_of`` gives, in the cache folder."""
    asked = f"'{PREFIX}{name}'"
    index, folder = read_index(asked), folder_of(version(asked)) / "tasks"
    if name not in index["benchmarks"]:
        return folder / f"{name}.toml", _tasks(folder, name)
    entries = _joined(index["benchmarks"][name])
    found: dict[str, Path] = {}
    refused: list[str] = []
    for entry in entries:
        try:
            found |= _tasks(folder, entry["name"])
        except UsageError as error:
            refused.append(str(error))
    if refused:
        more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
        raise UsageError(f"benchmark '{PREFIX}{name}' cannot run here: {refused[0]}{more}")
    suite = {"title": name, "tasks": [e if len(e) > 1 else e["name"] for e in entries]}
    path = folder.parent / "suites" / f"{re.sub(r'[^A-Za-z0-9._() +,-]', '_', name)}.toml"
    _write(path, render(suite))
    return path, found


def listed() -> tuple[list[Task], list[str], list[str]]:
    """The tasks that mteb lists, the names of its aggregates, and why some cannot run here."""
    tasks, aggregates, refused = [], [], []
    for name, facts in read_index("the list of mteb's tasks")["tasks"].items():
        if not facts.get("listed"):
            continue
        if facts["parts"]:
            aggregates.append(name)
            continue
        try:
            content = content_of(name, facts)
        except UsageError as error:
            refused.append(str(error))
            continue
        task = build_task(Path(f"{name}.toml"), content, folder=Path())
        tasks.append(replace(task, path=Path(f"{PREFIX}{name}")))
    return tasks, aggregates, refused


def task_texts(name: str) -> dict[str, str]:
    """The text of the file of a task by its name, and of the parts of an aggregate after it."""
    facts = facts_of(name)
    about = f"# what mteb {version(PREFIX + name)} says of its task {name}"
    found = {name: f"{about}\n{render(content_of(name, facts))}"}
    for part in facts["parts"]:
        found |= task_texts(part)
    return found


def _tasks(folder: Path, name: str) -> dict[str, Path]:
    """The file of a task, and those of its parts where it is an aggregate."""
    texts = task_texts(name)
    for each, text in texts.items():
        _write(folder / f"{each}.toml", text)
    return {each: folder / f"{each}.toml" for each in texts}


def _write(path: Path, text: str) -> None:
    """Write a file unless it stands there; never half of it."""
    try:
        if path.is_file() and path.read_text("utf-8") == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, made = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.replace(made, path)
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror}); set XDG_CACHE_HOME to a folder where "
            "it can"
        ) from None


def _joined(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries of a benchmark, one a task: a task named twice counts with all that is named."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        known = found.setdefault(entry["name"], dict(entry))
        for key in ("subsets", "splits"):
            if key in known and key in entry:
                known[key] = list(dict.fromkeys([*known[key], *entry[key]]))
            else:
                known.pop(key, None)
    return list(found.values())


def render(content: Mapping[str, Any]) -> str:
    """TOML of a task or suite file: plain keys, then a table for each mapping."""
    lines = []
    for key, value in content.items():
        if not isinstance(value, Mapping):
            lines += _lines(key, value)
    for name, table in content.items():
        if isinstance(table, Mapping):
            lines += ["", f"[{name}]"]
            for key, value in table.items():
                lines += _lines(key, value)
    return "\n".join(lines) + "\n"


def _lines(key: str, value: Any) -> list[str]:
    line = f"{_key(key)} = {_value(value)}"
    if len(line) <= _WIDTH or not isinstance(value, list):
        return [line]
    return [f"{_key(key)} = [", *(f"    {_value(one)}," for one in value), "]"]


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _value(key)


def _value(value: Any) -> str:
    """A TOML value; JSON's strings, numbers and truth values are TOML's too."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{_key(key)} = {_value(one)}' for key, one in value.items())} }}"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

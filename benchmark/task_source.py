"""What a task file may say in ``[source]``: where the data comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.toml_file import (
    TABLE,
    TEXT,
    TEXTS,
    WHOLE,
    check_distinct,
    check_type,
    error_at,
    unknown_key,
)

_HUB_TABLES = (
    "rows",
    "train",
    "corpus",
    "queries",
    "qrels",
    "top_ranked",
    "instruction",
    "changed",
    "sentence2",
    "candidates",
    "references",
)
"""Tables that may have a config, files or a repository of their own on the hub."""
_PATHS = "a glob, a list of globs, or a table split = glob"  # in a repository of the hub
_PLACE_KEYS: Mapping[str, str] = {
    "hub": TEXT,
    "revision": TEXT,
    "config": TEXT,
    "split": TEXT,
    "files": _PATHS,
    "where": TABLE,
}
SOURCE_KEYS: Mapping[str, Mapping[str, str]] = {
    "hub": {
        "hub": TEXT,
        "revision": TEXT,
        "config": TEXT,
        "splits": TABLE,
        "files": _PATHS,
        "subset_column": TEXT,
        "where": TABLE,
        "fingerprint": TEXT,
        **dict.fromkeys(_HUB_TABLES, TABLE),
    },
    "files": {
        "files": TEXT,
        "pattern": TEXT,
        "header": TEXTS,
        "encoding": TEXT,
        "separator": TEXT,
    },
    "package": {
        "package": TEXT,
        "path": TEXT,
        "reader": TEXT,
        "fingerprint": TEXT,
        "arguments": TABLE,
    },
    "generate": {
        "generate": TEXT,
        "seed": WHOLE,
        "fingerprint": TEXT,
        "arguments": TABLE,
    },
    "documents": {"documents": TEXT, "seed": WHOLE, "fingerprint": TEXT},
    "mteb": {"mteb": TEXT, "revision": TEXT, "fingerprint": TEXT},
    "tasks": {"tasks": TEXTS, "subsets": TEXTS},  # of an aggregate
}
_SOURCE_NEEDS: Mapping[str, tuple[str, ...]] = {
    "hub": ("revision",),
    "package": ("path", "reader"),
}
_HINTS = {"revision": ' (40 hex digits, or "unpinned" for the newest)'}
_REPOSITORY = re.compile(r"[\w-][\w.-]{0,95}(/[\w-][\w.-]{0,95})?", re.ASCII)
_REVISION = re.compile(r"[\w-][\w./-]*", re.ASCII)


def source_type(source: Mapping[str, Any]) -> str | None:
    """The type of source that ``[source]`` names; None when it names none, or several."""
    types = [name for name in SOURCE_KEYS if name in source]
    if types[:2] == ["hub", "files"]:  # which files of the repository
        del types[1]
    return types[0] if len(types) == 1 else None


def check_source(path: Path, source: Mapping[str, Any]) -> None:
    """Raise TaskFileError, with its line, for what is wrong in ``[source]``."""
    kind = source_type(source)
    if kind is None:
        found = " and ".join([name for name in SOURCE_KEYS if name in source] or source)
        found = found or "nothing"
        message = f"[source] must name exactly one of {', '.join(SOURCE_KEYS)}, not {found}"
        raise error_at(path, "[source]", message)
    _check_keys(path, source, SOURCE_KEYS[kind], "[source]")
    for key in _SOURCE_NEEDS.get(kind, ()):
        if key not in source:
            message = f"[source] of a {kind} needs '{key}'; add it{_HINTS.get(key, '')}"
            raise error_at(path, "[source]", message)
    for key in ("header", "tasks", "subsets"):
        check_distinct(path, key, source.get(key, ()))
    separator = source.get("separator", ",")
    if len(separator) != 1:
        raise error_at(path, "separator", f"'separator' must be one character, not '{separator}'")
    if kind == "files":
        _check_paths(path, source["files"], source.get("pattern", ""))
    if kind == "documents":
        _check_paths(path, source["documents"], "", "documents")
    if kind == "hub":
        _check_hub(path, source)


def _check_keys(path: Path, values: Mapping[str, Any], keys: Mapping[str, str], where: str) -> None:
    for key, value in values.items():
        if key not in keys:
            raise unknown_key(path, key, keys, f" in {where}")
        if keys[key] != _PATHS:
            check_type(path, key, value, keys[key])
        elif not _are_paths(value):
            raise error_at(path, key, f"'{key}' must be {_PATHS}")


def _are_paths(value: Any) -> bool:
    """A glob, globs, or a table of these by split; none empty."""
    if isinstance(value, Mapping):
        inner = list(value.values())
        return bool(inner) and all(not isinstance(v, Mapping) and _are_paths(v) for v in inner)
    globs = [value] if isinstance(value, str) else value
    return isinstance(globs, list) and all(isinstance(g, str) and g for g in globs) and bool(globs)


def _check_hub(path: Path, source: Mapping[str, Any]) -> None:
    for split, theirs in source.get("splits", {}).items():
        check_type(path, split, theirs, TEXT)
    tables = {name: source[name] for name in _HUB_TABLES if name in source}
    for name, place in tables.items():
        _check_keys(path, place, _PLACE_KEYS, f"'{name}' of [source]")
        if "revision" in place and "hub" not in place:
            message = f"'{name}' has a revision of its own but no hub; name its hub too"
            raise error_at(path, name, message)
        if "hub" in place and "revision" not in place:
            raise error_at(path, name, f"'{name}' has a hub of its own; add its revision")
    for place in (source, *tables.values()):
        for column, value in place.get("where", {}).items():
            check_type(path, column, value, TEXTS if isinstance(value, list) else TEXT)
        for key, pattern, what in (
            ("hub", _REPOSITORY, "the name of a data set, org/name"),
            ("revision", _REVISION, 'a commit of 40 hex digits, a tag or "unpinned"'),
        ):
            if key in place and (not pattern.fullmatch(place[key]) or ".." in place[key]):
                raise error_at(path, key, f"'{key}' must be {what}, not '{place[key]}'")


def _check_paths(path: Path, files: str, pattern: str, named: str = "files") -> None:
    """Refuse a path that leads out of the task file's folder; links are followed when reading."""
    for key, name, start in ((named, files, ""), ("pattern", pattern, files)):
        whole = os.path.normpath(os.path.join(start, name))
        if os.path.isabs(name) or whole.split(os.sep)[0] == os.pardir:
            message = f"'{name}' leaves the folder of the task file; put the data beside the file"
            raise error_at(path, key, message)

"""What a task file may say in ``[source]``: where the data comes from."""

from __future__ import annotations

import os
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

SOURCE_KEYS: Mapping[str, Mapping[str, str]] = {
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
    "tasks": {"tasks": TEXTS, "subsets": TEXTS},  # of an aggregate
}
_SOURCE_NEEDS: Mapping[str, tuple[str, ...]] = {"package": ("path", "reader")}


def check_source(path: Path, source: Mapping[str, Any]) -> None:
    """Raise TaskFileError, with its line, for what is wrong in ``[source]``."""
    types = [name for name in SOURCE_KEYS if name in source]
    if len(types) != 1:
        found = " and ".join(types or source) or "nothing"
        message = f"[source] must name exactly one of {', '.join(SOURCE_KEYS)}, not {found}"
        raise error_at(path, "[source]", message)
    keys = SOURCE_KEYS[types[0]]
    for key, value in source.items():
        if key not in keys:
            raise unknown_key(path, key, keys, " in [source]")
        check_type(path, key, value, keys[key])
    for key in _SOURCE_NEEDS.get(types[0], ()):
        if key not in source:
            raise error_at(path, "[source]", f"[source] of a {types[0]} needs '{key}'; add it")
    for key in ("header", "tasks", "subsets"):
        check_distinct(path, key, source.get(key, ()))
    separator = source.get("separator", ",")
    if len(separator) != 1:
        raise error_at(path, "separator", f"'separator' must be one character, not '{separator}'")
    if types[0] == "files":
        _check_paths(path, source["files"], source.get("pattern", ""))


def _check_paths(path: Path, files: str, pattern: str) -> None:
    """Refuse a path that leads out of the task file's folder; links are followed when reading."""
    for key, name, start in (("files", files, ""), ("pattern", pattern, files)):
        whole = os.path.normpath(os.path.join(start, name))
        if os.path.isabs(name) or whole.split(os.sep)[0] == os.pardir:
            message = f"'{name}' leaves the folder of the task file; put the data beside the file"
            raise error_at(path, key, message)

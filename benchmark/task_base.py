"""What a task file takes from the one that it extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import TaskFileError
from benchmark.toml_file import error_at, read_toml

KEEP = "keep"
"""The table of a smaller task: which examples of the task that it extends it keeps."""

Find = Callable[[str], Path]


def read_base(
    path: Path, content: Mapping[str, Any], find: Find | None
) -> tuple[Path, dict[str, Any], Path]:
    """The file that a task file extends, what it says, and the folder its source starts in.

    One level deep; the base of a smaller task may itself extend another. Raises TaskFileError.
    """
    name = content["extends"]
    base_path = _find(path, name, find)
    base = read_toml(base_path)
    folder = base_path.parent
    if "extends" not in base:
        return base_path, base, folder
    if KEEP not in content or KEEP in base:
        message = f"extends '{name}', which itself extends another task; "
        raise error_at(path, "extends", message + "name the task at the root instead")
    _, root, folder = read_base(base_path, base, find)
    return base_path, merged(root, base), base_path.parent if "source" in base else folder


def merged(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of both; tables are joined, but a source or subsets of the child's stand alone."""
    found = dict(base)
    for key, value in child.items():
        replace = key in ("source", "subsets", KEEP) or not isinstance(value, dict)
        found[key] = value if replace else {**base.get(key, {}), **value}
    found.pop("extends", None)
    return found


def _find(path: Path, name: str, find: Find | None) -> Path:
    beside = path.parent / f"{name}.toml"
    if beside.is_file() and beside != path:
        return beside
    if name == path.stem:
        raise error_at(path, "extends", f"extends '{name}', which is itself; name another task")
    if find is None:
        message = f"extends '{name}', and no {name}.toml lies beside this file; check the name"
        raise error_at(path, "extends", message)
    try:
        return find(name)
    except TaskFileError as error:
        raise error_at(path, "extends", f"extends '{name}': {error}") from None

"""Read a TOML file of the user's, and say with file and line what is wrong in it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from benchmark.errors import TaskFileError, nearest

TEXT, TEXTS, TABLE, FLAG = "a string", "a list of strings", "a table", "true or false"
WHOLE, NUMBER = "a whole number", "a number"

_FITS: Mapping[str, Callable[[Any], bool]] = {
    TEXT: lambda value: isinstance(value, str) and value != "",
    TEXTS: lambda value: isinstance(value, list) and value != [] and all(map(_FITS[TEXT], value)),
    TABLE: lambda value: isinstance(value, dict),
    FLAG: lambda value: isinstance(value, bool),
    WHOLE: lambda value: isinstance(value, int) and not isinstance(value, bool),
    NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_DESCRIPTIONS: Iterable[tuple[type | tuple[type, ...], str]] = (
    (bool, FLAG),
    ((int, float), NUMBER),
    (str, TEXT),
    (list, "a list"),
    (dict, TABLE),
)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; TaskFileError names file and line when it is missing or invalid."""
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise TaskFileError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise TaskFileError(f"{path}: is a folder; name a .toml file") from None
    except UnicodeDecodeError as error:
        number = error.object[: error.start].count(b"\n") + 1
        raise TaskFileError(f"{path}:{number}: not UTF-8; save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at line ")
        line, _, column = place.rstrip(")").partition(", column ")
        where = f"{path}:{line}" if column else f"{path}"
        at = f" at column {column}" if column else ""
        raise TaskFileError(f"{where}: invalid TOML: {what}{at}; mend the line") from None
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be read ({error.strerror}); check it") from None


def check_type(path: Path, key: str, value: Any, wanted: str) -> None:
    """Raise TaskFileError when a key's value is not of the wanted type."""
    if not _FITS[wanted](value):
        raise error_at(path, key, f"'{key}' must be {wanted}, not {_describe(value)}")


def check_distinct(path: Path, key: str, values: Iterable[str]) -> None:
    """Raise TaskFileError when a list names something twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise error_at(path, key, f"'{key}' names '{value}' twice; name it once")
        seen.add(value)


def unknown_key(path: Path, key: str, known: Iterable[str], where: str = "") -> TaskFileError:
    """The error for a key that no schema knows, with its line and the nearest known key."""
    return error_at(path, key, f"unknown key '{key}'{where}{nearest(key, known)}")


def error_at(path: Path, key: str, message: str) -> TaskFileError:
    """The error for what a key holds, with its line; ``[key]`` means the table of that name."""
    line = _line_of(path, key)
    return TaskFileError(f"{path}{f':{line}' if line else ''}: {message}")


def _line_of(path: Path, key: str) -> int | None:
    """The first line that sets ``key`` (or opens the table, when it is in brackets)."""
    table = key.startswith("[")
    bare = re.escape(key.strip("[]"))
    pattern = rf"\s*\[{bare}\]" if table else rf"\s*(\[(\w+\.)?{bare}\]|[\"']?{bare}[\"']?\s*=)"
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError:
        return None
    return next((n for n, text in enumerate(lines, 1) if re.match(pattern, text)), None)


def _describe(value: Any) -> str:
    if isinstance(value, str | list | dict) and not value:
        return f"an empty {type(value).__name__.replace('str', 'string').replace('dict', 'table')}"
    if isinstance(value, list):
        inner = next((item for item in value if not _FITS[TEXT](item)), None)
        return "a list" if inner is None else f"a list with {_describe(inner)} in it"
    return next((name for kind, name in _DESCRIPTIONS if isinstance(value, kind)), "a date")

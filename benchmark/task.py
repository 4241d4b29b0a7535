"""A task file: TOML in, a frozen Task out.

The structure is checked here; what only the task's kind knows (its options, its metrics) is
checked by ``benchmark.catalog``.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.errors import TaskFileError, nearest

DEFAULT_SUBSET = "default"  # mteb's name for the only subset of a task that has none

_TEXT, _TEXTS, _TABLE, _FLAG = "a string", "a list of strings", "a table", "true or false"
_KEYS: Mapping[str, str] = {
    "kind": _TEXT,
    "main_score": _TEXT,
    "languages": _TEXTS,
    "domains": _TEXTS,
    "license": _TEXT,
    "description": _TEXT,
    "reference": _TEXT,
    "citation": _TEXT,
    "splits": _TEXTS,
    "extends": _TEXT,
    "hard": _FLAG,
    "hook": _TEXT,
    "source": _TABLE,
    "subsets": _TABLE,
    "columns": _TABLE,
    "prompt": _TABLE,
    "options": _TABLE,
}
_REQUIRED = ("kind", "main_score", "source")
_SOURCE_KEYS: Mapping[str, Mapping[str, str]] = {
    "files": {
        "files": _TEXT,
        "pattern": _TEXT,
        "header": _TEXTS,
        "encoding": _TEXT,
        "separator": _TEXT,
    },
    "package": {
        "package": _TEXT,
        "path": _TEXT,
        "reader": _TEXT,
        "fingerprint": _TEXT,
        "arguments": _TABLE,
    },
    "generate": {
        "generate": _TEXT,
        "seed": "a whole number",
        "fingerprint": _TEXT,
        "arguments": _TABLE,
    },
}
# What a score does not depend on: changing these re-measures nothing.
_DESCRIPTIVE = ("domains", "license", "description", "reference", "citation", "hard", "languages")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()+-]*")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a task's data comes from: ``type`` is files, package or generate."""

    type: str
    settings: Mapping[str, Any]
    folder: Path
    """The folder of the file that declares the source; relative paths start here."""


@dataclass(frozen=True, slots=True)
class Task:
    """A parsed task file; ``digest`` covers everything that a score depends on."""

    name: str
    kind: str
    main_score: str
    source: Source
    splits: tuple[str, ...]
    subsets: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Any]
    options: Mapping[str, Any]
    prompt: Mapping[str, str]
    domains: tuple[str, ...] = ()
    license: str = ""
    description: str = ""
    reference: str = ""
    citation: str = ""
    hard: bool = False
    hook: str = ""
    digest: str = ""
    path: Path | None = field(default=None, compare=False)
    trusted: bool = field(default=False, compare=False)
    """Whether the task's own code (its hook) may run: named by path, or ``--trust``."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of all subsets, each once, in declared order."""
        return tuple(dict.fromkeys(code for codes in self.subsets.values() for code in codes))


def parse_task(path: Path, find: Callable[[str], Path] | None = None) -> Task:
    """Parse one task file.

    ``find`` turns the name in ``extends`` into the path of its file; without it only a file
    beside this one is found. Raises TaskFileError with file, line and what to do.
    """
    content = read_toml(path)
    base: dict[str, Any] = {}
    folder = path.parent
    if isinstance(content.get("extends"), str):
        base_path = _find_base(path, content["extends"], find)
        base = read_toml(base_path)
        if "extends" in base:
            message = f"extends '{content['extends']}', which itself extends another task; "
            raise _error(path, "extends", message + "name the task at the root instead")
        _check_keys(base, base_path)
        if "source" not in content:
            folder = base_path.parent
    return build_task(path, content, base=base, folder=folder)


def build_task(
    path: Path, content: Mapping[str, Any], *, base: Mapping[str, Any] = {}, folder: Path
) -> Task:
    """Check the content of a task file and make the task; ``path`` names it, also in messages.

    ``folder`` is where the source's relative paths start. Raises TaskFileError.
    """
    _check_keys(content, path)
    merged = _merge(base, content)
    for key in _REQUIRED:
        if key not in merged:
            raise TaskFileError(f"{path}: missing key '{key}'; add it ({_KEYS[key]})")
    return _build(path, merged, folder)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; TaskFileError names file and line when it is missing or invalid."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise TaskFileError(f"{path}: no such file; check the path") from None
    except IsADirectoryError:
        raise TaskFileError(f"{path}: is a folder; name a .toml file") from None
    except UnicodeDecodeError as error:
        raise TaskFileError(f"{path}: not UTF-8 (byte {error.start}); save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise TaskFileError(f"{path}: invalid TOML: {error}; mend that line") from None
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be read ({error.strerror}); check it") from None


def check_type(path: Path, key: str, value: Any, wanted: str) -> None:
    """Raise TaskFileError when a key's value is not of the wanted type."""
    good = {
        _TEXT: lambda v: isinstance(v, str) and v != "",
        _TEXTS: lambda v: isinstance(v, list) and v != [] and all(isinstance(x, str) for x in v),
        _TABLE: lambda v: isinstance(v, dict),
        _FLAG: lambda v: isinstance(v, bool),
        "a whole number": lambda v: isinstance(v, int) and not isinstance(v, bool),
        "a number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    }[wanted]
    if not good(value):
        raise _error(path, key, f"'{key}' must be {wanted}, not {_describe(value)}")


def unknown_key(path: Path, key: str, known: Mapping[str, Any], where: str = "") -> TaskFileError:
    """The error for a key that no schema knows, with its line and the nearest known key."""
    return _error(path, key, f"unknown key '{key}'{where}{nearest(key, known)}")


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    for key, value in content.items():
        if key not in _KEYS:
            raise unknown_key(path, key, _KEYS)
        check_type(path, key, value, _KEYS[key])
    if "source" in content:
        _check_source(path, content["source"])
    for name, codes in content.get("subsets", {}).items():
        check_type(path, name, codes, _TEXTS)
    for role, text in content.get("prompt", {}).items():
        if role not in ("query", "document", "text"):
            known = {"query": "", "document": "", "text": ""}
            raise unknown_key(path, role, known, " in [prompt]")
        check_type(path, role, text, _TEXT)


def _check_source(path: Path, source: Mapping[str, Any]) -> None:
    types = [name for name in _SOURCE_KEYS if name in source]
    if len(types) != 1:
        found = f"names {' and '.join(types)}" if types else f"has only {', '.join(source) or 'nothing'}"
        message = f"[source] must name exactly one of {', '.join(_SOURCE_KEYS)}; it {found}"
        raise _error(path, "[source]", message)
    keys = _SOURCE_KEYS[types[0]]
    for key, value in source.items():
        if key not in keys:
            raise unknown_key(path, key, keys, " in [source]")
        check_type(path, key, value, keys[key])
    if types[0] == "package":
        for key in ("path", "reader"):
            if key not in source:
                raise _error(path, "[source]", f"[source] of a package needs '{key}'; add it")


def _find_base(path: Path, name: str, find: Callable[[str], Path] | None) -> Path:
    beside = path.parent / f"{name}.toml"
    if beside.is_file() and beside != path:
        return beside
    if find is None:
        message = f"extends '{name}', and no {name}.toml lies beside this file; check the name"
        raise _error(path, "extends", message)
    try:
        return find(name)
    except TaskFileError as error:
        raise _error(path, "extends", f"extends '{name}': {error}") from None


def _merge(base: Mapping[str, Any], child: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in child.items():
        replace = key in ("source", "subsets") or not isinstance(value, dict)
        merged[key] = value if replace else {**base.get(key, {}), **value}
    merged.pop("extends", None)
    return merged


def _build(path: Path, content: dict[str, Any], folder: Path) -> Task:
    name = path.stem
    if not _NAME.fullmatch(name):
        raise TaskFileError(
            f"{path}: the file's stem is the task's name; use letters, digits and . _ - ( ) +"
        )
    languages = content.get("languages")
    if "subsets" in content:
        subsets = {key: tuple(codes) for key, codes in content["subsets"].items()}
        if not subsets:
            raise _error(path, "[subsets]", "[subsets] is empty; name one or leave it out")
    elif languages is None:
        raise TaskFileError(
            f"{path}: missing key 'languages'; add it, for example languages = [\"eng-Latn\"]"
        )
    else:
        subsets = {DEFAULT_SUBSET: tuple(languages)}
    source = content["source"]
    source_type = next(kind for kind in _SOURCE_KEYS if kind in source)
    measured = {key: value for key, value in content.items() if key not in _DESCRIPTIVE}
    measured["subsets"] = {key: list(codes) for key, codes in subsets.items()}
    if "hook" in content:
        measured["hook_digest"] = _hook_digest(path, content["hook"])
    return Task(
        name=name,
        kind=content["kind"],
        main_score=content["main_score"],
        source=Source(source_type, MappingProxyType(source), folder),
        splits=tuple(content.get("splits", ["test"])),
        subsets=MappingProxyType(subsets),
        columns=MappingProxyType(content.get("columns", {})),
        options=MappingProxyType(content.get("options", {})),
        prompt=MappingProxyType(content.get("prompt", {})),
        domains=tuple(content.get("domains", [])),
        license=content.get("license", ""),
        description=content.get("description", ""),
        reference=content.get("reference", ""),
        citation=content.get("citation", ""),
        hard=content.get("hard", False),
        hook=content.get("hook", ""),
        digest=_digest(measured),
        path=path,
    )


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _hook_digest(path: Path, hook: str) -> str:
    file, _, function = hook.partition(":")
    target = path.parent / file
    if not function or Path(file).name != file or not target.is_file():
        message = f"hook '{hook}' must be FILE.py:FUNCTION with the file beside this one"
        raise _error(path, "hook", message)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def _error(path: Path, key: str, message: str) -> TaskFileError:
    line = _line_of(path, key)
    return TaskFileError(f"{path}{f':{line}' if line else ''}: {message}")


def _line_of(path: Path, key: str) -> int | None:
    """The first line that sets ``key`` (or opens the table, when it is in brackets)."""
    table = key.startswith("[")
    bare = re.escape(key.strip("[]"))
    pattern = rf"\s*\[{bare}\]" if table else rf"\s*(\[(\w+\.)?{bare}\]|[\"']?{bare}[\"']?\s*=)"
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        return None
    return next((n for n, text in enumerate(lines, 1) if re.match(pattern, text)), None)


def _describe(value: Any) -> str:
    names = {str: "a string", bool: "true or false", int: "a number", float: "a number"}
    empty = "an empty " if value in ("", [], {}) else ""
    if empty:
        return empty + {str: "string", list: "list", dict: "table"}[type(value)]
    return names.get(type(value), {list: "a list", dict: "a table"}.get(type(value), "a date"))

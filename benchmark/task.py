"""A task file: TOML in, a frozen Task out.

The structure is checked here; what only the task's kind knows (its options, its metrics) is
checked by ``benchmark.catalog``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from benchmark.errors import TaskFileError
from benchmark.task_base import KEEP, merged, read_base
from benchmark.task_keep import check_base, check_keep
from benchmark.task_source import check_source, source_type
from benchmark.toml_file import (
    FLAG,
    TABLE,
    TEXT,
    TEXTS,
    check_distinct,
    check_type,
    error_at,
    read_toml,
    unknown_key,
)

DEFAULT_SUBSET = "default"  # mteb's name for the only subset of a task that has none

_KEYS: Mapping[str, str] = {
    "kind": TEXT,
    "main_score": TEXT,
    "task_type": TEXT,
    "languages": TEXTS,
    "domains": TEXTS,
    "license": TEXT,
    "description": TEXT,
    "reference": TEXT,
    "citation": TEXT,
    "data_set": TEXT,
    "splits": TEXTS,
    "extends": TEXT,
    "hard": FLAG,
    "hook": TEXT,
    "source": TABLE,
    "subsets": TABLE,
    "columns": TABLE,
    "prompt": TABLE,
    "options": TABLE,
    "select": TABLE,
    KEEP: TABLE,
}
_SUBSET_KEYS: Mapping[str, str] = {"languages": TEXTS, "config": TEXT}
_ROLES = ("query", "document", "text")
_REQUIRED = ("kind", "main_score", "source")
# What a score does not depend on: changing these re-measures nothing.
_DESCRIPTIVE = (
    *("domains", "license", "description", "reference", "citation", "data_set", "hard"),
    "languages",
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._()+-]*")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a task's data comes from: ``type`` is a key of ``SOURCE_KEYS``."""

    type: str
    settings: Mapping[str, Any]
    folder: Path
    """The folder of the file that declares the source; relative paths start here."""

    @property
    def origin(self) -> str:
        """The type of source that the data came from, also where a bundle holds them now."""
        return str(self.settings.get("origin", self.type))


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
    select: Mapping[str, Any] = field(default_factory=dict)
    """Which rows count: levels of labels, labels of one row, draws."""
    keep: Mapping[str, Any] = field(default_factory=dict)
    """Of a smaller task: the file of the examples that it keeps, and what they stand for."""
    domains: tuple[str, ...] = ()
    license: str = ""
    description: str = ""
    reference: str = ""
    citation: str = ""
    hard: bool = False
    hook: str = ""
    task_type: str = ""
    """mteb's type of the task, by which models choose prompts, where it is not the kind's."""
    configs: Mapping[str, str] = field(default_factory=dict)
    """The hub's configs of those subsets that name one."""
    digest: str = ""
    content: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """What the file says, with what it extends: ``build_task`` makes the task of it again."""
    parts: tuple[Task, ...] = ()
    """The tasks whose scores an aggregate is the mean of; empty for all others."""
    path: Path | None = field(default=None, compare=False)
    trusted: bool = field(default=False, compare=False)
    """Whether the task's own code (its hook) may run: named by path, or ``--trust``."""

    @property
    def data_set(self) -> str:
        """What the data were made of, declared or by their source; tasks of one vary together."""
        origin = self.source.origin
        name = self.source.settings.get(origin)
        name = name if isinstance(name, str) else self.name  # an aggregate names its parts
        folder = f"{self.source.folder.name}/" if origin in ("files", "documents") else ""
        return str(self.content.get("data_set", folder + name))

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
    if not isinstance(content.get("extends"), str):
        return build_task(path, content, folder=path.parent)
    base_path, base, base_folder = read_base(path, content, find)
    _check_keys(base, base_path)
    folder = path.parent if "source" in content else base_folder
    task = build_task(path, content, base=base, folder=folder)
    if task.keep:
        whole = build_task(base_path, base, folder=base_folder)
        check_base(path, task.keep, whole.name, whole.digest)
    return task


def build_task(
    path: Path,
    content: Mapping[str, Any],
    *,
    base: Mapping[str, Any] = {},
    folder: Path,
    hook_digest: str = "",
) -> Task:
    """Check the content of a task file and make the task; ``path`` names it, also in messages.

    ``folder`` is where the source's relative paths start; ``hook_digest`` stands for a hook's file
    that is not beside ``path``. Raises TaskFileError.
    """
    _check_keys(content, path)
    whole = merged(base, content)
    for key in _REQUIRED:
        if key not in whole:
            raise TaskFileError(f"{path}: missing key '{key}'; add it ({_KEYS[key]})")
    return _build(path, whole, folder, hook_digest)


def _check_keys(content: Mapping[str, Any], path: Path) -> None:
    for key, value in content.items():
        if key not in _KEYS:
            raise unknown_key(path, key, _KEYS)
        check_type(path, key, value, _KEYS[key])
        if _KEYS[key] == TEXTS:
            check_distinct(path, key, value)
    if "source" in content:
        check_source(path, content["source"])
    if KEEP in content:
        check_keep(path, content)
    for name, value in content.get("subsets", {}).items():
        _check_subset(path, name, value, content)
    for role, text in content.get("prompt", {}).items():
        if role not in _ROLES:
            raise unknown_key(path, role, _ROLES, " in [prompt]")
        check_type(path, role, text, TEXT)


def _check_subset(path: Path, name: str, value: Any, content: Mapping[str, Any]) -> None:
    """A list of languages, or a table with ``languages`` and the hub's ``config``."""
    if not isinstance(value, dict):
        check_type(path, name, value, TEXTS)
        return
    for key, inner in value.items():
        if key not in _SUBSET_KEYS:
            raise unknown_key(path, key, _SUBSET_KEYS, f" in [subsets.{name}]")
        check_type(path, key, inner, _SUBSET_KEYS[key])
    if "languages" not in value:
        raise error_at(path, name, f"[subsets.{name}] needs 'languages'; add them")
    if "config" in value and "hub" not in content.get("source", {"hub": ""}):
        raise error_at(path, name, f"[subsets.{name}] names a config, which only a hub has")


def check_name(path: Path) -> str:
    """The name of the task that a file holds, its stem; TaskFileError when it cannot be one."""
    if not _NAME.fullmatch(path.stem):
        raise TaskFileError(
            f"{path}: the file's stem is the task's name; use letters, digits and . _ - ( ) +"
        )
    return path.stem


def _build(path: Path, content: dict[str, Any], folder: Path, hook_digest: str) -> Task:
    name = check_name(path)
    languages = content.get("languages")
    if "subsets" in content:
        subsets = {key: tuple(_languages_of(value)) for key, value in content["subsets"].items()}
        if not subsets:
            raise error_at(path, "[subsets]", "[subsets] is empty; name one or leave it out")
    elif languages is None and "tasks" not in content["source"]:  # an aggregate has its parts'
        raise TaskFileError(
            f"{path}: missing key 'languages'; add it, for example languages = [\"eng-Latn\"]"
        )
    else:
        subsets = {DEFAULT_SUBSET: tuple(languages or ())}
    source, keep = content["source"], content.get(KEEP, {})
    measured = {key: value for key, value in content.items() if key not in _DESCRIPTIVE}
    # To declare a fingerprint changes no score, and a result is compared with the data's own.
    measured["source"] = {key: value for key, value in source.items() if key != "fingerprint"}
    if keep:
        measured[KEEP] = keep["digest"]
        # The whole task's fingerprint is not that of the examples kept.
        source = {**measured["source"], **_fingerprint_of(keep)}
    # A list, since the order of subsets decides draws.
    measured["subsets"] = [[key, *codes] for key, codes in subsets.items()]
    configs = {
        key: value["config"]
        for key, value in content.get("subsets", {}).items()
        if isinstance(value, dict) and "config" in value
    }
    if configs:
        measured["configs"] = configs
    if "hook" in content:
        measured["hook_digest"] = hook_digest or _hook_digest(path, content["hook"])
    return Task(
        name=name,
        kind=content["kind"],
        main_score=content["main_score"],
        source=Source(str(source_type(source)), MappingProxyType(source), folder),
        splits=tuple(content.get("splits", ["test"])),
        subsets=MappingProxyType(subsets),
        configs=MappingProxyType(configs),
        columns=MappingProxyType(content.get("columns", {})),
        options=MappingProxyType(content.get("options", {})),
        prompt=MappingProxyType(content.get("prompt", {})),
        select=MappingProxyType(content.get("select", {})),
        keep=MappingProxyType(keep),
        domains=tuple(content.get("domains", [])),
        license=content.get("license", ""),
        description=content.get("description", ""),
        reference=content.get("reference", ""),
        citation=content.get("citation", ""),
        hard=content.get("hard", False),
        hook=content.get("hook", ""),
        task_type=content.get("task_type", ""),
        digest=_digest(measured),
        content=MappingProxyType(content),
        path=path,
    )


def _fingerprint_of(keep: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in keep.items() if key == "fingerprint"}


def _languages_of(subset: Any) -> list[str]:
    languages: list[str] = subset["languages"] if isinstance(subset, dict) else subset
    return languages


def _digest(content: Mapping[str, Any]) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _hook_digest(path: Path, hook: str) -> str:
    file, _, function = hook.partition(":")
    target = path.parent / file
    if not function or Path(file).name != file or not target.is_file():
        message = f"hook '{hook}' must be FILE.py:FUNCTION with the file beside this one"
        raise error_at(path, "hook", message)
    return hashlib.sha256(target.read_bytes()).hexdigest()

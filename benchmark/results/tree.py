"""The layout of a tree of results: ``<org>__<model>/<revision>/[experiments/<slug>/]<Task>.json``.

Only names and sizes are read here, and each folder's ``model_meta.json``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from benchmark.errors import UsageError
from benchmark.results.facts import ModelFacts, facts_of_meta
from benchmark.results.store import MODEL_META
from benchmark.results.task_result import LARGEST, load_json, quoted

_SKIPPED_FOLDERS = frozenset({"history", "samples"})


class File(NamedTuple):
    """A result file: its path below the tree, size, time of change in ns, and its folder's path."""

    path: str
    size: int
    modified: int
    folder: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of result files: whose they are.

    ``model_meta.json`` says so; where it is missing or damaged, the folders' names do.
    """

    model: str
    revision: str
    slug: str
    facts: ModelFacts = field(default_factory=ModelFacts)


@dataclass(frozen=True, slots=True)
class Tree:
    """What lies in a tree, in the order of the paths, and what could not be looked at."""

    root: Path
    files: list[File]
    folders: dict[str, Folder]
    problems: list[str]


def scan(root: Path) -> Tree:
    """List the result files below ``root``, or below its ``results`` where it has such a folder.

    A link that leads out of the tree, or in a circle, is not followed but listed among the
    problems, as are folders and names that cannot be read. Raises UsageError when there is no such
    folder.
    """
    if not root.is_dir():
        raise UsageError(
            f"{root}: no such folder of results; make one with 'embedmark run', or name another"
            " with --results"
        )
    if (root / "results").is_dir():  # the layout of mteb's cache
        root = root / "results"
    tree = Tree(root, [], {}, [])
    for model in _folders(tree, ""):
        for revision in _folders(tree, model):
            _look_into(tree, revision, model, revision, "")
            for slug in _folders(tree, f"{revision}/experiments"):
                _look_into(tree, slug, model, revision, slug)
    return tree


def _look_into(tree: Tree, path: str, model: str, revision: str, slug: str) -> None:
    files = [
        File(f"{path}/{entry.name}", status.st_size, status.st_mtime_ns, path)
        for entry in _entries(tree, path)
        if entry.name.endswith(".json") and entry.is_file()
        for status in [entry.stat()]
    ]
    if not files:
        return
    meta: dict[str, Any] = {}
    if any(file.path.endswith(f"/{MODEL_META}") for file in files):
        meta = _read_meta(tree, f"{path}/{MODEL_META}")
        files = [file for file in files if not file.path.endswith(f"/{MODEL_META}")]
    tree.folders[path] = Folder(
        model=_name(meta.get("name")) or _last(model).replace("__", "/"),
        revision=_name(meta.get("revision")) or _last(revision),
        slug=_last(slug),
        facts=facts_of_meta(meta),
    )
    tree.files.extend(files)


def _read_meta(tree: Tree, path: str) -> dict[str, Any]:
    try:
        with open(tree.root / path, "rb") as file:
            content = load_json(file.read(LARGEST))
        if isinstance(content, dict):
            return content
    except (OSError, ValueError, RecursionError):
        pass
    tree.problems.append(
        f"{tree.root / path}: not a readable table; the names of its folders say whose results"
        " these are"
    )
    return {}


def _folders(tree: Tree, path: str) -> list[str]:
    return [
        f"{path}/{entry.name}" if path else entry.name
        for entry in _entries(tree, path)
        if entry.is_dir()
    ]


def _entries(tree: Tree, path: str) -> list[os.DirEntry[str]]:
    """What lies in a folder, sorted by name, without what is hidden, set aside, or leads out."""
    folder = tree.root / path
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        tree.problems.append(
            f"{_shown(tree, path)}: cannot be read ({error.strerror}); check its permissions"
        )
        return []
    return list(_inside(tree, path, found))


def _inside(
    tree: Tree, path: str, entries: Iterable[os.DirEntry[str]]
) -> Iterator[os.DirEntry[str]]:
    for entry in entries:
        name = entry.name
        if name.startswith(".") or name in _SKIPPED_FOLDERS:
            continue
        if not name.isprintable():  # also bytes that are no text
            tree.problems.append(f"{_shown(tree, path)}: {quoted(name)} is no name; rename it")
        elif entry.is_symlink() and not _stays(tree.root, entry.path):
            tree.problems.append(
                f"{entry.path}: a link that leads out of the tree, in a circle or nowhere; copy"
                " what it should lead to"
            )
        else:
            yield entry


def _stays(root: Path, path: str) -> bool:
    target = Path(os.path.realpath(path))
    place = Path(os.path.realpath(os.path.dirname(path)))
    return (
        target.is_relative_to(os.path.realpath(root))
        and not place.is_relative_to(target)
        and target.exists()
    )


def _shown(tree: Tree, path: str) -> str:
    return str(tree.root / path)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _name(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    return value.encode("utf-8", "replace").decode("utf-8")

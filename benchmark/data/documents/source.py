"""The source ``documents``: a folder beside the task file, and what is made of it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmark.data.documents import CONSTRUCTIONS, MADE_OF_DOCUMENTS, SEED
from benchmark.data.documents.construct import Made, Material, gather
from benchmark.data.documents.duplicates import Distinct
from benchmark.data.documents.read import Collection, Entry, list_files, read_folder
from benchmark.data.formats import Columns
from benchmark.data.layout import inside
from benchmark.errors import DataError
from benchmark.protocols import Finding, Kind
from benchmark.task import Task

LEAST_QUERIES = 2
"""With one query there is nothing to find it among."""
_SHOWN = 20  # files that cannot be read, named one by one
_MEANT = {
    "document_without_title": "documents without a title, which no query asks for",
    "title_occurs_again": "documents with the title of another one, which no query asks for",
    "document_too_short": "documents too short for a query, or without a sentence to be one",
}


@dataclass(frozen=True, slots=True)
class Survey:
    """What a folder holds and which constructions it allows."""

    subsets: tuple[str, ...]
    seen: str


def survey(folder: Path, seed: int = SEED) -> Survey | None:
    """Say what is in a folder and what is made of it; None when no file may be a document.

    Raises DataError when there are documents, and too little in them for any construction.
    """
    root = folder.resolve()
    files = list_files(root)
    if not files:
        return None
    found = read_folder(root, files)
    made = {name: _made(root, files, name, seed) for name in CONSTRUCTIONS}
    subsets = tuple(name for name, each in made.items() if len(each.queries) >= LEAST_QUERIES)
    if not subsets:
        raise DataError(_lacks(root.name, found, _material(root, files), "any construction"))
    said = ", ".join(f"{name} {_sizes(made[name])}" for name in subsets)
    left = [name for name in CONSTRUCTIONS if name not in subsets]
    without = f"; too little for {' and '.join(left)}" if left else ""
    seen = (
        f"{root.name}: read as documents without labels ({_counted(found)}); makes retrieval tasks "
        f"of them with seed {seed}: {said}{without}"
    )
    return Survey(subsets, seen)


def load_documents(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """Make the tables of one construction, which is the subset's name."""
    root, files = _folder_of(task)
    made = _made(root, files, subset, _seed_of(task))
    name = task.source.settings["documents"]
    if len(made.queries) < LEAST_QUERIES:
        found, material = read_folder(root, files), _material(root, files)
        problems.append(_lacks(name, found, material, f"the construction '{subset}'"))
        return {}
    label = f"{name} ({subset})"
    queries, answers = sorted(made.queries.items()), sorted(made.answers.items())
    corpus = sorted(made.corpus.items())
    return {
        "corpus": _table(label, id=[i for i, _ in corpus], text=[t for _, t in corpus]),
        "queries": _table(label, id=[i for i, _ in queries], text=[t for _, t in queries]),
        "qrels": _table(
            label,
            **{"query-id": [query for query, _ in answers]},
            **{"corpus-id": [answer for _, answer in answers]},
            score=[1.0] * len(answers),
        ),
    }


def findings_of(task: Task, subset: str) -> list[Finding]:
    """The warning, the files that cannot be read, and what was set aside for one construction."""
    root, files = _folder_of(task)
    found, material = read_folder(root, files), _material(root, files)
    name = str(task.source.settings["documents"])
    where = f"{name} ({subset})"
    return [
        Finding("warning", "made_of_documents", MADE_OF_DOCUMENTS),
        *_unreadable(name, found),
        *_empty(name, material.empty),
        *_duplicates(f"{name}: documents", "document", material.document_duplicates),
        *(
            _duplicates(f"{name}: passages", "passage", material.passage_duplicates)
            if subset != "title"
            else []
        ),
        *(
            Finding("warning", code, f"{where}: {_MEANT[code]}: {count:,}", count)
            for code, count in _made(root, files, subset, _seed_of(task)).counts.items()
        ),
    ]


def _unreadable(name: str, found: Collection) -> Iterator[Finding]:
    lost = len(found.problems)
    for problem in found.problems[:_SHOWN]:
        message = f"{name}/{problem} ({lost:,} of {found.files:,} files left out)"
        yield Finding("failure", "unreadable_document", message)
    if (more := lost - _SHOWN) > 0:
        message = f"{name}: {more:,} more files cannot be read; mend the first ones"
        yield Finding("failure", "unreadable_document", message, more)


def _empty(name: str, count: int) -> Iterator[Finding]:
    if count:
        message = f"{name}: documents without any text (scanned pages?), set aside: {count:,}"
        yield Finding("warning", "empty_document", message, count)


def _duplicates(what: str, code: str, found: Distinct) -> Iterator[Finding]:
    if found.same:
        message = f"{what} with the text of an earlier one, set aside: {found.same:,}"
        yield Finding("warning", f"duplicate_{code}", message, found.same)
    if found.near:
        message = f"{what} with nearly the text of an earlier one, set aside: {found.near:,}"
        yield Finding("warning", f"near_duplicate_{code}", message, found.near)


def _folder_of(task: Task) -> tuple[Path, tuple[Entry, ...]]:
    name = task.source.settings["documents"]
    folder = inside(task.source.folder, name)
    if not folder.is_dir():
        raise DataError(f"{name}: no such folder; check documents in [source]")
    root = folder.resolve()
    return root, list_files(root)


def _seed_of(task: Task) -> int:
    return int(task.source.settings.get("seed", SEED))


@lru_cache(maxsize=1)
def _material(root: Path, files: tuple[Entry, ...]) -> Material:
    return gather(read_folder(root, files).documents)


@lru_cache(maxsize=len(CONSTRUCTIONS))
def _made(root: Path, files: tuple[Entry, ...], name: str, seed: int) -> Made:
    module, _, function = CONSTRUCTIONS[name].partition(":")
    made: Made = getattr(importlib.import_module(module), function)(_material(root, files), seed)
    return made


def _table(label: str, **columns: Sequence[object]) -> Columns:
    return Columns(columns, len(columns["score" if "score" in columns else "id"]), label)


def _sizes(made: Made) -> str:
    return f"({len(made.queries):,} queries, {len(made.corpus):,} documents)"


def _counted(found: Collection) -> str:
    endings = ", ".join(f"{count:,} {ending}" for ending, count in found.endings.items())
    lost = f"; {len(found.problems):,} cannot be read" if found.problems else ""
    return f"{endings}; {len(found.documents):,} documents{lost}"


def _lacks(name: str, found: Collection, material: Material, what: str) -> str:
    first = f"; first problem: {found.problems[0]}" if found.problems else ""
    return (
        f"{name}: too little for {what} (seen: {_counted(found)}, "
        f"{len(material.documents):,} distinct, {len(material.passages):,} passages); expected at "
        f"least {LEAST_QUERIES} different documents of some sentences or with titles{first}"
    )

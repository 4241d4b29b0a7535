"""Recognise people's own data by the files of a folder and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.data.documents import PROSE
from benchmark.data.documents.read import list_files
from benchmark.data.fields import LABEL_NAMES, SCORE_NAMES, has_label_or_pair, match_fields
from benchmark.data.folders import SPLITS, TRAIN, Files, find_files, visible
from benchmark.data.formats import (
    Columns,
    FileOptions,
    first_row,
    is_row_of_data,
    looks_like_names,
    read_columns,
    split_suffixes,
)
from benchmark.errors import DataError, UsageError

_BEIR = ("corpus", "queries")
_RANKED: Mapping[str, tuple[str, ...]] = {
    "instruction_reranking": ("top_ranked", "changed"),
    "reranking": ("top_ranked",),
    "instruction_retrieval": (),
    "retrieval": (),
    "long_context": (),
}
"""Kinds in BEIR's layout, and the tables that each has beside corpus, queries and qrels."""
_NOTES = ("readme", "license", "licence", "notice", "changelog", "citation", "source")
_EXPECTED = (
    "expected corpus, queries and qrels; <split>.jsonl/.csv/.tsv/.parquet with text and label, or "
    f"sentence pairs; or documents ({', '.join(PROSE)}, rows of text)"
)
_SHOWN = 6  # names of subsets said aloud


@dataclass(frozen=True, slots=True)
class Shape:
    """What a folder holds, in the terms of a task file."""

    kind: str
    splits: tuple[str, ...]
    subsets: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    """Splits that are there and not evaluated unless the task file says so."""
    pattern: str = ""
    header: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    table: str = ""
    """The table that the columns are of, where another table has fields of the same names."""
    seen: str = ""
    documents: bool = False
    """Whether it is documents without labels, of which a task is made; subsets are how."""


def detect(folder: Path, kind: str | None = None) -> Shape:
    """The shape of a folder; ``kind`` settles it where the columns allow several.

    Raises UsageError when there is no such folder, DataError when nothing known is in it.
    """
    if folder.is_file():
        raise UsageError(f"{folder}: is a file; name the folder that it lies in")
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name a folder with data files in it")
    if kind is None or kind in _RANKED:
        found = _retrieval(folder, kind)
        if found is not None:
            return found
    files = find_files(folder)
    if kind in (None, "retrieval") and (files is None or kind or _is_mostly_prose(folder)):
        return _documents(folder)
    if files is None:
        raise DataError(f"{folder}: no data of a known shape (found {_found(folder)}); {_EXPECTED}")
    row = first_row(files.first, files.first.name)
    header = () if looks_like_names(row) else _made_header(row)
    columns = read_columns(files.first, files.first.name, FileOptions(header=header))
    if row and not header and is_row_of_data(columns):
        header = _made_header(row)
        columns = read_columns(files.first, files.first.name, FileOptions(header=header))
    if kind is None and _is_unlabelled(columns, files):
        with suppress(DataError):  # what the columns lack says more of a table
            return _documents(folder)
    shape, mapping = match_fields(columns, kind, files, str(folder))
    if header:
        fields = {column: name for name, column in mapping.items()}
        header, mapping = tuple(fields.get(name, name) for name in header), {}
    usual = {name: column for name, column in mapping.items() if name != column}
    splits, unused = _evaluated(files.splits)
    said = [
        _said_splits(splits, unused),
        _said_subsets(files.subsets),
        f"no header row, columns read as {', '.join(header)}" if header else "",
        ", ".join(f"{name} from '{column}'" for name, column in mapping.items()),
    ]
    seen = (
        f"{folder.name}: read as {shape} from {files.first.name} "
        f"({'; '.join(part for part in said if part)})"
    )
    table = "rows" if files.beside else ""
    return Shape(shape, splits, files.subsets, unused, files.pattern, header, usual, table, seen)


def _documents(folder: Path) -> Shape:
    from benchmark.data.documents.source import survey

    found = survey(folder)
    if found is None:
        raise DataError(f"{folder}: no data of a known shape (found {_found(folder)}); {_EXPECTED}")
    return Shape("retrieval", ("test",), found.subsets, seen=found.seen, documents=True)


def _found(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"


def _is_mostly_prose(folder: Path) -> bool:
    """Whether there are more files of prose than of rows, but for notes such as a README."""
    paths = [Path(entry.name) for entry in list_files(folder)]
    prose = [path for path in paths if path.suffix.lower() in PROSE]
    notes = sum(path.stem.lower() in _NOTES for path in prose)
    return len(prose) - notes > len(paths) - len(prose)


def _is_unlabelled(columns: Columns, files: Files) -> bool:
    """Whether rows are documents: a title and a text, or one text and nothing that labels it."""
    names = {name.strip().lower() for name in columns.values}
    if files.beside or TRAIN in files.splits or names & {*LABEL_NAMES, *SCORE_NAMES}:
        return False
    return {"title", "text"} <= names or not has_label_or_pair(columns)


def _evaluated(splits: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The one split that is reported, test before dev before train, and those left aside.

    A mean over test and development data is a score that nobody reports.
    """
    usual = [split for split in SPLITS if split in splits]
    if not usual:
        return splits, ()
    return (usual[0],), tuple(split for split in splits if split != usual[0])


def _said_splits(splits: tuple[str, ...], unused: tuple[str, ...]) -> str:
    said = f"split{'s' if len(splits) > 1 else ''} {', '.join(splits)}"
    return f"{said}, beside {', '.join(unused)}" if unused else said


def _said_subsets(subsets: tuple[str, ...]) -> str:
    shown = ", ".join(subsets[:_SHOWN])
    more = f" and {len(subsets) - _SHOWN} more" if len(subsets) > _SHOWN else ""
    return f"{len(subsets)} subsets: {shown}{more}" if subsets else ""


def _retrieval(folder: Path, kind: str | None) -> Shape | None:
    roots = [folder, *(path for path in visible(folder) if path.is_dir())]
    found = [root for root in roots if all(_has(root, stem) for stem in _BEIR)]
    if not found:
        return None
    subsets = () if folder in found else tuple(root.name for root in found)
    first = found[0]
    qrels = first / "qrels"
    files = visible(qrels) if qrels.is_dir() else []
    stems = [stem for stem, ending, _ in map(split_suffixes, files) if ending]
    splits, unused = _evaluated(tuple(stems) or ("test",))
    if not stems and not _has(first, "qrels"):
        raise DataError(
            f"{first}: corpus and queries, but no qrels; add qrels/test.tsv with the columns "
            "query-id, corpus-id and score"
        )
    kind = kind or _kind_of_queries(first)
    for table in _RANKED[kind]:
        if not _has(first, table):
            raise DataError(
                f"{first}: a {kind} needs {table}.* beside corpus and queries, with the columns "
                "query-id and corpus-id; add it"
            )
    said = [_said_splits(splits, unused), _said_subsets(subsets)]
    seen = f"{folder.name}: read as {kind} in BEIR's layout ({'; '.join(filter(None, said))})"
    return Shape(kind, splits, subsets, unused, seen=seen)


def _kind_of_queries(folder: Path) -> str:
    """By the tables beside corpus and queries, then by a column of instructions."""
    for kind, tables in _RANKED.items():
        if tables and all(_has(folder, table) for table in tables):
            return kind
    queries = next(path for path in visible(folder) if split_suffixes(path)[0] == "queries")
    instructed = "instruction" in read_columns(queries, queries.name).values
    return "instruction_retrieval" if instructed else "retrieval"


def _has(folder: Path, stem: str) -> bool:
    """Whether a table has a file, or a folder with a file a split."""
    files = folder / stem
    return (files.is_dir() and any(map(Path.is_file, visible(files)))) or any(
        split_suffixes(path)[:1] == (stem,) for path in folder.glob(f"{stem}.*")
    )


def _made_header(row: Sequence[str]) -> tuple[str, ...]:
    """Names for the columns of a file whose first row is data."""
    return tuple(f"column{n}" for n in range(1, len(row) + 1))

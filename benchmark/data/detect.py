"""Recognise people's own data by the files of a folder and their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.data.folders import SPLITS, TRAIN, Files, find_files, visible
from benchmark.data.formats import (
    Columns,
    FileOptions,
    first_row,
    first_values,
    found_names,
    is_row_of_data,
    looks_like_names,
    read_columns,
    split_suffixes,
)
from benchmark.errors import DataError, UsageError

_PAIR = ("sentence1", "sentence2")
_TEXT_NAMES = ("text", "sentence", "sentences", "query", "question", "utterance", "content")
_LABEL_NAMES = ("label", "labels", "category", "intent", "topic", "class")
_SCORE_NAMES = ("score", "similarity", "similarity_score")
_BEIR = ("corpus", "queries")
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
    seen: str = ""


def detect(folder: Path, kind: str | None = None) -> Shape:
    """The shape of a folder; ``kind`` settles it where the columns allow several.

    Raises UsageError when there is no such folder, DataError when nothing known is in it.
    """
    if folder.is_file():
        raise UsageError(f"{folder}: is a file; name the folder that it lies in")
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; name a folder with data files in it")
    if kind in (None, "retrieval", "long_context"):
        found = _retrieval(folder, kind or "retrieval")
        if found is not None:
            return found
    files = find_files(folder)
    if files is None:
        names = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise DataError(
            f"{folder}: no data of a known shape (found {names}); expected corpus, queries and "
            "qrels, or <split>.jsonl/.csv/.tsv/.parquet with text and label, or sentence pairs"
        )
    row = first_row(files.first, files.first.name)
    header = () if looks_like_names(row) else _made_header(row)
    columns = read_columns(files.first, files.first.name, FileOptions(header=header))
    if row and not header and is_row_of_data(columns):
        header = _made_header(row)
        columns = read_columns(files.first, files.first.name, FileOptions(header=header))
    shape, mapping = _by_columns(columns, kind, files, folder)
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
    return Shape(shape, splits, files.subsets, unused, files.pattern, header, usual, seen)


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


def _retrieval(folder: Path, kind: str) -> Shape | None:
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
    said = [_said_splits(splits, unused), _said_subsets(subsets)]
    seen = f"{folder.name}: read as {kind} in BEIR's layout ({'; '.join(filter(None, said))})"
    return Shape(kind, splits, subsets, unused, seen=seen)


def _has(folder: Path, stem: str) -> bool:
    return any(split_suffixes(path)[:1] == (stem,) for path in folder.glob(f"{stem}.*"))


def _made_header(row: Sequence[str]) -> tuple[str, ...]:
    """Names for the columns of a file whose first row is data."""
    return tuple(f"column{n}" for n in range(1, len(row) + 1))


def _by_columns(
    columns: Columns, kind: str | None, files: Files, folder: Path
) -> tuple[str, dict[str, str]]:
    """The kind, and which column is which field."""
    first, second, text = _texts(columns)
    score = _choose(columns, _SCORE_NAMES, _is_number, (first, second))
    label = _choose(columns, _LABEL_NAMES, _is_label, (text,))
    if kind is None:
        kind = _guess_kind(columns, first, second, score, files)
    needed: Mapping[str, Mapping[str, str | None]] = {
        "sts": {"sentence1": first, "sentence2": second, "score": score},
        "pair_classification": {
            "sentence1": first,
            "sentence2": second,
            "label": _choose(columns, _LABEL_NAMES, _is_binary, (first, second)),
        },
        "bitext": {"sentence1": first, "sentence2": second},
        "classification": {"text": text, "label": label},
        "clustering": {"text": text, "label": label},
    }
    if kind not in needed:
        raise DataError(f"{folder}: no corpus and queries files, so it is no {kind}; see --kind")
    fields = needed[kind]
    absent = [name for name, column in fields.items() if column is None]
    if absent:
        raise DataError(
            f"{files.first.name}: no column fits the field '{absent[0]}' of a {kind} (columns "
            f"found: {found_names(columns)}); rename one or write the task file by hand"
        )
    if kind == "classification" and TRAIN not in files.splits:
        raise DataError(
            f"{folder}: a classification needs {TRAIN}.* beside {files.first.name} to learn from; "
            "add it, or use --kind clustering"
        )
    return kind, {name: column for name, column in fields.items() if column is not None}


def _guess_kind(
    columns: Columns, first: str | None, second: str | None, score: str | None, files: Files
) -> str:
    names = set(columns.values)
    if first and second and (set(_PAIR) <= names or not names & set(_LABEL_NAMES)):
        if score and not _is_binary(columns.values[score]):
            return "sts"
        binary = _choose(columns, _LABEL_NAMES, _is_binary, (first, second))
        return "pair_classification" if binary else "bitext"
    return "classification" if TRAIN in files.splits and len(files.splits) > 1 else "clustering"


def _texts(columns: Columns) -> tuple[str | None, str | None, str | None]:
    """The two columns of a pair, and the one column of a labelled text."""
    if set(_PAIR) <= set(columns.values):
        return "sentence1", "sentence2", "sentence1"
    texts = [name for name, values in columns.values.items() if _is_text(values)]
    named = next((name for name in _TEXT_NAMES if name in texts), None)
    longest = max(texts, key=lambda name: _length(columns.values[name]), default=None)
    first, second = (texts[0], texts[1]) if len(texts) > 1 else (None, None)
    return first, second, named or longest


def _choose(columns: Columns, names: Sequence[str], fits: Any, taken: Sequence[Any]) -> str | None:
    usual = [name for name in names if name in columns.values]
    others = [name for name in columns.values if name not in usual]
    for name in [*usual, *others]:
        if name not in taken and fits(columns.values[name]):
            return name
    return None


def _is_number(values: Any) -> bool:
    try:
        return bool([float(value) for value in first_values(values) if value not in (None, "")])
    except (TypeError, ValueError):
        return False


def _is_binary(values: Any) -> bool:
    return _is_number(values) and {
        float(v) for v in first_values(values) if v not in (None, "")
    } <= {
        0.0,
        1.0,
    }


def _is_label(values: Any) -> bool:
    """Few different values for many rows."""
    sample = [str(value) for value in first_values(values)]
    return len(set(sample)) <= max(2, len(sample) // 3)


def _is_text(values: Any) -> bool:
    sample = [value for value in first_values(values) if isinstance(value, str)]
    return bool(sample) and not _is_number(values) and len(set(sample)) > max(2, len(sample) // 3)


def _length(values: Any) -> int:
    return sum(len(str(value)) for value in first_values(values))

"""Turn a file's columns into a table with the kind's own fields, and report what is wrong.

Field types: ``id`` (string), ``text`` (string), ``label`` (integer or string), ``labels`` (a label
or a list of them), ``label_lists`` (the same, where a list may be empty), ``number`` (float64); a
trailing ``?`` marks an optional field.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmark.data.arrow import joined_array, plain_array
from benchmark.data.formats import Columns, found_names
from benchmark.protocols import Finding
from benchmark.tables import with_source

if TYPE_CHECKING:
    import pyarrow as pa

# The field's usual column names, most usual first: BEIR's for retrieval, mteb's elsewhere.
_USUAL: Mapping[str, tuple[str, ...]] = {
    "id": ("_id", "id"),
    "query-id": ("query-id", "query_id", "qid"),
    "corpus-id": ("corpus-id", "corpus_id", "docid"),
    "text-id": ("text-id", "text_id"),
    "text": ("text", "sentence", "sentences"),
    "label": ("label", "labels"),
    "score": ("score",),
}
_TRUTH: Mapping[str, str] = {"false": "0", "true": "1"}  # as libraries write flags to csv
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")  # what an int64 gives back unchanged
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN = 3  # problems of one sort named with their row; the rest is counted


@dataclass(frozen=True, slots=True)
class _Source:
    """What the converters need to know of a file beside a column's values."""

    label: str
    typed: bool
    joins_title: bool


def to_table(
    columns: Columns, fields: Mapping[str, str], mapping: Mapping[str, Any], joins_title: bool
) -> tuple[pa.Table | None, list[Finding]]:
    """Select, join and convert the columns that ``fields`` asks for.

    ``mapping`` is the task's ``[columns]`` for this table: field -> column, or a list of columns
    joined by a space. With ``joins_title`` a ``title`` column goes before the text, as mteb joins
    them. The table is None when an error was found.
    """
    import pyarrow as pa

    findings: list[Finding] = []
    source = _Source(columns.label, columns.typed, joins_title)
    arrays: dict[str, pa.Array] = {}
    used = {n for field in fields for n in _columns_of(field, mapping, columns, joins_title)}
    for field, kind in fields.items():
        names = _columns_of(field, mapping, columns, joins_title)
        absent = [name for name in names if name not in columns.values]
        if absent and kind.endswith("?") and field not in mapping:
            continue
        if absent:
            shown = found_names(columns)
            free = [name for name in shown.split(", ") if name not in used]
            near = difflib.get_close_matches(absent[0], free, n=1)
            message = (
                f"{columns.label}: no column '{absent[0]}' for the field '{field}' (columns "
                f"found: {shown}{f'; nearest: {near[0]}' if near else ''}); name it under "
                "[columns] in the task file"
            )
            findings.append(Finding("error", "missing_column", message))
            continue
        values = [columns.values[name] for name in names]
        array = _convert(values, field, kind.rstrip("?"), source, findings)
        if array is not None:
            arrays[field] = array
    if any(finding.level == "error" for finding in findings):
        return None, findings
    return with_source(pa.table(arrays), columns.label), findings


def _columns_of(
    field: str, mapping: Mapping[str, Any], columns: Columns, joins_title: bool
) -> list[str]:
    named = mapping.get(field)
    if named is not None:
        return [named] if isinstance(named, str) else list(named)
    usual = _USUAL.get(field, (field,))
    name = next((name for name in usual if name in columns.values), usual[0])
    if field == "text" and joins_title and "title" in columns.values:
        return ["title", name]
    return [name]


def _convert(
    values: list[Any], field: str, kind: str, source: _Source, findings: list[Finding]
) -> pa.Array | None:
    if len(values) == 1 and (source.typed or kind in ("id", "text")):
        array = plain_array(values[0], kind, unique=field == "id", strip=source.joins_title)
        if array is not None:
            return array
    if kind == "text":
        joined = joined_array(values) if len(values) > 1 else None
        if joined is not None:
            return joined
        return _texts(list(map(_as_list, values)), field, source, findings)
    converters: Mapping[str, Callable[..., pa.Array | None]] = {
        "id": _ids,
        "number": _numbers,
        "label": _labels,
        "labels": _labels,
        "label_lists": partial(_labels, may_be_empty=True),
    }
    return converters[kind](_as_list(values[0]), field, source, findings)


def _texts(
    parts: list[Sequence[Any]], field: str, source: _Source, findings: list[Finding]
) -> pa.Array | None:
    bad = [row for row, value in enumerate(parts[-1]) if not isinstance(value, str)]
    if bad:
        what = f"the field '{field}' is missing or not a string; write a string"
        findings.append(_error("not_text", source.label, bad, what))
        return None
    texts: Sequence[str] = parts[0]
    if source.joins_title or len(parts) > 1:
        # As mteb: "title text" with the ends stripped, the bare text where the title is empty.
        texts = [
            " ".join(str(value) for value in row if value not in (None, "")).strip()
            for row in zip(*parts, strict=True)
        ]
    empty = [row for row, text in enumerate(texts) if not text.strip()]
    if empty:
        message = (
            f"{_rows(source.label, empty)}: the field '{field}' is empty; it is evaluated as an "
            "empty text, remove the row if that is not meant"
        )
        findings.append(Finding("warning", "empty_text", message, len(empty)))
    return _strings(texts, field, source, findings, large=True)


def _ids(
    values: Sequence[Any], field: str, source: _Source, findings: list[Finding]
) -> pa.Array | None:
    bad = [row for row, value in enumerate(values) if not _is_plain(value)]
    if bad:
        what = f"no '{field}', or one that is no string or number; give every row one"
        findings.append(_error("missing_id", source.label, bad, what))
        return None
    ids = [value if isinstance(value, str) else str(value) for value in values]
    if field == "id" and len(set(ids)) < len(ids):
        first = {name: row for row, name in reversed(list(enumerate(ids)))}
        again = [row for row, name in enumerate(ids) if first[name] != row]
        name = ids[again[0]]
        what = f"the id '{name}' is that of row {first[name] + 1} too; make ids unique"
        findings.append(_error("duplicate_id", source.label, again, what))
        return None
    return _strings(ids, field, source, findings)


def _strings(
    values: Sequence[str],
    field: str,
    source: _Source,
    findings: list[Finding],
    *,
    large: bool = False,
) -> pa.Array | None:
    import pyarrow as pa

    try:
        return pa.array(values, pa.large_string() if large else pa.string())
    except UnicodeEncodeError:
        # JSON can escape half of a surrogate pair, which no UTF-8 can hold.
        bad = [row for row, value in enumerate(values) if _SURROGATE.search(value)]
        what = f"the field '{field}' holds half a surrogate pair; write the whole character"
        findings.append(_error("not_unicode", source.label, bad, what))
        return None


def _numbers(
    values: Sequence[Any], field: str, source: _Source, findings: list[Finding]
) -> pa.Array | None:
    import pyarrow as pa

    numbers = [_number(value) for value in values]
    empty = [row for row, number in enumerate(numbers) if number is not None and number != number]
    bad = [row for row, number in enumerate(numbers) if number is None]
    for rows, code, what in (
        (empty, "empty_number", "is empty or NaN; drop the row or give it a value"),
        (bad, "not_a_number", "is not a finite number; mend it"),
    ):
        if rows:
            findings.append(_error(code, source.label, rows, f"the field '{field}' {what}"))
    return None if empty or bad else pa.array(numbers, pa.float64())


def _number(value: Any) -> float | None:
    """A finite number, NaN where there is none, None where it is something else."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    try:
        number = float(
            _TRUTH.get(value.strip().lower(), value) if isinstance(value, str) else value
        )
    except (TypeError, ValueError, OverflowError):
        return None
    return None if math.isinf(number) else number


def _labels(
    values: Sequence[Any],
    field: str,
    source: _Source,
    findings: list[Finding],
    *,
    may_be_empty: bool = False,
) -> pa.Array | None:
    import pyarrow as pa

    levels = [value if isinstance(value, list) else [value] for value in values]
    bad = [
        row
        for row, labels in enumerate(levels)
        if not (labels or may_be_empty) or not all(map(_is_plain, labels))
    ]
    if bad:
        what = f"no '{field}', or one that is no string or number; label the row or drop it"
        findings.append(_error("missing_label", source.label, bad, what))
        return None
    flat = [label for labels in levels for label in labels]
    # Whole numbers stay numbers, since their order decides a classifier's class order in mteb too.
    if source.typed:
        whole = all(isinstance(label, int) and abs(label) < 2**63 for label in flat)
    else:
        whole = all(_WHOLE.fullmatch(label) for label in flat)
    cast, type_ = (int, pa.int64()) if whole else (str, pa.string())
    if not any(isinstance(value, list) for value in values):
        if whole:
            return pa.array([int(label) for label in flat], type_)
        return _strings([str(label) for label in flat], field, source, findings)
    return pa.array([[cast(label) for label in labels] for labels in levels], pa.list_(type_))


def _is_plain(value: Any) -> bool:
    """Whether a value can be an id or a label."""
    return isinstance(value, str | int | float) and value not in ("",) and value == value


def _as_list(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else values.to_pylist()


def _rows(label: str, rows: Sequence[int]) -> str:
    numbers = [row + 1 for row in rows]
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"{label} row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _error(code: str, label: str, rows: Sequence[int], what: str) -> Finding:
    return Finding("error", code, f"{_rows(label, rows)}: {what}", len(rows))

"""Turn a file's columns into a table with the kind's own fields, and report what is wrong.

Field types: ``id`` (string), ``text`` (string), ``label`` (integer or string), ``labels`` (a label
or a list of them), ``number`` (float64); a trailing ``?`` marks an optional field.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.data.formats import Columns
from benchmark.protocols import Finding
from benchmark.tables import with_source

if TYPE_CHECKING:
    import pyarrow as pa

# The field's usual column names, most usual first: BEIR's for retrieval, mteb's elsewhere.
_USUAL: Mapping[str, tuple[str, ...]] = {
    "id": ("_id", "id"),
    "query-id": ("query-id", "query_id", "qid"),
    "corpus-id": ("corpus-id", "corpus_id", "docid"),
    "text": ("text", "sentence", "sentences"),
    "label": ("label", "labels"),
    "score": ("score",),
}
_SHOWN = 3  # problems of one sort named with their row; the rest is counted


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
    arrays: dict[str, pa.Array] = {}
    for field, kind in fields.items():
        names = _columns_of(field, mapping, columns, joins_title)
        absent = [name for name in names if name not in columns.values]
        if absent and kind.endswith("?") and field not in mapping:
            continue
        if absent:
            found = ", ".join(columns.values) or "none"
            findings.append(
                _error(
                    "missing_column",
                    f"{columns.label}: no column '{absent[0]}' for the field '{field}' (columns "
                    f"found: {found}); name it under [columns] in the task file",
                )
            )
            continue
        values = [columns.values[name] for name in names]
        array = _convert(values, field, kind.rstrip("?"), columns.label, findings)
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
    values: list[Any], field: str, kind: str, label: str, findings: list[Finding]
) -> pa.Array | None:
    if kind == "text":
        return _texts(values, field, label, findings)
    converters: Mapping[str, Callable[..., pa.Array | None]] = {
        "id": _ids,
        "number": _numbers,
        "label": _labels,
        "labels": _labels,
    }
    return converters[kind](_as_list(values[0]), field, label, findings)


def _texts(
    values: list[Any], field: str, label: str, findings: list[Finding]
) -> pa.Array | None:
    import pyarrow as pa

    parts = [_as_list(part) for part in values]
    bad = [
        row
        for part in parts[-1:]
        for row, value in enumerate(part)
        if not isinstance(value, str)
    ]
    if bad:
        where = _rows(label, bad)
        findings.append(
            _error(
                "not_text",
                f"{where}: the field '{field}' is not a string; write a string",
                len(bad),
            )
        )
        return None
    if len(parts) == 1:
        texts: Sequence[str] = parts[0]
    else:
        # As mteb: "title text" with the ends stripped, the bare text where the title is empty.
        texts = [
            " ".join(str(value) for value in row if value not in (None, "")).strip()
            for row in zip(*parts, strict=True)
        ]
    empty = [row for row, text in enumerate(texts) if not text.strip()]
    if empty:
        findings.append(
            Finding(
                "warning",
                "empty_text",
                f"{_rows(label, empty)}: the field '{field}' is empty; "
                "it is evaluated as an empty text, remove the row if that is not meant",
                len(empty),
            )
        )
    return pa.array(texts, pa.large_string())


def _ids(
    values: Sequence[Any], field: str, label: str, findings: list[Finding]
) -> pa.Array | None:
    import pyarrow as pa

    bad = [row for row, value in enumerate(values) if value is None or value == ""]
    if bad:
        findings.append(
            _error("missing_id", f"{_rows(label, bad)}: no '{field}'; give every row one", len(bad))
        )
        return None
    ids = [value if isinstance(value, str) else str(value) for value in values]
    if field == "id" and len(set(ids)) < len(ids):
        seen: set[str] = set()
        repeated = [row for row, name in enumerate(ids) if name in seen or seen.add(name)]
        findings.append(
            _error(
                "duplicate_id",
                f"{_rows(label, repeated)}: an id that an earlier row has; make ids unique",
                len(repeated),
            )
        )
        return None
    return pa.array(ids, pa.string())


def _numbers(
    values: Sequence[Any], field: str, label: str, findings: list[Finding]
) -> pa.Array | None:
    import pyarrow as pa

    numbers: list[float] = []
    empty: list[int] = []
    bad: list[int] = []
    for row, value in enumerate(values):
        number = _number(value)
        if number is None:
            bad.append(row)
        elif math.isnan(number):
            empty.append(row)
        numbers.append(0.0 if number is None else number)
    for rows, code, what in (
        (empty, "empty_number", "is empty or NaN; drop the row or give it a value"),
        (bad, "not_a_number", "is not a finite number; mend it"),
    ):
        if rows:
            message = f"{_rows(label, rows)}: the field '{field}' {what}"
            findings.append(_error(code, message, len(rows)))
    return None if empty or bad else pa.array(numbers, pa.float64())


def _number(value: Any) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return math.nan
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return None if math.isinf(number) else number


def _labels(
    values: Sequence[Any], field: str, label: str, findings: list[Finding]
) -> pa.Array | None:
    import pyarrow as pa

    bad = [row for row, value in enumerate(values) if value is None or value in ("", [])]
    if bad:
        message = f"{_rows(label, bad)}: no '{field}'; label the row or drop it"
        findings.append(_error("missing_label", message, len(bad)))
        return None
    lists = any(isinstance(value, list) for value in values)
    flat = [x for value in values for x in (value if isinstance(value, list) else [value])]
    # Whole numbers stay numbers, since their order decides a classifier's class order in mteb too.
    whole = all(isinstance(x, int) for x in flat)
    cast = int if whole else str
    if lists:
        rows = [[cast(x) for x in (v if isinstance(v, list) else [v])] for v in values]
        return pa.array(rows)
    return pa.array([cast(value) for value in values], pa.int64() if whole else pa.string())


def _as_list(values: Any) -> Sequence[Any]:
    return values if isinstance(values, list | tuple) else values.to_pylist()


def _rows(label: str, rows: Iterable[int]) -> str:
    numbers = [row + 1 for row in rows]
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = f" and {len(numbers) - _SHOWN} more" if len(numbers) > _SHOWN else ""
    return f"{label} row{'s' if len(numbers) > 1 else ''} {shown}{more}"


def _error(code: str, message: str, count: int = 1) -> Finding:
    return Finding("error", code, message, count)

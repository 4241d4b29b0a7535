"""Which rows of a task's tables count: what ``[select]`` drops, draws and splits into levels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.draws import stratified_sample
from benchmark.errors import DataError
from benchmark.tables import source_of, with_source

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


def select_rows(tables: Mapping[str, pa.Table], settings: Mapping[str, Any]) -> dict[str, pa.Table]:
    """The tables with labels split into levels, single labels dropped and rows drawn, in order."""
    chosen = dict(tables)
    if "level_separator" in settings:
        for name, table in _labelled(chosen):
            chosen[name] = _with_levels(table, settings["level_separator"])
    if settings.get("drop_single_labels"):
        for name, table in _labelled(chosen):
            codes = _classes(table, "label")
            chosen[name] = _rows_of(table, np.flatnonzero(np.bincount(codes)[codes] > 1))
    sample = settings.get("sample", {})
    for name in sample.get("tables", ["rows"]) if sample else ():
        if name in chosen:
            chosen[name] = _drawn(chosen[name], sample)
    return chosen


def _drawn(table: pa.Table, sample: Mapping[str, Any]) -> pa.Table:
    """The test part of ``datasets.Dataset.train_test_split``, by which mteb draws.

    With ``by`` each class has its share, classes in the order of their names. A table that has no
    more rows than are asked for stays whole, as in mteb.
    """
    size, seed = sample["rows"], sample.get("seed", 42)
    if table.num_rows <= size:
        return table
    if "by" not in sample:
        return _rows_of(table, np.random.default_rng(seed).permutation(table.num_rows)[:size])
    classes = _classes(table, sample["by"])
    try:
        return _rows_of(table, stratified_sample(classes, size=size, seed=seed))
    except ValueError:
        message = (
            f"{source_of(table)}: {size:,} rows cannot be drawn with each '{sample['by']}' in "
        )
        raise DataError(
            f"{message}its share; each needs two rows and a place in the draw"
        ) from None


def _classes(table: pa.Table, field: str) -> Rows:
    """Labels as integers from 0, in the order of the labels as strings, as mteb encodes them."""
    labels = [str(value) for value in table.column(field).to_pylist()]
    code_of = {label: code for code, label in enumerate(sorted(set(labels)))}
    return np.array([code_of[label] for label in labels], dtype=np.int64)


def _with_levels(table: pa.Table, separator: str) -> pa.Table:
    import pyarrow as pa

    labels = [str(value).split(separator) for value in table.column("label").to_pylist()]
    at = table.column_names.index("label")
    return with_source(table.set_column(at, "label", pa.array(labels)), source_of(table))


def _labelled(tables: Mapping[str, pa.Table]) -> list[tuple[str, pa.Table]]:
    return [(name, table) for name, table in tables.items() if "label" in table.column_names]


def _rows_of(table: pa.Table, rows: Rows) -> pa.Table:
    import pyarrow as pa

    return with_source(table.take(pa.array(rows)), source_of(table))

"""Draw examples of a task so that its labels, scores and grades keep their shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.data.keep import ids_of
from benchmark.kinds.common import column
from benchmark.kinds.judgements import gains
from benchmark.tables import as_one

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_KEYS = ("label", "score", "value")
_GROUPS = ("text-id", "set")


@dataclass(frozen=True, slots=True)
class Frame:
    """The examples that a task's score is made of, and their order by what they are drawn by.

    ``ids`` ``(n,)`` name them in the order of the data, in ``table``; ``order`` ``(n,)`` is the
    place of each when they are sorted by label (from coarse to fine), score, value, or a query's
    grades, ties by lot. ``groups`` says that an example is several rows.
    """

    table: str
    ids: pa.Array
    order: Rows
    groups: bool = False


def frame_of(tables: Mapping[str, pa.Table], generator: np.random.Generator) -> Frame:
    """The examples of one split and subset; ties are broken by ``generator``."""
    import pyarrow.compute as pc

    if "queries" in tables:
        return _queries(tables, generator)
    rows = tables["rows"]
    ids = ids_of(rows, "rows")
    if any(name in rows.column_names for name in _GROUPS):
        known = pc.unique(ids)
        return Frame("rows", known, _order([], len(known), generator), groups=True)
    key = next((name for name in _KEYS if name in rows.column_names), None)
    keys = [] if key is None else _sortable(as_one(rows.column(key)))
    return Frame("rows", ids, _order(keys, len(ids), generator))


def systematic(order: Rows, count: int, generator: np.random.Generator) -> Rows:
    """``count`` examples, ascending: every n / count-th of the sorted ones from a random start.

    Each example has the same chance, and each stratum its share, to within one example. Source:
    Cochran 1977, "Sampling Techniques", section 8.

    >>> systematic(np.arange(4), 4, np.random.default_rng(1)).tolist()
    [0, 1, 2, 3]
    """
    size = len(order)
    places = np.floor((generator.random() + np.arange(count)) * size / count).astype(np.int64)
    at = np.empty(size, np.int64)
    at[order] = np.arange(size)
    return np.sort(at[np.minimum(places, size - 1)])


def order_by(table: pa.Table, key: str, generator: np.random.Generator) -> Rows:
    """The place of each row sorted by a column, ties by lot."""
    return _order(_sortable(as_one(table.column(key))), table.num_rows, generator)


def _order(keys: list[Rows], size: int, generator: np.random.Generator) -> Rows:
    """The place of each example sorted by keys, the first the coarsest, ties by lot."""
    placed = np.lexsort((generator.permutation(size), *reversed(keys)))
    order = np.empty(size, np.int64)
    order[placed] = np.arange(size)
    return order


def _sortable(values: pa.Array) -> list[Rows]:
    """Values as numbers to sort by; a list of labels as one key a level, -1 where it ends."""
    import pyarrow as pa

    if not (pa.types.is_list(values.type) or pa.types.is_large_list(values.type)):
        known = values.to_pylist()
        if any(isinstance(value, str) for value in known):
            return [_codes([str(value) for value in known])]
        return [np.asarray(values.to_numpy(zero_copy_only=False), np.float64)]
    lists = [value or [] for value in values.to_pylist()]
    levels = max(map(len, lists), default=0)
    return [
        _codes([str(value[level]) if level < len(value) else "" for value in lists])
        for level in range(levels)
    ]


def _codes(labels: list[str]) -> Rows:
    return np.unique(np.array(labels, dtype=object), return_inverse=True)[1].astype(np.int64)


def _queries(tables: Mapping[str, pa.Table], generator: np.random.Generator) -> Frame:
    """The judged queries, by highest grade and number of relevant documents."""
    import pyarrow as pa
    import pyarrow.compute as pc

    qrels = tables["qrels"]
    ids = ids_of(tables["queries"], "queries")
    judged = pc.is_in(column(tables["queries"], "id"), value_set=column(qrels, "query-id"))
    known = pc.unique(ids.filter(judged))
    own = column(tables["queries"], "id")
    place = pc.index_in(column(qrels, "query-id"), value_set=own)
    unit = pc.index_in(ids, value_set=known).to_numpy(zero_copy_only=False)
    there = pc.is_valid(place).to_numpy(zero_copy_only=False)
    rows = pc.fill_null(place, 0).to_numpy()[there]
    grade = gains(qrels)[there]
    number = np.asarray(unit, np.float64)[rows].astype(np.int64)
    best = np.zeros(len(known))
    np.maximum.at(best, number, grade)
    relevant = np.bincount(number, weights=grade > 0, minlength=len(known)).astype(np.int64)
    order = _order([best.astype(np.int64), relevant], len(known), generator)
    return Frame("queries", known.cast(pa.string()), order)

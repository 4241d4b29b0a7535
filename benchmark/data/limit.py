"""Take a few examples of a task by seed, for a quick look that never counts as a result."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from benchmark.tables import as_one

if TYPE_CHECKING:
    import pyarrow as pa


def limit_tables(tables: Mapping[str, pa.Table], limit: int, seed: int = 42) -> dict[str, pa.Table]:
    """Keep ``limit`` examples, drawn without replacement and in their old order.

    A retrieval keeps ``limit`` judged queries and its whole corpus, a reranking their candidates
    only; of two queries with an instruction before and after its change both are kept. Summaries
    are drawn by their text, clustering sets whole. A classification keeps its training pool. With
    ``limit`` at or above the number of examples nothing changes.
    """
    if "queries" in tables:
        return _limit_queries(tables, limit, seed)
    rows = tables["rows"]
    unit = next((name for name in _UNITS if name in rows.column_names), None)
    if unit is None:
        return {**tables, "rows": _sample(rows, limit, seed)}
    chosen = _draw(rows[unit].unique(), limit, seed)
    return {
        name: _only(table, unit, chosen) if unit in table.column_names else table
        for name, table in tables.items()
    }


_UNITS = ("text-id", "set")
"""Fields whose rows make one example together: the summaries of a text, a set to cluster."""
_VERSION = "-(og|changed)$"  # the two instructions of one query, by the ending of its id


def _limit_queries(tables: Mapping[str, pa.Table], limit: int, seed: int) -> dict[str, pa.Table]:
    import pyarrow.compute as pc

    kept = dict(tables)
    queries = _only(tables["queries"], "id", tables["qrels"]["query-id"].unique())
    if "changed" in tables:
        names = pc.replace_substring_regex(queries["id"], _VERSION, "")
        chosen = _draw(names.unique(), limit, seed)
        kept["queries"] = queries.filter(pc.is_in(names, value_set=chosen))
        kept["changed"] = _only(tables["changed"], "query-id", chosen)
    else:
        kept["queries"] = _sample(queries, limit, seed)
    for name in ("qrels", "top_ranked"):
        if name in tables:
            kept[name] = _only(tables[name], "query-id", kept["queries"]["id"])
    if "top_ranked" in tables:
        kept["corpus"] = _only(tables["corpus"], "id", kept["top_ranked"]["corpus-id"])
    return kept


def _only(table: pa.Table, column: str, values: Any) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(values, pa.ChunkedArray):
        values = as_one(values)
    return table.filter(pc.is_in(table[column], value_set=values))


def _draw(values: pa.Array, limit: int, seed: int) -> pa.Array:
    if limit >= len(values):
        return values
    return values.take(_rows(len(values), limit, seed))


def _sample(table: pa.Table, limit: int, seed: int) -> pa.Table:
    if limit >= table.num_rows:
        return table
    return table.take(_rows(table.num_rows, limit, seed))


def _rows(count: int, limit: int, seed: int) -> list[int]:
    return sorted(random.Random(seed).sample(range(count), limit))

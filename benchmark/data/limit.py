"""Take a few examples of a task by seed, for a quick look that never counts as a result."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


def limit_tables(tables: Mapping[str, pa.Table], limit: int, seed: int = 42) -> dict[str, pa.Table]:
    """Keep ``limit`` examples, drawn without replacement and in their old order.

    A retrieval keeps ``limit`` judged queries and its whole corpus; a classification its whole
    training pool. With ``limit`` at or above the number of examples nothing changes.
    """
    import pyarrow.compute as pc

    kept = dict(tables)
    if "queries" not in tables:
        kept["rows"] = _sample(tables["rows"], limit, seed)
        return kept
    judged = pc.is_in(tables["queries"]["id"], value_set=tables["qrels"]["query-id"].unique())
    kept["queries"] = _sample(tables["queries"].filter(judged), limit, seed)
    chosen = pc.is_in(tables["qrels"]["query-id"], value_set=kept["queries"]["id"].combine_chunks())
    kept["qrels"] = tables["qrels"].filter(chosen)
    return kept


def _sample(table: pa.Table, limit: int, seed: int) -> pa.Table:
    if limit >= table.num_rows:
        return table
    return table.take(sorted(random.Random(seed).sample(range(table.num_rows), limit)))

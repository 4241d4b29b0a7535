"""Tables of random rows in several splits and subsets, and random vectors for their texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tests.oracle.mteb_task import Parts, Tables
from tests.oracle.recording import NamedVectors

PARTS = tuple((split, subset) for split in ("validation", "test") for subset in ("en", "de"))


def random_vectors(
    parts: Parts, *, dimensions: int = 12, values: str = "normal", seed: int = 0
) -> Mapping[str, NDArray[Any]]:
    """A vector for every text: normal, ``ties`` (few distinct), ``equal`` or ``line`` (1-d)."""
    texts = {
        text
        for tables in parts.values()
        for table in tables.values()
        for name in ("text", "sentence1", "sentence2")
        if name in table.column_names
        for text in table.column(name).to_pylist()
    }
    for tables in parts.values():
        queries = tables.get("queries")
        if queries is not None and "instruction" in queries.column_names:
            rows = queries.to_pylist()
            texts |= {f"{row['text']} {row['instruction']}" for row in rows}
    generator = np.random.default_rng(seed)
    made = {}
    for text in sorted(texts):
        if values == "ties":
            vector = generator.integers(-1, 2, 3)
        elif values == "equal":
            vector = np.ones(dimensions)
        elif values == "line":
            vector = generator.standard_normal(1)
        else:
            vector = generator.standard_normal(dimensions)
        made[text] = np.asarray(vector, dtype=np.float32)
    return NamedVectors(made, "random" if values == "normal" else "adversarial")


def pairs(part: str, *, rows: int, seed: int, gold: str) -> Tables:
    """Rows of two texts with a score or a binary label."""
    generator = np.random.default_rng(seed)
    values: Any = generator.integers(0, 11, rows) / 2 if gold == "score" else None
    if gold == "label":
        values = generator.integers(0, 2, rows).astype(float)
    table = {
        "sentence1": [f"{part} a{row}" for row in range(rows)],
        "sentence2": [f"{part} b{generator.integers(rows)}" for row in range(rows)],
    }
    if values is not None:
        table[gold] = values
    else:
        table["sentence2"] = [f"{part} b{row}" for row in range(rows)]
    return {"rows": pa.table(table)}


def labelled(part: str, *, rows: int, seed: int, labels: list[Any]) -> pa.Table:
    """Rows of a text and a label."""
    generator = np.random.default_rng(seed)
    drawn = [labels[at] for at in generator.integers(0, len(labels), rows)]
    return pa.table({"text": [f"{part} {row}" for row in range(rows)], "label": drawn})


def collection(
    part: str, *, documents: int, queries: int, seed: int, same_ids: bool = False
) -> Tables:
    """A corpus, queries and graded judgements; some queries have none or only zeros."""
    generator = np.random.default_rng(seed)
    query_ids = [f"d{row}" if same_ids else f"q{row}" for row in range(queries)]
    rows = [
        {
            "query-id": query_ids[query],
            "corpus-id": f"d{document}",
            "score": float(generator.integers(0, 4)) if query % 7 else 0.0,
        }
        for query in range(queries)
        if query % 5
        for document in generator.choice(documents, min(documents, 6), replace=False)
    ]
    return {
        "corpus": pa.table(
            {
                "id": [f"d{row}" for row in range(documents)],
                "text": [f"{part} document {row}" for row in range(documents)],
            }
        ),
        "queries": pa.table(
            {"id": query_ids, "text": [f"{part} query {row}" for row in range(queries)]}
        ),
        "qrels": pa.Table.from_pylist(rows),
    }

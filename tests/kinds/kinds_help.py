"""Small tasks and vectors for the tests of kinds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmark.catalog import load_kind
from benchmark.protocols import Embeddings, Finding, Scores
from benchmark.tables import with_source
from benchmark.task import Source, Task

Tables = Mapping[str, pa.Table]


def make_task(kind: str, main_score: str | None = None, **options: Any) -> Task:
    """A task of one split and subset."""
    return Task(
        name="Small",
        kind=kind,
        main_score=main_score or load_kind(kind).MAIN_SCORE,
        source=Source("files", {}, Path()),
        splits=("test",),
        subsets={"default": ("eng-Latn",)},
        columns={},
        options=options,
        prompt={},
    )


def table(**columns: Any) -> pa.Table:
    """A table that says it was read from ``small.csv``."""
    return with_source(pa.table(columns), "small.csv")


def score(
    kind: str, tables: Tables, vectors: Mapping[str, Any], similarity: str = "cosine", **more: Any
) -> Scores:
    """Read and evaluate; ``vectors`` gives the rows of each request."""
    module: Any = load_kind(kind)
    task = make_task(kind, **more)
    data = module.read(tables, task, random.Random(42))
    given = {name: _array(rows) for name, rows in vectors.items()}
    result: Scores = module.evaluate(data, Embeddings(given, similarity), task)
    return result


def findings(kind: str, tables: Tables, **options: Any) -> dict[str, Finding]:
    """What ``check`` finds, by code."""
    module: Any = load_kind(kind)
    return {found.code: found for found in module.check(tables, make_task(kind, **options))}


def _array(rows: Any) -> Any:
    return rows if hasattr(rows, "tocsr") else np.asarray(rows, dtype=np.float32)

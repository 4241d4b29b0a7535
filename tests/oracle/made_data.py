"""Made-up tables of every kind, small, and vectors at the edges of floating point for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmark.catalog import load_kind
from benchmark.task import Task
from tests.oracle.harness import make_task
from tests.oracle.mteb_task import Parts, Tables
from tests.oracle.random_tables import collection, labelled, pairs
from tests.oracle.recording import NamedVectors
from tests.oracle.vectors import planned_texts

OPTIONS: Mapping[str, dict[str, Any]] = {
    "classification": {"n_experiments": 3},
    "multilabel_classification": {"n_experiments": 3},
    "regression": {"n_experiments": 3},
    "clustering": {
        "n_clusters": 3,
        "max_document_to_embed": "all",
        "max_documents_per_cluster": 60,
        "k_mean_batch_size": 64,
    },
}
VALUES = ("ties", "equal", "line", "half", "negative", "zero", "denormal", "huge")


def made_task(kind: str, parts: Parts) -> Task:
    """The kind's task on these parts, with its usual main score."""
    return make_task(kind, parts, load_kind(kind).MAIN_SCORE, OPTIONS.get(kind, {}))


def made(kind: str, *, part: str = "", seed: int = 1) -> Tables:
    """Tables of the kind; ``part`` goes into every text, so that parts share none."""
    generator = np.random.default_rng(seed)
    name = part or "a"
    if kind in ("retrieval", "long_context"):
        return collection(name, documents=80, queries=24, seed=seed)
    if kind in ("reranking", "instruction_retrieval", "instruction_reranking"):
        return _instructed(kind, name, seed)
    if kind == "sts":
        return pairs(name, rows=120, seed=seed, gold="score")
    if kind == "pair_classification":
        return pairs(name, rows=120, seed=seed, gold="label")
    if kind == "bitext":
        return pairs(name, rows=90, seed=seed, gold="none")
    if kind == "summarization":
        return _summaries(name, generator)
    rows = labelled(f"{name} test", rows=90, seed=seed, labels=["b", "a", "c"])
    if kind == "clustering_legacy":
        return {"rows": rows.append_column("set", [["first"] * 40 + ["second"] * 50])}
    if kind == "clustering":
        return {"rows": rows}
    if kind == "zero_shot_classification":
        described = pa.table({"label": ["b", "a", "c"], "text": ["about b", "about a", "about c"]})
        return {"rows": rows, "candidates": described}
    train = labelled(f"{name} train", rows=90, seed=seed + 50, labels=["b", "a", "c"])
    if kind == "regression":
        return {table: _valued(t, generator) for table, t in (("rows", rows), ("train", train))}
    if kind == "multilabel_classification":
        return {table: _listed(t, generator) for table, t in (("rows", rows), ("train", train))}
    return {"rows": rows, "train": train}


def hard_vectors(task: Task, parts: Parts, values: str, *, seed: int = 0) -> NamedVectors:
    """Vectors for every planned text.

    ``ties`` take few values, ``line`` has one dimension, a third of ``zero`` are zero; ``normal``
    are not hard at all.
    """
    generator = np.random.default_rng(seed)
    made_of: dict[str, NDArray[Any]] = {}
    for number, text in enumerate(sorted(planned_texts(task, parts))):
        vector = generator.standard_normal(1 if values == "line" else 12).astype(np.float32)
        if values == "ties":
            vector = generator.integers(-1, 2, 3).astype(np.float32)
        elif values == "equal":
            vector = np.ones(12, dtype=np.float32)
        elif values == "half":
            vector = vector.astype(np.float16)
        elif values == "negative":
            vector = -np.abs(vector)
        elif values == "zero" and number % 3 == 0:
            vector = np.zeros_like(vector)
        elif values == "denormal":
            vector = vector * np.float32(1e-40)
        elif values == "huge":
            vector = vector * np.float32(1e15)
        made_of[text] = vector
    return NamedVectors(made_of, "random" if values == "normal" else "adversarial")


def _instructed(kind: str, name: str, seed: int) -> Tables:
    found = dict(collection(name, documents=60, queries=24, seed=seed))
    generator = np.random.default_rng(seed)
    ids = found["queries"].column("id").to_pylist()
    if kind != "reranking":
        instructions = [f"find {ident}" for ident in ids]
        found["queries"] = found["queries"].append_column("instruction", [instructions])
    if kind == "instruction_retrieval":
        return found
    if kind == "instruction_reranking":
        renamed = {i: f"p{n // 2}{('-og', '-changed')[n % 2]}" for n, i in enumerate(ids)}
        ids = list(renamed.values())
        found["queries"] = found["queries"].set_column(0, "id", [ids])
        judged = found["qrels"].to_pylist()
        found["qrels"] = pa.Table.from_pylist(
            [{**row, "query-id": renamed[row["query-id"]]} for row in judged]
        )
        found["changed"] = _some([f"p{n}" for n in range(12)], 3, generator)
    found["top_ranked"] = _some(ids, 30, generator)
    return found


def _some(queries: list[str], documents: int, generator: np.random.Generator) -> pa.Table:
    rows = [
        {"query-id": query, "corpus-id": f"d{document}"}
        for query in queries
        for document in generator.choice(60, documents, replace=False)
    ]
    return pa.Table.from_pylist(rows)


def _summaries(name: str, generator: np.random.Generator) -> Tables:
    machine = [
        {
            "text-id": f"t{text}",
            "text": f"{name} machine {text} {system}",
            "score": float(generator.integers(1, 6)),
        }
        for text in range(10)
        for system in range(6)
    ]
    human = [
        {"text-id": f"t{text}", "text": f"{name} human {text} {writer}"}
        for text in range(10)
        for writer in range(1 + text % 3)
    ]
    return {"rows": pa.Table.from_pylist(machine), "references": pa.Table.from_pylist(human)}


def _valued(table: pa.Table, generator: np.random.Generator) -> pa.Table:
    drawn = np.round(generator.standard_normal(table.num_rows) ** 2, 1)
    return pa.table({"text": table.column("text"), "value": drawn})


def _listed(table: pa.Table, generator: np.random.Generator) -> pa.Table:
    drawn = [
        sorted(generator.choice(list("abcd"), generator.integers(0, 4), replace=False).tolist())
        for _ in range(table.num_rows)
    ]
    return pa.table({"text": table.column("text"), "label": pa.array(drawn, pa.list_(pa.string()))})

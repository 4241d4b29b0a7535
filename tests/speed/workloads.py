"""The workloads that are timed: their data, made from a seed and written as parquet, and tasks.

``workloads.py WORKLOAD FOLDER SCALE`` writes one, ``SCALE`` being a share of its size. Every text
is ``t<topic> <what> <number> <words>``; texts of one topic have similar vectors.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    Tables = Mapping[str, "pa.Table"]
    Make = Callable[[np.random.Generator, float], Tables]

_WORDS = "the quick brown fox jumps over the lazy dog while rain falls on quiet hills"


@dataclass(frozen=True, slots=True)
class Workload:
    """One kind at one size; ``make`` draws its tables at a share of that size."""

    name: str
    title: str
    kind: str
    main_score: str
    make: Make
    options: Mapping[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-4
    """How far the two main scores may lie apart."""


def write(workload: Workload, folder: Path, scale: float) -> None:
    """Write the tables and the task file of a workload into an empty folder."""
    import numpy as np
    import pyarrow.parquet as pq

    data = folder / "data"
    data.mkdir(parents=True)
    for name, table in workload.make(np.random.default_rng(1), scale).items():
        stem = {"rows": "test"}.get(name, name)
        pq.write_table(table, data / f"{stem}.parquet")
    lines = [
        f'kind = "{workload.kind}"',
        f'main_score = "{workload.main_score}"',
        'languages = ["eng-Latn"]',
        'splits = ["test"]',
        "[source]",
        'files = "data"',
        "[options]",
        *(f"{key} = {value!r}".replace("'", '"') for key, value in workload.options.items()),
    ]
    (folder / f"{task_name(workload)}.toml").write_text("\n".join(lines) + "\n", "utf-8")


def read(workload: Workload, folder: Path) -> dict[str, pa.Table]:
    """The tables as they were written."""
    import pyarrow.parquet as pq

    found = {path.stem: pq.read_table(path) for path in (folder / "data").glob("*.parquet")}
    return {("rows" if name == "test" else name): table for name, table in found.items()}


def task_name(workload: Workload) -> str:
    """The task's name in both harnesses."""
    return "Speed" + "".join(part.capitalize() for part in workload.name.split("_"))


def _texts(topics: np.ndarray, what: str) -> list[str]:
    return [f"t{topic} {what} {row} {_WORDS}" for row, topic in enumerate(topics)]


def _pairs(count: int, gold: str) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        import numpy as np
        import pyarrow as pa

        rows = int(count * scale)
        first = np.arange(rows)
        alike = generator.random(rows) < 0.5
        second = np.where(alike, first, generator.permutation(rows))
        table = {"sentence1": _texts(first, "a"), "sentence2": _texts(second, "b")}
        if gold == "score":
            table["score"] = np.round(np.clip(3 * alike + generator.random(rows) * 2, 0, 5), 1)
        elif gold == "label":
            table["label"] = alike.astype(np.int64)
        else:
            table["sentence2"] = _texts(first, "b")
        return {"rows": pa.table(table)}

    return make


def _labelled(generator: np.random.Generator, labels: int, count: int, what: str) -> pa.Table:
    """Texts whose label is their topic, but for a fifth, so that nothing is perfect."""
    import numpy as np
    import pyarrow as pa

    topics = generator.integers(0, labels, count)
    wrong = generator.random(count) < 0.2
    found = np.where(wrong, generator.integers(0, labels, count), topics)
    return pa.table({"text": _texts(topics, what), "label": found})


def _classification(labels: int, train: int, test: int) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        return {
            "train": _labelled(generator, labels, int(train * scale), "train"),
            "rows": _labelled(generator, labels, int(test * scale), "test"),
        }

    return make


def _clustering(labels: int, count: int) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        return {"rows": _labelled(generator, labels, int(count * scale), "text")}

    return make


def _retrieval(queries: int, documents: int, relevant: int, candidates: int = 0) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        import numpy as np
        import pyarrow as pa

        asked, held = int(queries * scale), int(documents * scale)
        topic_of = generator.integers(0, max(2, held // 20), held)
        chosen = generator.integers(0, held, (asked, relevant))
        found = np.unique(np.stack([np.repeat(np.arange(asked), relevant), chosen.ravel()]), axis=1)
        tables = {
            "corpus": pa.table(
                {"id": [f"d{row}" for row in range(held)], "text": _texts(topic_of, "document")}
            ),
            "queries": pa.table(
                {
                    "id": [f"q{row}" for row in range(asked)],
                    "text": _texts(topic_of[chosen[:, 0]], "query"),
                }
            ),
            "qrels": pa.table(
                {
                    "query-id": [f"q{row}" for row in found[0]],
                    "corpus-id": [f"d{row}" for row in found[1]],
                    "score": generator.integers(1, 3, found.shape[1]),
                }
            ),
        }
        if candidates:
            tables["top_ranked"] = _candidates(generator, chosen, held, candidates)
        return tables

    return make


def _candidates(
    generator: np.random.Generator, relevant: np.ndarray, documents: int, count: int
) -> pa.Table:
    """For each query its relevant documents and others, ``count`` in all, none twice."""
    import numpy as np
    import pyarrow as pa

    queries = len(relevant)
    others = (generator.integers(0, documents, (queries, 1)) + np.arange(2 * count)) % documents
    pairs = [
        (f"q{query}", f"d{document}")
        for query in range(queries)
        for document in list(dict.fromkeys([*relevant[query], *others[query]]))[:count]
    ]
    return pa.table({"query-id": [p[0] for p in pairs], "corpus-id": [p[1] for p in pairs]})


def _multilabel(labels: int, train: int, test: int) -> Make:
    def lists(generator: np.random.Generator, count: int, what: str) -> pa.Table:
        import pyarrow as pa

        single = _labelled(generator, labels, count, what)
        found = single.column("label").to_pylist()
        groups = [[label, labels + label % 5] for label in found]
        return pa.table({"text": single.column("text"), "label": groups})

    def make(generator: np.random.Generator, scale: float) -> Tables:
        return {
            "train": lists(generator, int(train * scale), "train"),
            "rows": lists(generator, int(test * scale), "test"),
        }

    return make


def _summaries(count: int, machine: int, human: int) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        import numpy as np
        import pyarrow as pa

        texts = np.arange(int(count * scale))
        written, read = np.repeat(texts, machine), np.repeat(texts, human)
        good = generator.random(len(written))
        topics = np.where(good < 0.5, written + len(texts), written)
        return {
            "rows": pa.table(
                {
                    "text-id": [f"x{text}" for text in written],
                    "text": _texts(topics, "machine"),
                    "score": np.round(1 + 4 * good, 1),
                }
            ),
            "references": pa.table(
                {"text-id": [f"x{text}" for text in read], "text": _texts(read, "human")}
            ),
        }

    return make


def _zero_shot(labels: int, count: int) -> Make:
    def make(generator: np.random.Generator, scale: float) -> Tables:
        import numpy as np
        import pyarrow as pa

        known = np.arange(labels)
        return {
            "rows": _labelled(generator, labels, int(count * scale), "text"),
            "candidates": pa.table({"label": known, "text": _texts(known, "description")}),
        }

    return make


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("sts", "STS, 10k pairs", "sts", "cosine_spearman", _pairs(10_000, "score")),
        Workload(
            "pairs",
            "pair classification, 20k pairs",
            "pair_classification",
            "max_ap",
            _pairs(20_000, "label"),
        ),
        Workload(
            "classification",
            "classification, 77 labels, 10 experiments, 3,080 texts",
            "classification",
            "accuracy",
            _classification(77, 10_010, 3_080),
            tolerance=2e-3,  # the solvers stop at different last digits, which flips a few labels
        ),
        Workload("bitext", "bitext mining, 10k pairs", "bitext", "f1", _pairs(10_000, "none")),
        Workload(
            "retrieval_small",
            "retrieval, 300 queries x 5k documents",
            "retrieval",
            "ndcg_at_10",
            _retrieval(300, 5_000, 4),
        ),
        Workload(
            "retrieval_large",
            "retrieval, 5k queries x 100k documents",
            "retrieval",
            "ndcg_at_10",
            _retrieval(5_000, 100_000, 4),
        ),
        Workload(
            "reranking",
            "reranking, 1,000 queries x 100 candidates",
            "reranking",
            "map_at_1000",
            _retrieval(1_000, 100_000, 4, candidates=100),
        ),
        Workload(
            "multilabel",
            "multilabel classification, 20 + 5 labels, 10 experiments, 3,000 of 4,000 texts",
            "multilabel_classification",
            "lrap",
            _multilabel(20, 5_000, 4_000),
            tolerance=2e-3,
        ),
        Workload(
            "summarization",
            "summarisation, 100 texts x 16 machine and 11 human summaries",
            "summarization",
            "cosine_spearman",
            _summaries(100, 16, 11),
        ),
        Workload(
            "zero_shot_classification",
            "zero-shot classification, 10k texts, 77 labels",
            "zero_shot_classification",
            "accuracy",
            _zero_shot(77, 10_000),
        ),
        Workload(
            "clustering",
            "clustering (fast), 20 labels, 25k texts",
            "clustering",
            "v_measure",
            _clustering(20, 25_000),
            tolerance=2e-3,
        ),
    )
}


if __name__ == "__main__":
    write(WORKLOADS[sys.argv[1]], Path(sys.argv[2]), float(sys.argv[3]))

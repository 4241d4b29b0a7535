"""The bare arithmetic of a workload: matrix products and solvers, without what stands around them.

``arithmetic.py WORKLOAD FOLDER`` prints the seconds, the best of one and two BLAS threads; with
``imports`` in the folder's place it only imports what the arithmetic needs: start-up.
"""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute
import pyarrow.parquet  # noqa: F401 -- a part of start-up
from threadpoolctl import threadpool_limits
from workloads import WORKLOADS, Workload, read, task_name

Vectors = Mapping[str, Any]
_ROWS, _COLUMNS = 512, 16_384  # a block of products that stays in memory


def products(left: Any, right: Any) -> None:
    """All products of two sets of vectors, a block at a time."""
    for start in range(0, len(right), _COLUMNS):
        block = right[start : start + _COLUMNS].T
        for first in range(0, len(left), _ROWS):
            left[first : first + _ROWS] @ block


def row_products(left: Any, right: Any) -> None:
    """The product of each vector with that of the same row."""
    np.einsum("ij,ij->i", left, right)


def classifier_fits(data: Any, vectors: Vectors) -> None:
    """Every experiment's fit and prediction."""
    from sklearn.linear_model import LogisticRegression

    for experiment in data.experiments:
        rows = experiment.train
        fitted = LogisticRegression(max_iter=100, random_state=42).fit(
            vectors["train"][rows], data.train_labels[rows]
        )
        fitted.predict(vectors["test"])


def neighbour_fits(data: Any, vectors: Vectors) -> None:
    """Every experiment's fit and prediction."""
    from sklearn.neighbors import KNeighborsClassifier

    for experiment in data.experiments:
        rows = experiment.train
        fitted = KNeighborsClassifier(n_neighbors=5)
        fitted.fit(vectors["train"][rows], data.train_labels[rows])
        fitted.predict(vectors["test"])


def clusterings(data: Any, vectors: Vectors) -> None:
    """Every bootstrap's k-means."""
    from sklearn.cluster import MiniBatchKMeans

    for level in data.levels:
        for drawn in level.bootstraps:
            MiniBatchKMeans(
                n_clusters=len(np.unique(level.labels)), batch_size=512, n_init=1, random_state=42
            ).fit_predict(vectors["text"][level.rows][drawn])


KINDS: Mapping[str, Callable[[Any, Vectors], None]] = {
    "sts": lambda _, v: row_products(v["sentence1"], v["sentence2"]),
    "pair_classification": lambda _, v: row_products(v["sentence1"], v["sentence2"]),
    "bitext": lambda _, v: products(v["sentence1"], v["sentence2"]),
    "retrieval": lambda _, v: products(v["queries"], v["corpus"]),
    "reranking": lambda d, v: row_products(v["queries"][d.query], v["corpus"][d.document]),
    "classification": classifier_fits,
    "clustering": clusterings,
    "multilabel_classification": neighbour_fits,
    "zero_shot_classification": lambda _, v: products(v["text"], v["candidates"]),
    "summarization": lambda d, v: row_products(
        v["summaries"][d.summary], v["references"][d.reference]
    ),
}
IMPORTS = {
    "classification": "sklearn.linear_model",
    "clustering": "sklearn.cluster",
    "multilabel_classification": "sklearn.neighbors",
}


def prepared(workload: Workload, folder: Path) -> tuple[Any, Vectors]:
    """What the kind reads from the files, and the vectors of its plan."""
    from encoder import encode

    from benchmark.catalog import load_kind, load_task

    kind = load_kind(workload.kind)
    task = load_task(folder / f"{task_name(workload)}.toml")
    data = kind.read(read(workload, folder), task, random.Random(42))
    plan = kind.plan(data, task)
    return data, {name: encode(request.texts.to_pylist()) for name, request in plan.items()}


def main() -> int:
    """Time the arithmetic under one thread and under two."""
    workload, where = WORKLOADS[sys.argv[1]], sys.argv[2]
    if workload.kind in IMPORTS:
        __import__(IMPORTS[workload.kind])
    if where == "imports":
        return 0
    data, vectors = prepared(workload, Path(where))
    warnings.simplefilter("ignore")
    best = float("inf")
    for threads in (1, 2, 1, 2):
        with threadpool_limits(threads):
            start = time.perf_counter()
            KINDS[workload.kind](data, vectors)
            best = min(best, time.perf_counter() - start)
    print(best)
    return 0


if __name__ == "__main__":
    sys.exit(main())

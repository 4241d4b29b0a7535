"""How search and judging grow with the corpus: ``growth.py FOLDER DOCUMENTS`` prints one JSON line.

The documents' vectors are a file of float32 that is mapped, so that only blocks of it are read; the
anonymous memory, which no file backs, is what a machine must have.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmark.kinds import retrieval
from benchmark.metrics.retrieval import Judgements
from benchmark.protocols import Embeddings
from benchmark.task import Source, Task

QUERIES, DIMENSIONS, RELEVANT = 5_000, 384, 4
_ROWS = 50_000  # vectors made and written at once


def main() -> int:
    """Write the vectors, then rank and judge, watching the memory."""
    folder, documents = Path(sys.argv[1]), int(sys.argv[2])
    path = folder / f"{documents}.f32"
    write(path, documents)
    corpus: Any = np.memmap(path, np.float32, "r", shape=(documents, DIMENSIONS))
    generator = np.random.default_rng(1)
    queries = generator.standard_normal((QUERIES, DIMENSIONS), dtype=np.float32)
    data = made(generator, documents)
    task = Task(
        name="Growth",
        kind="retrieval",
        main_score="ndcg_at_10",
        source=Source("files", {}, folder),
        splits=("test",),
        subsets={"default": ("eng-Latn",)},
        columns={},
        options={},
        prompt={},
    )
    watch = Watch()
    start = time.perf_counter()
    embeddings = Embeddings({"queries": queries, "corpus": corpus})
    run = retrieval.rank(data, embeddings, task)
    middle = time.perf_counter()
    retrieval.judge(data, run, task)
    end = time.perf_counter()
    found = {"documents": documents, "search": middle - start, "judge": end - middle}
    print(json.dumps({**found, "anonymous_mb": watch.stop()}))
    path.unlink()
    return 0


def write(path: Path, documents: int) -> None:
    """Random vectors, a part at a time."""
    generator = np.random.default_rng(0)
    with path.open("wb") as stream:
        for start in range(0, documents, _ROWS):
            rows = min(_ROWS, documents - start)
            stream.write(generator.standard_normal((rows, DIMENSIONS), dtype=np.float32).data)


def made(generator: np.random.Generator, documents: int) -> retrieval.RetrievalData:
    """Judgements and ids as ``read`` makes them; the texts, never looked at, are null."""
    query = np.repeat(np.arange(QUERIES), RELEVANT)
    start = generator.integers(0, documents - RELEVANT, QUERIES)
    document = (start[:, None] + np.arange(RELEVANT)).ravel()
    return retrieval.RetrievalData(
        queries=pa.nulls(QUERIES),
        corpus=pa.nulls(documents),
        judgements=Judgements(query, document, np.ones(len(query)), QUERIES),
        order=generator.permutation(documents),
        same_id=np.full(QUERIES, -1),
        kept_queries=np.arange(QUERIES),
        warnings={},
    )


class Watch:
    """The most anonymous memory that this process had, looked at fifty times a second."""

    def __init__(self) -> None:
        self._most = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> float:
        """In MB."""
        self._done.set()
        self._thread.join()
        return self._most

    def _look(self) -> None:
        while not self._done.wait(0.02):
            lines = Path("/proc/self/status").read_text("utf-8").splitlines()
            found = next(line for line in lines if line.startswith("RssAnon"))
            self._most = max(self._most, int(found.split()[1]) / 1024)


if __name__ == "__main__":
    sys.exit(main())

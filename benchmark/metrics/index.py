"""Search through a faiss index, exact or approximate, and its recall against exact search.

Needs the extra ``faiss``. Indexes are built by one thread, so that the same vectors give the same
index; queries are searched by all.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import MissingExtraError, ModelError, nearest
from benchmark.metrics.similarity import is_sparse, normalised
from benchmark.metrics.topk import top_k
from benchmark.protocols import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

EXACT = "exact"
INDEXES = (EXACT, "flat", "hnsw", "ivf")
"""Our own exact search; faiss's; a graph of neighbours (HNSW32); inverted lists (IVF)."""

_ROWS = 16_384  # documents added together, so that a memory map is never read whole
_SAMPLE = 1_000  # queries searched exactly too, to tell what an approximate index misses
_NEIGHBOURS, _BUILD = 32, 80  # HNSW: links of each document, candidates while building
_TRAIN = 64  # IVF: documents that each list is trained on; faiss asks for 39


def search_index(
    queries: Vectors, documents: Vectors, *, k: int, index: str, similarity: str = "cosine"
) -> Run:
    """The k most similar documents of every query, as an index finds them.

    Shapes as in ``top_k``; a query for which an approximate index finds fewer is padded with -1.
    ``index`` is ``flat`` (all products), ``hnsw`` (at least k candidates are kept while searching)
    or ``ivf`` (4 lists for each square root of the documents, a quarter of them looked into). Equal
    scores stand as faiss leaves them. Raises MissingExtraError without faiss, and ModelError for
    sparse rows. Sources: Johnson et al., arXiv:1702.08734; Malkov and Yashunin, arXiv:1603.09320.
    """
    if is_sparse(queries) or is_sparse(documents):
        raise ModelError(f"the index '{index}' takes dense vectors; remove index from [options]")
    faiss = _faiss(index)
    count, depth = documents.shape[0], min(k, documents.shape[0])
    if depth == 0 or queries.shape[0] == 0:
        return Run(
            np.empty((queries.shape[0], depth), np.int32),
            np.empty((queries.shape[0], depth), np.float32),
        )
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        built = _made(faiss, index, documents, depth, similarity)
        for start in range(0, count, _ROWS):
            built.add(_rows(documents, slice(start, start + _ROWS), similarity))
    finally:
        faiss.omp_set_num_threads(threads)
    began = time.perf_counter()
    scores, found = built.search(_rows(queries, slice(None), similarity), depth)
    seconds = time.perf_counter() - began
    if similarity == "euclidean":  # faiss gives squared distances
        scores = -np.sqrt(np.maximum(scores, 0))
    return Run(found.astype(np.int32), scores.astype(np.float32), seconds)


def recall_of_run(
    run: Run,
    queries: Vectors,
    documents: Vectors,
    *,
    order: NDArray[np.integer[Any]],
    similarity: str = "cosine",
) -> float:
    """The mean share of the exactly nearest documents that a run holds, 0 to 1.

    On up to 1,000 queries, evenly spaced, which are searched exactly too. ``order`` is the rank of
    each document's id, as in ``top_k``; a document that ties with the last exact one and loses by
    its id counts as missed. 1 where there is nothing to find.

    >>> run = Run(np.array([[0, 2], [1, 0]]), np.ones((2, 2)))
    >>> recall_of_run(run, np.eye(3)[:2], np.eye(3), order=np.arange(3))
    0.75
    """
    if run.documents.size == 0:
        return 1.0
    sample, depth = sample_of(len(run.documents)), run.documents.shape[1]
    exact = top_k(queries[sample], documents, k=depth, order=order, similarity=similarity)
    return share_found(run.documents[sample], exact.documents)


def sample_of(queries: int) -> NDArray[np.int64]:
    """Up to 1,000 of so many queries, evenly spaced."""
    return np.unique(np.linspace(0, queries - 1, _SAMPLE).astype(np.int64))


def share_found(found: NDArray[Any], wanted: NDArray[Any]) -> float:
    """The share of all wanted documents, ``(q, k)``, that stand in the same row of ``found``.

    >>> share_found(np.array([[0, 2], [1, 0]]), np.array([[0, 1], [0, 1]]))
    0.75
    """
    pairs = zip(found, wanted, strict=True)
    right = [len(np.intersect1d(one, other)) for one, other in pairs]
    return float(np.sum(right) / wanted.size) if wanted.size else 1.0


def index_problems(index: str) -> list[tuple[str, str]]:
    """The option's key and what is wrong with its value, if anything is."""
    if index in INDEXES:
        return []
    return [("index", f"unknown index '{index}'{nearest(index, INDEXES)}")]


def _made(faiss: Any, index: str, documents: Any, depth: int, similarity: str) -> Any:
    """An index without documents, trained where it has to be."""
    width = documents.shape[1]
    metric = faiss.METRIC_L2 if similarity == "euclidean" else faiss.METRIC_INNER_PRODUCT
    if index == "hnsw":
        graph = faiss.IndexHNSWFlat(width, _NEIGHBOURS, metric)
        graph.hnsw.efConstruction, graph.hnsw.efSearch = _BUILD, max(2 * depth, _BUILD)
        return graph
    if index == "ivf":
        count = documents.shape[0]
        lists = max(1, min(int(4 * math.sqrt(count)), count // _TRAIN))
        quantizer = faiss.IndexFlat(width, metric)
        inverted = faiss.IndexIVFFlat(quantizer, width, lists, metric)
        inverted.nprobe = max(1, lists // 4)
        step = max(1, count // (lists * _TRAIN))
        inverted.train(_rows(documents, slice(0, None, step), similarity))
        return inverted
    return faiss.IndexFlat(width, metric)


def _rows(vectors: Any, part: slice, similarity: str) -> NDArray[np.float32]:
    rows: Any = normalised(vectors[part]) if similarity == "cosine" else vectors[part]
    return np.ascontiguousarray(rows, dtype=np.float32)


def _faiss(index: str) -> Any:
    try:
        import faiss
    except ImportError:
        raise MissingExtraError("faiss-cpu", "faiss", f"the index '{index}'") from None
    return faiss

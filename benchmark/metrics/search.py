"""Search of a corpus: whole vectors or codes, exactly or through an index, scored again or not."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.metrics.index import EXACT, recall_of_run, sample_of, search_index, share_found
from benchmark.metrics.quantization import INTEGERS, floats
from benchmark.metrics.topk import top_k
from benchmark.protocols import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Compression, Embeddings

_AT_ONCE = 1 << 22  # numbers of candidates' vectors scored again together


def similarity_of(embeddings: Embeddings) -> str:
    """How documents are ranked: by the model's own similarity, or as their codes are compared.

    Integers by their product, as indexes of bytes do; bits by the Euclidean distance of zeros and
    ones, whose order is Hamming's.
    """
    compression = embeddings.compression
    if compression is None or compression.dtype == "float16":
        return embeddings.similarity
    return "dot" if compression.dtype in INTEGERS else "euclidean"


def numbers_of(embeddings: Embeddings, request: str) -> Any:
    """The vectors of a request as floats, or as sparse rows; codes as the numbers that they are."""
    vectors = embeddings[request]
    compression = embeddings.compression
    return vectors if compression is None else _numbers(vectors, compression)


def dimensions_of(embeddings: Embeddings) -> int:
    """The dimensions of dense vectors, also in codes; 0 for sparse ones, and for none."""
    if embeddings.compression is not None:
        return embeddings.compression.dimensions
    dense = [part for part in embeddings.vectors.values() if isinstance(part, np.ndarray)]
    return max((part.shape[1] for part in dense if len(part)), default=0)


def search(
    embeddings: Embeddings,
    *,
    k: int,
    order: NDArray[np.integer[Any]],
    index: str = EXACT,
    best: int | None = None,
) -> Run:
    """The k best documents (``corpus``) of every query (``queries``), ``(q, min(k, n))``.

    ``order`` is the rank of each document's id, by which equal scores stand, descending. Where the
    codes are to be scored again, the ``rescore`` times ``best`` (default k) documents found first
    are ordered by the products of whole queries and documents as ``floats`` restores them; what
    was found after them follows, so that a score at ``best`` is that of an index asked for so many.
    Source: rescoring in sentence_transformers.util.quantization.
    """
    queries, corpus = embeddings["queries"], embeddings["corpus"]
    compression = embeddings.compression
    depth = min(k, corpus.shape[0])
    again = 0
    if compression is not None and compression.rescore:
        again = min(compression.rescore * (best or k), corpus.shape[0])
    start = time.perf_counter()
    if index == EXACT and compression is not None and compression.dtype == "binary":
        run = top_k(queries, corpus, k=max(depth, again), order=order, similarity="hamming")
    else:
        similarity = similarity_of(embeddings)
        if compression is not None and index != EXACT:
            queries, corpus = _numbers(queries, compression), _numbers(corpus, compression)
        if index == EXACT:
            run = top_k(queries, corpus, k=max(depth, again), order=order, similarity=similarity)
        else:
            run = search_index(
                queries, corpus, k=max(depth, again), index=index, similarity=similarity
            )
    middle = time.perf_counter()
    seconds = run.seconds or middle - start
    if compression is not None and again:
        run = _scored_again(run, embeddings["corpus"], compression, again, order)
        seconds += time.perf_counter() - middle
    return Run(run.documents[:, :depth], run.scores[:, :depth], seconds)


def recall_of_search(
    run: Run,
    embeddings: Embeddings,
    *,
    order: NDArray[np.integer[Any]],
    best: int | None = None,
) -> float:
    """The share of what exact search finds among the same codes that a run of an index holds.

    On the queries and with the ties of ``recall_of_run``; ``best`` as in ``search``.
    """
    compression = embeddings.compression
    if compression is None:
        return recall_of_run(
            run,
            embeddings["queries"],
            embeddings["corpus"],
            order=order,
            similarity=embeddings.similarity,
        )
    rows = sample_of(len(run.documents))
    whole = {name: vectors[rows] for name, vectors in compression.queries.items()}
    sampled = replace(
        embeddings,
        vectors={"queries": embeddings["queries"][rows], "corpus": embeddings["corpus"]},
        compression=replace(compression, queries=whole),
    )
    depth = max(1, run.documents.shape[1])
    exact = search(sampled, k=depth, order=order, best=best)
    return share_found(run.documents[rows], exact.documents)


def _numbers(codes: Any, compression: Compression) -> NDArray[np.float32]:
    return floats(codes, compression.dtype, compression.dimensions)


def _scored_again(
    run: Run,
    corpus: Any,
    compression: Compression,
    again: int,
    order: NDArray[np.integer[Any]],
) -> Run:
    """The first ``again`` documents of each query in their new order, the others after them."""
    documents, scores = run.documents.copy(), run.scores.copy()
    whole = compression.queries["queries"]
    step = max(1, _AT_ONCE // (again * compression.dimensions))
    for start in range(0, len(documents), step):
        part = slice(start, start + step)
        found = documents[part, :again]
        restored = floats(
            corpus[found.ravel()], compression.dtype, compression.dimensions, compression.ranges
        ).reshape(*found.shape, -1)
        products = np.matmul(restored, whole[part, :, None])[..., 0]
        products[found < 0] = -np.inf  # an approximate index may find fewer
        place = np.lexsort((-order[found], -products))
        documents[part, :again] = np.take_along_axis(found, place, 1)
        scores[part, :again] = np.take_along_axis(products, place, 1)
    if documents.shape[1] > again:
        # Below every product, by the steps that lay between them.
        lowest = scores[:, again - 1 : again]
        scores[:, again:] = lowest - 1 - (run.scores[:, again - 1 : again] - run.scores[:, again:])
    return Run(documents, scores)

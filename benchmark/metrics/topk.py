"""Exact top-k search: blocked products with a running merge; memory is one block of scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.metrics.parallel import spread
from benchmark.metrics.similarity import is_sparse, normalised
from benchmark.protocols import Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

    Keys = NDArray[np.int64]

# A block of scores, one in each thread, is 28 MB: from 32 MB glibc asks the system for new memory
# each time. It has many queries, since BLAS copies the documents once for each product.
_DOCUMENTS, _QUERIES = 14_336, 512
_TILE = 32  # products are padded to whole tiles: the edge kernels of BLAS may round differently
_FEW = 4  # scores of which only the highest is looked at, for a bound
_AT_ONCE = 32  # queries compared together: what is made of their scores stays near the processor
_NONE = np.iinfo(np.int64).min


def top_k(
    queries: Vectors,
    documents: Vectors,
    *,
    k: int,
    order: NDArray[np.integer[Any]] | None = None,
    similarity: str = "cosine",
) -> Run:
    """The k most similar documents of every query, exactly.

    ``queries`` is ``(q, d)``, ``documents`` ``(n, d)`` (a memory map is read block by block), the
    result ``(q, min(k, n))``. ``order`` is ``(n,)``, the rank of each document's id: equal scores
    stand by it descending, over the whole corpus (default: the row number). ``similarity`` is
    ``cosine`` (rows normalised as torch does), ``dot``, ``euclidean`` (negative distance) or
    ``hamming`` (negative number of bits that differ; rows are packed bits, uint8).

    >>> run = top_k(np.eye(2), np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]), k=2)
    >>> run.documents
    array([[0, 1],
           [2, 1]], dtype=int32)
    """
    count, depth = documents.shape[0], min(k, documents.shape[0])
    rank = np.arange(count) if order is None else np.asarray(order)
    best = np.empty((queries.shape[0], depth), dtype=np.int64)
    if depth == 0 or queries.shape[0] == 0:
        return Run(np.empty(best.shape, np.int32), np.empty(best.shape, np.float32))

    def merge(query_at: slice, documents_at: slice, scores: NDArray[np.float32]) -> None:
        held = min(documents_at.start, depth)
        for first in range(0, len(scores), _AT_ONCE):
            rows = best[query_at][first : first + _AT_ONCE]
            part = scores[first : first + _AT_ONCE]
            found = _merge(rows[:, :held], part, rank[documents_at], depth)
            rows[:, : found.shape[1]] = found

    _each_block(queries, documents, similarity, merge)
    document_of = np.empty(count, dtype=np.int32)
    document_of[rank] = np.arange(count, dtype=np.int32)
    run = Run(np.empty(best.shape, np.int32), np.empty(best.shape, np.float32))

    def put_in_order(first: int) -> None:
        rows = slice(first, first + _QUERIES)
        keys = np.sort(best[rows], axis=1)[:, ::-1]
        run.documents[rows], run.scores[rows] = document_of[keys & 0xFFFFFFFF], _score_of(keys)

    spread(put_in_order, range(0, len(best), _QUERIES))
    return run


def nearest(queries: Vectors, documents: Vectors, *, similarity: str = "cosine") -> NDArray[Any]:
    """The most similar document of every query, ``(q,)`` row numbers; the first of equal ones.

    >>> nearest(np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]))
    array([1, 0])
    """
    score = np.full(queries.shape[0], -np.inf, dtype=np.float32)
    document = np.zeros(queries.shape[0], dtype=np.int64)

    def compare(query_at: slice, documents_at: slice, scores: NDArray[np.float32]) -> None:
        column = np.argmax(scores, axis=1)
        value = scores[np.arange(len(column)), column]
        better = value > score[query_at]
        score[query_at] = np.where(better, value, score[query_at])
        document[query_at] = np.where(better, column + documents_at.start, document[query_at])

    _each_block(queries, documents, similarity, compare)
    return document


def _each_block(
    queries: Any,
    documents: Any,
    similarity: str,
    use: Callable[[slice, slice, NDArray[np.float32]], None],
) -> None:
    """Call ``use`` with all scores, a block at a time, documents outermost: each is read once.

    Blocks of different queries run in threads.
    """
    count = queries.shape[0]
    # At least two blocks, however many threads there are: their heights may decide last digits.
    share = -(-count // 2)
    step = max(_TILE, min(_QUERIES, share + -share % _TILE))
    for start in range(0, documents.shape[0], _DOCUMENTS):
        documents_at = slice(start, min(start + _DOCUMENTS, documents.shape[0]))
        block = documents[documents_at]
        if similarity == "hamming":
            block = np.ascontiguousarray(_words(block).T)
        else:
            block = normalised(block) if similarity == "cosine" else block
            block = block if is_sparse(block) else _padded(block)

        def score(first: int, block: Any = block, documents_at: slice = documents_at) -> None:
            query_at = slice(first, min(first + step, count))
            rows = queries[query_at]
            if similarity == "hamming":
                use(query_at, documents_at, _negative_differences(_words(rows), block))
                return
            rows = normalised(rows) if similarity == "cosine" else rows
            scores = _product(rows, block)
            scores = scores[: query_at.stop - first, : documents_at.stop - documents_at.start]
            if similarity == "euclidean":
                scores = _negative_distances(rows, block, scores)
            use(query_at, documents_at, scores)

        spread(score, range(0, count, step))


def _product(queries: Any, documents: Any) -> NDArray[np.float32]:
    if is_sparse(queries):
        product = queries @ documents.T
        dense = product.toarray() if is_sparse(product) else product
        return np.asarray(dense, dtype=np.float32)
    if is_sparse(documents):
        return np.asarray((documents @ queries.T).T, dtype=np.float32)
    product = _padded(queries) @ documents.T
    return np.asarray(product, dtype=np.float32)


def _padded(rows: Any) -> NDArray[np.float32]:
    array = np.asarray(rows, dtype=np.float32)
    missing = -len(array) % _TILE
    return np.pad(array, ((0, missing), (0, 0))) if missing else array


def _negative_distances(queries: Any, documents: Any, dots: Any) -> NDArray[np.float32]:
    squared = _squares(queries)[:, None] + _squares(documents)[None, : dots.shape[1]] - 2.0 * dots
    distances: NDArray[np.float32] = -np.sqrt(np.maximum(squared, 0)).astype(np.float32)
    return distances


def _words(bits: Any) -> NDArray[np.uint64]:
    """Packed bits in whole words of 64, filled up with zeros."""
    missing = -bits.shape[1] % 8
    filled = np.pad(bits, ((0, 0), (0, missing))) if missing else bits
    return np.ascontiguousarray(filled).view(np.uint64)


def _negative_differences(
    queries: NDArray[np.uint64], documents: NDArray[np.uint64]
) -> NDArray[np.float32]:
    """Bits that differ, negative, of queries ``(q, w)`` and documents ``(w, n)``: ``(q, n)``."""
    differing = np.zeros((len(queries), documents.shape[1]), np.int32)
    for start in range(0, len(queries), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        for word, of_documents in enumerate(documents):
            differing[part] += np.bitwise_count(queries[part, word, None] ^ of_documents)
    return np.negative(differing, dtype=np.float32)


def _squares(rows: Any) -> Any:
    if is_sparse(rows):
        return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", rows, rows, dtype=np.float64)


def _merge(
    best: Keys, scores: NDArray[np.float32], rank: NDArray[np.integer[Any]], depth: int
) -> Keys:
    """The ``depth`` best keys of each row of ``best`` ``(q, h)`` and ``scores`` ``(q, b)``.

    As many as there are while fewer documents were seen; the lowest stands first.
    """
    held = best.shape[1]
    threshold = _score_of(best[:, 0]) if held == depth else _lower_bound(scores, depth)
    at = np.flatnonzero(scores >= threshold[:, None])  # numpy scans one axis faster than two
    ends = np.searchsorted(at, np.arange(1, len(best) + 1) * scores.shape[1])
    counts = np.diff(ends, prepend=0)
    width = int(counts.max(initial=0))
    if width == 0:
        return best
    merged = np.full((len(best), held + width), _NONE, dtype=np.int64)
    merged[:, :held] = best
    found = _key(scores.ravel()[at], rank[at % scores.shape[1]])
    merged[:, held:][np.arange(width) < counts[:, None]] = found
    surplus = max(0, held + width - depth)
    merged.partition(surplus, axis=1)
    return merged[:, surplus:]


def _lower_bound(scores: NDArray[np.float32], depth: int) -> NDArray[np.float32]:
    """A score that at least ``depth`` of each row reach, and few more; -inf when it has no more.

    It is sought among the highest of every few scores, which are quicker to order than all.
    """
    few = min(_FEW, scores.shape[1] // depth)
    if few == 0:
        return np.full(len(scores), -np.inf, dtype=np.float32)
    groups = scores.shape[1] // few
    highest = scores[:, : few * groups].reshape(len(scores), few, groups).max(axis=1)
    bound: NDArray[np.float32] = np.partition(highest, groups - depth, axis=1)[:, groups - depth]
    return bound


def _key(scores: NDArray[np.float32], rank: NDArray[np.integer[Any]]) -> Keys:
    """One integer that sorts by score and then by rank: score bits above, rank below."""
    # Adding 0 turns -0.0 into 0.0; flipping a negative float's lower bits makes integer order
    # agree with float order.
    bits = (scores + np.float32(0)).view(np.int32)
    keys = (bits ^ (bits >> 31 & 0x7FFFFFFF)).astype(np.int64)
    keys <<= 32
    keys |= rank
    return keys


def _score_of(keys: Keys) -> NDArray[np.float32]:
    ordered = (keys >> 32).astype(np.int32)
    return (ordered ^ (ordered >> 31 & 0x7FFFFFFF)).view(np.float32)

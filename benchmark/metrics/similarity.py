"""Similarities of vectors: row by row, and normalised for products; float32 arrays or CSR rows."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

    Floats = NDArray[np.floating[Any]]
    Paired = Callable[..., Floats]

TORCH_EPSILON = 1e-12  # torch.nn.functional.normalize divides by max(norm, eps)
_ROWS = 2_048  # rows compared at once: what is computed of them stays in the processor's cache


def is_sparse(vectors: object) -> bool:
    """Whether the vectors are a scipy sparse matrix, found out without importing scipy."""
    return hasattr(vectors, "tocsr")


def _in_blocks(function: Paired) -> Paired:
    """The function of two sets of rows, a few rows at a time; sparse rows are taken whole."""

    @wraps(function)
    def whole(a: Vectors, b: Vectors, **options: Any) -> Floats:
        if is_sparse(a) or is_sparse(b) or a.shape[0] <= _ROWS:
            return function(a, b, **options)
        starts = range(0, a.shape[0], _ROWS)
        parts = [function(a[at : at + _ROWS], b[at : at + _ROWS], **options) for at in starts]
        return np.concatenate(parts)

    return whole


@_in_blocks
def paired_cosine(a: Vectors, b: Vectors) -> Floats:
    """Cosine of each row of ``a`` with the same row of ``b``, as in mteb's ``cosine_*`` scores.

    Shapes ``(n, d)`` and ``(n, d)`` to ``(n,)``. Computed as ``1 - |a/|a| - b/|b||^2 / 2`` like
    scikit-learn's ``paired_cosine_distances``, in float32 when both are float32. A row whose norm
    is below ten machine epsilons is not scaled, so two zero rows have cosine 1.

    >>> paired_cosine(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[2.0, 0.0], [3.0, 0.0]]))
    array([1., 0.])
    """
    difference = _subtract(_scikit_normalised(a), _scikit_normalised(b))
    return 1 - 0.5 * _squared_norms(difference)


@_in_blocks
def paired_dot(a: Vectors, b: Vectors) -> Floats:
    """Dot product of each row of ``a`` with the same row of ``b``.

    Shapes ``(n, d)`` and ``(n, d)`` to ``(n,)``; float32 rows use BLAS, as ``numpy.dot`` does.

    >>> paired_dot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]))
    array([11.])
    """
    if is_sparse(a) or is_sparse(b):
        return _row_sums(_multiply(a, b))
    left, right = _working(a), _working(b)
    return cast("Floats", np.matmul(left[:, None, :], right[:, :, None])[:, 0, 0])


@_in_blocks
def paired_euclidean(a: Vectors, b: Vectors) -> Floats:
    """Negative Euclidean distance of each row of ``a`` from the same row of ``b``.

    Shapes ``(n, d)`` and ``(n, d)`` to ``(n,)``; scikit-learn's ``paired_euclidean_distances``.

    >>> paired_euclidean(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    array([-5.])
    """
    return cast("Floats", -np.sqrt(_squared_norms(_subtract(a, b))))


@_in_blocks
def paired_manhattan(a: Vectors, b: Vectors) -> Floats:
    """Negative sum of absolute differences of each row of ``a`` and the same row of ``b``.

    Shapes ``(n, d)`` and ``(n, d)`` to ``(n,)``; scikit-learn's ``paired_manhattan_distances``.

    >>> paired_manhattan(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    array([-7.])
    """
    difference = _subtract(a, b)
    if is_sparse(difference):
        return -_row_sums(abs(cast("Any", difference)))
    return cast("Floats", -np.sum(np.abs(difference), axis=-1))


@_in_blocks
def paired_similarity(a: Vectors, b: Vectors, *, name: str) -> Floats:
    """A model's own similarity of each row of ``a`` with the same row of ``b``.

    ``name`` is ``cosine``, ``dot`` or ``euclidean`` (negative distance). Shapes ``(n, d)`` and
    ``(n, d)`` to ``(n,)`` float32. Cosine normalises in float32 and then multiplies, as torch does
    (a zero row has cosine 0); the sum is taken in float64, where torch's depends on its kernel.

    >>> paired_similarity(np.eye(2), np.ones((2, 2)), name="cosine").round(4)
    array([0.7071, 0.7071], dtype=float32)
    """
    if name == "euclidean":
        difference = _subtract(a, b)
        squared = _squared_norms(difference, dtype=np.float64)
        return cast("Floats", -np.sqrt(squared)).astype(np.float32)
    left, right = (normalised(a), normalised(b)) if name == "cosine" else (a, b)
    if is_sparse(left) or is_sparse(right):
        return _row_sums(_multiply(left, right)).astype(np.float32)
    sums = np.einsum("ij,ij->i", left, right, dtype=np.float64)
    return cast("Floats", sums.astype(np.float32))


def similarity_of_pairs(
    a: Vectors,
    b: Vectors,
    first: NDArray[np.int64],
    second: NDArray[np.int64],
    *,
    name: str,
) -> Floats:
    """As ``paired_similarity``, of the rows ``first`` of ``a`` and ``second`` of ``b``, ``(p,)``.

    A row may be compared many times; only the rows of a few pairs are copied at once.

    >>> first, second = np.array([0, 1, 1]), np.array([0, 0, 1])
    >>> similarity_of_pairs(np.eye(2), np.eye(2), first, second, name="dot")
    array([1., 0., 1.], dtype=float32)
    """
    found = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _ROWS):
        part = slice(start, start + _ROWS)
        found[part] = paired_similarity(a[first[part]], b[second[part]], name=name)
    return found


def normalised(vectors: Vectors) -> Vectors:
    """Rows scaled to unit length as ``torch.nn.functional.normalize`` does; zero rows stay zero.

    Shape ``(n, d)`` to ``(n, d)`` float32; CSR rows stay CSR.

    >>> normalised(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """
    norms = np.sqrt(_squared_norms(vectors, dtype=np.float64))
    norms = np.maximum(norms, TORCH_EPSILON).astype(np.float32)
    if is_sparse(vectors):
        return _scaled_rows(vectors, 1 / norms)
    return np.asarray(vectors, dtype=np.float32) / norms[:, None]


def _scikit_normalised(vectors: Vectors) -> Any:
    rows = vectors if is_sparse(vectors) else _working(vectors)
    norms = np.sqrt(_squared_norms(rows))
    norms[norms < 10 * np.finfo(norms.dtype).eps] = 1
    return _scaled_rows(rows, 1 / norms) if is_sparse(rows) else rows / norms[:, None]


def _working(vectors: Any) -> Floats:
    """The dtype that scikit-learn computes in: float32 stays, everything else is float64."""
    return np.asarray(vectors, dtype=np.float32 if vectors.dtype == np.float32 else np.float64)


def _subtract(a: Any, b: Any) -> Any:
    if is_sparse(a) and is_sparse(b):
        return (a - b).tocsr()
    left, right = (x.toarray() if is_sparse(x) else x for x in (a, b))
    same = left.dtype == right.dtype == np.float32
    dtype = np.float32 if same else np.float64
    return np.asarray(left, dtype=dtype) - np.asarray(right, dtype=dtype)


def _multiply(a: Any, b: Any) -> Any:
    return a.multiply(b).tocsr() if is_sparse(a) else b.multiply(a).tocsr()


def _squared_norms(rows: Any, dtype: Any = None) -> Floats:
    if is_sparse(rows):
        return _row_sums(rows.multiply(rows).tocsr())
    return cast("Floats", np.einsum("ij,ij->i", rows, rows, dtype=dtype))


def _row_sums(rows: Any) -> Floats:
    return cast("Floats", np.asarray(rows.sum(axis=1, dtype=np.float64)).ravel())


def _scaled_rows(rows: Any, factors: Floats) -> Any:
    scaled = rows.tocsr(copy=True)
    scaled.data = (scaled.data * np.repeat(factors, np.diff(scaled.indptr))).astype(np.float32)
    return scaled

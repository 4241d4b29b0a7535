"""Similarities and searches in torch's order, for mteb's numbers where that order decides them.

Needs the extra ``torch``. torch sums in float32 in the order of its kernels and takes any of equal
similarities, so the same vectors may score otherwise under another build of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import MissingExtraError
from benchmark.metrics.similarity import is_sparse
from benchmark.protocols import Run

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

_DOCUMENTS = 50_000  # of mteb's search: documents compared at once
_QUERIES = 100  # of its bitext mining


def torch_paired_similarity(a: Vectors, b: Vectors, *, name: str) -> NDArray[np.float32]:
    """As ``paired_similarity``, ``(n, d)`` and ``(n, d)`` to ``(n,)``, summed by torch."""
    torch = _torch()
    left, right = _tensor(a), _tensor(b)
    if name == "euclidean":
        found = -torch.sqrt(torch.sum((left - right) ** 2, dim=-1))
    else:
        left, right = (_unit(left), _unit(right)) if name == "cosine" else (left, right)
        found = (left * right).sum(dim=-1)
    return np.asarray(found, dtype=np.float32)


def torch_top_k(
    queries: Vectors, documents: Vectors, *, k: int, order: NDArray[Any], similarity: str
) -> Run:
    """As ``top_k``, but the candidates of each 50,000 documents are those that torch takes.

    Of these k + 1 for each query the best k are kept, equal ones by ``order`` descending.
    """
    torch = _torch()
    rows = _tensor(queries)
    documents_of = np.empty((len(rows), 0), dtype=np.int64)
    scores_of = np.empty((len(rows), 0), dtype=np.float32)
    for start in range(0, documents.shape[0], _DOCUMENTS):
        scores = _similarity(rows, _tensor(documents[start : start + _DOCUMENTS]), similarity)
        values, places = torch.topk(scores, min(k + 1, scores.shape[1]), dim=1)
        documents_of = np.hstack([documents_of, np.asarray(places) + start])
        scores_of = np.hstack([scores_of, np.asarray(values)])
        best = np.lexsort((-order[documents_of], -scores_of))[:, :k]
        documents_of = np.take_along_axis(documents_of, best, axis=1)
        scores_of = np.take_along_axis(scores_of, best, axis=1)
    return Run(documents_of.astype(np.int32), scores_of)


def torch_nearest(queries: Vectors, documents: Vectors, *, similarity: str) -> NDArray[np.int64]:
    """As ``nearest``, ``(q,)`` row numbers; of equal ones any, as torch takes it."""
    torch = _torch()
    rows, known = _tensor(queries), _tensor(documents)
    parts = [
        torch.topk(_similarity(rows[at : at + _QUERIES], known, similarity), 1, sorted=False)[1]
        for at in range(0, len(rows), _QUERIES)
    ]
    return np.asarray(torch.cat(parts)[:, 0], dtype=np.int64)


def _similarity(a: Any, b: Any, name: str) -> Any:
    if name == "euclidean":
        return -_torch().cdist(a, b, p=2.0)
    a, b = (_unit(a), _unit(b)) if name == "cosine" else (a, b)
    return a @ b.transpose(0, 1)


def _unit(rows: Any) -> Any:
    return _torch().nn.functional.normalize(rows, p=2, dim=1)


def _tensor(vectors: Any) -> Any:
    dense = vectors.toarray() if is_sparse(vectors) else np.asarray(vectors)
    return _torch().tensor(dense, dtype=_torch().float32)


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        what = 'the option upstream_defects = "all"'
        raise MissingExtraError("torch", "torch", what) from None
    return torch

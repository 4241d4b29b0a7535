"""Rankings made of rankings: fused by reciprocal rank or relative score, and scored again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from benchmark.protocols import Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Points = Callable[[Run], "NDArray[np.float64]"]
"""What each place of a ranking is worth: ``(q, k)``, more is better."""

_QUERIES = 512  # queries fused at once: some 100 MB for two rankings of 1,000


def reciprocal_ranks(run: Run, *, k: float = 60.0) -> NDArray[np.float64]:
    """``1 / (k + rank)`` of every place, the first rank being 1; ``(q, n)``.

    Cormack, Clarke and Buettcher, Reciprocal Rank Fusion, SIGIR 2009, with their k of 60.

    >>> import numpy as np
    >>> run = Run(np.array([[7, 3]], np.int32), np.array([[0.9, 0.1]], np.float32))
    >>> reciprocal_ranks(run, k=1).round(4)
    array([[0.5   , 0.3333]])
    """
    import numpy as np

    places = np.arange(1, run.documents.shape[1] + 1, dtype=np.float64)
    return np.broadcast_to(1 / (k + places), run.documents.shape)


def relative_scores(run: Run) -> NDArray[np.float64]:
    """Each query's scores from 0 (its lowest) to 1 (its highest); ``(q, n)``.

    A query whose scores are all equal gets 1 for each: found is more than not found.

    >>> import numpy as np
    >>> run = Run(np.array([[7, 3, 5]], np.int32), np.array([[9.0, 3.0, 1.0]], np.float32))
    >>> relative_scores(run)
    array([[1.  , 0.25, 0.  ]])
    """
    import numpy as np

    there = run.documents >= 0
    scores = run.scores.astype(np.float64)
    low = np.where(there, scores, np.inf).min(axis=1, initial=np.inf, keepdims=True)
    high = np.where(there, scores, -np.inf).max(axis=1, initial=-np.inf, keepdims=True)
    spread = np.where(high > low, high - low, 1.0)
    return np.where(there, np.where(high > low, (scores - low) / spread, 1.0), 0.0)


def fuse(
    runs: Sequence[Run],
    points: Points,
    *,
    order: NDArray[np.int64],
    depth: int,
    weights: Sequence[float] | None = None,
) -> Run:
    """One ranking of the best ``depth`` documents by the sum of their weighted points.

    A document that a ranking lacks gets 0 from it. Sums are rounded to float32; equal ones stand
    by document id descending (``order`` ``(n,)``, the rank of each id). The sum does not depend on
    the order of the runs.
    """
    import numpy as np

    runs = [compact(run) for run in runs]
    worth = [
        points(run) * weight for run, weight in zip(runs, weights or [1.0] * len(runs), strict=True)
    ]
    queries = len(runs[0].documents)
    blocks = [slice(start, start + _QUERIES) for start in range(0, queries, _QUERIES)]
    parts = [
        _fused([run.documents[at] for run in runs], [each[at] for each in worth], order, depth)
        for at in blocks
    ]
    width = max((part.documents.shape[1] for part in parts), default=0)
    documents = np.full((queries, width), -1, np.int32)
    scores = np.full((queries, width), -np.inf, np.float32)
    for at, part in zip(blocks, parts, strict=True):
        documents[at, : part.documents.shape[1]] = part.documents
        scores[at, : part.scores.shape[1]] = part.scores
    return Run(documents, scores)


def ranked(
    query: NDArray[np.int64],
    document: NDArray[np.int64],
    scores: NDArray[np.float32],
    *,
    order: NDArray[np.int64],
    queries: int,
    depth: int,
) -> Run:
    """The ranking by the scores of pairs, parallel ``(p,)`` arrays; ties by document id descending.

    Rows are padded with -1.
    """
    import numpy as np

    best = np.lexsort((-order[document], -scores, query))
    query, document, scores = query[best], document[best], scores[best]
    counts = np.bincount(query, minlength=queries)
    place = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
    width = min(depth, int(counts.max(initial=0)))
    kept = place < width
    found = Run(np.full((queries, width), -1, np.int32), np.full((queries, width), -np.inf, "f4"))
    found.documents[query[kept], place[kept]] = document[kept]
    found.scores[query[kept], place[kept]] = scores[kept]
    return found


def compact(run: Run) -> Run:
    """The run with its padding at the end of each row, and no column that is padding alone."""
    import numpy as np

    absent = run.documents < 0
    order = np.argsort(absent, axis=1, kind="stable")
    width = int((~absent).sum(axis=1).max(initial=0))
    return Run(
        np.take_along_axis(run.documents, order, 1)[:, :width],
        np.take_along_axis(run.scores, order, 1)[:, :width],
    )


def _fused(
    documents: Sequence[NDArray[np.int32]],
    points: Sequence[NDArray[np.float64]],
    order: NDArray[np.int64],
    depth: int,
) -> Run:
    import numpy as np

    queries, count = len(documents[0]), len(order)
    keys, values, owners = [], [], []
    for number, (found, worth) in enumerate(zip(documents, points, strict=True)):
        rows, columns = np.nonzero(found >= 0)
        keys.append(rows * count + found[rows, columns])
        values.append(worth[rows, columns])
        owners.append(np.full(len(rows), number))
    pairs, inverse = np.unique(np.concatenate(keys), return_inverse=True)
    table = np.zeros((len(pairs), len(documents)))
    table[inverse, np.concatenate(owners)] = np.concatenate(values)
    # Added in order of size, so that the last bit does not depend on the order of the runs.
    scores = np.sort(table, axis=1).sum(axis=1).astype(np.float32)
    query, document = np.divmod(pairs, count)
    return ranked(query, document, scores, order=order, queries=queries, depth=depth)

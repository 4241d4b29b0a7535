"""The corpus of a smaller retrieval: what is relevant and its copies, hard negatives, a fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]
    Flags = NDArray[np.bool_]

RANDOM_SHARE = 0.1
"""Of what the corpus may cost beside the relevant documents, the part drawn at random."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a retrieval as the choice sees them.

    ``query`` and ``document`` are parallel: what is relevant to what, in row numbers; ``lengths``
    ``(n,)`` are characters; ``copy_of`` ``(n,)`` is a number that equal texts share.
    """

    query: Rows
    document: Rows
    lengths: Rows
    copy_of: Rows


def needed(corpus: Corpus, queries: Rows) -> Flags:
    """Which documents ``(n,)`` are relevant to some of the queries, or copies of such."""
    relevant = corpus.document[np.isin(corpus.query, queries)]
    texts = np.unique(corpus.copy_of[relevant])
    found: Flags = np.isin(corpus.copy_of, texts)
    return found


def pooled(
    start: Flags,
    rankings: Sequence[NDArray[np.int32]],
    lengths: Rows,
    *,
    budget: float,
    depth: int,
    generator: np.random.Generator,
) -> tuple[Flags, int]:
    """The documents ``(n,)`` of ``start`` with hard negatives and a fill, and the depth reached.

    ``rankings`` hold, one a model, the best documents of the kept queries, best first, -1 for none.
    They are taken rank by rank, every model's and query's before the next rank, until ``depth`` or
    until the rest of ``budget`` (characters) is spent but for RANDOM_SHARE of it, which pays for
    documents at random. The rank at which it ends is taken in random order.
    """
    kept, room = start.copy(), budget - float(lengths[start].sum())
    hard = room * (1 - RANDOM_SHARE)
    spent, reached = 0.0, 0
    for rank in range(depth):
        columns = [found[:, rank].astype(np.int64) for found in rankings if rank < found.shape[1]]
        new = np.unique(np.concatenate([*columns, np.empty(0, np.int64)]))
        new = new[new >= 0]
        new = new[~kept[new]]
        cost = np.cumsum(lengths[new])
        if len(new) and spent + cost[-1] > hard:
            new = generator.permutation(new)
            new = new[spent + np.cumsum(lengths[new]) <= hard]
            kept[new] = True
            spent += float(lengths[new].sum())
            break
        kept[new] = True
        spent += float(cost[-1]) if len(new) else 0.0
        reached = rank + 1
    rest = generator.permutation(np.flatnonzero(~kept))
    left = room - spent if np.isfinite(room) else spent * RANDOM_SHARE / (1 - RANDOM_SHARE)
    kept[rest[np.cumsum(lengths[rest]) <= left]] = True
    return kept, reached


def copies(texts: pa.Array) -> Rows:
    """A number that equal texts share, ``(n,)``."""
    codes = texts.dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.asarray(codes, np.int64)

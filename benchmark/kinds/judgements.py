"""What a table of judgements says in numbers: gains, which of repeated ones count, ranks of ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


def gains(qrels: pa.Table) -> NDArray[np.float64]:
    """The gain of each judgement, ``(n,)``: cut to whole numbers as in mteb; 1 without a score."""
    if "score" not in qrels.column_names:
        return np.ones(qrels.num_rows)
    scores = np.asarray(qrels.column("score").to_numpy(), dtype=np.float64)
    return np.trunc(np.where(np.isnan(scores), 1.0, scores))


def last_of_each(
    query: NDArray[np.int64], document: NDArray[np.int64], ids: pa.Array
) -> NDArray[np.bool_]:
    """Whether no later row judges the same pair; absent documents are told apart by id."""
    codes = ids.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    key = query * (codes.max(initial=0) + 1) + codes
    last = np.zeros(len(key), dtype=bool)
    last[len(key) - 1 - np.unique(key[::-1], return_index=True)[1]] = True
    return last


def id_ranks(ids: pa.Array) -> NDArray[np.int64]:
    """The rank of each id in code point order, which is the byte order of UTF-8."""
    import pyarrow.compute as pc

    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[pc.sort_indices(ids).to_numpy()] = np.arange(len(ids))
    return ranks

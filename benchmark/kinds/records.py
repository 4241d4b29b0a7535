"""The records that scores are made of: what examples share, and a query's row, id and documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.kinds.retrieval import RetrievalData

TOP = 10
"""How many of the best documents of a query are kept."""


def shared_texts(*sides: pa.Array) -> dict[str, NDArray[np.int64]]:
    """``cluster``: the number of each example's text, where some text occurs twice; else nothing.

    One column of texts gives ``(n,)``, two ``(n, 2)``, in which a text has one number on either
    side. An example whose two texts are equal has it twice.
    """
    import pyarrow as pa

    texts = pa.chunked_array([side.cast(pa.large_string()) for side in sides])
    codes = texts.combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    if len(sides) == 1:
        return shared(codes)
    both = codes.reshape(len(sides), -1).T
    alone = both[:, 0] != both[:, 1]
    used = np.concatenate([both[:, 0], both[alone, 1]])
    return {"cluster": both} if len(np.unique(used)) < len(used) else {}


def shared(numbers: NDArray[Any]) -> dict[str, NDArray[np.int64]]:
    """``cluster``: these numbers ``(n,)`` where two examples have the same; else nothing."""
    once = len(np.unique(numbers)) == len(numbers)
    return {} if once else {"cluster": numbers.astype(np.int64)}


def of_queries(data: RetrievalData, documents: NDArray[np.int32]) -> dict[str, NDArray[Any]]:
    """Row, id and best documents of each query; queries of one relevant document are a cluster.

    Of several relevant documents that of the highest gain counts, and of these the first. ``top``
    ``(q, 10)`` holds corpus rows, -1 where a query has fewer.
    """
    judged = data.judgements
    top = np.full((judged.queries, TOP), -1, dtype=np.int32)
    top[:, : documents.shape[1]] = documents[:, :TOP]
    found: dict[str, NDArray[Any]] = {"top": top}
    if len(data.kept_queries) == judged.queries:  # not so for requests made of several queries
        found["row"] = data.kept_queries.astype(np.int64)
        if data.query_ids is not None:
            found["id"] = np.array(data.query_ids.to_pylist(), dtype=object).astype(str)
    # A query without a relevant document shares nothing: it has a number of its own below 0.
    best = -10 - np.arange(judged.queries)
    order = np.lexsort((judged.document, -judged.gain, judged.query))
    query, first = np.unique(judged.query[order], return_index=True)
    best[query] = judged.document[order][first]
    best[best == -2] = -10 - judged.queries - np.flatnonzero(best == -2)  # absent from the corpus
    return {**found, **shared(best)}

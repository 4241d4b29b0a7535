"""Score pairs of query and document with a reranker: every pair once, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cache import open_store, text_keys
from benchmark.errors import ModelError
from benchmark.guard import call_each, call_model
from benchmark.protocols import UNVERSIONED, Reranker

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_PAIRS = 1024


def score_pairs(
    model: Reranker,
    queries: Sequence[str],
    documents: Sequence[str],
    *,
    cache: Path | None,
    progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.float32]:
    """The scores of pairs given as parallel lists, ``(n,)``; equal pairs are scored once.

    The cache keeps a score as a vector of width one; each batch is written when it comes. Raises
    ModelError when the model fails, or returns a wrong shape or a value that is not finite.
    """
    import numpy as np

    all_keys = pair_keys(queries, documents)
    place: dict[bytes, int] = {}
    inverse = [place.setdefault(key, len(place)) for key in all_keys.tolist()]
    first = np.full(len(place), len(inverse), np.int64)
    np.minimum.at(first, inverse, np.arange(len(inverse)))
    keys = all_keys[first]
    scores = np.zeros(len(first), np.float32)
    versioned = model.identity.revision != UNVERSIONED
    store = open_store(cache, model.identity, None, None) if cache and versioned else None
    try:
        places = store.find(keys) if store else np.full(len(first), -1, np.int64)
        known, missing = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
        if store and len(known):
            scores[known] = store.read(places[known])[:, 0]
        done = len(known)
        asked_queries = [queries[first[n]] for n in missing]
        asked_documents = [documents[first[n]] for n in missing]
        for rows, part in _answers(model, asked_queries, asked_documents):
            found = _checked(model, part, len(rows))
            scores[missing[rows]] = found
            if store:
                store.append(keys[missing[rows]], found[:, None])
            done += len(rows)
            if progress:
                progress(done, len(first))
    finally:
        if store:
            store.close()
    return scores[inverse]


def pair_keys(queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.bytes_]:
    """The key of each pair, ``(n,)``; the query's length keeps where it ends apart."""
    return text_keys([f"{len(q)} {q}{d}" for q, d in zip(queries, documents, strict=True)])


def _answers(
    model: Reranker, queries: Sequence[str], documents: Sequence[str]
) -> Iterator[tuple[NDArray[np.int64], Any]]:
    import numpy as np

    stream = getattr(model, "score_stream", None)
    if stream is not None:
        if queries:
            for rows, part in call_each(model, lambda: stream(queries, documents)):
                yield np.asarray(rows, np.int64), part
        return
    for start in range(0, len(queries), _BATCH_PAIRS):
        rows = np.arange(start, min(start + _BATCH_PAIRS, len(queries)))
        span = slice(start, start + _BATCH_PAIRS)
        yield rows, call_model(model, partial(model.score, queries[span], documents[span]))


def _checked(model: Reranker, part: Any, count: int) -> NDArray[np.float32]:
    import numpy as np

    who = model.identity.name
    try:
        with np.errstate(over="ignore"):  # a number beyond float32 is infinite, and refused below
            scores = np.ascontiguousarray(part, np.float32)
    except (TypeError, ValueError):
        raise ModelError(f"{who} returned no numeric scores; return (n,) float32") from None
    if scores.shape != (count,):
        raise ModelError(f"{who} returned scores of shape {scores.shape} for {count} pairs")
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ModelError(f"{who} returned {bad} NaN or infinite scores in a batch of {count}")
    return scores

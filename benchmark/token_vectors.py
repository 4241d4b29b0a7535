"""Vectors of tokens (ColBERT) through the cache: every text of a model and role encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.errors import ModelError
from benchmark.protocols import UNVERSIONED, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Encode = Callable[[Sequence[str], Role], list[NDArray[np.float32]]]


@contextmanager
def cached_tokens(model: Any, cache: Path | None) -> Iterator[Mapping[str, Encode]]:
    """``encode=`` for the ``search`` of a model with ``encode_tokens(texts, role)``; else nothing.

    Each text is a ``(t, d)`` float32 array. Raises ModelError for a number that is not finite.
    """
    if not hasattr(model, "encode_tokens") or not cache or model.identity.revision == UNVERSIONED:
        yield {}
        return
    stores: dict[Role, VectorStore] = {}

    def encode(texts: Sequence[str], role: Role) -> list[NDArray[np.float32]]:
        if role not in stores:
            stores[role] = open_store(cache, model.identity, role, None)
        return _encode(model, stores[role], texts, role)

    try:
        yield {"encode": encode}
    finally:
        for store in stores.values():
            store.close()


def _encode(
    model: Any, store: VectorStore, texts: Sequence[str], role: Role
) -> list[NDArray[np.float32]]:
    import numpy as np

    keys = text_keys(texts)
    places = store.find(keys)
    known, missing = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
    found = dict(zip(known.tolist(), store.read_ragged(places[known]), strict=True))
    if len(missing):
        fresh = model.encode_tokens([texts[row] for row in missing.tolist()], role)
        bad = sum(not np.isfinite(vectors).all() for vectors in fresh)
        if bad:
            raise ModelError(f"{model.identity.name} returned {bad} texts with NaN or infinite")
        store.append(keys[missing], fresh)
        found |= dict(zip(missing.tolist(), fresh, strict=True))
    return [found[row] for row in range(len(texts))]

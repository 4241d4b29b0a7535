"""A vector for any text, the same in every process: drawn with the text's digest as the seed."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray


def vector_of(text: str) -> NDArray[np.float32]:
    """Twelve normal numbers, ``(12,)``."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return np.random.default_rng(seed).standard_normal(12).astype(np.float32)


class HashVectors(dict[str, NDArray[np.float32]]):
    """``vector_of`` every text that is asked for."""

    name = "hashed"

    def __missing__(self, text: str) -> NDArray[np.float32]:
        return vector_of(text)

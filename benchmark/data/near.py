"""How much of their wording two texts share: runs of words, hashed, and their Jaccard index."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from benchmark.data.documents.record import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR = 0.8
"""Texts are near duplicates when they share this part of all their runs of words (Jaccard)."""
RUN = 3  # words
_DRAWS = random.Random(0)
_FACTORS = np.array([_DRAWS.getrandbits(64) | 1 for _ in range(RUN)], np.uint64)


def runs_of(text: str) -> NDArray[np.uint64]:
    """The runs of three words in a text, each once, as 32 bits of a hash; none in fewer words."""
    return np.unique(hashed_runs(hashed_words(words_of(text))))


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """The share of runs that two texts have in common among all that either has; 0 of none."""
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / max(len(one) + len(other) - both, 1)


def hashed_words(words: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each word; each word is hashed once."""
    import pyarrow as pa

    coded = pa.array(words, pa.string()).dictionary_encode()
    known = [zlib.crc32(word.encode()) for word in coded.dictionary.to_pylist()]
    hashed: NDArray[np.uint64] = np.array(known, np.uint64)[coded.indices.to_numpy()]
    return hashed


def hashed_runs(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A hash of 32 bits for each run of hashed words; the products wrap on purpose."""
    runs = np.zeros(max(len(words) - RUN + 1, 0), np.uint64)
    for place in range(RUN):
        runs = (runs + words[place : place + len(runs)]) * _FACTORS[place]
    return runs >> np.uint64(32)

"""Find texts that say again what an earlier one says: the same but for white space, or nearly."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmark.data.documents.record import fold
from benchmark.data.near import NEAR, jaccard, runs_of

_BANDS, _ROWS = 16, 4  # finds a pair at 0.8 with a probability of 1 - (1 - 0.8**4)**16 = 0.9998
_OWNERS = 8  # texts compared within one bucket, so that a folder of one template stays quick
_DRAWS = random.Random(0)
_FACTORS = np.array([_DRAWS.getrandbits(64) | 1 for _ in range(_BANDS * _ROWS)], np.uint64)
_TERMS = np.array([_DRAWS.getrandbits(64) for _ in range(_BANDS * _ROWS)], np.uint64)


@dataclass(frozen=True, slots=True)
class Distinct:
    """The numbers of the texts that are kept, in order, and how many of each sort are not."""

    kept: tuple[int, ...]
    same: int
    near: int


def find_distinct(texts: Sequence[str]) -> Distinct:
    """Keep the first of the texts that are alike.

    Near duplicates are looked for by MinHash over runs of three words, in bands, and confirmed by
    the Jaccard index itself; of texts with fewer words only equal ones count. Source: Broder, On
    the resemblance and containment of documents (1997); bands as in Leskovec, Rajaraman and Ullman,
    Mining of Massive Datasets, chapter 3.
    """
    seen: set[str] = set()
    runs: dict[int, NDArray[np.uint64]] = {}
    buckets: dict[tuple[int, bytes], list[int]] = {}
    kept: list[int] = []
    same = near = 0
    for number, text in enumerate(texts):
        folded = fold(text)
        if folded in seen:
            same += 1
            continue
        seen.add(folded)
        found = runs_of(folded)
        keys = _keys_of(found) if len(found) else []
        others = {owner for key in keys for owner in buckets.get(key, ())}
        if any(jaccard(found, runs[owner]) >= NEAR for owner in others):
            near += 1
            continue
        kept.append(number)
        runs[number] = found
        for key in keys:
            owners = buckets.setdefault(key, [])
            if len(owners) < _OWNERS:
                owners.append(number)
    return Distinct(tuple(kept), same, near)


def _keys_of(runs: NDArray[np.uint64]) -> list[tuple[int, bytes]]:
    # Multiply-shift hashing (Dietzfelbinger et al., 1997); the product wraps on purpose.
    hashed = (runs * _FACTORS[:, None] + _TERMS[:, None]) >> np.uint64(32)
    least = hashed.min(axis=1).astype(np.uint32).reshape(_BANDS, _ROWS)
    return [(band, row.tobytes()) for band, row in enumerate(least)]

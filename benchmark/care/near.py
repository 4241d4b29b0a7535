"""Find texts that say again, or nearly, what other texts say: hashes, MinHash and a check."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.data.documents.record import fold, words_of
from benchmark.data.near import NEAR, RUN, hashed_runs, hashed_words, jaccard, runs_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

# A pair at 0.8 shares a band with a probability of 1 - (1 - 0.8**4)**12 = 0.998.
_BANDS, _ROWS = 12, 4
_COMPARED = 4  # candidates of a text that are compared with it, those with most bands first
_BATCH, _BLOCK = 1_000, 20_000  # texts hashed, and texts compared, together
_DRAWS = random.Random(0)
_FACTORS = np.array([_DRAWS.getrandbits(64) | 1 for _ in range(_BANDS * _ROWS)], np.uint64)
_TERMS = np.array([_DRAWS.getrandbits(64) for _ in range(_BANDS * _ROWS)], np.uint64)
_HALF = np.uint64(32)


def text_hashes(texts: pa.Array) -> NDArray[np.uint64]:
    """A number for each text, ``(n,)``: equal where texts are, but for case and white space."""
    found = np.empty(len(texts), np.uint64)
    for start, batch in _batches(texts):
        digests = b"".join(
            hashlib.blake2b(fold(text).casefold().encode(), digest_size=8).digest()
            for text in batch
        )
        found[start : start + len(batch)] = np.frombuffer(digests, np.uint64)
    return found


def first_equal(hashes: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each of ``hashes`` the first row of ``others`` with the same, ``(n,)``; -1 for none."""
    known, first = np.unique(others, return_index=True)
    if not len(known):
        return np.full(len(hashes), -1)
    at = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    return np.where(known[at] == hashes, first[at], -1)


def first_near(texts: pa.Array, others: pa.Array) -> NDArray[np.int64]:
    """For each text a row of ``others`` that is nearly the same, ``(n,)``; -1 where none is found.

    Candidates come from MinHash over runs of three words, in bands, and count only where their
    Jaccard index itself is at least ``NEAR``; texts of fewer words have none. It takes 96 bytes a
    text. Source: Broder, On the resemblance and containment of documents (1997); bands as in
    Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, chapter 3.
    """
    found = np.full(len(texts), -1)
    if not len(texts) or not len(others):
        return found
    theirs, has = _band_keys(others)
    rows = np.flatnonzero(has)
    orders = [rows[np.argsort(theirs[rows, band])] for band in range(_BANDS)]
    for start in range(0, len(texts), _BLOCK):
        block = texts.slice(start, _BLOCK)
        ours, has = _band_keys(block)
        one, other = _candidates(ours, np.flatnonzero(has), theirs, orders)
        runs, row = np.empty(0, np.uint64), -1
        for number, candidate in zip(one.tolist(), other.tolist(), strict=True):
            if found[start + number] >= 0:
                continue
            if number != row:
                runs, row = runs_of(block[number].as_py()), number
            if jaccard(runs, runs_of(others[candidate].as_py())) >= NEAR:
                found[start + number] = candidate
    return found


def _band_keys(texts: pa.Array) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """The key of each text in each band, ``(n, bands)``, and whether it has any run, ``(n,)``."""
    keys = np.zeros((len(texts), _BANDS), np.uint64)
    has = np.zeros(len(texts), bool)
    for start, batch in _batches(texts):
        words = [words_of(text) for text in batch]
        sizes = np.array([len(each) for each in words])
        # All texts as one; runs that go on into the next text are left out.
        runs = hashed_runs(hashed_words(list(chain.from_iterable(words))))
        owner = np.repeat(np.arange(len(words)), sizes)
        inside = owner[: len(runs)] == owner[RUN - 1 :]
        runs, owner = runs[inside], owner[: len(runs)][inside]
        long, starts = np.unique(owner, return_index=True)
        if not len(long):
            continue
        found = np.zeros((len(long), _BANDS), np.uint64)
        for draw in range(_BANDS * _ROWS):
            # Multiply-shift hashing (Dietzfelbinger et al., 1997).
            hashed = (runs * _FACTORS[draw] + _TERMS[draw]) >> _HALF
            least = np.minimum.reduceat(hashed, starts)
            band = draw // _ROWS
            found[:, band] = (found[:, band] + least) * _FACTORS[draw % _ROWS]
        keys[start + long] = found
        has[start + long] = True
    return keys, has


def _candidates(
    ours: NDArray[np.uint64],
    rows: NDArray[np.int64],
    theirs: NDArray[np.uint64],
    orders: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows that share a band, those with most bands first; few for each of ours."""
    pairs = []
    for band, order in enumerate(orders):
        sorted_keys = theirs[order, band]
        for offset in range(_COMPARED):
            at = np.searchsorted(sorted_keys, ours[rows, band]) + offset
            inside = np.minimum(at, max(len(order) - 1, 0))
            if not len(order):
                continue
            same = (at < len(order)) & (sorted_keys[inside] == ours[rows, band])
            pairs.append(rows[same] * len(theirs) + order[inside[same]])
    if not pairs:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    found, counts = np.unique(np.concatenate(pairs), return_counts=True)
    one, other = found // len(theirs), found % len(theirs)
    order = np.lexsort((other, -counts, one))
    one, other = one[order], other[order]
    place = np.arange(len(one)) - np.searchsorted(one, one)
    return one[place < _COMPARED], other[place < _COMPARED]


def _batches(texts: Any) -> Iterator[tuple[int, list[str]]]:
    for start in range(0, len(texts), _BATCH):
        yield start, texts.slice(start, _BATCH).to_pylist()

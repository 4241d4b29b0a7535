"""Where each text's vector lies in the segments of a store, dense, sparse or ragged."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.cache.segments import (
    DENSE,
    PATTERN,
    SPARSE,
    Record,
    is_intact,
    map_segment,
    rows_of,
    walk,
    width_of,
)

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors


@dataclass(slots=True)
class Index:
    """Where each key's vector lies; records are checked when one of their vectors is first found.

    Parallel arrays over all vectors: key (two integers), record, segment, and where its numbers
    begin in the segment, in words of four bytes, and how many there are.
    ``order`` sorts them by the first half of the key, ``halves`` are these, sorted.
    """

    keys: NDArray[np.uint64]
    record_of: NDArray[np.int32]
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]
    segment_of: NDArray[np.int32]
    segments: list[NDArray[np.uint8]]
    records: list[Record]
    width: int
    form: bytes
    order: NDArray[np.int64] = field(init=False)
    halves: NDArray[np.uint64] = field(init=False)
    checked: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        import numpy as np

        self._sort(np.arange(len(self.keys)))

    def _sort(self, rows: NDArray[np.int64]) -> None:
        # Equal keys hold equal vectors up to the adapter's own noise: the first record counts.
        import numpy as np

        self.order = rows[np.argsort(self.keys[rows, 0], kind="stable")]
        self.halves = self.keys[self.order, 0]

    def find(self, keys: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Where the vectors of ``keys`` lie, -1 where there is no whole one, ``(n,)``."""
        import numpy as np

        wanted = np.ascontiguousarray(keys).view(np.uint64).reshape(-1, 2)
        while True:
            if not len(self.order):
                return np.full(len(keys), -1, np.int64)
            spots = np.searchsorted(self.halves, wanted[:, 0])
            spots[spots == len(self.order)] = 0
            places = self.order[spots]
            # Of two keys with one first half the second is not found, and encoded each time: the
            # chance for that is 3 in 10^8 among a million texts.
            places[(self.keys[places] != wanted).any(axis=1)] = -1
            hit = np.unique(self.record_of[places[places >= 0]])
            damaged = [number for number in hit.tolist() if not self._is_intact(number)]
            if not damaged:
                return places
            self._sort(np.sort(self.order[~np.isin(self.record_of[self.order], damaged)]))

    def read(self, places: NDArray[np.int64]) -> Vectors:
        """The vectors at places that ``find`` gave, none of them -1, ``(n, width)``."""
        return self._read_sparse(places) if self.form == SPARSE else self._read_dense(places)

    def read_ragged(self, places: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """The vectors of each text, ``(t, width)``, where a text has several."""
        import numpy as np

        found = []
        for place in places.tolist():
            first, count = self.offsets[place], self.counts[place]
            words = _words(self.segments[self.segment_of[place]])[first : first + count]
            found.append(np.array(words.view("<f4")).reshape(-1, self.width))
        return found

    def _read_dense(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        import numpy as np

        found = np.empty((len(places), self.width), np.float32)
        owners = self.segment_of[places]
        for segment in np.unique(owners):
            rows = np.flatnonzero(owners == segment)
            floats = _words(self.segments[segment]).view("<f4")
            windows = np.lib.stride_tricks.sliding_window_view(floats, self.width)
            found[rows] = windows[self.offsets[places[rows]]]
        return found

    def _read_sparse(self, places: NDArray[np.int64]) -> sp.csr_matrix:
        import numpy as np
        import scipy.sparse as sp

        counts, owners = self.counts[places], self.segment_of[places]
        ends = np.concatenate([[0], np.cumsum(counts)])
        columns, values = np.empty(ends[-1], np.int32), np.empty(ends[-1], np.float32)
        sizes = np.array([record.size for record in self.records], np.int64)
        for segment in np.unique(owners):
            rows = np.flatnonzero(owners == segment)
            words, count = _words(self.segments[segment]), counts[rows]
            there, here = (
                _each(first, count) for first in (self.offsets[places[rows]], ends[rows])
            )
            columns[here] = words[there]
            # The values of a record follow all of its columns.
            values[here] = words.view("<f4")[
                there + np.repeat(sizes[self.record_of[places[rows]]], count)
            ]
        return sp.csr_matrix((values, columns, ends), shape=(len(places), self.width))

    def _is_intact(self, number: int) -> bool:
        if number in self.checked:
            return True
        row = self.record_of.searchsorted(number)
        whole = is_intact(self.segments[self.segment_of[row]], self.records[number])
        if whole:
            self.checked.add(number)
        return whole


def read_index(folder: Path) -> Index:
    """The index of all segments that are there; marks them as used.

    The first whole record says of which form the store is, and how wide; others are left out.
    """
    import numpy as np

    segments: list[NDArray[np.uint8]] = []
    records: list[Record] = []
    owners: list[int] = []
    keys: list[NDArray[np.uint64]] = [np.empty((0, 2), np.uint64)]
    offsets: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    counts: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    shape = (0, DENSE)
    for path in sorted(folder.glob(PATTERN)) if folder.is_dir() else []:
        data = map_segment(path)
        with suppress(OSError):
            os.utime(path)
        for record in walk(data):
            found = width_of(data, record), record.form
            if not shape[0] and is_intact(data, record):
                shape = found
            if not shape[0] or found != shape or not record.texts:
                continue
            first, count = rows_of(data, record)
            keys.append(data[record.keys : record.vectors].view(np.uint64).reshape(-1, 2))
            offsets.append(first)
            counts.append(count)
            owners.append(len(segments))
            records.append(record)
        segments.append(data)
    texts = [record.texts for record in records]
    return Index(
        keys=np.concatenate(keys),
        record_of=np.repeat(np.arange(len(records), dtype=np.int32), texts),
        offsets=np.concatenate(offsets),
        counts=np.concatenate(counts),
        segment_of=np.repeat(np.asarray(owners, np.int32), texts),
        segments=segments,
        records=records,
        width=shape[0],
        form=shape[1],
    )


def _words(data: NDArray[np.uint8]) -> NDArray[np.uint32]:
    return data[: len(data) // 4 * 4].view("<u4")


def _each(first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers ``first, first + 1, ...``, so many for each row, in one array."""
    import numpy as np

    before = np.cumsum(count) - count
    return np.repeat(first - before, count) + np.arange(count.sum())

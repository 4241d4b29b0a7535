"""The files of a store: records of keys and vectors, each with a checksum, appended and walked.

A record is a batch: a header, 16-byte keys of the texts, their vectors, and in the header a
checksum over keys and vectors. Dense vectors are float32. Sparse ones are, in words of 4 bytes: the
width, how many numbers each text has, the columns of all numbers, their float32 values. Ragged ones
(several vectors a text) are the same without columns. All offsets are multiples of 4.
"""

from __future__ import annotations

import os
import struct
import uuid
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

    Bytes = NDArray[np.uint8]

DENSE, SPARSE, RAGGED = FORMS = b"EMV1", b"EMS1", b"EMR1"
HEADER = struct.Struct("<4sIII")  # which of these, texts, size, checksum of keys and vectors
KEY = 16
PATTERN = "*.segment"


@dataclass(frozen=True, slots=True)
class Record:
    """Where a record lies in its file, by its header; ``start`` is the header's first byte.

    ``size`` is the width of dense vectors; of others the numbers of all texts.
    """

    start: int
    texts: int
    size: int
    checksum: int
    form: bytes = DENSE

    @property
    def keys(self) -> int:
        """The first byte of the keys."""
        return self.start + HEADER.size

    @property
    def vectors(self) -> int:
        """The first byte of the vectors."""
        return self.keys + self.texts * KEY

    @property
    def end(self) -> int:
        """The byte after the last vector."""
        words = self.texts * self.size
        if self.form != DENSE:
            words = 1 + self.texts + self.size * (2 if self.form == SPARSE else 1)
        return self.vectors + 4 * words


def map_segment(path: Path) -> Bytes:
    """The bytes of a file, mapped; those of a file that is gone or empty are none."""
    import numpy as np

    try:
        if path.stat().st_size:
            return np.asarray(np.memmap(path, np.uint8, mode="r"))
    except FileNotFoundError:
        pass
    return np.empty(0, np.uint8)


def walk(data: Bytes) -> Iterator[Record]:
    """The records of a segment by their headers, up to one that is cut short."""
    start = 0
    while start + HEADER.size <= len(data):
        form, texts, size, checksum = HEADER.unpack(data[start : start + HEADER.size].tobytes())
        record = Record(start, texts, size, checksum, form)
        if form not in FORMS or record.end > len(data):
            return
        yield record
        start = record.end


def is_intact(data: Bytes, record: Record) -> bool:
    """Whether keys and vectors are those that were written."""
    return zlib.crc32(data[record.keys : record.end].data) == record.checksum


def width_of(data: Bytes, record: Record) -> int:
    """How many dimensions the vectors of a record have."""
    if record.form == DENSE:
        return record.size
    return int.from_bytes(data[record.vectors : record.vectors + 4].tobytes(), "little")


def rows_of(data: Bytes, record: Record) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each text's numbers begin (of sparse ones, their columns), and how many there are.

    Two ``(n,)`` arrays, the first in words of four bytes from the beginning of the segment.
    """
    import numpy as np

    first = record.vectors // 4
    if record.form == DENSE:
        counts = np.full(record.texts, record.size, np.int64)
        return first + np.arange(record.texts) * record.size, counts
    start = record.vectors + 4
    counts = data[start : start + 4 * record.texts].view("<u4").astype(np.int64)
    return first + 1 + record.texts + np.cumsum(counts) - counts, counts


def pack(keys: NDArray[np.bytes_], vectors: Vectors | Sequence[NDArray[np.float32]]) -> bytes:
    """One record: keys ``(n,)``, and vectors ``(n, d)``, dense or sparse, or n of ``(t, d)``."""
    import numpy as np

    if isinstance(vectors, np.ndarray):
        form, size, parts = DENSE, vectors.shape[1], [vectors.astype("<f4", copy=False)]
    elif isinstance(vectors, Sequence):
        numbers = np.concatenate([text.ravel() for text in vectors])
        words = np.array([vectors[0].shape[1], *(text.size for text in vectors)])
        form, size = RAGGED, len(numbers)
        parts = [words.astype("<u4"), numbers.astype("<f4", copy=False)]
    else:
        rows = vectors.tocsr()
        words = np.concatenate([[rows.shape[1]], np.diff(rows.indptr), rows.indices])
        form, size = SPARSE, rows.nnz
        parts = [words.astype("<u4"), rows.data.astype("<f4", copy=False)]
    body = keys.tobytes() + b"".join(part.tobytes() for part in parts)
    return HEADER.pack(form, len(keys), size, zlib.crc32(body)) + body


def new_segment(folder: Path) -> BinaryIO:
    """A new file of this process, private, locked for as long as it is open."""
    path = folder / f"{os.getpid()}-{uuid.uuid4().hex}.segment"
    stream = path.open("xb", buffering=0)
    os.chmod(path, 0o600)
    _lock(stream)
    return stream


def in_use(path: Path) -> bool:
    """Whether a process still appends to a segment.

    Known by its lock, which ends with the process. Where there are no such locks (Windows), a file
    that is open cannot be removed either.
    """
    try:
        with path.open("rb") as stream:
            return not _lock(stream)
    except OSError:
        return False


def _lock(stream: Any) -> bool:
    """Lock a file for this process alone; False when another has it."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True

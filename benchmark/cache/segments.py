"""The files of a store: records of keys and vectors, each with a checksum, appended and walked.

A record is a batch: a header, 16-byte keys of the texts, float32 vectors, and in the header a
checksum over keys and vectors. All offsets are multiples of 4.
"""

from __future__ import annotations

import os
import struct
import uuid
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

MAGIC = b"EMV1"
HEADER = struct.Struct("<4sIII")  # magic, texts, dimensions, checksum of keys and vectors
KEY = 16
PATTERN = "*.segment"


@dataclass(frozen=True, slots=True)
class Record:
    """Where a record lies in its file, by its header; ``start`` is the header's first byte."""

    start: int
    texts: int
    dimensions: int
    checksum: int

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
        return self.vectors + self.texts * self.dimensions * 4


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
        header = HEADER.unpack(data[start : start + HEADER.size].tobytes())
        record = Record(start, *header[1:])
        if header[0] != MAGIC or record.end > len(data):
            return
        yield record
        start = record.end


def is_intact(data: Bytes, record: Record) -> bool:
    """Whether keys and vectors are those that were written."""
    return zlib.crc32(data[record.keys : record.end].data) == record.checksum


def pack(keys: NDArray[np.bytes_], vectors: NDArray[np.float32]) -> bytes:
    """One record: keys ``(n,)`` and vectors ``(n, d)``."""
    body = keys.tobytes() + vectors.astype("<f4", copy=False).tobytes()
    return HEADER.pack(MAGIC, *vectors.shape, zlib.crc32(body)) + body


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

"""A store of encoded vectors that survives a crash and is shared between processes.

One folder holds the vectors of one model, role and prompt; ``store.json`` in it says which. Every
process appends records to a segment file of its own, so nobody waits. A record cut short by a
kill, or damaged later, fails its checksum and is encoded again; all others are used.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from benchmark.cache.place import make_root
from benchmark.cache.segments import (
    KEY,
    PATTERN,
    Record,
    is_intact,
    map_segment,
    new_segment,
    pack,
    walk,
)
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ABOUT = "store.json"


def default_folder() -> Path:
    """The platform's cache folder for vectors."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("embedmark")) / "vectors"


@dataclass(slots=True)
class VectorStore:
    """The vectors of one model, role and prompt; append-only.

    ``about`` is what ``store.json`` says. State lives here: the index of what the folder held when
    it was first asked, and the file this process appends to. After a fork the child appends to a
    file of its own.
    """

    folder: Path
    about: Mapping[str, Any] | None = None
    _index: _Index | None = None
    _stream: BinaryIO | None = None
    _writer: int = 0

    def find(self, keys: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Where the vectors of ``keys`` lie, -1 where there is none, ``(n,)``."""
        if self._index is None:
            self._index = _read_index(self.folder)
        return self._index.find(keys)

    def read(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at ``places`` that ``find`` gave, none of them -1, ``(n, d)``."""
        assert self._index is not None
        return self._index.read(places)

    def append(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float32]) -> None:
        """Write one batch as one record; the operating system has it when this returns."""
        if self._stream is None or self._writer != os.getpid():
            self._stream, self._writer = self._open_segment(), os.getpid()
        self._stream.write(pack(keys, vectors))

    def close(self) -> None:
        """Close this process's segment, on the disk."""
        if self._stream is not None and self._writer == os.getpid():
            os.fsync(self._stream.fileno())
            self._stream.close()
        self._stream = None

    def _open_segment(self) -> BinaryIO:
        for _ in range(3):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with suppress(FileNotFoundError):  # a prune removed the folder, still empty
                if self.about is not None and not (self.folder / ABOUT).exists():
                    _write_about(self.folder, self.about)
                return new_segment(self.folder)
        raise FileNotFoundError(self.folder)


@dataclass(slots=True)
class _Index:
    """Where each key's vector lies; records are checked when one of their vectors is first found.

    Parallel arrays over all vectors: key (two integers), record, and offset in the segment, in
    floats. ``order`` sorts them by the first half of the key, ``halves`` are these, sorted.
    """

    keys: NDArray[np.uint64]
    record_of: NDArray[np.int32]
    offsets: NDArray[np.int64]
    segment_of: NDArray[np.int32]
    segments: list[NDArray[np.uint8]]
    records: list[Record]
    width: int
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

    def read(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        import numpy as np

        found = np.empty((len(places), self.width), np.float32)
        owners = self.segment_of[places]
        for segment in np.unique(owners):
            rows = np.flatnonzero(owners == segment)
            data = self.segments[segment]
            floats = data[: len(data) // 4 * 4].view("<f4")
            windows = np.lib.stride_tricks.sliding_window_view(floats, self.width)
            found[rows] = windows[self.offsets[places[rows]]]
        return found

    def _is_intact(self, number: int) -> bool:
        if number in self.checked:
            return True
        row = self.record_of.searchsorted(number)
        whole = is_intact(self.segments[self.segment_of[row]], self.records[number])
        if whole:
            self.checked.add(number)
        return whole


def _read_index(folder: Path) -> _Index:
    """The index of all segments that are there; marks them as used."""
    import numpy as np

    segments: list[NDArray[np.uint8]] = []
    records: list[Record] = []
    owners: list[int] = []
    keys: list[NDArray[np.uint64]] = [np.empty((0, 2), np.uint64)]
    offsets: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    width = 0
    for path in sorted(folder.glob(PATTERN)) if folder.is_dir() else []:
        data = map_segment(path)
        with suppress(OSError):
            os.utime(path)
        for record in walk(data):
            if not width and is_intact(data, record):
                width = record.dimensions
            if not width or record.dimensions != width or not record.texts:
                continue
            keys.append(data[record.keys : record.vectors].view(np.uint64).reshape(-1, 2))
            offsets.append(record.vectors // 4 + np.arange(record.texts) * width)
            owners.append(len(segments))
            records.append(record)
        segments.append(data)
    counts = [record.texts for record in records]
    return _Index(
        keys=np.concatenate(keys),
        record_of=np.repeat(np.arange(len(records), dtype=np.int32), counts),
        offsets=np.concatenate(offsets),
        segment_of=np.repeat(np.asarray(owners, np.int32), counts),
        segments=segments,
        records=records,
        width=width,
    )


def text_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """The 16-byte key of each text, ``(n,)``: BLAKE2b of its UTF-8 bytes."""
    import numpy as np

    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=KEY).digest() for text in texts)
    return np.frombuffer(digests, f"S{KEY}")


def open_store(root: Path, identity: Identity, role: Role, prompt: str | None) -> VectorStore:
    """The store of everything that changes a vector besides the text.

    Raises UsageError when ``root`` cannot be a cache.
    """
    about = {
        "name": identity.name,
        "revision": identity.revision,
        "adapter": identity.adapter,
        "options": dict(identity.options),
        "role": role,
        "prompt": prompt,
    }
    make_root(root)
    return VectorStore(root / folder_of(about), about)


def folder_of(about: Mapping[str, Any]) -> str:
    """The name of a store's folder: a digest of what ``store.json`` says, on which all depends.

    >>> folder_of({"name": "a/b"})
    'f64cacfc2a41daa331b2b83f4f85189b'
    """
    canonical = json.dumps(about, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:32]


def _write_about(folder: Path, about: Mapping[str, Any]) -> None:
    """Write ``store.json`` whole or not at all; of two writers both write the same."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(about, indent=2, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(name, folder / ABOUT)

"""A store of encoded vectors that survives a crash and is shared between processes.

One folder holds the vectors of one model, role and prompt. Every process appends records to a
segment file of its own, so nobody waits; a record is a batch: a header, 16-byte keys of the texts,
float32 vectors, and a checksum over all of it. A record cut short by a kill, or damaged later,
fails its checksum and is encoded again; what stands before it is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from benchmark.errors import UsageError
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAGIC = b"EMV1"
_HEADER = struct.Struct("<4sIII")  # magic, texts, dimensions, checksum of keys and vectors
_KEY = 16


def default_folder() -> Path:
    """The platform's cache folder for vectors."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("embedmark")) / "vectors"


@dataclass(slots=True)
class VectorStore:
    """The vectors of one model, role and prompt; open for this process, append-only.

    State lives here: the segments mapped so far, and the file this process appends to.
    """

    folder: Path
    _keys: NDArray[np.bytes_] | None = None
    _vectors: list[NDArray[np.float32]] = field(default_factory=list)
    _places: NDArray[np.int64] | None = None
    _stream: BinaryIO | None = None

    def find(self, keys: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Where the vectors of ``keys`` lie, -1 where there is none, ``(n,)``."""
        import numpy as np

        self._open()
        if self._keys is None or self._places is None or not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        spots = np.searchsorted(self._keys, keys)
        spots[spots == len(self._keys)] = 0
        return np.where(self._keys[spots] == keys, self._places[spots], -1)

    def read(self, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at ``places``, ``(n, d)``."""
        import numpy as np

        starts = np.cumsum([0, *(len(part) for part in self._vectors)])
        parts = np.searchsorted(starts, places, side="right") - 1
        found = np.empty((len(places), self._vectors[0].shape[1]), np.float32)
        for part in np.unique(parts):
            rows = np.flatnonzero(parts == part)
            found[rows] = self._vectors[part][places[rows] - starts[part]]
        return found

    def append(self, keys: NDArray[np.bytes_], vectors: NDArray[np.float32]) -> None:
        """Write one batch as one record; the operating system has it when this returns."""
        if self._stream is None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = f"{os.getpid()}-{uuid.uuid4().hex}.segment"
            self._stream = (self.folder / name).open("xb", buffering=0)
            os.chmod(self._stream.name, 0o600)
        body = keys.tobytes() + vectors.astype("<f4", copy=False).tobytes()
        header = _HEADER.pack(_MAGIC, *vectors.shape, zlib.crc32(body))
        self._stream.write(header + body)

    def close(self) -> None:
        """Close this process's segment, on the disk."""
        if self._stream is not None:
            os.fsync(self._stream.fileno())
            self._stream.close()
            self._stream = None

    def _open(self) -> None:
        import numpy as np

        if self._keys is not None:
            return
        keys: list[NDArray[np.bytes_]] = []
        for path in sorted(self.folder.glob("*.segment")) if self.folder.is_dir() else []:
            for found, vectors in _records(path):
                if not self._vectors or vectors.shape[1] == self._vectors[0].shape[1]:
                    keys.append(found)
                    self._vectors.append(vectors)
        joined = np.concatenate(keys) if keys else np.empty(0, f"S{_KEY}")
        # Equal keys hold equal vectors up to the adapter's own noise: the first record counts.
        order = np.argsort(joined, kind="stable")
        self._keys, self._places = joined[order], order.astype(np.int64)


def text_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """The 16-byte key of each text, ``(n,)``: BLAKE2b of its UTF-8 bytes."""
    import numpy as np

    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=_KEY).digest() for text in texts)
    return np.frombuffer(digests, f"S{_KEY}")


def open_store(root: Path, identity: Identity, role: Role, prompt: str | None) -> VectorStore:
    """The store of everything that changes a vector besides the text."""
    settings = {
        "name": identity.name,
        "revision": identity.revision,
        "adapter": identity.adapter,
        "options": dict(identity.options),
        "role": role,
        "prompt": prompt,
    }
    canonical = json.dumps(settings, sort_keys=True, ensure_ascii=False)
    folder = root / hashlib.sha256(canonical.encode()).hexdigest()[:32]
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"{root}: the cache folder cannot be made ({error.strerror}); "
            "name another with --cache DIR or use --no-cache"
        ) from None
    return VectorStore(folder)


def _records(path: Path) -> list[tuple[NDArray[np.bytes_], NDArray[np.float32]]]:
    """The whole records of a segment, up to the first that is cut short or damaged."""
    import numpy as np

    found = []
    size = path.stat().st_size
    if not size:
        return []
    data = np.memmap(path, np.uint8, mode="r")
    start = 0
    while start + _HEADER.size <= size:
        magic, texts, dimensions, checksum = _HEADER.unpack(
            data[start : start + _HEADER.size].tobytes()
        )
        body = start + _HEADER.size
        vectors = body + texts * _KEY
        end = vectors + texts * dimensions * 4
        if magic != _MAGIC or end > size or zlib.crc32(data[body:end].tobytes()) != checksum:
            break
        keys = np.frombuffer(data[body:vectors].tobytes(), f"S{_KEY}")
        values = np.frombuffer(data, "<f4", texts * dimensions, vectors)
        found.append((keys, values.reshape(texts, dimensions)))
        start = end
    return found

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
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from benchmark.cache.index import Index, read_index
from benchmark.cache.place import make_root
from benchmark.cache.segments import KEY, new_segment, pack
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

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
    _index: Index | None = None
    _stream: BinaryIO | None = None
    _writer: int = 0

    def find(self, keys: NDArray[np.bytes_]) -> NDArray[np.int64]:
        """Where the vectors of ``keys`` lie, -1 where there is none, ``(n,)``."""
        if self._index is None:
            self._index = read_index(self.folder)
        return self._index.find(keys)

    def read(self, places: NDArray[np.int64]) -> Vectors:
        """The vectors at ``places`` that ``find`` gave, none of them -1, ``(n, d)``."""
        assert self._index is not None
        return self._index.read(places)

    def read_ragged(self, places: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """The vectors of each text, ``(t, d)``, in a store where a text has several."""
        assert self._index is not None
        return self._index.read_ragged(places)

    def append(
        self, keys: NDArray[np.bytes_], vectors: Vectors | Sequence[NDArray[np.float32]]
    ) -> None:
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


def text_keys(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """The 16-byte key of each text, ``(n,)``: BLAKE2b of its UTF-8 bytes."""
    import numpy as np

    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=KEY).digest() for text in texts)
    return np.frombuffer(digests, f"S{KEY}")


def open_store(root: Path, identity: Identity, role: Role, prompt: str | None) -> VectorStore:
    """The store of everything that changes a vector besides the text.

    Raises UsageError when ``root`` cannot be a cache.
    """
    about: dict[str, Any] = {
        "name": identity.name,
        "revision": identity.revision,
        "adapter": identity.adapter,
        "options": dict(identity.options),
        "role": role,
        "prompt": prompt,
    }
    if identity.effective:
        about["effective"] = dict(identity.effective)
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

"""What goes between a run and its workers: a JSON object and the bytes of vectors."""

from __future__ import annotations

import json
import struct
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.protocols import Vectors

_LENGTHS = struct.Struct("<QQ")


def write_frame(stream: IO[bytes] | None, header: dict[str, Any], payload: bytes = b"") -> None:
    """Write one frame: the lengths of its two parts, then these."""
    assert stream is not None
    content = json.dumps(header).encode()
    stream.write(_LENGTHS.pack(len(content), len(payload)))
    stream.write(content)
    stream.write(payload)
    stream.flush()


def read_frame(stream: IO[bytes] | None) -> tuple[dict[str, Any], bytes]:
    """Read one frame; EOFError where the other side has ended."""
    assert stream is not None
    header, payload = _LENGTHS.unpack(_read(stream, _LENGTHS.size))
    content: dict[str, Any] = json.loads(_read(stream, header))
    return content, _read(stream, payload)


def frame_of_vectors(vectors: Any) -> tuple[dict[str, Any], bytes]:
    """A frame's parts for dense or sparse float32 vectors."""
    import numpy as np

    if hasattr(vectors, "tocsr"):
        rows = vectors.tocsr()
        parts = [rows.indptr.astype("<i8"), rows.indices.astype("<i8"), rows.data.astype("<f4")]
        return {"shape": rows.shape, "sparse": rows.nnz}, b"".join(p.tobytes() for p in parts)
    array = np.ascontiguousarray(vectors, "<f4")
    return {"shape": array.shape}, array.tobytes()


def vectors_of_frame(header: dict[str, Any], payload: bytes) -> Vectors:
    """The vectors of a frame."""
    import numpy as np

    if "sparse" not in header:
        return np.frombuffer(payload, "<f4").reshape(header["shape"])
    import scipy.sparse as sp

    first, middle = 8 * (header["shape"][0] + 1), 8 * header["sparse"]
    indptr = np.frombuffer(payload[:first], "<i8")
    indices = np.frombuffer(payload[first : first + middle], "<i8")
    data = np.frombuffer(payload[first + middle :], "<f4")
    return sp.csr_matrix((data, indices, indptr), header["shape"])


def _read(stream: IO[bytes], count: int) -> bytes:
    content = stream.read(count)
    if len(content) < count:
        raise EOFError
    return content

"""Vectors made smaller: fewer dimensions, half precision, bytes, bits; and back to floats.

Codes are those of ``sentence_transformers.quantization.quantize_embeddings``, to the bit. Binary
codes are packed bits, the ``ubinary`` of that function; its ``binary`` is the same less 128.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.metrics.similarity import normalised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BITS = {"float32": 32, "float16": 16, "int8": 8, "uint8": 8, "binary": 1}
"""The types that vectors can be stored in, and how many bits a dimension takes."""
INTEGERS = ("int8", "uint8")

_ROWS = 16_384  # vectors coded together: what is computed of them is a few times as large as they


def bytes_of(dimensions: int, dtype: str) -> int:
    """The bytes of one stored vector; bits fill whole bytes.

    >>> bytes_of(384, "float32"), bytes_of(384, "binary"), bytes_of(12, "binary")
    (1536, 48, 2)
    """
    return -(-dimensions * BITS[dtype] // 8)


def cut(vectors: Any, dimensions: int) -> NDArray[np.float32]:
    """The first ``dimensions`` of each vector, scaled to unit length again; zero rows stay zero.

    Shape ``(n, d)`` to ``(n, dimensions)``. As ``truncate_dim`` with ``normalize_embeddings`` in
    sentence-transformers, and as Kusupati et al., arXiv:2205.13147, compare them.

    >>> cut(np.array([[3.0, 4.0, 12.0]]), 2)
    array([[0.6, 0.8]], dtype=float32)
    """
    shortened: Any = normalised(vectors[:, :dimensions])
    return np.asarray(shortened, np.float32)


def ranges_of(calibration: Sequence[Any]) -> NDArray[np.float32]:
    """The smallest and largest value of each dimension, ``(2, d)``, over all arrays ``(n, d)``.

    Arrays without rows say nothing; all zero where no array has any.
    """
    known = [vectors for vectors in calibration if len(vectors)]
    if not known:
        return np.zeros((2, calibration[0].shape[1] if calibration else 1), np.float32)
    low = np.min([vectors.min(axis=0) for vectors in known], axis=0)
    high = np.max([vectors.max(axis=0) for vectors in known], axis=0)
    return np.vstack((low, high)).astype(np.float32)


def quantised(vectors: Any, dtype: str, ranges: NDArray[np.float32] | None = None) -> NDArray[Any]:
    """The codes of vectors ``(n, d)``, in ``dtype``; bits come packed, ``(n, ceil(d / 8))`` uint8.

    ``int8`` and ``uint8`` cut each dimension's range into 255 steps and clip what lies outside;
    they need ``ranges``. A dimension without any range has steps of 1. A bit is 1 above zero.

    >>> quantised(np.array([[0.1, -0.2, 0.3]]), "binary")
    array([[160]], dtype=uint8)
    >>> quantised(np.array([[0.0, 9.0]]), "int8", np.array([[-1.0, 0.0], [1.0, 1.0]]))
    array([[ -1, 127]], dtype=int8)
    """
    count, width = vectors.shape
    shape = (count, -(-width // 8)) if dtype == "binary" else (count, width)
    codes: NDArray[Any] = np.empty(shape, np.uint8 if dtype == "binary" else dtype)
    for start in range(0, count, _ROWS):
        part = slice(start, start + _ROWS)
        codes[part] = _codes(vectors[part], dtype, ranges)
    return codes


def floats(
    codes: NDArray[Any], dtype: str, dimensions: int, ranges: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Codes as numbers, ``(n, dimensions)`` float32: bits are 0 and 1, integers their value.

    With ``ranges`` integers are brought back to the vectors' own scale, to the start of the step
    that a value fell into, as sentence-transformers does before it scores again.
    """
    if dtype == "binary":
        codes = np.unpackbits(codes, axis=-1, count=dimensions)
    numbers: NDArray[np.float32] = codes.astype(np.float32)
    if ranges is None or dtype not in INTEGERS:
        return numbers
    if dtype == "int8":
        numbers += 128
    numbers *= _steps(ranges)
    numbers += ranges[0]
    return numbers


def _codes(vectors: Any, dtype: str, ranges: NDArray[np.float32] | None) -> NDArray[Any]:
    if dtype == "binary":
        return np.packbits(vectors > 0, axis=-1)
    if dtype not in INTEGERS:
        return np.asarray(vectors, dtype)
    assert ranges is not None
    ranges = ranges.astype(np.float32, copy=False)
    steps = np.clip(np.floor((vectors - ranges[0]) / _steps(ranges)), 0, 255)
    return np.asarray(steps - 128 if dtype == "int8" else steps, dtype)


def _steps(ranges: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = (ranges[1] - ranges[0]) / np.float32(255)
    return np.where(steps == 0, np.float32(1), steps)

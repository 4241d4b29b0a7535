"""Whether two measurements of the same thing agree: vectors, metrics and records of examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

Verdict: TypeAlias = Literal["identical", "within tolerance", "different", "not checked"]

VECTORS = 1e-5
"""How far a vector may lie from another, as a share of its length.

A text meets other texts in its batch, so sums of 32-bit floats are added in another order: a
MiniLM moves by 7e-7 of a vector's length, while other weights move it by more than 1e-3.
"""
HALF = {"float16": 3e-3, "bfloat16": 3e-2}
"""The same for weights in half precision: three times their rounding; a MiniLM moves by 7e-3."""
SCORES = 1e-6
"""How far a score may lie from another: what sums in another order change, and no rank does."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison found: the greatest difference, and the rows beyond tolerance."""

    verdict: Verdict
    greatest: float = 0.0
    rows: tuple[int, ...] = ()


def compare_vectors(now: Vectors, then: Vectors, tolerance: float = VECTORS) -> Agreement:
    """Rows of two ``(n, d)`` arrays, dense or sparse, by the length of their difference.

    It is a share of the longer one's length; rows of another width differ by all of it.

    >>> compare_vectors(np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32)).rows
    (0, 1)
    """
    if now.shape != then.shape:
        return Agreement("different", 1.0, tuple(range(now.shape[0])))
    longer = np.maximum(_lengths(now), _lengths(then))
    off = _lengths(now - then) / np.maximum(longer, np.finfo(np.float32).tiny)
    return _agreement(off, tolerance)


def compare_columns(
    now: Mapping[str, NDArray[Any]],
    then: Mapping[str, NDArray[Any]],
    similarity: float = VECTORS,
) -> Iterator[tuple[str, Agreement]]:
    """Each column of the records of examples; whole numbers and words must be equal.

    ``similarity`` may differ by as much as is said, other numbers as scores do. A column that one
    side lacks, or that has another shape, differs without rows.
    """
    for name in sorted({*now, *then}):
        if name not in now or name not in then or now[name].shape != then[name].shape:
            yield name, Agreement("different", float("nan"))
            continue
        one, other = now[name], then[name]
        if np.issubdtype(one.dtype, np.floating) and np.issubdtype(other.dtype, np.floating):
            off = np.abs(one.astype(np.float64) - other)
            off[(one == other) | (np.isnan(one) & np.isnan(other))] = 0.0
            off[np.isnan(off)] = np.inf
            yield name, _agreement(_by_row(off), similarity if name == "similarity" else SCORES)
        else:
            yield name, _agreement(_by_row((one != other).astype(np.float64)), 0.0)


def compare_metrics(now: Any, then: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """``(name, now, then)`` of all metrics that are not equal; nested ones are named by their path.

    Those that are new now are left out: nothing was said of them then.

    >>> list(compare_metrics({"f1": 0.5, "runs": [1, 2]}, {"f1": 0.5, "runs": [1, 3]}))
    [('runs.1', 2, 3)]
    """
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        for key in sorted(then):
            path = f"{name}.{key}" if name else key
            yield from compare_metrics(now.get(key), then.get(key), path)
    elif isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
        for place, pair in enumerate(zip(now, then, strict=True)):
            yield from compare_metrics(*pair, f"{name}.{place}")
    elif now != then:
        yield name, now, then


def within(now: Any, then: Any) -> bool:
    """Whether two values of a metric agree to ``SCORES``."""
    numbers = all(isinstance(value, int | float) for value in (now, then))
    return numbers and abs(now - then) <= SCORES


def _agreement(off: NDArray[np.float64], tolerance: float) -> Agreement:
    greatest = float(off.max(initial=0.0))
    if greatest == 0:
        return Agreement("identical")
    rows = tuple(np.flatnonzero(~(off <= tolerance)).tolist())
    return Agreement("different" if rows else "within tolerance", greatest, rows)


def _by_row(off: NDArray[np.float64]) -> NDArray[np.float64]:
    return off if off.ndim == 1 else np.asarray(off.max(axis=1, initial=0.0), np.float64)


def _lengths(vectors: Any) -> NDArray[np.float64]:
    if hasattr(vectors, "tocsr"):
        squares = vectors.astype(np.float64).power(2).sum(axis=1)
        return np.sqrt(np.asarray(squares, np.float64).ravel())
    return np.asarray(np.linalg.norm(np.asarray(vectors, np.float64), axis=1), np.float64)

"""What the kinds share: options, columns of tables, checked vectors, and findings."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from benchmark.errors import ModelError
from benchmark.metrics.parallel import MOST, spread
from benchmark.metrics.search import numbers_of
from benchmark.metrics.similarity import is_sparse
from benchmark.protocols import Finding
from benchmark.tables import as_one, at_row, source_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Tables, Vectors
    from benchmark.task import Task

_Result = TypeVar("_Result")
_BLOCK = 8_192  # rows looked at together, so that a memory map is never read whole


def options_of(task: Task, defaults: Mapping[str, Any]) -> Mapping[str, Any]:
    """The task's options over the kind's defaults."""
    return {**defaults, **task.options}


def column(table: pa.Table, name: str) -> pa.Array:
    """A column as one array, shared with the table where it can be."""
    return as_one(table.column(name))


def numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    """A numeric column as float64; an empty cell is NaN."""
    values = table.column(name).to_numpy()
    return np.asarray(values, dtype=np.float64)


def label_codes(*arrays: pa.Array) -> tuple[list[NDArray[np.int64]], list[Any]]:
    """Each array's labels as integers from 0, and the sorted labels that the integers stand for.

    Labels sort as they do in scikit-learn: integers by value, strings by code point.
    """
    encoded = [array.dictionary_encode() for array in arrays]
    known = [part.dictionary.to_pylist() for part in encoded]
    labels = sorted({label for values in known for label in values})
    code_of = {label: code for code, label in enumerate(labels)}
    codes = []
    for part, values in zip(encoded, known, strict=True):
        table = np.array([code_of[label] for label in values], dtype=np.int64)
        indices = part.indices.to_numpy(zero_copy_only=False)
        codes.append(table[indices] if len(table) else np.empty(0, dtype=np.int64))
    return codes, labels


def vectors_of(embeddings: Embeddings, request: str, rows: int) -> Vectors:
    """The vectors of a request as numbers, checked: one a text, two-dimensional, finite.

    Raises ModelError that names the request and the first bad row.
    """
    check_vectors_of(embeddings, request, rows)
    return cast("Vectors", numbers_of(embeddings, request))


def check_vectors_of(embeddings: Embeddings, request: str, rows: int) -> None:
    """Raise ModelError as ``vectors_of`` does, and leave codes as they are."""
    if request not in embeddings.vectors:
        raise ModelError(f"request '{request}': no vectors came back; check the model's encode")
    vectors = embeddings[request]
    shape = vectors.shape
    if len(shape) != 2 or shape[0] != rows or shape[1] == 0:
        message = f"the model gave vectors of shape {shape} for {rows} texts"
        raise ModelError(f"request '{request}': {message}; return one row for each text, in order")
    values: Any = vectors.data if is_sparse(vectors) else vectors
    for start in range(0, len(values), _BLOCK):
        finite = np.isfinite(values[start : start + _BLOCK])
        if not finite.all():
            at = start + int(np.argmin(finite.reshape(len(finite), -1).all(axis=1)))
            row = _row_of_entry(vectors, at) if is_sparse(vectors) else at
            message = "the vector holds NaN or infinity; check what the model does with that text"
            raise ModelError(f"request '{request}' row {row + 1}: {message}")


def same_width(embeddings: Embeddings, first: str, second: str) -> None:
    """Raise ModelError unless the vectors of two requests are equally long."""
    widths = embeddings[first].shape[1], embeddings[second].shape[1]
    if widths[0] != widths[1]:
        message = f"'{first}' has {widths[0]} dimensions and '{second}' has {widths[1]}"
        raise ModelError(f"requests '{first}' and '{second}': {message}; encode both alike")


def in_threads(
    function: Callable[[Any], _Result], items: Sequence[Any], *, most: int = MOST
) -> list[_Result]:
    """``function`` of each item, in order, a few at once; what a solver says of convergence is hid.

    Solvers and k-means are small and many, so whole runs side by side use the cores best. Stopping
    early is part of the reference's protocol.
    """
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return spread(function, items, most=most)


def empty_tables(tables: Tables) -> list[Finding]:
    """One error for each table without rows."""
    return [
        Finding(
            "error",
            f"empty_{name}",
            f"{source_of(table)}: the table '{name}' has no rows; add data or fix the file name",
        )
        for name, table in tables.items()
        if table.num_rows == 0
    ]


def finding_at(
    level: Any, code: str, table: pa.Table, rows: NDArray[Any], what: str, action: str
) -> Finding:
    """A finding that names the first of ``rows`` (0-based) and counts them all."""
    count = len(rows)
    more = f" ({count:,} rows in all)" if count > 1 else ""
    message = f"{at_row(table, int(rows[0]))}: {what}{more}; {action}"
    return Finding(level, code, message, count)


def repeated(array: pa.Array) -> NDArray[np.int64]:
    """The rows (0-based) whose value stood in an earlier row."""
    encoded = array.dictionary_encode()
    if len(encoded.dictionary) == len(array):
        return np.empty(0, np.int64)
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    first = np.unique(codes, return_index=True)[1]
    again = np.ones(len(codes), dtype=bool)
    again[first] = False
    return np.flatnonzero(again)


def _row_of_entry(vectors: Any, entry: int) -> int:
    return int(np.searchsorted(vectors.indptr, entry, side="right")) - 1

"""Run a model's own code and check its vectors: what is wrong becomes one line without a text."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import BenchmarkError, ModelError
from benchmark.protocols import Model

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


_NO_MEMORY = (
    "alloc_failed",  # cuBLAS and cuDNN
    "bad_alloc",
    "bad allocation",
    "can't allocate memory",  # torch on a CPU
    "failed to allocate memory",  # onnxruntime
    "not enough memory",
    "out of memory",  # torch on CUDA and on MPS
)


class ModelMemoryError(ModelError):
    """A model ran out of memory; ``row`` is that of a text that did not fit alone."""

    row = 0


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error of Python, torch or onnxruntime says that memory did not suffice.

    Most say it in words alone.

    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried ..."))
    True
    >>> is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    False
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    spoken = isinstance(error, RuntimeError) or type(error).__module__.startswith("onnxruntime")
    return spoken and any(words in str(error).lower() for words in _NO_MEMORY)


def free_memory() -> None:
    """Give back what torch holds of a GPU beyond its tensors, where there is torch and a GPU."""
    gc.collect()  # a foreign error's frames may hold tensors in a cycle
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()


def call_model(model: Model, call: Callable[[], Any]) -> Any:
    """Run the model's code; a foreign error becomes a ModelError that names its type and place.

    Not its message, which may hold a text.
    """
    try:
        return call()
    except (BenchmarkError, KeyboardInterrupt):
        raise
    except Exception as error:  # noqa: BLE001 -- the user's code may raise anything
        if is_out_of_memory(error):
            raise ModelMemoryError(
                f"{model.identity.name} ran out of memory; use a smaller --batch-size"
            ) from None
        where = _origin(error)
        raise ModelError(
            f"{model.identity.name} failed ({type(error).__name__}{where}); "
            "encode one text with it by hand to see why"
        ) from None


def call_each(model: Model, call: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    """Run the model's iterator in the same way; it is closed when the reader stops early."""
    stream = call_model(model, call)
    try:
        while (item := call_model(model, partial(next, stream, None))) is not None:
            yield item
    finally:
        if hasattr(stream, "close"):  # as generators have it
            stream.close()


def check_vectors(
    part: Any, rows: NDArray[np.int64], model: Model, named: Callable[[int], str]
) -> Any:
    """The vectors of ``rows`` as ``(n, d)`` float32, or sparse rows as they are.

    ``named`` says where a row stands. Raises ModelError for a wrong shape, type or value.
    """
    import numpy as np

    who = model.identity.name
    if hasattr(part, "tocsr"):
        if part.shape[0] != len(rows):
            raise ModelError(f"{who} returned {part.shape[0]} vectors for {len(rows)} texts")
        part = part.tocsr().astype(np.float32, copy=False)
        if not np.isfinite(part.data).all():
            bad = int((~np.isfinite(part.data)).sum())
            raise ModelError(f"{who} returned {bad} NaN or infinite weights in a batch")
        return part
    try:
        array = np.asarray(part)
        kind = {"U": "text", "O": "objects"}.get(array.dtype.kind, array.dtype.name)
    except (TypeError, ValueError):
        array, kind = np.empty(0, object), "lists of several lengths"
    if array.dtype.kind not in "fiu":
        raise ModelError(
            f"{who} returned no numbers ({kind}); return (n, d) float32 vectors of one width"
        )
    if array.ndim != 2 or len(array) != len(rows) or not array.shape[1]:
        raise ModelError(f"{who} returned shape {array.shape} for {len(rows)} texts; return (n, d)")
    with np.errstate(over="ignore"):  # a number beyond float32 is infinite, and refused below
        array = np.ascontiguousarray(array, np.float32)
    finite = np.isfinite(array).all(axis=1)
    if not finite.all():
        where = named(int(rows[np.flatnonzero(~finite)[0]]))
        raise ModelError(
            f"{who} returned a NaN or infinite vector for {where} "
            f"({int((~finite).sum())} in its batch); check the model on that text"
        )
    return array


def _origin(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"

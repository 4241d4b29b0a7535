"""Run a model's own code: whatever it raises becomes one line without a text of the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.errors import BenchmarkError, ModelError
from benchmark.protocols import Model


def call_model(model: Model, call: Callable[[], Any]) -> Any:
    """Run the model's code; a foreign error becomes a ModelError that names its type and place.

    Not its message, which may hold a text.
    """
    try:
        return call()
    except (BenchmarkError, KeyboardInterrupt):
        raise
    except MemoryError:
        raise ModelError(
            f"{model.identity.name} ran out of memory; use a smaller --batch-size"
        ) from None
    except Exception as error:  # noqa: BLE001 -- the user's code may raise anything
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
        stream.close()


def _origin(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"

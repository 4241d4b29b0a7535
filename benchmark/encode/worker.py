"""A process that encodes for a run: loads a model by its URI, then answers batches until the end.

``python -m benchmark.encode.worker`` is started by a run, not by hand.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
from functools import partial
from typing import IO, Any

from benchmark.encode.frames import frame_of_vectors, read_frame, write_frame
from benchmark.errors import BenchmarkError, ModelError
from benchmark.guard import ModelMemoryError, call_model, check_vectors, free_memory
from benchmark.models.derived import DerivedModel
from benchmark.models.table import Settings, load_model


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answer frames until there are no more; a model that does not load fails every batch."""
    told, _ = read_frame(requests)
    model: Any = None
    try:
        settings = Settings(told["batch_size"], told["device"], told["trust"])
        model = load_model(told["uri"], settings)
        if isinstance(model, DerivedModel):
            model = model.base
        if json.dumps(asdict(model.identity)) != json.dumps(told["identity"]):
            raise ModelError(f"model '{told['uri']}' has changed since the run began; run again")
        problem = ""
    except BenchmarkError as error:
        problem = str(error)
    while True:
        header, _ = read_frame(requests)
        if problem:
            write_frame(answers, {"error": problem})
            continue
        try:
            found, payload = _encode(model, header)
        except ModelMemoryError as error:
            free_memory()
            found, payload = {"memory": str(error)}, b""
        except BenchmarkError as error:
            found, payload = {"error": str(error)}, b""
        write_frame(answers, found, payload)


def _encode(model: Any, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    texts = header["texts"]
    how = {"role": header["role"], "prompt": header["prompt"]}
    tokens = None
    if hasattr(model, "tokenize"):
        tokens = call_model(model, partial(model.tokenize, texts, **how))
    if tokens is not None:
        vectors = call_model(model, partial(model.embed, tokens))
    else:
        vectors = call_model(model, partial(model.encode, texts, **how))
    return frame_of_vectors(_numbers(vectors, model))


def _numbers(vectors: Any, model: Any) -> Any:
    """The vectors in float32, of any shape and value: the run checks these, and names rows."""
    import numpy as np

    if hasattr(vectors, "tocsr"):
        return vectors
    try:
        array = np.asarray(vectors)
    except (TypeError, ValueError):
        array = np.empty(0, object)
    if array.dtype.kind in "fiu":
        return array.astype(np.float32)
    return check_vectors(vectors, np.arange(1), model, str)  # raises, and says what it is


def main() -> None:
    """Answer on what was standard output, which a model's own words may not reach."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run ends its workers
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(sys.stdin.buffer, answers)
    except (EOFError, BrokenPipeError):
        os._exit(0)  # the run has ended: nothing is left to be said to it


if __name__ == "__main__":
    main()

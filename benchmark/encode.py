"""Encode what a plan asks for: every text once, in batches of like length, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.errors import ModelError
from benchmark.guard import call_each, call_model, check_vectors
from benchmark.models.derived import DerivedModel
from benchmark.models.prompts import prompt_of
from benchmark.protocols import (
    UNVERSIONED,
    Embeddings,
    Encoder,
    Fitted,
    Lookup,
    Model,
    Plan,
    Request,
    Role,
    StreamEncoder,
)
from benchmark.task import Task

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

_BATCH_TEXTS = 256
_BATCH_CHARACTERS = 200_000  # about 50 MB of token vectors for the embedded model at its width

Progress = Callable[[int, int], None]
"""Called with (texts done, texts in all) of one split and subset."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vectors of a plan and what they cost; ``encoded`` excludes what the cache held."""

    embeddings: Embeddings
    texts: int
    unique: int
    encoded: int
    characters: int
    prompts: Mapping[str, str]


def encode_plan(
    model: Model,
    plan: Plan,
    task: Task,
    task_type: str,
    *,
    cache: Path | None,
    progress: Progress | None = None,
) -> Encoded:
    """Encode all requests of a plan; equal texts of one role and prompt are encoded once.

    Batches are planned over all unique texts before the cache is asked, and a batch that lacks one
    text is encoded whole, so a resumed run sees the batches of an undisturbed one. Raises
    ModelError when the model fails, or returns a wrong shape or a value that is not finite.
    """
    if isinstance(model, DerivedModel):
        base = partial(encode_plan, model.base, plan, task, task_type, progress=progress)
        whole: Encoded = model.whole.of(task.name, plan, partial(base, cache=cache))
        return replace(whole, embeddings=model.derive(whole.embeddings, plan))
    if isinstance(model, Lookup):
        return _look_up(model, plan)
    if isinstance(model, Fitted):
        return _encode_fitted(model, plan)
    if not isinstance(model, Encoder):
        raise ModelError(f"{model.identity.name} gives no vectors; it runs on retrieval only")
    groups = groups_of(model, plan, task, task_type)
    in_all = sum(len(group.unique) for group in groups)
    vectors: dict[str, Vectors] = {}
    encoded = done = 0
    for group in groups:
        store = None
        if cache is not None and model.identity.revision != UNVERSIONED:
            store = open_store(cache, model.identity, group.role, group.prompt)
        report = partial(_report, progress, done, in_all)
        found, fresh = _encode_group(model, group, store, report)
        encoded += fresh
        done += len(group.unique)
        for name, rows in zip(group.names, group.positions, strict=True):
            vectors[name] = found[_as_range(rows)]
    return Encoded(
        embeddings=Embeddings(vectors, model.similarity),
        texts=sum(len(request.texts) for request in plan.values()),
        unique=in_all,
        encoded=encoded,
        characters=_characters(plan),
        prompts={group.role or "text": group.prompt for group in groups if group.prompt},
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Requests that share role and prompt, which with the text decide a vector."""

    role: Role
    prompt: str | None
    names: list[str]
    unique: pa.Array
    positions: list[NDArray[np.int64]]


def _report(progress: Progress | None, before: int, in_all: int, done: int) -> None:
    if progress:
        progress(before + done, in_all)


def _look_up(model: Lookup, plan: Plan) -> Encoded:
    import numpy as np

    vectors = {}
    for name, part in call_model(model, lambda: model.look_up(plan)).items():
        rows = np.arange(len(plan[name].texts))
        vectors[name] = check_vectors(part, rows, model, partial(_row_of, name))
    count = sum(map(len, vectors.values()))
    return Encoded(Embeddings(vectors, model.similarity), count, count, 0, _characters(plan), {})


def _row_of(name: str, row: int) -> str:
    return f"row {row + 1} of '{name}'"


def _encode_fitted(model: Fitted, plan: Plan) -> Encoded:
    unique, positions = _unique([request.texts for request in plan.values()])
    texts = unique.to_pylist()
    encoder = call_model(model, lambda: model.fit(texts))
    matrix = call_model(model, lambda: encoder.encode(texts))
    vectors = {name: matrix[rows] for name, rows in zip(plan, positions, strict=True)}
    count = sum(len(request.texts) for request in plan.values())
    embeddings = Embeddings(vectors, model.similarity)
    return Encoded(embeddings, count, len(texts), len(texts), _characters(plan), {})


def groups_of(model: Model, plan: Plan, task: Task, task_type: str) -> list[Group]:
    """The requests of a plan by what a model puts before their texts, each text once a group."""
    names: dict[tuple[Role, str | None, str], list[str]] = {}
    for name, request in plan.items():
        prompt = prompt_of(model, task, task_type, request.role)
        apart = name if request.apart else ""
        names.setdefault((request.role, prompt, apart), []).append(name)
    return [
        Group(role, prompt, members, *_unique([plan[name].texts for name in members]))
        for (role, prompt, _), members in names.items()
    ]


def _unique(requests: list[pa.Array]) -> tuple[pa.Array, list[NDArray[np.int64]]]:
    """The distinct texts in order of first occurrence, and each request's rows among them."""
    import numpy as np
    import pyarrow as pa

    chunks = [chunk for request in requests for chunk in _chunks(request)]
    encoded = pa.chunked_array(chunks, pa.large_string()).dictionary_encode().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):  # no rows at all
        return pa.array([], pa.large_string()), [np.empty(0, np.int64) for _ in requests]
    rows = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum([len(request) for request in requests])[:-1]
    return encoded.dictionary, np.split(rows, ends)


def _chunks(texts: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    import pyarrow as pa

    wide = texts.cast(pa.large_string())
    return list(wide.chunks) if isinstance(wide, pa.ChunkedArray) else [wide]


def _encode_group(
    model: Encoder, group: Group, store: VectorStore | None, report: Callable[[int], None]
) -> tuple[Any, int]:
    """The vectors of a group's unique texts, and how many the model was asked for."""
    import numpy as np

    texts = group.unique.to_pylist()
    keys = text_keys(texts) if store else None
    places = np.full(len(texts), -1, np.int64)
    if store and keys is not None:
        places = store.find(keys)
    out: NDArray[np.float32] | None = None
    sparse: list[Any] = []
    sparse_rows: list[NDArray[np.int64]] = []
    encoded = done = width = 0
    try:
        for batch, part, fresh in _answers(model, group, texts, places, store):
            if fresh:
                part = check_vectors(part, batch, model, partial(_named, group=group))
                encoded += len(batch)
            if part.shape[1] != (width or part.shape[1]):
                raise ModelError(
                    f"{model.identity.name} returned vectors of width {part.shape[1]} after "
                    f"width {width}; every text needs the same width"
                )
            width, missing = part.shape[1], places[batch] < 0
            if store and keys is not None and missing.any():
                store.append(keys[batch[missing]], part[missing])
            if not isinstance(part, np.ndarray):
                sparse.append(part)
                sparse_rows.append(batch)
            else:
                if out is None:
                    out = np.empty((len(texts), width), np.float32)
                out[batch] = part
            done += len(batch)
            report(done)
    finally:
        if store:
            store.close()
    if sparse:
        return _in_order(sparse, sparse_rows), encoded
    return (np.empty((0, 1), np.float32) if out is None else out), encoded


def _answers(
    model: Encoder,
    group: Group,
    texts: list[str],
    places: NDArray[np.int64],
    store: VectorStore | None,
) -> Iterator[tuple[NDArray[np.int64], Any, bool]]:
    """Rows, their vectors, and whether these come from the model; every row once."""
    import numpy as np
    import pyarrow.compute as pc

    how: Any = {"role": group.role, "prompt": group.prompt}
    if not isinstance(model, StreamEncoder):
        for batch in batches(pc.utf8_length(group.unique).to_numpy(zero_copy_only=False)):
            if store and (places[batch] >= 0).all():
                yield batch, store.read(places[batch]), False
            else:
                inputs = [texts[row] for row in batch]
                yield batch, call_model(model, partial(model.encode, inputs, **how)), True
        return
    known, missing = np.flatnonzero(places >= 0), np.flatnonzero(places < 0)
    if store and len(known):
        yield known, store.read(places[known]), False
    inputs = [texts[row] for row in missing]
    for rows, part in call_each(model, lambda: model.encode_stream(inputs, **how)):
        yield missing[rows], part, True


def _in_order(parts: list[Any], batches: list[NDArray[np.int64]]) -> Any:
    """Sparse rows of all batches, back in the order of the texts."""
    import numpy as np
    import scipy.sparse as sp

    order = np.argsort(np.concatenate(batches))
    return sp.vstack(parts, format="csr", dtype=np.float32)[order]


def batches(lengths: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Rows by falling length, cut at a number of texts and of characters (padding counted)."""
    import numpy as np

    order = np.argsort(-lengths.astype(np.int64), kind="stable")
    start = 0
    while start < len(order):
        longest = max(int(lengths[order[start]]), 1)
        size = max(1, min(_BATCH_TEXTS, _BATCH_CHARACTERS // longest))
        yield order[start : start + size]
        start += size


def _named(row: int, group: Group) -> str:
    """Where a unique text first stands in the plan."""
    import numpy as np

    return next(
        f"row {np.flatnonzero(rows == row)[0] + 1} of '{name}'"
        for name, rows in zip(group.names, group.positions, strict=True)
        if (rows == row).any()
    )


def _as_range(rows: NDArray[np.int64]) -> NDArray[np.int64] | slice:
    """Rows that follow each other as a slice, which copies no vector; others as they are."""
    import numpy as np

    if not len(rows) or not (np.diff(rows) == 1).all():
        return rows
    return slice(int(rows[0]), int(rows[-1]) + 1)


def _characters(plan: Mapping[str, Request]) -> int:
    import pyarrow.compute as pc

    return sum(int(pc.sum(pc.utf8_length(r.texts)).as_py() or 0) for r in plan.values())

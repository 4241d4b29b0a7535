"""Encode what a plan asks for: every text once, in batches of like length, through the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cache import VectorStore, open_store, text_keys
from benchmark.encode.answers import answers
from benchmark.encode.asker import Asker
from benchmark.encode.batches import BatchPlan, joint_plan
from benchmark.encode.groups import Group, as_range, characters, groups_of, unique_texts
from benchmark.encode.session import Session
from benchmark.errors import ModelError
from benchmark.guard import call_model, check_vectors
from benchmark.models.derived import DerivedModel
from benchmark.protocols import UNVERSIONED, Embeddings, Encoder, Fitted, Lookup, Model, Plan
from benchmark.task import Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors

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
    batches: BatchPlan | None = None
    """None where nothing was encoded in batches."""


def encode_plan(
    model: Model,
    plan: Plan,
    task: Task,
    task_type: str,
    *,
    cache: Path | None,
    progress: Progress | None = None,
    session: Session | None = None,
) -> Encoded:
    """Encode all requests of a plan; equal texts of one role and prompt are encoded once.

    Batches are planned over all unique texts before the cache is asked, and a batch that lacks one
    text is encoded whole, so a resumed run sees the batches of an undisturbed one. With a
    ``session`` of the model, what that has encoded is found. Raises ModelError when the model
    fails, or returns a wrong shape or a value that is not finite.
    """
    if isinstance(model, DerivedModel):
        again = partial(
            encode_plan, model.base, plan, task, task_type,
            cache=cache, progress=progress, session=session,
        )  # fmt: skip
        found: Encoded = model.whole.of(task.name, plan, again)
        return replace(found, embeddings=model.derive(found.embeddings, plan))
    if isinstance(model, Lookup):
        return _look_up(model, plan)
    if isinstance(model, Fitted):
        return _encode_fitted(model, plan)
    if not isinstance(model, Encoder):
        raise ModelError(f"{model.identity.name} gives no vectors; it runs on retrieval only")
    asker = session.asker if session else Asker(model)
    groups = groups_of(model, plan, task, task_type)
    in_all = sum(len(group.unique) for group in groups)
    vectors: dict[str, Vectors] = {}
    plans: list[BatchPlan] = []
    encoded = done = 0
    for group in groups:
        texts = group.unique.to_pylist()
        shelf = _shelf_of(model, group, texts, cache, session)
        report = partial(_report, progress, done, in_all)
        matrix, fresh = _encode_group(asker, group, texts, shelf, report, plans)
        encoded += fresh
        done += len(group.unique)
        for name, rows in zip(group.names, group.positions, strict=True):
            vectors[name] = matrix[as_range(rows)]
    return Encoded(
        embeddings=Embeddings(vectors, model.similarity),
        texts=sum(len(request.texts) for request in plan.values()),
        unique=in_all,
        encoded=encoded,
        characters=characters(plan),
        prompts={group.role or "text": group.prompt for group in groups if group.prompt},
        batches=joint_plan(plans),
    )


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
    return Encoded(Embeddings(vectors, model.similarity), count, count, 0, characters(plan), {})


def _row_of(name: str, row: int) -> str:
    return f"row {row + 1} of '{name}'"


def _encode_fitted(model: Fitted, plan: Plan) -> Encoded:
    unique, positions = unique_texts([request.texts for request in plan.values()])
    texts = unique.to_pylist()
    encoder = call_model(model, lambda: model.fit(texts))
    matrix = call_model(model, lambda: encoder.encode(texts))
    vectors = {name: matrix[rows] for name, rows in zip(plan, positions, strict=True)}
    count = sum(len(request.texts) for request in plan.values())
    embeddings = Embeddings(vectors, model.similarity)
    return Encoded(embeddings, count, len(texts), len(texts), characters(plan), {})


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where a group's texts are kept: their keys and places, -1 where a text is not there."""

    store: VectorStore | None
    keys: NDArray[np.bytes_]
    places: NDArray[np.int64]


def _shelf_of(
    model: Model, group: Group, texts: list[str], cache: Path | None, session: Session | None
) -> _Shelf:
    import numpy as np

    if session and session.root:
        keys = text_keys(texts)
        found, places = session.find(group.role, group.prompt, keys)
        return _Shelf(found, keys, places)
    if session or cache is None or model.identity.revision == UNVERSIONED:
        return _Shelf(None, np.empty(0, "S1"), np.full(len(texts), -1, np.int64))
    keys = text_keys(texts)
    store = open_store(cache, model.identity, group.role, group.prompt)
    return _Shelf(store, keys, store.find(keys))


def _encode_group(
    asker: Asker,
    group: Group,
    texts: list[str],
    shelf: _Shelf,
    report: Callable[[int], None],
    plans: list[BatchPlan],
) -> tuple[Any, int]:
    """The vectors of a group's unique texts, and how many the model was asked for."""
    import numpy as np

    store, places = shelf.store, shelf.places
    out: NDArray[np.float32] | None = None
    sparse: list[Any] = []
    sparse_rows: list[NDArray[np.int64]] = []
    encoded = done = width = 0
    try:
        for answer in answers(asker, group, texts, places, store, plans):
            if answer.error:
                raise answer.error
            batch, part = answer.rows, answer.vectors
            encoded += len(batch) if answer.fresh else 0
            if part.shape[1] != (width or part.shape[1]):
                raise ModelError(
                    f"{asker.model.identity.name} returned vectors of width {part.shape[1]} after "
                    f"width {width}; every text needs the same width"
                )
            width, missing = part.shape[1], places[batch] < 0
            if store and missing.any():
                store.append(shelf.keys[batch[missing]], part[missing])
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


def _in_order(parts: list[Any], batches: list[NDArray[np.int64]]) -> Any:
    """Sparse rows of all batches, back in the order of the texts."""
    import numpy as np
    import scipy.sparse as sp

    order = np.argsort(np.concatenate(batches))
    return sp.vstack(parts, format="csr", dtype=np.float32)[order]

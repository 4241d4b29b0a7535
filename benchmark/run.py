"""Run models on tasks: read, encode, evaluate, save; a failure stops nothing but itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.cache.place import make_root
from benchmark.cache.upkeep import USUAL_SIZE, keep_below
from benchmark.catalog import Choice, expanded
from benchmark.combine import Scored, combine
from benchmark.errors import BenchmarkError, ResultError
from benchmark.listener import Listener, Silent
from benchmark.measure import can_measure, measure_part
from benchmark.models.py import ADAPTER, wrap
from benchmark.models.table import Settings, load_model
from benchmark.prepare import FINGERPRINT_DIFFERS, Prepared, PreparedPart, prepare
from benchmark.protocols import Composite, Model, Searcher
from benchmark.results.frame import Results, Row, failed_row, row_of
from benchmark.results.new import new_result
from benchmark.results.record import Part, Result
from benchmark.results.store import (
    limited_root,
    read_result,
    result_path,
    save_result,
    why_not_reused,
)
from benchmark.task import Task

__all__ = ["Listener", "RunSettings", "Silent", "run"]

_KEPT_CHARACTERS = 200_000_000  # tasks kept in memory between models, by the size of their texts


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run behaves; nothing here changes a score."""

    output: Path | None = None
    cache: Path | None = None
    cache_size: int = USUAL_SIZE
    limit: int | None = None
    fresh: bool = False
    model: Settings = Settings()


def run(
    models: Sequence[Any],
    choices: Sequence[Choice],
    settings: RunSettings,
    listener: Listener = Silent(),
) -> Results:
    """Run every model on every task, in order; what is complete is saved before the next starts.

    The parts of an aggregate run before it.
    """
    if settings.cache:
        make_root(settings.cache)
    choices = expanded(choices)
    kept: dict[str, Prepared] = {}
    rows: list[Row] = []
    jobs = len(models) * len(choices)
    number = 0
    for item in models:
        label = item if isinstance(item, str) else _label_of(item)
        loaded = _load(item, settings)
        scored: dict[str, Scored] = {}
        for message in getattr(loaded, "notes", ()):
            listener.note(f"{label}: {message}")
        for choice in choices:
            number += 1
            listener.job(label, choice.task.name, number, jobs)
            if isinstance(loaded, BenchmarkError):
                found = [failed_row(label, choice.task, None, None, str(loaded))]
            elif choice.task.parts:
                root = _root(settings)
                found = combine(label, loaded.identity, choice, scored, root, settings.limit)
            else:
                prepared = _prepared(choice, settings, kept, listener)
                found = _run_job(label, loaded, prepared, settings, listener, scored)
            found = [replace(row, part_of=choice.part_of) for row in found]
            if settings.cache and (message := keep_below(settings.cache, settings.cache_size)):
                listener.note(message)
            rows += found
            listener.rows(found)
    return Results(tuple(rows))


def _label_of(item: Any) -> str:
    return getattr(item, "label", "") or str(wrap(item).identity.name)


def _root(settings: RunSettings) -> Path | None:
    return settings.output and limited_root(settings.output, settings.limit)


def _load(item: Any, settings: RunSettings) -> Model | BenchmarkError:
    try:
        return load_model(item, settings.model) if isinstance(item, str) else wrap(item)
    except BenchmarkError as error:
        return error


def _prepared(
    choice: Choice, settings: RunSettings, kept: dict[str, Prepared], listener: Listener
) -> Prepared:
    name = choice.task.name
    if name in kept:
        return kept[name]
    # Not every listener follows downloads.
    download = getattr(listener, "download", None)
    prepared = prepare(choice, limit=settings.limit, download=download)
    for part in prepared.parts:
        for message in part.messages:
            listener.note(f"{name}: {message}")
    if FINGERPRINT_DIFFERS in prepared.notes:
        listener.note(
            f"{name}: the data differ from the fingerprint in the task file (another version of "
            "the package?); the result records it and no board claims it"
        )
    kept[name] = prepared
    while len(kept) > 1 and sum(map(_characters, kept.values())) > _KEPT_CHARACTERS:
        del kept[next(iter(kept))]
    return prepared


def _characters(prepared: Prepared) -> int:
    return sum(request.texts.nbytes for part in prepared.parts for request in part.plan.values())


def _run_job(
    label: str,
    model: Model,
    prepared: Prepared,
    settings: RunSettings,
    listener: Listener,
    scored: dict[str, Scored],
) -> list[Row]:
    """One model on one task; parts already measured alike are reused, and all scored ones kept."""
    task = prepared.task
    if not can_measure(model, prepared.kind):
        does = (
            "ranks documents" if isinstance(model, Searcher | Composite) else "reranks candidates"
        )
        listener.note(f"{label} {does} only; {task.name} ({task.kind}) is left out")
        return []
    root = _root(settings)
    known = scored.setdefault(task.name, Scored(notes=prepared.notes)).parts
    old = _old_result(root, model, task, settings, listener)
    path = result_path(root, model.identity, task.name) if root else None
    rows: dict[str, Row] = {}
    measured: dict[str, Part] = {}
    try:
        for part in prepared.parts:
            key = f"{part.split}/{part.subset}"
            stored = old.parts.get(key) if old else None
            if part.error:
                rows[key] = failed_row(label, task, part.split, part.subset, part.error)
            elif stored and stored.fingerprint == part.fingerprint and not stored.error:
                known[key] = stored
                rows[key] = row_of(label, task, stored, "reused", path)
                if model.identity.adapter == ADAPTER:
                    listener.note(
                        f"{label}: reused, since its file is unchanged; if it loads anything that "
                        "changes, set revision in it or run with --fresh"
                    )
            else:
                if stored:
                    reason = "the data changed" if not stored.error else "it has no score"
                    listener.note(f"{label} on {task.name} ({key}): measured again, {reason}")
                rows[key] = _measure(label, model, prepared, part, settings, listener, measured)
    finally:
        if measured and root is not None:
            _save(root, prepared, model, measured, settings)
    known.update({key: part for key, part in measured.items() if not part.error})
    return [
        replace(row, path=str(path)) if path and row.status == "measured" else row
        for row in rows.values()
    ]


def _measure(
    label: str,
    model: Model,
    prepared: Prepared,
    part: PreparedPart,
    settings: RunSettings,
    listener: Listener,
    measured: dict[str, Part],
) -> Row:
    task = prepared.task
    try:
        # A user's file may load weights that its bytes do not name: fresh means encoded again too.
        stale = settings.fresh and model.identity.adapter == ADAPTER
        cache = None if stale else settings.cache
        found = measure_part(model, prepared, part, cache, listener.progress)
    except BenchmarkError as error:
        message = f"{label} on {task.name}: {error}"
        return failed_row(label, task, part.split, part.subset, message)
    measured[found.key] = found
    if found.degenerate:
        listener.note(
            f"{label} on {task.name} ({found.key}): undefined on constant similarities and counted "
            f"as 0: {', '.join(found.degenerate)}"
        )
    if found.tokens and found.tokens.truncated:
        listener.note(f"{label} on {task.name} ({found.key}): {found.tokens.cuts()}")
    if found.error:
        return failed_row(label, task, part.split, part.subset, found.error)
    return row_of(label, task, found, "measured", None)


def _old_result(
    root: Path | None, model: Model, task: Task, settings: RunSettings, listener: Listener
) -> Result | None:
    """The stored result when it may be reused; a note says why when it may not."""
    if root is None or settings.fresh:
        return None
    try:
        old = read_result(result_path(root, model.identity, task.name))
    except ResultError as error:
        listener.note(f"{error}; measured again, the file is kept in history/")
        return None
    if old is None:
        return None
    reason = why_not_reused(old, task.digest, model.identity)
    if reason:
        listener.note(f"{model.identity.name} on {task.name}: measured again, {reason}")
        return None
    return old


def _notes_of(model: Any) -> tuple[str, ...]:
    """What a model's results say, and those of a model that has it as a part."""
    own = getattr(model, "result_notes", ())
    found = [note for part in getattr(model, "parts", ()) for note in _notes_of(part)]
    return tuple(dict.fromkeys([*own, *found]))


def _save(
    root: Path,
    prepared: Prepared,
    model: Model,
    measured: Mapping[str, Part],
    settings: RunSettings,
) -> None:
    task, notes = prepared.task, (*prepared.notes, *_notes_of(model))
    result = new_result(
        task, model.identity, measured, notes=notes, limit=settings.limit, pinned=prepared.pinned
    )
    save_result(root, result, fresh=settings.fresh)

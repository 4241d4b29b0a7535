"""Run models on tasks: read, encode, evaluate, save; a failure stops nothing but itself."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from benchmark.cache.place import make_root
from benchmark.cache.upkeep import USUAL_SIZE, keep_below
from benchmark.catalog import Choice, expanded
from benchmark.combine import Scored, combine
from benchmark.encode import Session
from benchmark.encode.workers import load_with_workers, wants_workers
from benchmark.errors import BenchmarkError, ModelError
from benchmark.jobs import Job, Reader, cache_of, jobs_of, key_of, root_of
from benchmark.listener import Listener, Silent
from benchmark.measure import can_measure, measure_part
from benchmark.meter import Meter, OverBudgetError
from benchmark.models.py import ADAPTER, refuse_namesake, wrap
from benchmark.models.settings import device_of
from benchmark.models.table import Settings
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Composite, Model, Searcher
from benchmark.results.frame import Results, Row, failed_row, row_of
from benchmark.results.new import new_result
from benchmark.results.record import Part
from benchmark.results.store import result_path, save_result

__all__ = ["Listener", "RunSettings", "Silent", "run"]


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How a run behaves; nothing here changes a score."""

    output: Path | None = None
    cache: Path | None = None
    cache_size: int = USUAL_SIZE
    limit: int | None = None
    fresh: bool = False
    keep_texts: bool = False
    model: Settings = Settings()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is loaded already, and the URI that its rows name it by."""

    label: str
    model: Model


class Turns(Protocol):
    """Says one by one which task runs next; ``check``, between batches, may end the one that does.

    It raises OverBudgetError for it. The task has no score then; its vectors stay in the cache.
    """

    def choices(self) -> Iterator[Choice]: ...
    def check(self) -> None: ...


def run(
    models: Sequence[Any],
    choices: Sequence[Choice],
    settings: RunSettings,
    listener: Listener = Silent(),
    *,
    turns: Turns | None = None,
    reader: Reader | None = None,
) -> Results:
    """Run every model on every task, in order; what is complete is saved before the next starts.

    The parts of an aggregate run before it. With ``turns``, for one model, the tasks are those that
    come from there. A ``reader`` may have the data already.
    """
    if settings.cache:
        make_root(settings.cache)
    choices = expanded(choices)
    # Not every listener follows downloads.
    reader = reader or Reader(settings.limit, getattr(listener, "download", None))
    rows: list[Row] = []
    left_out: dict[str, None] = {}
    seen: dict[tuple[str, ...], Any] = {}
    numbers, in_all = itertools.count(1), len(models) * len(choices)
    meter = Meter(listener.progress, len(models), len(choices))
    if turns:
        meter.check = turns.check

    def begin(label: str, choice: Choice) -> None:
        listener.job(label, choice.task.name, next(numbers), in_all)

    def end(choice: Choice, found: Sequence[Row]) -> None:
        if settings.cache and (message := keep_below(settings.cache, settings.cache_size)):
            listener.note(message)
        meter.score()
        rows.extend(replace(row, part_of=choice.part_of) for row in found)
        listener.rows(rows[len(rows) - len(found) :])

    for item in models:
        label = item if isinstance(item, str) else _label_of(item)
        meter.begin(label)
        if not isinstance(item, str | Loaded) and wants_workers(settings.model):
            listener.note(f"{label}: this process alone encodes; workers load a model by its URI")
        model = _load(item, settings, seen)
        for message in getattr(model, "notes", ()):
            listener.note(f"{label}: {message}")
        if isinstance(model, BenchmarkError):
            for choice in choices:
                begin(label, choice)
                end(choice, [failed_row(label, choice.task, None, None, str(model))])
            continue
        scored: dict[str, Scored] = {}
        chosen = turns.choices() if turns else choices
        following = jobs_of(model, chosen, settings, reader, listener.note, meter)
        with suppress(OverBudgetError), following as (jobs, session):
            running = _Running(label, model, session, settings, listener, meter)
            for job in jobs:
                begin(label, job.choice)
                left_out |= dict.fromkeys(job.left_out)
                end(job.choice, _run_job(running, job, scored))
    return Results(tuple(rows), left_out=tuple(left_out))


@dataclass(frozen=True, slots=True)
class _Running:
    """A model that runs, and with what."""

    label: str
    model: Model
    session: Session | None
    settings: RunSettings
    listener: Listener
    meter: Meter


def _label_of(item: Any) -> str:
    try:
        return getattr(item, "label", "") or str(wrap(item).identity.name)
    except ModelError:  # which its rows say
        return type(item).__name__


def _load(
    item: Any, settings: RunSettings, seen: dict[tuple[str, ...], Any]
) -> Model | BenchmarkError:
    try:
        if isinstance(item, Loaded):
            return item.model
        text = isinstance(item, str)
        model: Model = load_with_workers(item, settings.model) if text else wrap(item)
        refuse_namesake(item, model, seen)
        return model
    except BenchmarkError as error:
        return error


def _run_job(running: _Running, job: Job, scored: dict[str, Scored]) -> list[Row]:
    """One model on one task; parts already measured alike are reused, and all scored ones kept."""
    label, model, settings = running.label, running.model, running.settings
    task, root = job.choice.task, root_of(settings)
    prepared = job.prepared
    if prepared is None:
        return combine(label, model.identity, job.choice, scored, root, settings.limit)
    for message in job.notes:
        running.listener.note(message)
    if not can_measure(model, prepared.kind):
        does = (
            "ranks documents" if isinstance(model, Searcher | Composite) else "reranks candidates"
        )
        running.listener.note(f"{label} {does} only; {task.name} ({task.kind}) is left out")
        return []
    known = scored.setdefault(task.name, Scored(notes=prepared.notes)).parts
    path = result_path(root, model.identity, task.name) if root else None
    rows: list[Row] = []
    measured: dict[str, Part] = {}
    try:
        for part in prepared.parts:
            if part.error:
                rows.append(failed_row(label, task, part.split, part.subset, part.error))
            elif stored := job.reused(part):
                if not stored.samples_digest:
                    running.listener.note(
                        f"{label} on {task.name}: reused, measured before intervals were; "
                        "run with --fresh to have them"
                    )
                known[stored.key] = stored
                rows.append(row_of(label, task, stored, "reused", path))
                if model.identity.adapter == ADAPTER:
                    running.listener.note(
                        f"{label}: reused, since its file is unchanged; if it loads anything that "
                        "changes, set revision in it or run with --fresh"
                    )
            else:
                rows.append(_measure(running, job, prepared, part, measured))
    finally:
        if measured and root is not None:
            _save(root, prepared, model, measured, settings)
    known.update({key: part for key, part in measured.items() if not part.error})
    return [
        replace(row, path=str(path)) if path and row.status == "measured" else row for row in rows
    ]


def _measure(
    running: _Running,
    job: Job,
    prepared: Prepared,
    part: PreparedPart,
    measured: dict[str, Part],
) -> Row:
    label, task, listener = running.label, prepared.task, running.listener
    key = key_of(part)
    if old := job.old.get(key):
        reason = "it has no score" if old.error else "the data changed"
        listener.note(f"{label} on {task.name} ({key}): measured again, {reason}")
    cache = cache_of(running.model, running.settings)
    try:
        found = measure_part(
            running.model, prepared, part, cache, running.meter.part,
            session=running.session, share=job.shares.get(key),
            keep_texts=running.settings.keep_texts,
        )  # fmt: skip
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
        task, model.identity, measured, notes=notes, limit=settings.limit,
        pinned=prepared.pinned, device=device_of(model),
    )  # fmt: skip
    save_result(root, result, fresh=settings.fresh)

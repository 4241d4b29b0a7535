"""Read a task's data once: its parts (split and subset), their plans and fingerprints."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmark.catalog import Choice, load_kind
from benchmark.data.documents import MADE_OF_DOCUMENTS
from benchmark.data.fingerprint import combined, fingerprint
from benchmark.data.limit import limit_tables
from benchmark.data.sources import read_tables
from benchmark.errors import BenchmarkError, DataError
from benchmark.protocols import Kind, Plan
from benchmark.task import Task


@dataclass(frozen=True, slots=True)
class PreparedPart:
    """One split and subset, ready to encode; ``error`` instead of data when it cannot be read."""

    split: str
    subset: str
    data: Any = None
    plan: Plan = field(default_factory=dict)
    fingerprint: str = ""
    warnings: Mapping[str, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """What of the data could not be read, while the rest could."""
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A task with the parts asked for; ``notes`` are findings about the task as a whole."""

    task: Task
    kind: Kind
    parts: tuple[PreparedPart, ...]
    notes: tuple[str, ...] = ()
    pinned: str = ""
    """What names the data, for results: the hub's commit, or the fingerprint that they should have
    and do; '' for neither."""

    @property
    def task_type(self) -> str:
        """mteb's type of the task, by which a model may choose its prompt."""
        return self.task.task_type or self.kind.TASK_TYPE


def prepare(
    choice: Choice,
    *,
    limit: int | None = None,
    download: Callable[[int, int], None] | None = None,
) -> Prepared:
    """Read the chosen parts of a task, in declared order: splits, then subsets.

    Parts that are not asked for are read too where the draws run on through them, as mteb's one
    generator does, and where the task's fingerprint covers them. ``download`` is told of the bytes
    that come from a hub, done and in all.
    """
    task = choice.task
    kind = load_kind(task.kind)
    wanted = set(chosen_parts(choice))
    draws = random.Random(int({**kind.OPTIONS, **task.options}.get("seed", 42)))
    read = parts_to_read(choice)
    if task.source.type == "hub" and download:
        from benchmark.data import hub

        hub.fetch_all(task, kind, read, download)
    if task.source.type == "mteb":
        from benchmark.data.mteb.source import load_ahead

        load_ahead(task, kind, read)
    parts: list[PreparedPart] = []
    broken: str | None = None
    for split, subset in read:
        part = _prepare_part(task, kind, split, subset, draws, limit, broken)
        if part.error and getattr(kind, "RUNNING_DRAWS", False):
            broken = f"{split}/{subset}"
        parts.append(part)
    notes = _fingerprint_notes(task, parts) if limit is None else ()
    if task.source.origin == "documents":
        notes = (*notes, MADE_OF_DOCUMENTS)
    chosen = tuple(part for part in parts if (part.split, part.subset) in wanted)
    return Prepared(task, kind, chosen, notes, _pinned(task, notes, parts))


def bytes_to_fetch(choice: Choice) -> int:
    """The bytes that reading the chosen parts would download first; 0 for what lies here."""
    if choice.task.source.type != "hub":
        return 0
    from benchmark.data import hub

    return hub.bytes_to_fetch(choice.task, load_kind(choice.task.kind), parts_to_read(choice))


def parts_to_read(choice: Choice) -> list[tuple[str, str]]:
    """The chosen parts, or all where draws run on or a fingerprint covers them."""
    task = choice.task
    whole = getattr(load_kind(task.kind), "RUNNING_DRAWS", False)
    whole = whole or "fingerprint" in task.source.settings
    return list(chosen_parts(Choice(task) if whole else choice))


def revision_of(task: Task) -> str:
    """What the source names its data by: a hub's commit, mteb's revision, '' for others."""
    if task.source.type == "hub":
        from benchmark.data import hub

        return hub.commit_of(task)
    return str(task.source.settings.get("pinned") or task.source.settings.get("revision", ""))


def _pinned(task: Task, notes: Sequence[str], parts: Sequence[PreparedPart]) -> str:
    if task.source.origin in ("hub", "mteb"):
        return "" if all(part.error for part in parts) else revision_of(task)
    declared = str(task.source.settings.get("fingerprint", ""))
    return "" if FINGERPRINT_DIFFERS in notes else declared


def chosen_parts(choice: Choice) -> Iterator[tuple[str, str]]:
    """The (split, subset) pairs of a choice, in declared order."""
    for split in choice.task.splits:
        for subset in choice.task.subsets:
            if choice.splits and split not in choice.splits:
                continue
            if choice.subsets and subset not in choice.subsets:
                continue
            yield split, subset


def _prepare_part(
    task: Task,
    kind: Kind,
    split: str,
    subset: str,
    draws: random.Random,
    limit: int | None,
    broken: str | None,
) -> PreparedPart:
    start = time.perf_counter()
    if broken:
        message = f"{task.name}: its draws follow those of {broken}, which failed; mend that first"
        return PreparedPart(split, subset, error=message)
    try:
        tables, findings = read_tables(task, kind, split, subset)
        errors = [finding.message for finding in findings if finding.level == "error"]
        if errors:
            raise DataError(errors)
        content = fingerprint(tables)
        if limit is not None:
            tables = limit_tables(tables, limit)
        data = kind.read(tables, task, draws)
        plan = kind.plan(data, task)
    except BenchmarkError as error:
        return PreparedPart(split, subset, error=f"{task.name}: {error}")
    except Exception as error:  # noqa: BLE001 -- one task's surprise must not stop the others
        # Only the type: the message of a foreign error may quote the data.
        message = f"{task.name}: reading failed ({type(error).__name__}); please report it"
        return PreparedPart(split, subset, error=f"{message} with the task file")
    warnings: dict[str, int] = {}
    for finding in findings:
        warnings[finding.code] = warnings.get(finding.code, 0) + finding.count
    left_out = tuple(finding.message for finding in findings if finding.level == "failure")
    messages = tuple(finding.message for finding in findings if finding.level == "warning")
    seconds = time.perf_counter() - start
    return PreparedPart(split, subset, data, plan, content, warnings, messages, left_out, seconds)


def _fingerprint_notes(task: Task, parts: Sequence[PreparedPart]) -> tuple[str, ...]:
    declared = task.source.settings.get("fingerprint")
    if not declared or any(part.error for part in parts):
        return ()
    found = combined({f"{part.split}/{part.subset}": part.fingerprint for part in parts})
    return () if found == declared else (FINGERPRINT_DIFFERS,)


FINGERPRINT_DIFFERS = "fingerprint_differs"
"""The note of a result measured on other content than the task file declares."""


def task_fingerprint(task: Task) -> str:
    """The fingerprint of all splits and subsets, as ``fingerprint`` in ``[source]`` declares it."""
    kind = load_kind(task.kind)
    found = {}
    for split, subset in chosen_parts(Choice(task)):
        tables, findings = read_tables(task, kind, split, subset)
        errors = [finding.message for finding in findings if finding.level == "error"]
        if errors:
            raise DataError(errors)
        found[f"{split}/{subset}"] = fingerprint(tables)
    return combined(found)

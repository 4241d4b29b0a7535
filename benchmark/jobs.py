"""What a run does for a model: each task with its data, and what of it is encoded in advance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from benchmark.ahead import run_ahead
from benchmark.catalog import Choice
from benchmark.encode import (
    Piece,
    Session,
    Share,
    Wanted,
    encode_together,
    joint_groups,
    open_session,
)
from benchmark.errors import ResultError
from benchmark.measure import can_measure
from benchmark.meter import Meter
from benchmark.models.derived import DerivedModel
from benchmark.models.py import ADAPTER
from benchmark.prepare import (
    FINGERPRINT_DIFFERS,
    Prepared,
    PreparedPart,
    chosen_parts,
    prepare,
)
from benchmark.protocols import UNVERSIONED, Encoder, Fitted, Lookup, Model, StreamEncoder
from benchmark.results.record import Part
from benchmark.results.store import limited_root, read_result, result_path, why_not_reused
from benchmark.task import Task

_KEPT_BYTES = 200_000_000  # tasks kept in memory between models, by the size of their texts
_WINDOW_BYTES = 4_000_000  # of tasks that are encoded together: some hundred batches of a model


class RunSettings(Protocol):
    """What is asked of the settings of a run."""

    @property
    def output(self) -> Path | None: ...
    @property
    def cache(self) -> Path | None: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def fresh(self) -> bool: ...


@dataclass(slots=True)
class Job:
    """One task for one model; ``prepared`` is None for an aggregate, which has no data.

    ``old`` are the parts of a stored result that may be reused, ``notes`` what there is to say, and
    ``shares`` what was encoded in advance, by the part's key.
    """

    choice: Choice
    prepared: Prepared | None = None
    old: dict[str, Part] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    shares: dict[str, Share] = field(default_factory=dict)

    @property
    def left_out(self) -> list[str]:
        """What of the task's data could not be read, while the rest could."""
        parts = self.prepared.parts if self.prepared else ()
        return [f"{self.choice.task.name}: {line}" for part in parts for line in part.left_out]

    def reused(self, part: PreparedPart) -> Part | None:
        """The stored scores of a part, where they are of the same data."""
        stored = self.old.get(key_of(part))
        same = stored and stored.fingerprint == part.fingerprint and not stored.error
        return stored if same else None


def key_of(part: PreparedPart) -> str:
    """What names a part within its task's result."""
    return f"{part.split}/{part.subset}"


@dataclass
class Reader:
    """Reads the data of tasks; state: what it keeps for the next model."""

    limit: int | None
    download: Any = None
    kept: dict[str, Prepared] = field(default_factory=dict)

    def read(self, choice: Choice) -> Prepared:
        """The data of a task, read once unless there is too much to keep."""
        name = choice.task.name
        if name not in self.kept:
            self.kept[name] = prepare(choice, limit=self.limit, download=self.download)
            while len(self.kept) > 1 and sum(map(_bytes, self.kept.values())) > _KEPT_BYTES:
                oldest = next(iter(self.kept))
                if oldest == name:
                    break
                del self.kept[oldest]
        return self.kept[name]


def root_of(settings: RunSettings) -> Path | None:
    """Where the results of a run lie."""
    return settings.output and limited_root(settings.output, settings.limit)


def cache_of(model: Model, settings: RunSettings) -> Path | None:
    """The cache of a run, where the model may use it.

    A user's file may load weights that its bytes do not name: fresh means encoded again too.
    """
    stale = settings.fresh and model.identity.adapter == ADAPTER
    return None if stale else settings.cache


@contextmanager
def jobs_of(
    model: Model,
    choices: Iterable[Choice],
    settings: RunSettings,
    reader: Reader,
    note: Callable[[str], None],
    meter: Meter,
) -> Iterator[tuple[Iterator[Job], Session | None]]:
    """The jobs of a model in order, and its session where tasks are encoded in advance.

    A thread reads and encodes the tasks of the next window while those of the last are scored.
    Choices that come one by one, since the time is counted, are encoded one by one.
    """
    listed = isinstance(choices, Sequence)
    jobs = (_job(model, choice, settings, reader) for choice in choices)
    cache = cache_of(model, settings)
    base = model.base if isinstance(model, DerivedModel) else model
    cached = cache is not None and base.identity.revision != UNVERSIONED
    # Models derived from one base share its vectors in memory, once it has encoded, and where the
    # cache does not hold them.
    shared = isinstance(model, DerivedModel) and (not cached or bool(model.whole.kept))
    if not _encodes_alone(base) or shared:
        yield jobs, None
        return
    # One part and no cache: nothing is found again, so nothing is encoded before its turn.
    once = listed and not cached and sum(len(list(chosen_parts(each))) for each in choices) == 1
    with open_session(base, cache, note, once=once) as session:
        if session.root is None:
            yield jobs, session
            return
        several = _windows(jobs, _WINDOW_BYTES if listed else 0)
        make = partial(_encoded, session, several, meter)
        with run_ahead(make) as windows:
            yield (job for window in windows for job in window), session


def _encodes_alone(model: Any) -> bool:
    """Whether a model's texts may be encoded before their task's turn, by another thread.

    Not those of endpoints, which are paid for task by task so that a run that is stopped has whole
    tasks, nor of models that ask a person first; other models have no vectors of single texts.
    """
    whole = isinstance(model, StreamEncoder | Fitted | Lookup)
    return isinstance(model, Encoder) and not whole and getattr(model, "consent", None) is None


def _encoded(
    session: Session,
    windows: Iterator[list[Job]],
    meter: Meter,
    check: Callable[[], None],
) -> Iterator[list[Job]]:
    """Windows of jobs whose texts are encoded together; a large task is one of its own."""
    model = session.asker.model

    def report(piece: Piece) -> None:
        check()
        meter.piece(piece)

    for window in windows:
        check()
        wanted = [
            (job, part, Wanted(part.plan, job.prepared.task, job.prepared.task_type))
            for job in window
            if job.prepared and can_measure(model, job.prepared.kind)
            for part in job.prepared.parts
            if not part.error and not job.reused(part)
        ]
        groups = joint_groups(model, [each for _, _, each in wanted])
        meter.plan(len(window), sum(group.characters for group in groups))
        shares = encode_together(session, groups, len(wanted), report)
        for (job, part, _), share in zip(wanted, shares, strict=True):
            job.shares[key_of(part)] = share
        yield window


def _windows(jobs: Iterator[Job], least: int) -> Iterator[list[Job]]:
    window: list[Job] = []
    size = 0
    for job in jobs:
        window.append(job)
        size += _bytes(job.prepared) if job.prepared else 0
        if size >= least:
            yield window
            window, size = [], 0
    if window:
        yield window


def _job(model: Model, choice: Choice, settings: RunSettings, reader: Reader) -> Job:
    if choice.task.parts:
        return Job(choice)
    prepared = reader.read(choice)
    job = Job(choice, prepared)
    for part in prepared.parts:
        job.notes += [f"{choice.task.name}: {message}" for message in part.messages]
    if FINGERPRINT_DIFFERS in prepared.notes:
        job.notes.append(
            f"{choice.task.name}: the data differ from the fingerprint in the task file (another "
            "version of the package?); the result records it and no board claims it"
        )
    if can_measure(model, prepared.kind):
        job.old = _old_parts(model, choice.task, settings, job.notes)
    return job


def is_stored(model: Model, prepared: Prepared, settings: RunSettings) -> bool:
    """Whether a run would measure nothing of a task, since all its parts are stored."""
    job = Job(Choice(prepared.task), prepared, _old_parts(model, prepared.task, settings, []))
    return bool(prepared.parts) and all(job.reused(part) for part in prepared.parts)


def _old_parts(
    model: Model, task: Task, settings: RunSettings, notes: list[str]
) -> dict[str, Part]:
    """The parts of the stored result when it may be reused; a note says why when it may not."""
    root = root_of(settings)
    if root is None or settings.fresh:
        return {}
    try:
        old = read_result(result_path(root, model.identity, task.name))
    except ResultError as error:
        notes.append(f"{error}; measured again, the file is kept in history/")
        return {}
    if old is None:
        return {}
    reason = why_not_reused(old, task.digest, model.identity)
    if reason:
        notes.append(f"{model.identity.name} on {task.name}: measured again, {reason}")
        return {}
    return dict(old.parts)


def _bytes(prepared: Prepared) -> int:
    return sum(request.texts.nbytes for part in prepared.parts for request in part.plan.values())

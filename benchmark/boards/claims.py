"""Which scores a board may claim: complete ones of the same task, data and protocol."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from benchmark.boards.scores import Entry, TaskResult
from benchmark.data.fingerprint import combined
from benchmark.stats.means import mean
from benchmark.task import Task

MEASURED, IMPORTED = "measured", "imported"
MISSING, FAILED = "missing", "failed"
OTHER_TASK, OTHER_DATA, OTHER_PROTOCOL = (
    "task file differs",
    "fingerprint differs",
    "protocol differs",
)
SCORED = (MEASURED, IMPORTED)
STATUSES = (*SCORED, MISSING, FAILED, OTHER_TASK, OTHER_DATA, OTHER_PROTOCOL)

_NO_REVISION = ("", "external", "no_revision_available")

Wanted = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A model's score on a task, or why there is none; ``absent`` are missing splits/subsets."""

    score: float | None
    status: str
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class References:
    """What results of a task are held against: a protocol, and a fingerprint by split, subset.

    None where nothing is known, or where results disagree and no majority decides: then none of
    those that disagree is claimed.
    """

    protocol: str | None
    fingerprints: Mapping[tuple[str, str], str | None] = field(default_factory=dict)


def references(
    task: Task,
    rows: Iterable[Mapping[str, TaskResult]],
    wanted: Wanted,
    protocols: Mapping[str, str] | None = None,
) -> References:
    """Find what the results of a task must agree with.

    The protocol is the given one of the task's kind, else the one that most results have. The
    fingerprint of each split and subset is the one that most results have; it counts only where
    the task file declares none, or where a result does not cover the whole task, which is what a
    task file's fingerprint is of.
    """
    results = [found[task.name] for found in rows if task.name in found]
    results = [result for result in results if result.measured]
    protocol = (protocols or {}).get(task.kind)
    if protocol is None:
        protocol = _majority(result.protocol for result in results)
    entries = [{(e.split, e.subset): e.fingerprint for e in r.entries} for r in results]
    return References(
        protocol=protocol,
        fingerprints={key: _majority(found.get(key, "") for found in entries) for key in wanted},
    )


def cell_of(result: TaskResult | None, task: Task, wanted: Wanted, known: References) -> Cell:
    """Decide a cell: the mean of all the wanted main scores, or the reason for there being none."""
    if result is None:
        return Cell(None, MISSING, tuple(f"{split}/{subset}" for split, subset in wanted))
    if result.measured:
        if task.digest and result.task_digest and result.task_digest != task.digest:
            return Cell(None, OTHER_TASK)
        if result.protocol and result.protocol != known.protocol:
            return Cell(None, OTHER_PROTOCOL)
    entries = {(entry.split, entry.subset): entry for entry in result.entries}
    if _data_differs(entries, task, wanted, known):
        return Cell(None, OTHER_DATA)
    absent = [key for key in wanted if key not in entries]
    failed = [key for key in wanted if key in entries and entries[key].main_score is None]
    if absent or failed:
        names = tuple(f"{split}/{subset}" for split, subset in absent + failed)
        return Cell(None, MISSING if absent else FAILED, names)
    score = mean(entries[key].main_score for key in wanted)
    return Cell(score, MEASURED if result.measured else IMPORTED)


def newest(one: TaskResult, other: TaskResult) -> TaskResult:
    """Which of two results of one model on one task counts where revisions are joined.

    A measured one before an imported one; then, as ``join_revisions`` of mteb 2.26.24 without the
    revision that its registry calls the main one: a known mteb version, a known revision, the
    later mteb version; then the greater revision, so that the choice is always the same.
    """
    return max(one, other, key=_precedence)


def _precedence(result: TaskResult) -> tuple[bool, bool, bool, tuple[int, ...], str, str]:
    version = re.match(r"\d+(\.\d+)*", result.mteb_version)
    return (
        result.measured,
        version is not None,
        result.revision not in _NO_REVISION,
        tuple(map(int, version[0].split("."))) if version else (),
        result.revision,
        str(result.path),
    )


def _data_differs(
    entries: Mapping[tuple[str, str], Entry], task: Task, wanted: Wanted, known: References
) -> bool:
    found = {key: entry.fingerprint for key, entry in entries.items() if entry.fingerprint}
    declared = str(task.source.settings.get("fingerprint", ""))
    everything = [(split, subset) for split in task.splits for subset in task.subsets]
    if declared and all(key in found for key in everything):
        return combined({"/".join(key): found[key] for key in everything}) != declared
    return any(found.get(key, "") not in ("", known.fingerprints[key]) for key in wanted)


def _majority(values: Iterable[str]) -> str | None:
    """The value that more than half of those given have; None when there is none."""
    counts = Counter(value for value in values if value)
    if not counts:
        return None
    value, count = counts.most_common(1)[0]
    return value if 2 * count > counts.total() else None

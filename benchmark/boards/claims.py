"""Which scores a board may claim: complete ones of the same task, data and protocol."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark._version import PROTOCOL
from benchmark.boards.scores import Entry, TaskResult
from benchmark.data.fingerprint import combined
from benchmark.prepare import FINGERPRINT_DIFFERS
from benchmark.stats.means import mean
from benchmark.task import Task

MEASURED, IMPORTED = "measured", "imported"
MISSING, FAILED, LIMITED = "missing", "failed", "limited"
OTHER_TASK = "task file differs"
OTHER_DATA = "fingerprint differs"
OTHER_PROTOCOL = "protocol differs"
SCORED = (MEASURED, IMPORTED)
UNCLAIMED = (LIMITED, OTHER_TASK, OTHER_DATA, OTHER_PROTOCOL)
STATUSES = (*SCORED, MISSING, FAILED, *UNCLAIMED)

_NO_REVISION = ("", "external", "no_revision_available")

Wanted = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A model's score on a task, or why there is none; ``absent`` are missing splits/subsets."""

    score: float | None
    status: str
    absent: tuple[str, ...] = ()


Fingerprints = Mapping[tuple[str, str], str | None]
"""What results of a task are held against: a fingerprint by split and subset, or None."""


def majority_fingerprints(results: Iterable[TaskResult], wanted: Wanted) -> Fingerprints:
    """The data that more than half of a task's results were measured on, by split and subset.

    None where no fingerprint is known, or where no majority decides: then none of the results
    that disagree is claimed.
    """
    found = [{(e.split, e.subset): e.fingerprint for e in result.entries} for result in results]
    return {key: _majority(entries.get(key, "") for entries in found) for key in wanted}


def cell_of(
    result: TaskResult | None, task: Task, wanted: Wanted, fingerprints: Fingerprints
) -> Cell:
    """Decide a cell: the mean of all the wanted main scores, or why there is none.

    A result of ours counts when it measured all examples, by the task file and the protocol as
    they are now, on the data that the task file declares; ``fingerprints`` stand in where the task
    file declares none, or where the result covers only a part of the task.
    """
    if result is None:
        return Cell(None, MISSING, tuple(f"{split}/{subset}" for split, subset in wanted))
    entries = {(entry.split, entry.subset): entry for entry in result.entries}
    if result.measured:
        if result.limit is not None:
            return Cell(None, LIMITED)
        if task.digest and result.task_digest != task.digest:
            return Cell(None, OTHER_TASK)
        if result.protocol != PROTOCOL:
            return Cell(None, OTHER_PROTOCOL)
        if _data_differs(result, entries, task, fingerprints):
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
    result: TaskResult,
    entries: Mapping[tuple[str, str], Entry],
    task: Task,
    fingerprints: Fingerprints,
) -> bool:
    found = {key: entry.fingerprint for key, entry in entries.items() if entry.fingerprint}
    declared = str(task.source.settings.get("fingerprint", ""))
    everything = [(split, subset) for split in task.splits for subset in task.subsets]
    if declared and all(key in found for key in everything):
        return combined({"/".join(key): found[key] for key in everything}) != declared
    return FINGERPRINT_DIFFERS in result.notes or any(
        found.get(key, "") not in ("", expected) for key, expected in fingerprints.items()
    )


def _majority(values: Iterable[str]) -> str | None:
    """The value that more than half of those given have; None when there is none."""
    counts = Counter(value for value in values if value)
    if not counts:
        return None
    value, count = counts.most_common(1)[0]
    return value if 2 * count > counts.total() else None

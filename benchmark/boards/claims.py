"""Which scores a board may claim: complete ones of the same task, data and protocol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmark._version import PROTOCOL
from benchmark.data.fingerprint import combined
from benchmark.data.hub_repository import UNPINNED
from benchmark.prepare import FINGERPRINT_DIFFERS
from benchmark.results.task_result import EXTERNAL, Entry, TaskResult
from benchmark.stats.combining import combined_interval
from benchmark.stats.intervals import Interval
from benchmark.stats.means import mean
from benchmark.task import Task

MEASURED, IMPORTED = "measured", "imported"
MISSING, FAILED, LIMITED = "missing", "failed", "limited"
OTHER_TASK = "task file differs"
OTHER_DATA = "fingerprint differs"
OTHER_PROTOCOL = "protocol differs"
OTHER_REVISION = "data revision differs"
SCORED = (MEASURED, IMPORTED, EXTERNAL)
UNCLAIMED = (LIMITED, OTHER_TASK, OTHER_DATA, OTHER_PROTOCOL, OTHER_REVISION)
STATUSES = (*SCORED, MISSING, FAILED, *UNCLAIMED)

Wanted = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """A model's score on a task, or why there is none; ``absent`` are missing splits/subsets.

    ``other_data`` says that the score is shown though most results of the task name another
    revision of its data.
    """

    score: float | None
    status: str
    absent: tuple[str, ...] = ()
    other_data: bool = False
    interval: Interval | None = None
    """Of the score, where our own files say how sure it is."""


Fingerprints = Mapping[tuple[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Data:
    """What results of a task are held against.

    A fingerprint by split and subset, for ours, and the revision that the data had at its source,
    for others; None where nothing is known or no majority decides.
    """

    fingerprints: Fingerprints
    revision: str | None = None
    strict: bool = False
    """Whether a result on another revision of the data is left out."""


def data_of(results: Iterable[TaskResult], task: Task, wanted: Wanted, policy: str) -> Data:
    """The data that more than half of a task's results were measured on.

    ``policy`` is the board's ``data_revisions``: imported results count on ``any`` revision of the
    data, as mteb has it, on that of the ``majority``, or on the one that is ``declared`` by the
    task file (that of the majority where the file says ``unpinned``). With no majority, or nothing
    declared, none of the results that disagree is claimed.
    """
    known = list(results)
    found = [{(e.split, e.subset): e.fingerprint for e in result.entries} for result in known]
    revision = _majority(result.dataset_revision for result in known if not result.measured)
    declared = str(task.source.settings.get("revision", ""))
    if policy == "declared" and declared != UNPINNED:
        revision = declared or None
    fingerprints = {key: _majority(entries.get(key, "") for entries in found) for key in wanted}
    return Data(fingerprints, revision, policy != "any")


def cell_of(result: TaskResult | None, task: Task, wanted: Wanted, data: Data) -> Cell:
    """Decide a cell: the mean of all the wanted main scores, or why there is none.

    A result of ours counts when it measured all examples, by the task file and the protocol as
    they are now, on the data that the task file declares; the fingerprints of ``data`` stand in
    where the task file declares none, or where the result covers only a part of the task.
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
        if _data_differs(result, entries, task, data.fingerprints):
            return Cell(None, OTHER_DATA)
    other_data = not result.measured and result.dataset_revision != data.revision
    if other_data and data.strict:
        return Cell(None, OTHER_REVISION)
    absent = [key for key in wanted if key not in entries]
    failed = [key for key in wanted if key in entries and entries[key].main_score is None]
    if absent or failed:
        names = tuple(f"{split}/{subset}" for split, subset in absent + failed)
        return Cell(None, MISSING if absent else FAILED, names)
    found = [entries[key] for key in wanted]
    score = mean(entry.main_score for entry in found)
    intervals = [interval_of_entry(entry) for entry in found]
    interval = combined_interval(
        [entry.main_score or 0.0 for entry in found],
        intervals,
        [1.0] * len(found),
        [entry.examples for entry in found],
    )
    return Cell(score, result.provenance, other_data=other_data, interval=interval)


def interval_of_entry(entry: Entry) -> Interval | None:
    """An entry's interval; of an index's, which holds the standard error alone, without ends."""
    if entry.interval or entry.standard_error is None or entry.examples is None:
        return entry.interval
    nan, n = float("nan"), entry.examples
    return Interval(nan, nan, entry.standard_error, float(max(n - 1, 1)), "", n)


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

"""Why two results differ: the gap of each split and subset, its likely causes, what moved."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.analysis.causes import Difference, Pair, explain, unsaid
from benchmark.analysis.moves import Moves, moves_of
from benchmark.errors import UsageError
from benchmark.results.manifest import Manifest, differing, manifests_of
from benchmark.results.samples import Columns, read_samples, samples_path
from benchmark.results.task_result import TaskResult

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Gap:
    """One split and subset as both results have it; ``scores`` are None where one failed.

    ``causes`` are what differs, the likeliest reason first, and ``unsaid`` the causes of which one
    side says nothing. ``moves`` compares the examples, named by ``examples`` (id or row); None
    where a side has no records.
    """

    task: str
    split: str
    subset: str
    scores: tuple[float | None, float | None]
    causes: tuple[Difference, ...]
    unsaid: tuple[str, ...]
    moves: Moves | None
    examples: NDArray[Any] | None = None

    @property
    def gap(self) -> float | None:
        """How much more the second scores."""
        a, b = self.scores
        return None if a is None or b is None else b - a


def one_each(results: Sequence[TaskResult], target: str) -> dict[str, TaskResult]:
    """The result of each task; of several the model's own, without an experiment.

    Raises UsageError where that leaves more than one, such as of two revisions.
    """
    found: dict[str, TaskResult] = {}
    for task in dict.fromkeys(result.task for result in results):
        several = [result for result in results if result.task == task]
        usual = [result for result in several if not result.slug] or several
        if len(usual) > 1:
            paths = ", ".join(str(result.path) for result in usual[:3])
            raise UsageError(
                f"'{target}' has {len(usual)} results of {task}: {paths}; name one of them, or the "
                "folder that it lies in"
            )
        found[task] = usual[0]
    return found


def gaps_between(
    first: Sequence[TaskResult], second: Sequence[TaskResult], names: tuple[str, str]
) -> tuple[list[Gap], list[str]]:
    """The gaps of all splits and subsets that both have, and a line for what is not right.

    ``names`` are what the user called the two. Raises UsageError when they share no task, or none
    of a task's splits and subsets.
    """
    a, b = one_each(first, names[0]), one_each(second, names[1])
    shared = [task for task in a if task in b]
    if not shared:
        raise UsageError(
            f"'{names[0]}' and '{names[1]}' share no task ({_some(a)}; {_some(b)}); compare results"
            " of one task"
        )
    gaps: list[Gap] = []
    problems: list[str] = []
    for task in shared:
        found = list(_gaps(a[task], b[task], problems))
        if not found:
            problems.append(f"{task}: the two share no split and subset; nothing to compare")
        gaps += found
    if not gaps:
        raise UsageError(f"{problems[-1]}; run both on the same ones")
    return gaps, problems


def _gaps(a: TaskResult, b: TaskResult, problems: list[str]) -> Iterator[Gap]:
    manifests = manifests_of(a), manifests_of(b)
    records = _records(a, problems), _records(b, problems)
    other = {f"{entry.split}/{entry.subset}": entry for entry in b.entries}
    for entry in a.entries:
        key = f"{entry.split}/{entry.subset}"
        if key not in other:
            continue
        known = manifests[0][key], manifests[1][key]
        samples = records[0].get(key, {}), records[1].get(key, {})
        pair = _pair(*known, *samples)
        moves = pair.moves
        yield Gap(
            task=a.task,
            split=entry.split,
            subset=entry.subset,
            scores=(entry.main_score, other[key].main_score),
            causes=tuple(explain(pair)),
            unsaid=tuple(unsaid(pair)),
            moves=moves,
            examples=_names(samples[0], moves) if moves else None,
        )


def _pair(a: Manifest, b: Manifest, first: Columns, second: Columns) -> Pair:
    found = differing(a, b)
    same_data = "fingerprint" in a.facts and not {"fingerprint", "limit"} & found.keys()
    moves = moves_of(first, second, same_data=same_data)
    return Pair(a.facts, b.facts, found, (a.warnings, b.warnings), (a.expected, b.expected), moves)


def _records(result: TaskResult, problems: list[str]) -> dict[str, Columns]:
    digests = {f"{entry.split}/{entry.subset}": entry.samples for entry in result.entries}
    found, lines = read_samples(samples_path(result.path), digests)
    problems += lines
    return found


def _names(samples: Columns, moves: Moves) -> NDArray[Any]:
    column = next((samples[name] for name in ("id", "row") if name in samples), None)
    return moves.first if column is None else column[moves.first]


def _some(results: dict[str, TaskResult]) -> str:
    return ", ".join(list(results)[:3]) + (", ..." if len(results) > 3 else "")

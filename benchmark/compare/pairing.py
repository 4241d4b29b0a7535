"""Pair two results of one task: whether they are of the same, and what their records say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from benchmark.analysis.comparison import (
    Comparison,
    combine_parts,
    common_examples,
    compare_records,
)
from benchmark.errors import ResultError
from benchmark.results.samples import Columns, read_samples, samples_path
from benchmark.results.task_result import Entry, TaskResult
from benchmark.stats.means import mean

_ERRORS = ("rmse", "mae", "mse")


@dataclass(frozen=True, slots=True)
class TaskPair:
    """One task of two models: their scores, and the comparison where their records allow one.

    ``notes`` are a few words each; ``failed`` is why it has no comparison though it should.
    """

    task: str
    kind: str
    main_score: str
    n: int
    a: float
    b: float
    comparison: Comparison | None
    notes: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    data_set: str = ""
    """What the task is made of, where its file says; tasks of one vary together."""

    @property
    def difference(self) -> float:
        """The first model's score less the second's."""
        return self.a - self.b

    @property
    def is_error(self) -> bool:
        """Whether less is better: such a score counts among the leads, and in no mean."""
        return self.main_score in _ERRORS

    @property
    def first_leads(self) -> bool:
        """Whether the difference, if there is one, is to the first model's advantage."""
        return (self.difference > 0) != self.is_error


Records: TypeAlias = tuple[dict[str, Columns], list[str]]
"""The records of a result by split and subset, and a line for what is not right."""


def records_of(path: Path, digests: tuple[tuple[str, str], ...]) -> Records:
    """Read the records beside a result file; see ``read_samples``."""
    return read_samples(samples_path(path), dict(digests))


def pair_results(
    one: TaskResult,
    other: TaskResult,
    *,
    intersect: bool = False,
    read: Callable[[Path, tuple[tuple[str, str], ...]], Records] = records_of,
) -> TaskPair:
    """Compare two results of one task, each split and subset that both have.

    With ``intersect`` results of another ``--limit`` are compared on the examples that both have.
    ``read`` may keep what it has read, where a model has several partners.
    Raises ResultError when the two are not of the same: limit, protocol, task, data, or examples.
    """
    reason = _why_not(one, other, intersect=intersect)
    if reason:
        raise ResultError(reason)
    theirs = {_key(entry): entry for entry in other.entries}
    shared = [(entry, theirs[_key(entry)]) for entry in one.entries if _key(entry) in theirs]
    scored = [pair for pair in shared if None not in (pair[0].main_score, pair[1].main_score)]
    if not scored:
        raise ResultError("no split and subset has a score of both; measure it again")
    left_out = len({_key(e) for e in (*one.entries, *other.entries)}) - len(scored)
    notes = [f"without {left_out} subsets that only one has a score of"] if left_out else []
    scores = {_key(entry): (entry.main_score, their.main_score) for entry, their in scored}
    records, failed = _of_both(one, other, read)
    fallen = 0
    if intersect:
        for key, both in records.items():
            mine, others, fell = common_examples(*both)
            if fell:
                fallen += fell
                records[key] = mine, others
                scores[key] = float(mine["value"].mean()), float(others["value"].mean())
        notes += [f"{fallen} examples fell out"] if fallen else []
    parts = [_compare(one, key, records[key]) if key in records else None for key in scores]
    comparison = combine_parts(parts)
    if comparison is None and not failed:
        notes.append("no test of this score" if records else "no records of examples")
    means = [mean(column) or 0.0 for column in zip(*scores.values(), strict=True)]
    return TaskPair(
        task=one.task,
        kind=one.kind,
        main_score=one.main_score_name or other.main_score_name,
        n=comparison.n if comparison else sum(entry.examples or 0 for entry, _ in scored),
        a=means[0],
        b=means[1],
        comparison=comparison,
        notes=(*notes, *(comparison.notes if comparison else ())),
        failed=tuple(failed),
    )


def _why_not(one: TaskResult, other: TaskResult, *, intersect: bool) -> str:
    """Why two results may not be paired; '' where they may."""
    if one.limit != other.limit and not intersect:
        return f"--limit differs ({one.limit or 'none'}, {other.limit or 'none'}); measure alike"
    for what, mine, theirs in (
        ("protocol", one.protocol, other.protocol),
        ("main score", one.main_score_name, other.main_score_name),
        ("task digest", one.task_digest, other.task_digest),
    ):
        if mine != theirs and mine and theirs:
            return f"{what} differs ({_short(mine)}, {_short(theirs)}); measure one of them again"
    theirs_known = {_key(entry): entry.fingerprint for entry in other.entries}
    for entry in one.entries:
        theirs = theirs_known.get(_key(entry), "")
        if entry.fingerprint != theirs and entry.fingerprint and theirs:
            digests = f"{_short(entry.fingerprint)}, {_short(theirs)}"
            return f"data of {_key(entry)} differ ({digests}); measure one of them again"
    revisions = one.dataset_revision, other.dataset_revision
    imported = not one.measured or not other.measured
    named = all(each and not each.startswith("sha256:") for each in revisions)
    if imported and named and revisions[0] != revisions[1]:
        return f"data revision differs ({_short(revisions[0])}, {_short(revisions[1])})"
    return ""


def _short(digest: str) -> str:
    return digest.removeprefix("sha256:")[:12]


def _key(entry: Entry) -> str:
    return f"{entry.split}/{entry.subset}"


def _of_both(
    one: TaskResult,
    other: TaskResult,
    read: Callable[[Path, tuple[tuple[str, str], ...]], Records],
) -> tuple[dict[str, tuple[Columns, Columns]], list[str]]:
    """The records of both by split and subset, where both have some, and what is not right."""
    found: list[dict[str, Columns]] = []
    problems: list[str] = []
    for result in (one, other):
        columns, lines = read(result.path, tuple((_key(e), e.samples) for e in result.entries))
        found.append(columns)
        problems += lines
    return {key: (found[0][key], found[1][key]) for key in found[0] if key in found[1]}, problems


def _compare(result: TaskResult, key: str, both: tuple[Columns, Columns]) -> Comparison | None:
    try:
        return compare_records(result.kind, result.main_score_name, *both)
    except ResultError as error:
        hint = "" if "example " in str(error) else "; --intersect compares those that both have"
        raise ResultError(f"{key}: {error}{hint}") from None

"""Quality against cost: one point a combination of a sweep, and which of them none betters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmark.metrics.quantization import bytes_of

if TYPE_CHECKING:
    from benchmark.results.frame import Row


@dataclass(frozen=True, slots=True)
class Asked:
    """A combination of a sweep: the label of its rows, what is set in it, its vectors' type."""

    model: str
    label: str
    options: Mapping[str, Any]
    dtype: str = "float32"


@dataclass(frozen=True, slots=True)
class Point:
    """A combination of options of a model, by what it costs and what it is worth.

    ``score`` is the mean over tasks of their main scores, 0 to 1, None where a task has none;
    ``bytes`` those of a stored vector; ``milliseconds`` the time to answer a query, None where no
    corpus is searched. ``best`` names the costs, ``bytes`` or ``milliseconds``, at which no other
    point is as good and cheaper, or as cheap and better.
    """

    model: str
    label: str
    options: Mapping[str, Any]
    score: float | None
    bytes: int | None
    milliseconds: float | None
    tasks: Mapping[str, float | None] = field(default_factory=dict)
    best: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For a listing."""
        return {**asdict(self), "best": list(self.best)}


def points_of(asked: Iterable[tuple[Asked, Sequence[Row]]]) -> tuple[Point, ...]:
    """The points of combinations and their rows. Parts of an aggregate count in it alone."""
    found = []
    for each, rows in asked:
        own = [row for row in rows if not row.part_of]
        tasks = {row.task: _mean([r for r in own if r.task == row.task]) for row in own}
        scores = [score for score in tasks.values() if score is not None]
        whole = bool(scores) and len(scores) == len(tasks)
        searched = [row for row in own if row.search_seconds]
        queries = sum(row.examples or 0 for row in searched)
        milliseconds = 1000 * sum(row.search_seconds or 0.0 for row in searched)
        widths = {row.dimensions for row in own if row.dimensions}
        found.append(
            Point(
                model=each.model,
                label=each.label,
                options=dict(each.options),
                score=sum(scores) / len(scores) if whole else None,
                bytes=bytes_of(max(widths), each.dtype) if widths else None,
                milliseconds=milliseconds / queries if whole and queries else None,
                tasks=tasks,
            )
        )
    costs = ("bytes", "milliseconds")
    return tuple(
        replace(point, best=tuple(cost for cost in costs if _is_best(point, found, cost)))
        for point in found
    )


def _is_best(point: Point, others: Sequence[Point], cost: str) -> bool:
    """Whether no other point is as good and cheaper, or as cheap and better."""
    score, own = point.score, getattr(point, cost)
    if score is None or own is None:
        return False
    for other in others:
        value, price = other.score, getattr(other, cost)
        if value is None or price is None:
            continue
        if value >= score and price <= own and (value > score or price < own):
            return False
    return True


def _mean(rows: Sequence[Row]) -> float | None:
    """A task's mean over its splits and subsets; none when one of them has no score."""
    values = [row.main_score for row in rows if row.main_score is not None]
    return sum(values) / len(values) if len(values) == len(rows) else None

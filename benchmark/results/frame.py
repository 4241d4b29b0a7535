"""The rows of a run: one a model, task, split and subset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from benchmark.errors import MissingExtraError
from benchmark.results.record import Part
from benchmark.stats.intervals import Interval, finite
from benchmark.stats.means import mean
from benchmark.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from benchmark.results.tradeoffs import Point

Status = Literal["measured", "reused", "failed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One score; a failed one has no score and says why."""

    model: str
    task: str
    kind: str
    split: str | None
    subset: str | None
    main_score_name: str
    main_score: float | None
    status: Status
    seconds: float | None = None
    path: str | None = None
    error: str | None = None
    examples: int | None = None
    hard: bool = False
    part_of: str = ""
    """The aggregate that a task ran for alone; it counts there, and in no mean beside it."""
    dimensions: int | None = None
    """Those of the vectors that were compared; none for sparse ones, or without vectors."""
    search_seconds: float | None = None
    """Of ``seconds``, those that queries took to answer; none where no corpus is searched."""
    interval_low: float | None = None
    interval_high: float | None = None
    """The ends of the main score's 95 % interval, from the error and its degrees of freedom."""
    standard_error: float | None = None
    freedom: float | None = None


@dataclass(frozen=True, slots=True)
class Results:
    """What an evaluation gave, in the order it ran; ``points`` compare the combinations of a sweep.

    The front of the best trade-offs is those of them whose ``best`` says so.
    """

    rows: Sequence[Row]
    points: Sequence[Point] = ()
    left_out: Sequence[str] = ()
    """What of the data could not be read, one line each, where the rest of a task was scored."""

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows that have no score."""
        return tuple(row for row in self.rows if row.status == "failed")

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries."""
        return [asdict(row) for row in self.rows]

    def to_frame(self, layout: Literal["long", "wide"] = "long") -> pd.DataFrame:
        """The rows as a pandas data frame, one column a field of ``Row``.

        ``wide`` has one row a model and one column a task, both in the order of the run: the mean
        of the main scores of all its splits and subsets, NaN where one is missing. Raises
        MissingExtraError when pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtraError("pandas", "frame", "to_frame()") from None
        if layout == "long":
            return pd.DataFrame(self.to_dicts(), columns=list(Row.__dataclass_fields__))
        cells: dict[str, dict[str, list[float | None]]] = {}
        for row in self.rows:
            tasks = cells.setdefault(row.model, {})
            tasks.setdefault(row.task, []).append(row.main_score)
        return pd.DataFrame(
            [{task: mean(scores) for task, scores in tasks.items()} for tasks in cells.values()],
            index=pd.Index(cells, name="model"),
            columns=list(dict.fromkeys(row.task for row in self.rows)),
            dtype=float,
        )


def row_of(label: str, task: Task, part: Part, status: Status, path: Path | None) -> Row:
    """The row of a part that has a score."""
    return Row(
        model=label,
        task=task.name,
        kind=task.kind,
        split=part.split,
        subset=part.subset,
        main_score_name=task.main_score,
        main_score=part.main_score,
        status=status,
        seconds=round(sum(part.seconds.values()), 3),
        path=str(path) if path else None,
        examples=part.examples,
        hard=task.hard,
        dimensions=part.dimensions or None,
        search_seconds=part.seconds.get("search"),
        **_of_interval(part.interval),
    )


def _of_interval(interval: Interval | None) -> dict[str, Any]:
    if interval is None:
        return {}
    return {
        "interval_low": finite(interval.low),
        "interval_high": finite(interval.high),
        "standard_error": finite(interval.error),
        "freedom": round(interval.freedom, 3),
    }


def failed_row(label: str, task: Task, split: str | None, subset: str | None, error: str) -> Row:
    """The row of what has no score; no split and subset where the whole task failed."""
    return Row(
        model=label,
        task=task.name,
        kind=task.kind,
        split=split,
        subset=subset,
        main_score_name=task.main_score,
        main_score=None,
        status="failed",
        error=error,
        hard=task.hard,
    )

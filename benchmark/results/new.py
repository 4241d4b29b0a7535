"""Make the result of what was just measured."""

from __future__ import annotations

import time
from collections.abc import Mapping

from benchmark.protocols import Identity
from benchmark.results.environment import environment, peak_memory_mb
from benchmark.results.record import Part, Result
from benchmark.task import Task


def new_result(
    task: Task,
    identity: Identity,
    parts: Mapping[str, Part],
    *,
    notes: tuple[str, ...],
    limit: int | None,
    pinned: str = "",
    device: str = "",
) -> Result:
    """A result of now, with the environment and the memory that this process took.

    ``device`` is what computed the vectors.
    """
    return Result(
        task=task.name,
        kind=task.kind,
        main_score_name=task.main_score,
        task_digest=task.digest,
        identity=identity,
        parts=dict(parts),
        hard=task.hard,
        pinned=pinned,
        limit=limit,
        notes=notes,
        environment=environment(device),
        peak_memory_mb=peak_memory_mb(),
        date=round(time.time(), 3),
    )

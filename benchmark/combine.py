"""Give an aggregate its result from those of its parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.aggregate import mean_of_parts, wanted_keys
from benchmark.catalog import Choice
from benchmark.data.fingerprint import combined
from benchmark.errors import ResultError
from benchmark.protocols import Identity
from benchmark.results.frame import Row, Status, failed_row, row_of
from benchmark.results.new import new_result
from benchmark.results.record import Part
from benchmark.results.store import read_result, result_path, save_result
from benchmark.stats.combining import combined_interval
from benchmark.task import DEFAULT_SUBSET, Task


@dataclass(slots=True)
class Scored:
    """What a run has of one model on one task: its scored parts by key, and the task's notes."""

    parts: dict[str, Part] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def combine(
    label: str,
    identity: Identity,
    choice: Choice,
    scored: Mapping[str, Scored],
    root: Path | None,
    limit: int | None,
) -> list[Row]:
    """One row a split of an aggregate: the mean, or which parts have no score; saved in ``root``.

    No row where the model ran on none of the parts, since it only ranks documents.
    """
    task = choice.task
    if not any(part.name in scored for part in task.parts):
        return []
    scored = {part.name: scored[part.name] for part in task.parts if part.name in scored}
    rows: list[Row] = []
    found: dict[str, Part] = {}
    for split in choice.splits or task.splits:
        known = {
            (name, split, subset): scored[name].parts[f"{split}/{subset}"]
            for name, _, subset in wanted_keys(task, split)
            if name in scored and f"{split}/{subset}" in scored[name].parts
        }
        absent = [key for key in wanted_keys(task, split) if key not in known]
        if absent:
            names = ", ".join(f"{name} ({split}/{subset})" for name, _, subset in absent)
            message = f"{label} on {task.name}: no score of {names}; mend what failed there"
            rows.append(failed_row(label, task, split, DEFAULT_SUBSET, message))
            continue
        part = _part(task, split, known)
        found[part.key] = part
        rows.append(row_of(label, task, part, "measured", None))
    if not found or root is None:
        return rows
    path = result_path(root, identity, task.name)
    status: Status = "reused" if _stored(path, task, identity, found) else "measured"
    if status == "measured":
        notes = sorted({note for name in scored for note in scored[name].notes})
        result = new_result(task, identity, found, notes=tuple(notes), limit=limit)
        save_result(root, result)
    return [
        row
        if row.status == "failed"
        else row_of(label, task, found[f"{row.split}/{row.subset}"], status, path)
        for row in rows
    ]


def _part(task: Task, split: str, known: Mapping[tuple[str, str, str], Part]) -> Part:
    scores = {key: float(part.main_score or 0.0) for key, part in known.items()}
    value = mean_of_parts(task, split, scores)
    seconds: Counter[str] = Counter()
    warnings: Counter[str] = Counter()
    for part in known.values():
        seconds.update(part.seconds)
        warnings.update(part.warnings)
    weights = [mean_of_parts(task, split, {k: float(k == key) for k in known}) for key in known]
    interval = combined_interval(
        list(scores.values()),
        [part.interval for part in known.values()],
        weights,
        [(name, part.examples) for (name, _, _), part in known.items()],
    )
    return Part(
        split=split,
        subset=DEFAULT_SUBSET,
        languages=task.languages,
        metrics={task.main_score: value},
        main_score=value,
        interval=interval,
        examples=sum(part.examples for part in known.values()),
        fingerprint=combined({"/".join(key): part.fingerprint for key, part in known.items()}),
        degenerate=tuple(sorted({name for part in known.values() for name in part.degenerate})),
        warnings=dict(warnings),
        texts=sum(part.texts for part in known.values()),
        characters=sum(part.characters for part in known.values()),
        settings=next((part.settings for part in known.values()), {}),
        seconds={stage: round(value, 4) for stage, value in seconds.items()},
    )


def _stored(path: Path, task: Task, identity: Identity, found: Mapping[str, Part]) -> bool:
    """Whether the file already holds these scores."""
    try:
        old = read_result(path)
    except ResultError:
        return False
    return (
        old is not None
        and old.measures(task, identity)
        and all(
            key in old.parts
            and old.parts[key].fingerprint == part.fingerprint
            and old.parts[key].main_score == part.main_score
            for key, part in found.items()
        )
    )

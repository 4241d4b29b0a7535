"""A comparison as rows for a table, as Markdown and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from benchmark.compare.pairing import TaskPair
from benchmark.compare.suite import Group, Pair
from benchmark.compare.verdict import verdict
from benchmark.stats.intervals import Interval, finite
from benchmark.stats.paired import Paired

RIGHT = {"n", "A", "B", "A-B", "95 %", "p", "win/tie/loss", "effect", "detectable"}
"""The columns of numbers, beside that of the corrected p."""


def columns(correction: str) -> list[str]:
    """The heads of ``task_rows``."""
    p = {"holm": "Holm", "fdr": "FDR"}[correction]
    ends = ["p", f"p {p}", "win/tie/loss", "effect", "detectable", ""]
    return ["task", "n", "A", "B", "A-B", "95 %", *ends]


def task_rows(pair: Pair) -> list[list[str]]:
    """One row a task: scores and differences in points, and the notes."""
    return [_task_row(task, p) for task, p in zip(pair.tasks, pair.corrected, strict=True)]


def group_rows(pair: Pair) -> list[list[str]]:
    """One row a kind, then these tasks, then tasks like these; no kind where there is only one."""
    kinds = pair.kinds if len(pair.kinds) > 1 else ()
    groups = [*kinds, *(group for group in (pair.these, pair.like_these) if group)]
    return [
        [
            group.name,
            f"{group.tasks}",
            *_scores(group.a, group.b),
            *(_test(group.paired) if group.paired else ("", "")),
            f"without {', '.join(group.without)}" if group.without else "",
        ]
        for group in groups
    ]


GROUP_COLUMNS = ["mean over", "tasks", "A", "B", "A-B", "95 %", "p", ""]


def as_json(pairs: Sequence[Pair], correction: str, failed: Sequence[str]) -> dict[str, Any]:
    """The object that ``--json`` prints; lists of pairs for more than two models.

    Scores, differences and ends are from 0 to 1 (or -1 to 1), not points; what is not known is
    null.
    """
    tasks: list[Any] = [
        {"models": [pair.a, pair.b], "tasks": [_task_json(t, p) for t, p in _each(pair)]}
        for pair in pairs
    ]
    suites: list[Any] = [_suite_json(pair, correction, failed) for pair in pairs]
    if len(pairs) == 1:
        return {"tasks": tasks[0]["tasks"], "suite": suites[0], "verdict": verdict(pairs)}
    return {"tasks": tasks, "suite": suites, "verdict": verdict(pairs)}


def as_markdown(pairs: Sequence[Pair], correction: str) -> str:
    """Tables of a pair under its names, and the verdict."""
    parts = []
    for pair in pairs:
        parts.append(f"A is {_escaped(pair.a)}, B is {_escaped(pair.b)}.\n")
        parts.append(_markdown(columns(correction), task_rows(pair)))
        parts.append(_markdown(GROUP_COLUMNS, group_rows(pair)))
    return "\n".join([*parts, f"{_escaped(verdict(pairs))}\n"])


def _each(pair: Pair) -> Sequence[tuple[TaskPair, float]]:
    return list(zip(pair.tasks, pair.corrected, strict=True))


def _task_row(task: TaskPair, corrected: float) -> list[str]:
    found = task.comparison
    tail = ["", "", "", ""]
    if found:
        counts = f"{found.wins:,}/{found.ties:,}/{found.losses:,}"
        detectable = finite(100 * found.paired.detectable)
        tail = [
            shown_p(corrected),
            counts,
            "" if math.isnan(found.paired.effect) else f"{found.paired.effect:+.2f}",
            "" if detectable is None else f"{detectable:.2f}",
        ]
    test = _test(found.paired) if found else ("", "")
    notes = "; ".join(task.notes)
    return [
        task.task,
        f"{task.n:,}" if task.n else "",
        *_scores(task.a, task.b),
        *test,
        *tail,
        notes,
    ]


def _scores(a: float, b: float) -> tuple[str, str, str]:
    return f"{100 * a:.2f}", f"{100 * b:.2f}", f"{100 * (a - b):+.2f}"


def _test(paired: Paired) -> tuple[str, str]:
    return shown_interval(paired.interval), shown_p(paired.p)


def shown_interval(interval: Interval) -> str:
    """Its ends in points; empty where there are none."""
    if interval.ends is None:
        return ""
    return " to ".join(f"{100 * end:+.2f}" for end in interval.ends)


def shown_p(p: float) -> str:
    """Four decimals, enough for a Monte Carlo one."""
    return "" if math.isnan(p) else "<0.0001" if p < 0.0001 else f"{p:.4f}"


def _task_json(task: TaskPair, corrected: float) -> dict[str, Any]:
    found = task.comparison
    paired = found.paired if found else None
    return {
        "task": task.task,
        "kind": task.kind,
        "n": task.n,
        "a": task.a,
        "b": task.b,
        "difference": task.difference,
        "interval": _ends(paired),
        "p": finite(paired.p) if paired else None,
        "p_corrected": finite(corrected),
        "wins": found.wins if found else None,
        "ties": found.ties if found else None,
        "losses": found.losses if found else None,
        "detectable": finite(paired.detectable) if paired else None,
    }


def _suite_json(pair: Pair, correction: str, failed: Sequence[str]) -> dict[str, Any]:
    return {
        "models": [pair.a, pair.b],
        "correction": correction,
        "these_tasks": _group_json(pair.these),
        "tasks_like_these": _group_json(pair.like_these),
        "kinds": {group.name: _group_json(group) for group in pair.kinds},
        "effects": {
            task.task: finite(task.comparison.paired.effect)
            for task in pair.tasks
            if task.comparison
        },
        "methods": {
            task.task: task.comparison.paired.interval.method
            for task in pair.tasks
            if task.comparison
        },
        "notes": {task.task: list(task.notes) for task in pair.tasks if task.notes},
        "failed": list(failed),
    }


def _group_json(group: Group | None) -> dict[str, Any] | None:
    if group is None:
        return None
    return {
        "tasks": group.tasks,
        "without": list(group.without),
        "a": group.a,
        "b": group.b,
        "difference": group.a - group.b,
        "interval": _ends(group.paired),
        "p": finite(group.paired.p) if group.paired else None,
    }


def _ends(paired: Paired | None) -> list[float | None]:
    if paired is None:
        return [None, None]
    return [finite(paired.interval.low), finite(paired.interval.high)]


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    marks = [":---" if head in ("task", "mean over", "") else "---:" for head in heads]
    lines = [heads, marks, *([_escaped(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _escaped(text: str) -> str:
    """For Markdown, in which a name may mean something."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]<>|#" else sign for sign in text)

"""The sentence under a leaderboard: what the numbers are, and what is missing."""

from __future__ import annotations

from benchmark.boards.build import Leaderboard
from benchmark.boards.claims import (
    FAILED,
    IMPORTED,
    MISSING,
    OTHER_DATA,
    OTHER_PROTOCOL,
    OTHER_TASK,
)


def note(table: Leaderboard) -> str:
    """One plain sentence: scale, size, policy for missing cells, and how many there are."""
    parts = [_scores(table), _policy(table), _cells(table)]
    if table.counts.get(IMPORTED):
        parts.append(
            f"{_count(table.counts[IMPORTED], 'score')} come from result files that EmbedMark did"
            " not write (imported)"
        )
    if table.board.revisions == "joined":
        parts.append("the revisions of a model are joined in one row")
    if table.without_scores:
        parts.append(f"left out for having no score: {', '.join(table.without_scores)}")
    if any(task.hard for task in table.tasks.values()):
        parts.append("(hard) marks a task that static models are expected to fail")
    return "; ".join(parts) + "."


def _scores(table: Leaderboard) -> str:
    weights = set(table.averaging.weights.values())
    kinds = set(table.averaging.kinds.values())
    return (
        "Scores are 100 times the main score of each task, higher is better, for"
        f" {_count(len(table.rows), 'model')} on {_count(len(table.tasks), 'task')} of"
        f" {_count(len(kinds), 'kind')}, {'weighted equally' if weights == {1.0} else 'weighted'}"
    )


def _policy(table: Leaderboard) -> str:
    borda = "a missing task earns no Borda points"
    if table.board.missing == "strict":
        return (
            f"missing tasks are handled strictly: a mean that needs one is left empty, and {borda}"
        )
    left_out = [name for name in table.tasks if name not in table.averaging.tasks]
    without = f" (without {', '.join(left_out)})" if left_out else ""
    return (
        "missing tasks are handled in common: means are over the"
        f" {_count(len(table.averaging.tasks), 'task')} that all models have{without}, and {borda}"
    )


def _cells(table: Leaderboard) -> str:
    counts = table.counts
    total = len(table.rows) * len(table.tasks)
    text = f"{counts.get(MISSING, 0)} of {total} cells are missing"
    if counts.get(FAILED):
        text += f" and {counts[FAILED]} failed"
    reasons = [
        f"{counts[status]} {status}"
        for status in (OTHER_TASK, OTHER_DATA, OTHER_PROTOCOL)
        if counts.get(status)
    ]
    if reasons:
        text += f", and {_count(sum(map(int, (r.split()[0] for r in reasons))), 'cell')} are not"
        text += f" claimed ({', '.join(reasons)})"
    return text


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

"""The sentence under a leaderboard: what the numbers are, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

from benchmark.boards.build import Leaderboard
from benchmark.boards.claims import FAILED, IMPORTED, MISSING, STATUSES, UNCLAIMED


def note(table: Leaderboard) -> str:
    """One plain sentence: scale, size, policy for missing cells, and how many there are."""
    parts = [_scores(table), _policy(table), _cells(table)]
    if table.board.revisions == "joined":
        parts.append("the revisions of a model are joined in one row")
    if table.without_scores:
        names = [f"{m} ({_reasons(counts)})" for m, counts in table.without_scores.items()]
        parts.append(f"left out for having no score: {', '.join(names)}")
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
    if table.board.missing == "strict":
        rule = "a mean that needs one is left empty"
    else:
        left_out = [name for name in table.tasks if name not in table.averaging.tasks]
        without = f", without {', '.join(left_out)}" if left_out else ""
        count = _count(len(table.averaging.tasks), "task")
        rule = f"means are over the {count} that all models have{without}"
    return (
        f"policy for missing scores: {table.board.missing} ({rule}), and they earn no Borda points"
    )


def _cells(table: Leaderboard) -> str:
    counts = table.counts
    text = f"cells missing: {counts.get(MISSING, 0)} of {len(table.rows) * len(table.tasks)}"
    if counts.get(FAILED):
        text += f", failed: {counts[FAILED]}"
    unclaimed = {status: counts[status] for status in UNCLAIMED if counts.get(status)}
    if unclaimed:
        text += f", not claimed: {sum(unclaimed.values())} ({_reasons(unclaimed)})"
    if counts.get(IMPORTED):
        text += f", imported (read from files that EmbedMark did not write): {counts[IMPORTED]}"
    return text


def _reasons(counts: Mapping[str, int]) -> str:
    """How many cells have each status, in the statuses' fixed order."""
    return ", ".join(f"{status} {counts[status]}" for status in STATUSES if counts.get(status))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

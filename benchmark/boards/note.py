"""The sentence under a leaderboard: what the numbers are, and what is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from benchmark.boards.build import Leaderboard
from benchmark.boards.claims import FAILED, IMPORTED, MISSING, STATUSES, UNCLAIMED
from benchmark.results.task_result import EXTERNAL
from benchmark.stats.rank_sets import DRAWS, FEWEST, SEED

_REVISIONS = {
    "joined": "the revisions of a model are joined in one row, task by task as mteb's boards do",
    "latest": "only the revision that was run last counts",
    "complete": "only the revision with the most tasks counts",
}
_PROVENANCE = {
    "imported": "also files that EmbedMark did not write, without external ones",
    "any": "also files that EmbedMark did not write",
}
_DATA_REVISIONS = {
    "any": "scores count on whichever revision of the data",
    "majority": "scores count only on the revision that most results name",
    "declared": "scores count only on the revision that the task file declares",
}


def note(table: Leaderboard) -> str:
    """One plain sentence: scale, size, policy for missing cells, and how many there are."""
    parts = [_scores(table), _policy(table), _cells(table), *_choices(table)]
    if any(row.interval for row in table.rows) and "interval" in table.board.columns:
        parts.append(
            "intervals of means are 95 %: of these tasks from each one's own error, as if other"
            " examples had been asked, and of tasks like these from the spread of their scores by"
            " data set"
        )
    parts += _ranks(table)
    if any(row.predicted for row in table.rows):
        parts.append(
            "≈ is predicted, not measured, from the tasks that the model ran of "
            f"{table.board.mini}, with 90 % intervals; it counts in no mean and in no rank"
        )
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


def _choices(table: Leaderboard) -> list[str]:
    """The policies for what exists several times, where the board chose one."""
    board = table.board
    parts = []
    if board.revisions != "separate":
        rule = _REVISIONS[board.revisions]
        parts.append(f"policy for revisions of a model: {board.revisions} ({rule})")
    if board.provenance != "measured":
        parts.append(f"policy for provenance: {board.provenance} ({_PROVENANCE[board.provenance]})")
        other = sum(cell.other_data for row in table.rows for cell in row.cells.values())
        cells = f"; scores on another one than most: {other}" if other else ""
        rule = _DATA_REVISIONS[board.data_revisions]
        parts.append(f"policy for data revisions: {board.data_revisions} ({rule}{cells})")
    if board.experiments == "excluded":
        parts.append("experiments (results of changed options) are left out")
    if "zero_shot" in board.columns:
        parts.append(
            "zero-shot is the share of the tasks that the model's owners do not name as training"
            " data"
        )
    return parts


def data_sets(table: Leaderboard, names: Iterable[str]) -> int:
    """How many data sets these tasks of the board are made of."""
    return len({table.tasks[name].data_set for name in names})


def _made_of(table: Leaderboard, names: Collection[str]) -> str:
    return f"{_count(len(names), 'task')} in {_count(data_sets(table, names), 'data set')}"


def _ranks(table: Leaderboard) -> list[str]:
    """What was drawn again for the sets of ranks, or why there are none."""
    if len(table.rows) < 2 or {"rank", "mean"}.isdisjoint(table.board.columns):
        return []
    tasks = _made_of(table, table.averaging.tasks)
    if len(table.averaging.tasks) < len(table.tasks) and "rank" in table.board.columns:
        tasks += f", by Borda {_made_of(table, table.tasks)}"
    like = any(row.ranks.mean_like or row.ranks.borda for row in table.rows)
    these = any(row.ranks.mean_these for row in table.rows)
    parts = []
    if like or these:
        parts.append(
            "sets of ranks hold the true ranks of all models at once in 95 % of samples, = marks"
            " models that cannot be told from the leader, and models that share a letter cannot be"
            " told apart"
        )
    if like:
        parts.append(
            f"for tasks like these, {tasks} were drawn again, by data set ({DRAWS:,} draws, seed"
            f" {SEED})"
        )
    else:
        parts.append(
            f"no sets of ranks for tasks like these, which take {FEWEST} data sets (here: {tasks})"
        )
    if these:
        parts.append(
            "for these tasks, the errors of the models that have some were drawn, as independent,"
            " which is too wide where models err on the same examples"
        )
    return parts


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
    if counts.get(EXTERNAL):
        text += f", external (reported by the models' owners, copied by mteb): {counts[EXTERNAL]}"
    return text


def _reasons(counts: Mapping[str, int]) -> str:
    """How many cells have each status, in the statuses' fixed order."""
    return ", ".join(f"{status} {counts[status]}" for status in STATUSES if counts.get(status))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"

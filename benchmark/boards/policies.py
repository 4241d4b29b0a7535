"""Which result of a model counts for a task, where a model has several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from benchmark.boards.board import Board
from benchmark.results.task_result import EXTERNAL, TaskResult

RowKey = tuple[str, str, str]
"""Model, revision ('' where all revisions are one row), slug of the experiment."""

ByRow = dict[RowKey, dict[str, TaskResult]]

NO_REVISION = ("", EXTERNAL, "no_revision_available")
_ALLOWED = {
    "measured": ("measured",),
    "imported": ("measured", "imported"),
    "any": ("measured", "imported", EXTERNAL),
}
# As PEP 440 has them; mteb takes what is none, such as a range of versions, for unknown.
_VERSION = re.compile(r"v?(\d+(?:\.\d+)*)((?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|dev)\.?\d*)*)(\+.*)?")


def results_by_row(
    board: Board, tasks: Mapping[str, object], results: Iterable[TaskResult]
) -> ByRow:
    """The rows of a board, each with its results by task.

    ``revisions`` says what becomes of several revisions of a model: ``separate`` gives each a row;
    ``joined`` makes one row, task by task the result that ``precedence`` prefers, as mteb's boards
    do; ``latest`` and ``complete`` make one row of a single revision, the one that was run last
    (by date, then by mteb version), or the one that has most of the tasks. ``experiments`` are rows
    of their own (``separate``) or left out (``excluded``), as mteb's loader does by itself.
    """
    rows: ByRow = {}
    for result in results:
        if (
            result.task not in tasks
            or not board.shows(result.model)
            or result.provenance not in _ALLOWED[board.provenance]
            or (result.slug and board.experiments == "excluded")
        ):
            continue
        found = rows.setdefault((result.model, result.revision, result.slug), {})
        rival = found.get(result.task)
        found[result.task] = result if rival is None else preferred(board, result, rival)
    if board.revisions == "separate":
        return rows
    models: dict[RowKey, list[dict[str, TaskResult]]] = {}
    for (model, _, slug), found in rows.items():
        models.setdefault((model, "", slug), []).append(found)
    return {key: _one(board, revisions) for key, revisions in models.items()}


def preferred(board: Board, one: TaskResult, other: TaskResult) -> TaskResult:
    """Which of two results of one model on one task counts where revisions are joined.

    A measured one before an imported one; then, as ``join_revisions`` of mteb 2.26.24: the
    revision that the board calls the main one, a known mteb version, a known revision, the later
    mteb version; then the greater revision, so that the choice is always the same. mteb takes the
    main revision from its registry of models.
    """
    return max(one, other, key=lambda result: _precedence(board, result))


def _one(board: Board, revisions: list[dict[str, TaskResult]]) -> dict[str, TaskResult]:
    if board.revisions == "joined":
        joined: dict[str, TaskResult] = {}
        for found in revisions:
            for task, result in found.items():
                rival = joined.get(task)
                joined[task] = result if rival is None else preferred(board, result, rival)
        return joined
    if board.revisions == "latest":
        return max(revisions, key=lambda found: max(map(_age, found.values())))
    return max(
        revisions,
        key=lambda found: (len(found), max(_precedence(board, r) for r in found.values())),
    )


def _age(result: TaskResult) -> tuple[float, tuple[tuple[int, ...], bool], str]:
    date = float("-inf") if result.date is None else result.date
    return (date, _version(result.mteb_version) or ((), False), result.revision)


def _precedence(
    board: Board, result: TaskResult
) -> tuple[bool, bool, bool, bool, tuple[tuple[int, ...], bool], str, str]:
    version = _version(result.mteb_version)
    return (
        result.measured,
        board.main_revisions.get(result.model) == result.revision,
        version is not None,
        result.revision not in NO_REVISION,
        version or ((), False),
        result.revision,
        str(result.path),
    )


def _version(text: str) -> tuple[tuple[int, ...], bool] | None:
    """The numbers of a version, and whether it is no preview; None when it is not known."""
    match = _VERSION.fullmatch(text)
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and not numbers[-1]:  # 2.0 is 2
        numbers.pop()
    return tuple(numbers), not match[2]

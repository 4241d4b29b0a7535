"""What a smaller suite predicts of the models of a board that ran no more than it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmark.boards.build import Leaderboard, Row
from benchmark.downsample.mini import Mini, check_digests
from benchmark.downsample.predicting import predict_one
from benchmark.errors import TaskFileError


def with_predictions(table: Leaderboard, mini: Mini) -> Leaderboard:
    """The board, rows without a mean that have all tasks of the smaller suite with a prediction.

    Nothing else of a row changes: what is predicted enters no mean and no rank. Experiments get
    none, since the fit knows models as they are. Raises TaskFileError when the smaller suite stands
    for another suite than the board's, or for other task files.
    """
    path = table.board.path or table.board.name
    if mini.of != table.suite.name or set(mini.table.tasks) != set(table.tasks):
        raise TaskFileError(
            f"{path}: 'mini' names a smaller suite of '{mini.of}', and the board is of "
            f"'{table.suite.name}'; name one of that"
        )
    digests = {name: task.digest for name, task in table.tasks.items()}
    check_digests(Path(path), mini, digests)
    return replace(table, rows=tuple(_predicted(row, mini) for row in table.rows))


def _predicted(row: Row, mini: Mini) -> Row:
    cells = [row.cells[mini.table.tasks[t]] for t in mini.chosen]
    scores = [cell.score for cell in cells if cell.score is not None]
    if row.mean is not None or row.slug or len(scores) < len(cells):
        return row
    found = predict_one(mini, 100 * np.array(scores), row.model)
    return replace(row, predicted={"status": "predicted", "suite": mini.of, "level": 0.9, **found})

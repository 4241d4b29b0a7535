"""What the JSON file of a leaderboard holds: everything it is made of, nothing rounded."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from benchmark.boards.build import Leaderboard, Row
from benchmark.boards.claims import IMPORTED, SCORED
from benchmark.boards.note import data_sets, note
from benchmark.results.task_result import EXTERNAL
from benchmark.stats.intervals import finite
from benchmark.stats.rank_sets import ALPHA, DRAWS, SEED


def json_text(table: Leaderboard) -> str:
    """Everything the board is made of, scores as they are (0-1, not rounded), and the note."""
    return json.dumps(as_dict(table), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def as_dict(table: Leaderboard) -> dict[str, Any]:
    """The content of the JSON file."""
    board, averaging = table.board, table.averaging
    return {
        "board": board.name,
        "title": board.title,
        "suite": table.suite.name,
        "missing": board.missing,
        "provenance": board.provenance,
        "revisions": board.revisions,
        "data_revisions": board.data_revisions,
        "experiments": board.experiments,
        "tasks": [
            {
                "name": name,
                "kind": task.kind,
                "main_score": task.main_score,
                "data_set": task.data_set,
                "weight": averaging.weights[name],
                "hard": task.hard,
                "averaged": name in averaging.tasks,
            }
            for name, task in table.tasks.items()
        ],
        "groups": {group: list(names) for group, names in averaging.groups.items()},
        "resampled": {
            "tasks": len(averaging.tasks),
            "data_sets": data_sets(table, averaging.tasks),
            "draws": DRAWS,
            "seed": SEED,
            "level": 1 - ALPHA,
        },
        "models": [_row_dict(row) for row in table.rows],
        "without_scores": {
            model: dict(sorted(counts.items())) for model, counts in table.without_scores.items()
        },
        "note": note(table),
    }


def _row_dict(row: Row) -> dict[str, Any]:
    unclaimed = {name: cell for name, cell in row.cells.items() if cell.status not in SCORED}
    return {
        "model": row.model,
        "revisions": list(row.revisions),
        "experiment": row.slug,
        "rank": row.rank,
        "ranks": asdict(row.ranks),
        "mean": row.mean,
        "mean_interval": row.interval.ends if row.interval else None,
        "mean_interval_like": row.interval_like.ends if row.interval_like else None,
        "mean_by_kind": row.mean_by_kind,
        "kinds": dict(row.kinds),
        "groups": dict(row.groups),
        "scores": {name: cell.score for name, cell in row.cells.items()},
        "standard_errors": {
            name: finite(cell.interval.error)
            for name, cell in row.cells.items()
            if cell.interval is not None
        },
        "imported": [name for name, cell in row.cells.items() if cell.status == IMPORTED],
        "external": [name for name, cell in row.cells.items() if cell.status == EXTERNAL],
        "other_data_revision": [name for name, cell in row.cells.items() if cell.other_data],
        **({"predicted": dict(row.predicted)} if row.predicted else {}),
        "facts": row.facts.to_json(),
        "zero_shot": row.zero_shot,
        "not_scored": {
            name: {"status": cell.status, "entries": list(cell.absent)}
            for name, cell in unclaimed.items()
        },
    }

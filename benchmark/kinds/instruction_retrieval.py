"""Instruction retrieval: a retrieval whose queries come with an instruction each."""

from __future__ import annotations

from typing import Any

from benchmark.kinds import retrieval
from benchmark.kinds.retrieval import (
    METRICS,
    check,
    depth,
    evaluate,
    judge,
    metrics_of,
    plan,
    problems_of,
    rank,
    read,
)

TASK_TYPE = "InstructionRetrieval"
TABLES = {
    **retrieval.TABLES,
    "queries": {"id": "id", "text": "text", "instruction": "text"},
}
MAIN_SCORE = "ndcg_at_20"
OPTIONS: dict[str, Any] = retrieval.OPTIONS

__all__ = [
    "MAIN_SCORE",
    "METRICS",
    "OPTIONS",
    "TABLES",
    "TASK_TYPE",
    "check",
    "depth",
    "evaluate",
    "judge",
    "metrics_of",
    "plan",
    "problems_of",
    "rank",
    "read",
]

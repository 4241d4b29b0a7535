"""Long-context retrieval: a retrieval whose splits or subsets are text lengths."""

from __future__ import annotations

from typing import Any

from benchmark.kinds import retrieval
from benchmark.kinds.retrieval import (
    METRICS,
    TABLES,
    TASK_TYPE,
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

MAIN_SCORE = "ndcg_at_1"
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

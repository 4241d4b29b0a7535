"""The option ``upstream_defects``: whose number a kind writes where mteb has a defect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmark.metrics import similarity
from benchmark.metrics.torch_order import torch_paired_similarity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from benchmark.protocols import Vectors
    from benchmark.task import Task

NAME = "upstream_defects"
OPTION: Mapping[str, Any] = {NAME: "some"}
"""Among the OPTIONS of every kind in which the option changes a number (docs/parity.md).

"some" keeps the defects that comparable scores need; "all" writes mteb's numbers, "none" the right
ones under mteb's names.
"""
_ROUNDED = ("ndcg", "map", "recall", "precision", "hit_rate", "accuracy")


def defects_of(task: Task) -> str:
    """Which of mteb's defects the task keeps: ``some``, ``all`` or ``none``."""
    return str(task.options.get(NAME, OPTION[NAME]))


def own_similarity(a: Vectors, b: Vectors, *, name: str, defects: str) -> NDArray[Any]:
    """A model's own similarity of rows ``(n, d)`` and ``(n, d)``, ``(n,)``; of all, torch's sum."""
    if defects == "all":
        return torch_paired_similarity(a, b, name=name)
    return similarity.paired_similarity(a, b, name=name)


def cosine(a: Vectors, b: Vectors, *, defects: str) -> NDArray[Any]:
    """Cosines of rows as ``cosine_*`` takes them; of none, 0 for a zero row, not 1 or 0.5."""
    if defects == "none":
        return similarity.paired_similarity(a, b, name="cosine")
    return similarity.paired_cosine(a, b)


def rounded(metrics: Mapping[str, float]) -> dict[str, float]:
    """Means of a ranking's scores rounded to five decimals, as mteb does with all but MRR and nAUC.

    >>> rounded({"recall_at_1": 1 / 3, "mrr_at_1": 0.25, "nauc_recall_at_1_max": 1.0})
    {'recall_at_1': 0.33333, 'mrr_at_1': 0.25, 'nauc_recall_at_1_max': 1.0}
    """
    return {
        name: round(value, 5) if name.split("_at_")[0] in _ROUNDED else value
        for name, value in metrics.items()
    }

"""The option ``upstream_defects``: whose number a kind writes where mteb has a defect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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


def rounded_means(per_query: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """Means of a ranking's scores to five decimals, of MRR in full, summed one by one as in mteb.

    >>> rounded_means({"recall_at_1": np.array([1.0, 0, 0]), "mrr_at_3": np.array([1, 0.5, 0])})
    {'recall_at_1': 0.33333, 'mrr_at_3': 0.5}
    """
    means = {
        name: sum(values.tolist()) / len(values) if len(values) else float("nan")
        for name, values in per_query.items()
    }
    return {
        name: mean if name.startswith("mrr") else round(mean, 5) for name, mean in means.items()
    }

"""What the scores of one model on a smaller suite tell: the whole mean, kinds and tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.downsample.families import organisation, siblings_of
from benchmark.downsample.mini import Mini
from benchmark.stats.local_gaussian import filled, predict

if TYPE_CHECKING:
    from numpy.typing import NDArray


def predict_one(mini: Mini, measured: NDArray[np.float64], model: str) -> dict[str, Any]:
    """Predictions in points with 90 % intervals, from scores on the chosen tasks in percent.

    ``measured`` ``(k,)`` is in the order of ``mini.chosen``. A model that the fit holds is
    predicted without its family. ``distance`` is that to the nearest fitted model, in standard
    deviations a task; ``far`` says that no fitted model is as far from those of other families;
    ``new_maker`` that no fitted model is of its organisation.
    """
    table = mini.table
    chosen = np.array(mini.chosen, np.int64)
    family = dict(zip(table.models, table.families.tolist(), strict=True)).get(model, -1)
    others = table.rows(table.families != family)
    found = predict(
        others.scores,
        chosen,
        measured[None, :],
        table.kinds,
        siblings=siblings_of([model], others.models),
    )

    def told(weights: NDArray[np.float64], width: float) -> dict[str, float]:
        value = float(found.scores[0] @ weights)
        half = width * float(found.deviation(weights)[0])
        return {
            "predicted": round(value, 4),
            "low": round(value - half, 4),
            "high": round(value + half, 4),
        }

    left = [t for t in range(len(table.tasks)) if t not in set(mini.chosen)]
    units = np.eye(len(table.tasks))
    return {
        "mean": told(table.shares, mini.widths.mean),
        "kinds": {
            kind: told(weights, mini.widths.kind) for kind, weights in table.kind_shares().items()
        },
        "tasks": {table.tasks[t]: told(units[t], mini.widths.task) for t in left},
        "distance": round(float(found.distance[0]), 4),
        "far": bool(found.distance[0] > reach(mini)),
        "new_maker": organisation(model) not in {organisation(name) for name in table.models},
    }


def reach(mini: Mini) -> float:
    """How far, at most, a fitted model is from the nearest of another family, on chosen tasks."""
    table, chosen = mini.table, np.array(mini.chosen, np.int64)
    scores = filled(table.scores)
    families = table.families[:, None] == table.families
    found = predict(scores, chosen, scores[:, chosen], table.kinds, without=families)
    return float(found.distance.max())

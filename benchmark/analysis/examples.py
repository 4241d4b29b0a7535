"""Single examples of a result: how bad each is, and the texts that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.metrics.correlation import average_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Plan

Samples: TypeAlias = "Mapping[str, NDArray[Any]]"


def loss_of(samples: Samples) -> NDArray[np.float64]:
    """How much each example costs the main score, ``(n,)``, greater is worse; 0 for none.

    Of a mean, 1 less its value (its error, of a regression's); of a correlation, how far apart its
    two ranks are, as a share of all; of pairs, the share of the other label on the wrong side; of
    clusters, the share of draws in which most of its cluster has another label.
    """
    if "gold" in samples:
        ranks = [average_ranks(samples[name]) for name in ("gold", "similarity")]
        return np.abs(ranks[0] - ranks[1]) / len(ranks[0])
    if "truth" in samples:
        off = samples["predicted"] - samples["truth"][:, None]
        return np.asarray(np.abs(off).mean(axis=1), np.float64)
    if "value" in samples:
        return np.asarray(1 - samples["value"], np.float64)
    if "similarity" in samples:
        return _wrong_side(samples["label"] == 1, samples["similarity"])
    if "predicted" in samples:
        wrong = samples["predicted"] != samples["label"][:, None]
        return np.asarray(wrong.mean(axis=1), np.float64)
    return _apart(samples)


def texts_of(plan: Plan, samples: Samples, example: int) -> dict[str, str]:
    """The texts of an example by the plan's request, and the first document ranked, where it is.

    Requests of as many texts as there are examples are read row by row; others are left out.
    """
    count = len(next(iter(samples.values())))
    found = {
        name: str(request.texts[example].as_py())
        for name, request in plan.items()
        if len(request.texts) == count and name != "corpus"
    }
    top = int(samples["top"][example, 0]) if "top" in samples else -1
    if top >= 0 and "corpus" in plan:
        found["first document"] = str(plan["corpus"].texts[top].as_py())
    chosen = int(samples["found"][example]) if "found" in samples else -1
    if chosen >= 0 and "sentence2" in plan:
        found["found"] = str(plan["sentence2"].texts[chosen].as_py())
    return found


def _wrong_side(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    negatives, positives = np.sort(scores[~positive]), np.sort(scores[positive])
    above = len(negatives) - np.searchsorted(negatives, scores, "left")
    below = np.searchsorted(positives, scores, "right")
    return np.where(positive, above / max(len(negatives), 1), below / max(len(positives), 1))


def _apart(samples: Samples) -> NDArray[np.float64]:
    if "label_0" not in samples:
        return np.zeros(len(next(iter(samples.values()), [])))
    labels, clusters = samples["label_0"], samples["cluster_0"]
    wrong = np.zeros(clusters.shape)
    for draw, found in enumerate(clusters.T):
        there = np.flatnonzero((found >= 0) & (labels >= 0))
        sizes = np.zeros((int(found.max(initial=0)) + 1, int(labels.max(initial=0)) + 1))
        np.add.at(sizes, (found[there], labels[there]), samples["times_0"][there, draw])
        wrong[there, draw] = sizes.argmax(axis=1)[found[there]] != labels[there]
    return np.asarray(wrong.mean(axis=1), np.float64)

"""Single examples of a result: how bad each is, and the texts that it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from benchmark.metrics.correlation import average_ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Plan, Request

Samples: TypeAlias = "Mapping[str, NDArray[Any]]"
TEXT = "text:"
"""Before the name of a request: a column of its texts."""


def loss_of(samples: Samples) -> NDArray[np.float64]:
    """How much each example costs the main score, ``(n,)``, greater is worse; 0 for none.

    Of a mean, 1 less its value (its error, of a regression's); of a correlation, how far apart its
    two ranks are, as a share of all; of pairs, the share of the other label on the wrong side, of
    equal similarities half; of clusters, the share of draws in which most of its cluster has
    another label.
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


def texts_of(plan: Plan, samples: Samples) -> dict[str, NDArray[Any]]:
    """The texts of all examples, ``text:<request>`` -> ``(n,)``, and of what a model found.

    Requests of as many texts as there are examples are read row by row; others are left out.
    """
    if not samples:
        return {}
    count = len(next(iter(samples.values())))
    found = {
        f"{TEXT}{name}": np.array(request.texts.to_pylist(), dtype=str)
        for name, request in plan.items()
        if len(request.texts) == count and name != "corpus"
    }
    if "top" in samples and "corpus" in plan:
        found[f"{TEXT}first document"] = _rows_of(plan["corpus"], samples["top"][:, 0])
    if "found" in samples and "sentence2" in plan:
        found[f"{TEXT}found"] = _rows_of(plan["sentence2"], samples["found"])
    return found


def _rows_of(request: Request, rows: NDArray[Any]) -> NDArray[Any]:
    """The texts of some rows; empty for -1, which stands for none."""
    import pyarrow as pa

    picked = pa.array(rows, pa.int64(), mask=rows < 0)
    return np.array([text or "" for text in request.texts.take(picked).to_pylist()], dtype=str)


def _wrong_side(positive: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    negatives, positives = np.sort(scores[~positive]), np.sort(scores[positive])
    below, above = (
        (np.searchsorted(others, scores, "left") + np.searchsorted(others, scores, "right")) / 2
        for others in (positives, negatives)
    )
    above = len(negatives) - above
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

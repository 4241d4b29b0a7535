"""From token vectors to one vector a text; for arrays of NumPy and of torch alike."""

from __future__ import annotations

from typing import Any

POOLINGS = ("mean", "cls", "last", "weighted", "eos")
# What sentence-transformers calls them in a model's 1_Pooling/config.json.
FROM_SENTENCE_TRANSFORMERS = {
    "mean": "mean",
    "cls": "cls",
    "lasttoken": "last",
    "weightedmean": "weighted",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
    "pooling_mode_lasttoken": "last",
    "pooling_mode_weightedmean_tokens": "weighted",
}


def pool(hidden: Any, mask: Any, pooling: str) -> Any:
    """One vector a text, ``(n, d)``, from ``hidden`` ``(n, t, d)`` and ``mask`` ``(n, t)``.

    ``mask`` is 1 on tokens and 0 on padding, of ``hidden``'s type; padding may stand on either
    side. ``mean``: of all tokens. ``cls``: the first token. ``last``: the last; ``eos`` is the same
    where the caller has put an end token there. ``weighted``: mean with weights 1, 2, ... by
    position (SGPT, arXiv:2202.08904). A text without tokens has a vector of zeros under the means.

    >>> import numpy as np
    >>> hidden = np.array([[[1.0], [4.0], [9.0]]])
    >>> [pool(hidden, np.array([[1.0, 1.0, 0.0]]), name).item() for name in POOLINGS]
    [2.5, 1.0, 4.0, 3.0, 4.0]
    """
    rows = list(range(len(hidden)))
    if pooling == "cls":
        return hidden[rows, mask.argmax(1)]
    if pooling in ("last", "eos"):
        return hidden[rows, (mask.cumsum(1) * mask).argmax(1)]
    weights = mask.cumsum(1) * mask if pooling == "weighted" else mask
    total = weights.sum(1)[:, None].clip(min=1e-9)
    return (hidden * weights[..., None]).sum(1) / total

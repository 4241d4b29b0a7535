"""A smaller piece of a task's scoring, to time it by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

_DRAWS = 2  # a few run at once where there are cores


def fewer_draws(data: Any) -> tuple[Any, float]:
    """The data of a kind with a few of its repeated draws, and by how many times all are more.

    Kinds that fit or cluster again and again hold their draws as ``experiments``, or by level as
    ``bootstraps``; any other data comes back as it is.
    """
    if len(getattr(data, "experiments", ())) > _DRAWS:
        return replace(data, experiments=data.experiments[:_DRAWS]), len(data.experiments) / _DRAWS
    levels = getattr(data, "levels", ())
    count = max((len(getattr(level, "bootstraps", ())) for level in levels), default=0)
    if count > _DRAWS:
        fewer = tuple(replace(level, bootstraps=level.bootstraps[:_DRAWS]) for level in levels)
        return replace(data, levels=fewer), count / _DRAWS
    return data, 1.0

"""Which models have one origin, so that none is judged by its own siblings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

NEARLY_IDENTICAL = 0.75
"""Two models whose scores differ by less than this many points a task, on average, are one."""


def organisation(model: str) -> str:
    """Who made a model, by its name.

    >>> organisation("Qwen/Qwen3-Embedding-8B")
    'qwen'
    """
    return model.partition("/")[0].lower()


def families_of(
    models: Sequence[str], adapted_from: Mapping[str, str], scores: NDArray[np.float64]
) -> NDArray[np.int64]:
    """A number a model, ``(n,)``, equal for models of one organisation, base model or behaviour.

    ``adapted_from`` is the base model as the model's own facts name it; models of one base are of
    one family, and so is the base. ``scores`` ``(n, t)`` are in percent, NaN where missing; two
    rows that nearly agree are one model under two names.

    >>> families_of(["a/x", "A/y", "b/z"], {"b/z": "a/x"}, np.diag([10.0, 20.0, 30.0])).tolist()
    [0, 0, 0]
    """
    root = list(range(len(models)))

    def find(n: int) -> int:
        while root[n] != n:
            n = root[n]
        return n

    bases = [adapted_from.get(model, "") for model in models]
    for one in range(len(models)):
        for other in range(one):
            if (
                organisation(models[one]) == organisation(models[other])
                or (bases[one] and bases[one] in (bases[other], models[other]))
                or (bases[other] and bases[other] == models[one])
                or _nearly_identical(scores[one], scores[other])
            ):
                high, low = sorted((find(one), find(other)), reverse=True)
                root[high] = low
    return np.array([find(n) for n in range(len(models))], np.int64)


def _nearly_identical(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    both = ~(np.isnan(one) | np.isnan(other))
    return bool(both.any() and np.abs(one[both] - other[both]).mean() < NEARLY_IDENTICAL)


def siblings_of(models: Sequence[str], fitted: Sequence[str]) -> NDArray[np.bool_]:
    """Which fitted models have the maker of each model, ``(m, n)``.

    >>> siblings_of(["a/x"], ["A/y", "b/z"]).tolist()
    [[True, False]]
    """
    makers = np.array([organisation(model) for model in fitted])
    return np.array([makers == organisation(model) for model in models], np.bool_).reshape(
        len(models), len(fitted)
    )


def family_splits(
    families: NDArray[np.int64], parts: int, seed: int
) -> Iterator[NDArray[np.bool_]]:
    """The models held out in each of ``parts`` splits, ``(n,)``: whole families, each once.

    Fewer splits come when there are fewer families.
    """
    shuffled = np.random.default_rng(seed).permutation(np.unique(families))
    for held in np.array_split(shuffled, min(parts, len(shuffled))):
        yield np.isin(families, held)

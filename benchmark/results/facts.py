"""Facts of a model as its ``model_meta.json`` declares them; nothing here was measured."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model's owners say of it; None is unknown.

    ``dimension`` is the largest where several are declared. ``max_tokens`` is None also where no
    limit is declared. ``training_datasets`` are names of tasks, as declared; () says none.
    """

    parameters: int | None = None
    dimension: int | None = None
    max_tokens: int | None = None
    license: str | None = None
    open_weights: bool | None = None
    release_date: str | None = None
    training_datasets: tuple[str, ...] | None = None
    adapted_from: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The known facts, as ``facts_of_json`` reads them back."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def zero_shot_share(self, tasks: Iterable[str]) -> float | None:
        """The share of tasks that the model is not declared to be trained on, 0 to 1.

        None when nothing is declared. mteb 2.26.24 also counts tasks that its registry calls
        similar to a declared one; that is not in the declaration, and not in this share.

        >>> ModelFacts(training_datasets=("A",)).zero_shot_share(["A", "B", "C", "D"])
        0.75
        """
        names = list(tasks)
        if self.training_datasets is None or not names:
            return None
        return sum(name not in self.training_datasets for name in names) / len(names)


def facts_of_meta(meta: Mapping[str, Any]) -> ModelFacts:
    """Read what mteb's ``model_meta.json`` says; what has a wrong type is unknown.

    >>> facts_of_meta({"n_parameters": 33_400_000, "embed_dim": [64, 384], "max_tokens": 512.0})
    ModelFacts(parameters=33400000, dimension=384, max_tokens=512, license=None, \
open_weights=None, release_date=None, training_datasets=None, adapted_from=None)
    """
    dimension = meta.get("embed_dim")
    dimensions = dimension if isinstance(dimension, list) else [dimension]
    trained = meta.get("training_datasets")
    open_weights = meta.get("open_weights")
    return ModelFacts(
        parameters=_whole(meta.get("n_parameters")),
        dimension=max((d for d in map(_whole, dimensions) if d is not None), default=None),
        max_tokens=_whole(meta.get("max_tokens")),
        license=_word(meta.get("license")),
        open_weights=open_weights if isinstance(open_weights, bool) else None,
        release_date=_word(meta.get("release_date")),
        # Older files have a table, name -> splits.
        training_datasets=tuple(map(str, trained)) if isinstance(trained, list | dict) else None,
        adapted_from=_word(meta.get("adapted_from")),
    )


def facts_of_json(content: Mapping[str, Any]) -> ModelFacts:
    """Read what ``to_json`` wrote."""
    trained = content.get("training_datasets")
    known = {name: content[name] for name in ModelFacts.__dataclass_fields__ if name in content}
    return ModelFacts(**{**known, "training_datasets": None if trained is None else tuple(trained)})


def _whole(value: Any) -> int | None:
    """A whole number above 0, also where it is written as 512.0; infinity is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return int(value) if 0 < value < 2**63 else None


def _word(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    return value.encode("utf-8", "replace").decode("utf-8")[:100]

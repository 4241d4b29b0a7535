"""The labels that both sides predict, experiment by experiment, to count those that differ."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from mteb._evaluators.sklearn_evaluator import SklearnEvaluator
from mteb._evaluators.zeroshot_classification_evaluator import ZeroShotClassificationEvaluator
from mteb.abstasks import multilabel_classification as their_multilabel

from benchmark.catalog import load_kind
from benchmark.kinds import experiments
from benchmark.protocols import Tables

_OURS = {
    "classification": ["predict"],
    "multilabel_classification": ["by_votes", "predict_sets"],
    "zero_shot_classification": ["nearest"],
}
"""The functions of each kind's module that predict labels.

A pair classification predicts none: both sides choose the best threshold, which the scores show.
"""


@contextmanager
def our_predictions(kind: str, tables: Tables) -> Iterator[list[list[Any]]]:
    """Every experiment's predicted labels, in the order of the experiments, once it is left."""
    module: Any = load_kind(kind)
    predicted: list[list[Any]] = []
    if kind not in _OURS:
        yield predicted
        return
    place = threading.local()
    found: dict[int, Any] = {}

    def noting(predict: Any) -> Any:
        def noted(*arguments: Any, **options: Any) -> Any:
            outcome = predict(*arguments, **options)
            labels = outcome[0] if isinstance(outcome, tuple) else outcome
            found[getattr(place, "number", len(found))] = np.asarray(labels).ravel().tolist()
            return outcome

        return noted

    def numbered(run: Any) -> Any:
        def each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
            def at(pair: tuple[int, Any]) -> Any:
                place.number = pair[0]
                return function(pair[1])

            outcomes: list[Any] = run(at, list(enumerate(items)))
            return outcomes

        return each

    with pytest.MonkeyPatch.context() as patch:
        for name in _OURS[kind]:
            patch.setattr(module, name, noting(getattr(module, name)))
        for owner in (module, experiments):
            if hasattr(owner, "in_threads"):
                patch.setattr(owner, "in_threads", numbered(owner.in_threads))
        yield predicted
    names = _label_names(tables) if kind == "classification" else None
    for number in sorted(found):
        predicted.append([names[code] for code in found[number]] if names else found[number])


@contextmanager
def their_predictions() -> Iterator[list[list[Any]]]:
    """Every experiment's predicted labels: their names, or 0 and 1, or numbers of candidates."""
    predicted: list[list[Any]] = []

    def note(labels: Any) -> None:
        predicted.append(np.asarray(labels).ravel().tolist())

    fit_one, fit_lists = SklearnEvaluator.__call__, their_multilabel._evaluate_classifier
    compare = ZeroShotClassificationEvaluator.__call__

    def labels(*arguments: Any, **options: Any) -> Any:
        found = fit_one(*arguments, **options)
        note(found)
        return found

    def lists(*arguments: Any, **options: Any) -> Any:
        found = fit_lists(*arguments, **options)
        note(found[0])
        return found

    def candidates(*arguments: Any, **options: Any) -> Any:
        found: Any = compare(*arguments, **options)
        note(found.argmax(1))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SklearnEvaluator, "__call__", labels)
        patch.setattr(their_multilabel, "_evaluate_classifier", lists)
        patch.setattr(ZeroShotClassificationEvaluator, "__call__", candidates)
        yield predicted


def _label_names(tables: Tables) -> list[Any]:
    """What a classification's label codes stand for."""
    present = [tables[name] for name in ("rows", "train") if name in tables]
    used = [table.column("label").to_pylist() for table in present]
    return sorted({label for labels in used for label in labels})

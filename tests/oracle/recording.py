"""What a comparison was of, for the page: named vectors, scores with their task and rankings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import pytest
from mteb._evaluators.retrieval_evaluator import RetrievalEvaluator
from numpy.typing import NDArray

from benchmark.kinds.defects import defects_of
from benchmark.metrics import abstention
from benchmark.task import Task
from tests.oracle import parity

Part = tuple[str, str]


class NamedVectors(dict[str, NDArray[Any]]):
    """A vector for every text, and what the page of comparisons calls them.

    ``words`` is how many of a text's first words the model read; 0 for all of them.
    """

    def __init__(self, vectors: Mapping[str, NDArray[Any]], name: str, *, words: int = 0) -> None:
        super().__init__(vectors)
        self.name, self.words = name, words


class Found(dict[Part, dict[str, Any]]):
    """Metrics by part, with what they are of.

    ``labels`` are what classifiers predicted, ``constant`` the scores of a ranking that are the
    same for all queries, of which no nAUC exists, ``degenerate`` what is undefined and counts 0.
    ``examples`` counts what a main score is made of, ``words`` are those of the vectors.
    """

    task: Task | None = None
    vectors = "random"
    words = 0
    labels: Mapping[Part, list[list[Any]]] = MappingProxyType({})
    constant: Mapping[Part, set[str]] = MappingProxyType({})
    degenerate: Mapping[Part, set[str]] = MappingProxyType({})
    examples: Mapping[Part, int] = MappingProxyType({})


def record(
    part: Part,
    expected: Mapping[Part, Mapping[str, Any]],
    actual: Mapping[Part, Mapping[str, Any]],
    found: Mapping[str, float],
    *,
    rounded: set[str],
    loose: set[str],
    passed: bool,
) -> None:
    """Note a comparison for the page; ``found`` are its differences by name."""

    def largest(names: set[str]) -> float:
        return max((found[name] for name in names if math.isfinite(found[name])), default=0.0)

    if not isinstance(actual, Found) or actual.task is None:
        return
    if isinstance(expected, Found) and expected.task is not None:
        return  # ours with ours
    assert actual.vectors in parity.VECTORS  # or the page could not be written after an hour
    main = actual.task.main_score
    theirs = expected.labels.get(part) if isinstance(expected, Found) else None
    ours = actual.labels.get(part)
    flips, predicted = parity.flips(theirs, ours) if theirs and ours else (None, 0)
    parity.COMPARISONS.append(
        parity.Comparison(
            test=parity.current_test(),
            kind=actual.task.kind,
            vectors=actual.vectors,
            part=part,
            metric=main,
            theirs=parity.main_of(expected[part], main),
            ours=parity.main_of(actual[part], main),
            compared=len(found) - len(loose),
            largest=largest(found.keys() - loose - rounded),
            rounded=largest(rounded - loose),
            loosened=len(loose),
            loose=largest(loose),
            passed=passed,
            examples=actual.examples.get(part, 0),
            words=actual.words,
            switched=defects_of(actual.task) == "all",
            flips=flips,
            predicted=predicted,
        )
    )


@contextmanager
def their_rankings() -> Iterator[list[Any]]:
    """Every search's documents and scores by query, before they are judged."""
    found: list[Any] = []
    run = RetrievalEvaluator.__call__

    def noted(*arguments: Any, **options: Any) -> Any:
        results = run(*arguments, **options)
        found.append({query: dict(ranked) for query, ranked in results.items()})
        return results

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RetrievalEvaluator, "__call__", noted)
        yield found


@contextmanager
def constant_scores() -> Iterator[set[str]]:
    """The names of a ranking's scores that are the same for all queries."""
    names: set[str] = set()
    find = abstention.naucs

    def noted(scores: Any, per_query: Mapping[str, Any]) -> Any:
        names.update(name for name, values in per_query.items() if len(set(values.tolist())) < 2)
        return find(scores, per_query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(abstention, "naucs", noted)
        yield names


def without_nauc(actual: Mapping[Part, Mapping[str, Any]], part: Part) -> set[str]:
    """The nAUC, by the end of its name, that are undefined as their score is constant."""
    if not isinstance(actual, Found):
        return set()
    return {
        f"nauc_{name}_{confidence}"
        for name in actual.constant.get(part, set())
        for confidence in abstention.CONFIDENCES
    }

"""Compare everything that mteb writes with ours, by default and with its defects switched on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import replace
from fnmatch import fnmatch
from types import MappingProxyType
from typing import Any

from benchmark.catalog import load_kind
from benchmark.kinds.defects import NAME, defects_of
from benchmark.task import Task
from tests.oracle.harness import ours, theirs
from tests.oracle.mteb_task import RETRIEVAL, Parts
from tests.oracle.recording import Found, record, without_nauc

EXACT, ROUNDED = 1e-6, 1.1e-5
"""mteb rounds the means of trec_eval's metrics to five decimals."""

# Queries with the same scores have the same deviation; mteb sums it in heap order, so that it
# differs in the last place there and the nAUC orders queries at will.
DEVIATION: Mapping[str, float] = {"*nauc_*_std": math.inf}

Loose = Mapping[str, float]
"""What is held to less than the tolerance: pattern of a name -> largest difference."""


def compare(
    task: Task,
    parts: Parts,
    vectors: Mapping[str, Any],
    similarity: str = "cosine",
    *,
    allowed: Loose | None = None,
    still: Loose | None = None,
) -> None:
    """Every number of mteb's with ours by default, and to the last with its defects switched on.

    ``allowed`` loosens what our default is held to, ``still`` what a switch cannot give.
    """
    expected = theirs(task, parts, vectors, similarity)
    found = ours(task, parts, vectors, similarity)
    assert_equal(
        _counting_as_0(expected, found), found, allowed={**(allowed or {}), **(still or {})}
    )
    if NAME in load_kind(task.kind).OPTIONS:
        assert_equal(expected, ours(switched(task), parts, vectors, similarity), allowed=still)


def switched(task: Task, defects: str = "all") -> Task:
    """The task with the option ``upstream_defects``."""
    return replace(task, options=MappingProxyType({**task.options, NAME: defects}))


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], path: str = ""
) -> dict[str, float]:
    """Absolute difference by name of everything that mteb wrote; a missing value is infinite."""
    found: dict[str, float] = {}
    for name, value in expected.items():
        if name in ("main_score", "hf_subset", "languages"):
            continue
        here = f"{path}{name}"
        found.update(_compare(value, actual.get(name, _ABSENT), here))
    return found


def assert_equal(
    expected: Mapping[tuple[str, str], Mapping[str, Any]],
    actual: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    allowed: Loose | None = None,
) -> None:
    """Every number within its tolerance; ``allowed`` loosens those whose name fits a pattern."""
    assert expected.keys() == actual.keys()
    bad = {}
    for part, metrics in expected.items():
        found = differences(metrics, actual[part])
        limits = {name: _limit(name, actual) for name in found}
        loose = {
            name: max(limit, *(allowed[p] for p in allowed if fnmatch(name, p)))
            for name, limit in limits.items()
            if allowed and any(fnmatch(name, pattern) for pattern in allowed)
        }
        # Where no nAUC exists mteb divides one rounding error by another.
        undefined = without_nauc(actual, part)
        for name, difference in found.items():
            if difference and name.split(".")[-1] in undefined and _is_nan(actual[part], name):
                loose[name] = math.inf
        wrong = {n: d for n, d in found.items() if not d <= loose.get(n, limits[n])}
        bad.update({(part, name): difference for name, difference in wrong.items()})
        cut = {name for name, limit in limits.items() if limit == ROUNDED}
        record(part, expected, actual, found, rounded=cut, loose=set(loose), passed=not wrong)
    assert bad == {}, sorted(bad.items(), key=lambda each: -each[1])[:8]


def _counting_as_0(expected: Found, actual: Found) -> Found:
    """mteb's numbers with 0 for NaN where ours is undefined, counted as 0, and named as such."""
    found = Found(
        {
            part: {
                name: _zeroed(value, name, actual.degenerate[part])
                for name, value in metrics.items()
            }
            for part, metrics in expected.items()
        }
    )
    found.labels = expected.labels
    return found


def _zeroed(value: Any, name: str, degenerate: Set[str]) -> Any:
    if isinstance(value, Mapping):
        return {inner: _zeroed(each, inner, degenerate) for inner, each in value.items()}
    if isinstance(value, list):
        return [_zeroed(each, name, degenerate) for each in value]
    is_nan = isinstance(value, float) and math.isnan(value)
    undefined = name in degenerate or (name == "main_score" and bool(degenerate))
    return 0.0 if is_nan and undefined else value


def _is_nan(metrics: Mapping[str, Any], name: str) -> bool:
    """Whether a number with a name such as ``og.ndcg_at_1`` is NaN."""
    first, _, rest = name.partition(".")
    return _is_nan(metrics[first], rest) if rest else math.isnan(metrics[first])


def _limit(name: str, actual: Any) -> float:
    """mteb rounds the means of a ranking, which ours are too when its defects are switched on."""
    task = getattr(actual, "task", None)
    if task is None or task.kind not in RETRIEVAL or defects_of(task) == "all":
        return EXACT
    last = name.split(".")[-1]
    mean = last.split("_at_")[0] in ("ndcg", "map", "recall", "precision", "hit_rate")
    return ROUNDED if mean or last == "accuracy" else EXACT


_ABSENT = object()


def _compare(expected: Any, actual: Any, name: str) -> dict[str, float]:
    if actual is _ABSENT:
        return {name: math.inf}
    if isinstance(expected, Mapping):
        return differences(expected, actual, f"{name}.")
    if isinstance(expected, list):
        if len(expected) != len(actual):
            return {name: math.inf}
        found: dict[str, float] = {}
        for number, (left, right) in enumerate(zip(expected, actual, strict=True)):
            found.update(_compare(left, right, f"{name}.{number}"))
        return found
    if expected is None or actual is None:
        return {name: 0.0 if expected is actual else math.inf}
    if math.isnan(expected) or math.isnan(actual):
        return {name: 0.0 if math.isnan(expected) and math.isnan(actual) else math.inf}
    return {name: abs(float(expected) - float(actual))}

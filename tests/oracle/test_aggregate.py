"""The mean over an aggregate's parts is mteb's, from the parts' scores to the aggregate's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from mteb.abstasks import AbsTaskSTS
from mteb.abstasks.aggregate_task_metadata import AggregateTaskMetadata
from mteb.abstasks.aggregated_task import AbsTaskAggregate
from mteb.mocks.mock_tasks import MockAggregatedTask, MockSTSTask
from mteb.results import TaskResult

from benchmark.aggregate import MIXED, mean_of_parts, with_parts
from benchmark.task import Source, Task

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

Subsets = Mapping[str, tuple[str, ...]]
SPLITS = ("test", "dev")
PARTS: Mapping[str, Subsets] = {
    "One": {"en": ("eng-Latn",), "de": ("deu-Latn",), "zh": ("cmn-Hans",)},
    "Two": {"en": ("eng-Latn",), "en-de": ("eng-Latn", "deu-Latn")},
    "Three": {"default": ("deu-Latn", "eng-Latn")},
}
CASES: Mapping[str, tuple[list[str], list[str]]] = {
    "every language": ([], []),
    "one language": (["eng-Latn"], []),
    "another script": (["deu-Goth"], []),
    "two languages": (["deu-Latn", "cmn-Hans", "eng-Latn"], []),
    "named subsets": ([], ["en", "default"]),
}


def our_task(name: str, subsets: Subsets, settings: dict[str, Any], kind: str = "sts") -> Task:
    """A task in memory."""
    return Task(
        name=name,
        kind=kind,
        main_score="cosine_spearman",
        source=Source("tasks" if settings else "files", settings, Path()),
        splits=SPLITS,
        subsets=MappingProxyType(dict(subsets)),
        columns={},
        options={},
        prompt={},
        path=Path("T.toml"),
    )


def their_part(name: str, subsets: Subsets) -> Any:
    """A task of mteb with the same subsets."""
    languages = {subset: list(codes) for subset, codes in subsets.items()}
    single = tuple(subsets) == ("default",)
    update = {
        "name": name,
        "eval_splits": list(SPLITS),
        "eval_langs": languages["default"] if single else languages,
    }
    metadata = MockSTSTask.metadata.model_copy(update=update)
    return type(name, (AbsTaskSTS,), {"metadata": metadata})()


def their_whole(parts: list[Any], languages: list[str], subsets: list[str]) -> Any:
    """An aggregate of mteb; a table of languages names subsets."""
    known = MockAggregatedTask.metadata.model_dump()
    chosen = {name: ["eng-Latn"] for name in subsets} or languages
    known |= {"tasks": parts, "eval_langs": chosen, "eval_splits": list(SPLITS), "name": "Whole"}
    metadata = AggregateTaskMetadata(**known)
    return type("Whole", (AbsTaskAggregate,), {"metadata": metadata})()


def draw(seed: int) -> dict[tuple[str, str, str], float]:
    """A main score for every part, split and subset."""
    draws = np.random.default_rng(seed)
    return {
        (name, split, subset): float(draws.random())
        for name, subsets in PARTS.items()
        for split in SPLITS
        for subset in subsets
    }


@pytest.mark.parametrize("case", CASES)
def test_the_mean_is_theirs(case: str) -> None:
    """Languages and subsets choose alike, and every part weighs the same."""
    languages, subsets = CASES[case]
    names = [n for n, has in PARTS.items() if not subsets or set(subsets) & set(has)]
    theirs = their_whole([their_part(n, PARTS[n]) for n in names], languages, subsets)
    settings = {"tasks": names, **({"subsets": subsets} if subsets else {})}
    ours = our_task("Whole", {"default": tuple(languages)}, settings, "aggregate")
    task = with_parts(ours, lambda name: our_task(name, PARTS[name], {}))
    scores = draw(len(case))
    results = [
        TaskResult.from_task_results(
            part,
            {
                split: {
                    subset: {"main_score": scores[part.metadata.name, split, subset]}
                    for subset in PARTS[part.metadata.name]
                }
                for split in SPLITS
            },
            evaluation_time=1.0,
            kg_co2_emissions=None,
        )
        for part in theirs.tasks
    ]

    expected = {
        split: found["default"]["main_score"]
        for split, found in theirs.task_results_to_scores(results).items()
    }

    assert expected == pytest.approx(
        {split: mean_of_parts(task, split, scores) for split in SPLITS}, abs=1e-12
    )


def test_the_mock_of_different_main_scores() -> None:
    """mteb's own mock is of a retrieval and a reranking; its mean is named by one of theirs."""
    mock = MockAggregatedTask()
    names = [part.metadata.name for part in mock.tasks]
    scores = {(name, "test", "default"): 0.25 + n / 3 for n, name in enumerate(names)}
    results = [
        TaskResult.from_task_results(
            part,
            {"test": {"default": {"main_score": scores[part.metadata.name, "test", "default"]}}},
            evaluation_time=1.0,
            kg_co2_emissions=None,
        )
        for part in mock.tasks
    ]
    mains = {part.metadata.name: part.metadata.main_score for part in mock.tasks}
    ours = our_task("Whole", {"default": ()}, {"tasks": names}, "aggregate")
    ours = replace(ours, main_score=MIXED, splits=("test",))

    def part(name: str) -> Task:
        return replace(our_task(name, PARTS["Three"], {}), main_score=mains[name])

    found = mock.task_results_to_scores(results)["test"]["default"]
    assert 2 == len(set(mains.values()))
    assert found["main_score"] == pytest.approx(
        mean_of_parts(with_parts(ours, part), "test", scores), abs=1e-12
    )


def test_a_missing_part_leaves_no_score_there_either() -> None:
    """mteb writes null; we fail and say which part lacks (tests/test_aggregate.py)."""
    whole = their_whole([their_part(name, PARTS[name]) for name in PARTS], [], [])

    found = whole.task_results_to_scores([])

    assert {None} == {found[split]["default"]["main_score"] for split in SPLITS}

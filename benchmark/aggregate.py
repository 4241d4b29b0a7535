"""Aggregates: tasks without data of their own, whose score is the mean of other tasks' scores.

As mteb 2.26.24 computes it (``AbsTaskAggregate``, ``TaskResult._get_score_fast``): a part's score
in a split is the mean of the main scores of its subsets in one of the aggregate's languages, or of
the subsets that it names; the aggregate's is the mean over parts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import cast

from benchmark.errors import TaskFileError, nearest
from benchmark.task import DEFAULT_SUBSET, Task
from benchmark.toml_file import error_at

AGGREGATE = "aggregate"
MIXED = "main_score"
"""The main score of an aggregate whose parts have different ones, which mteb mixes unsaid."""

Key = tuple[str, str, str]
"""Task, split and subset."""


def with_parts(task: Task, load: Callable[[str], Task]) -> Task:
    """The aggregate with its parts, and a digest that covers theirs.

    ``load`` finds a task by its name. Raises TaskFileError for a part that is an aggregate itself,
    that has another main score, or nothing in a split or language of the aggregate.
    """
    path = cast("Path", task.path)
    if task.source.type != "tasks":
        raise error_at(path, "[source]", 'an aggregate has [source] with tasks = ["One", "Two"]')
    if tuple(task.subsets) != (DEFAULT_SUBSET,):
        message = "an aggregate has one score; name its parts' subsets as subsets of [source]"
        raise error_at(path, "[subsets]", message)
    for key in ("columns", "options", "prompt"):
        if getattr(task, key):
            raise error_at(path, f"[{key}]", f"an aggregate has no {key}; its parts have theirs")
    parts = []
    for name in task.source.settings["tasks"]:
        try:
            parts.append(load(name))
        except TaskFileError as error:
            raise error_at(path, "tasks", f"the part '{name}': {error}") from None
    languages = {code: None for part in parts for code in part.languages}
    digests = "".join([task.digest, *(part.digest for part in parts)])
    whole = replace(
        task,
        parts=tuple(parts),
        subsets=MappingProxyType({DEFAULT_SUBSET: task.languages or tuple(languages)}),
        digest=hashlib.sha256(digests.encode()).hexdigest(),
    )
    for part in parts:
        _check_part(path, whole, part)
    return whole


def chosen_subsets(task: Task, part: Task) -> tuple[str, ...]:
    """The subsets of a part that count: those named, else those in one of the languages."""
    named = task.source.settings.get("subsets")
    if named:
        return tuple(name for name in part.subsets if name in named)
    codes = {code.partition("-")[0] for code in task.languages}
    return tuple(
        name
        for name, languages in part.subsets.items()
        if codes & {code.partition("-")[0] for code in languages}
    )


def counted_kind(task: Task) -> str:
    """The kind under which a task counts: an aggregate's is that of its parts, where all agree."""
    kinds = {part.kind for part in task.parts}
    return kinds.pop() if len(kinds) == 1 else task.kind


def wanted_keys(task: Task, split: str) -> list[Key]:
    """What a split of an aggregate is the mean of."""
    return [
        (part.name, split, subset) for part in task.parts for subset in chosen_subsets(task, part)
    ]


def mean_of_parts(task: Task, split: str, scores: Mapping[Key, float]) -> float:
    """The mean over parts of each part's mean over its subsets.

    >>> from types import SimpleNamespace as Some
    >>> two = Some(name="two", subsets={"de": ("deu-Latn",), "en": ("eng-Latn",)})
    >>> one = Some(name="one", subsets={"en": ("eng-Latn",)})
    >>> both = Some(parts=(one, two), languages=("eng-Latn", "deu-Latn"), source=Some(settings={}))
    >>> found = {("one", "test", "en"): 1.0, ("two", "test", "en"): 0.0, ("two", "test", "de"): 0.5}
    >>> mean_of_parts(both, "test", found)
    0.625
    """
    means = []
    for part in task.parts:
        found = [scores[part.name, split, subset] for subset in chosen_subsets(task, part)]
        means.append(sum(found) / len(found))
    return sum(means) / len(means)


def _check_part(path: Path, task: Task, part: Task) -> None:
    if task.main_score not in (part.main_score, MIXED):
        message = f"the part '{part.name}' has the main score {part.main_score}, not "
        hint = f'; main_score = "{MIXED}" takes the mean of different ones'
        raise error_at(path, "tasks", f"{message}{task.main_score}{hint}")
    for split in task.splits:
        if split not in part.splits:
            hint = nearest(split, part.splits)
            raise error_at(path, "splits", f"the part '{part.name}' has no split '{split}'{hint}")
    if not chosen_subsets(task, part):
        message = f"the part '{part.name}' has no subset that is asked for; change subsets of "
        raise error_at(path, "tasks", f"{message}[source], or languages")

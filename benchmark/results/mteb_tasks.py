"""What mteb 2.26.24 calls its text tasks, their kinds and main scores; read from a table.

Files that mteb wrote hold neither the kind of a task nor, before 1.11, which score is the main
one. ``tests/oracle/test_mteb_tasks.py`` compares the table with mteb, and writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("mteb_tasks.tsv")

# Names before mteb 1.11, and since; ``renamed_tasks`` and ``outdated_tasks`` of mteb 2.26.24.
_RENAMED = {
    "NorwegianParliament": "NorwegianParliamentClassification",
    "CMedQAv2": "CMedQAv2-reranking",
    "CMedQAv1": "CMedQAv1-reranking",
    "8TagsClustering": "EightTagsClustering",
    "PPC": "PpcPC",
}
_GONE = {
    "ScalaNbClassification": "nob-Latn",
    "ScalaNnClassification": "nob-Latn",
    "ScalaDaClassification": "dan-Latn",
    "ScalaSvClassification": "swe-Latn",
}


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task of mteb's; ``languages`` by subset, without tasks of more than 100 subsets."""

    name: str
    kind: str
    main_score: str
    languages: Mapping[str, tuple[str, ...]]


def known_task(name: str) -> KnownTask | None:
    """A task by its name now or before mteb 1.11, where capitals do not matter; None for others.

    >>> known_task("CMedQAv1").name, known_task("sts12").main_score, known_task("?")
    ('CMedQAv1-reranking', 'cosine_spearman', None)
    """
    if name in _GONE:
        return KnownTask(name, "classification", "accuracy", {"default": (_GONE[name],)})
    name = _RENAMED.get(name, name)
    return _table().get(name) or _lower().get(name.lower())


def kind_of(task: str) -> str:
    """The kind of a task of mteb's; '' for others.

    >>> kind_of("STS12"), kind_of("mine")
    ('sts', '')
    """
    known = _table().get(task)
    return known.kind if known else ""


@cache
def _table() -> Mapping[str, KnownTask]:
    return {task.name: task for task in map(_parse, TABLE.read_text("utf-8").splitlines())}


@cache
def _lower() -> Mapping[str, KnownTask]:
    return {name.lower(): task for name, task in _table().items()}


def _parse(line: str) -> KnownTask:
    name, kind, main_score, *subsets = line.split("\t")
    parts = [subset.rpartition("=") for subset in subsets]
    languages = {subset or "default": tuple(codes.split(",")) for subset, _, codes in parts}
    return KnownTask(name, kind, main_score, languages)

"""US-GAAP concepts with the statement, section and line item that edgartools gives them."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import wrong_shape
from benchmark.data.readers.json_file import read_object
from benchmark.data.readers.order import retrieval_tables, seed_of, shuffled, text_table

# Words of CamelCase: a run of capitals before a capitalised word, a capitalised word, digits.
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of the taxonomy: its name as words, and where it belongs."""

    text: str
    statement: str
    section: str
    item: str


def labels(
    path: Path, arguments: Mapping[str, Any], subset: str, split: str
) -> dict[str, pa.Table]:
    """Names of concepts labelled with their ``statement`` or ``section`` (argument ``label``).

    ``at_least`` drops labels with fewer concepts. ``train`` concepts of every label go into a
    training table (none by default), and ``test`` of the rest into ``rows`` (all by default).
    """
    field = str(arguments["label"])
    concepts = [concept for concept in read_concepts(path) if getattr(concept, field)]
    counts = Counter(getattr(concept, field) for concept in concepts)
    at_least = int(arguments.get("at_least", 2))
    rows = [
        (concept.text, str(getattr(concept, field)))
        for concept in concepts
        if counts[getattr(concept, field)] >= at_least
    ]
    rows = shuffled(rows, seed_of(arguments))
    train = int(arguments.get("train", 0))
    end = train + int(arguments.get("test", len(rows)))
    taken: Counter[str] = Counter()
    parts: dict[str, list[tuple[str, str]]] = {"train": [], "rows": []}
    for text, label in rows:
        taken[label] += 1
        if taken[label] <= end:
            parts["train" if taken[label] <= train else "rows"].append((text, label))
    return {
        name: text_table(text=[text for text, _ in part], label=[label for _, label in part])
        for name, part in parts.items()
        if part
    }


def items(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """Find the concepts that belong to a standard line item: ``Accounts Payable`` and the like.

    Queries are the names of the line items, the corpus every concept that has one; concepts named
    exactly as their line item are left out, since string comparison finds them.
    """
    concepts = _with_items(path)
    belongs: dict[str, list[int]] = {}
    for index, concept in enumerate(concepts):
        belongs.setdefault(concept.item, []).append(index)
    return retrieval_tables(
        list(belongs.items()), [concept.text for concept in concepts], seed_of(arguments)
    )


def pairs(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """Does a concept belong to a line item? Label 1: its own; 0: another of the same section.

    Every concept stands in one pair, half of them with another item of its section drawn by the
    seed; ``limit`` keeps that many pairs. Sections with one line item are left out.
    """
    seed = seed_of(arguments)
    concepts = shuffled(_with_items(path), seed)
    within: dict[tuple[str, str], list[str]] = {}
    for concept in concepts:
        known = within.setdefault((concept.statement, concept.section), [])
        if concept.item not in known:
            known.append(concept.item)
    concepts = [
        concept for concept in concepts if len(within[concept.statement, concept.section]) > 1
    ][: arguments.get("limit")]
    draws = random.Random(seed)
    rows = [
        _pair(concept, sorted(within[concept.statement, concept.section]), position % 2, draws)
        for position, concept in enumerate(concepts)
    ]
    return {
        "rows": text_table(
            sentence1=[row[0] for row in rows],
            sentence2=[row[1] for row in rows],
            label=[row[2] for row in rows],
        )
    }


def _pair(
    concept: Concept, known: Sequence[str], label: int, draws: random.Random
) -> tuple[str, str, int]:
    others = [item for item in known if item != concept.item]
    return concept.text, concept.item if label else draws.choice(others), label


def _with_items(path: Path) -> list[Concept]:
    return [
        concept
        for concept in read_concepts(path)
        if concept.item and concept.item.casefold() != concept.text.casefold()
    ]


def read_concepts(path: Path) -> list[Concept]:
    """The US-GAAP concepts of ``gaap_mappings.json``, by name; the file's IFRS entries have none.

    A concept whose words another has too (``Debt1``) is kept once. Raises DataError when the file
    is of another shape.
    """
    found: dict[str, Concept] = {}
    for name, entry in sorted(read_object(path).items()):
        if not isinstance(entry, dict):
            raise wrong_shape(path, "an entry that is no object")
        if "statement" not in entry:
            continue
        text = words(name)
        found.setdefault(
            text.casefold(),
            Concept(
                text,
                entry["statement"] or "",
                entry.get("section") or "",
                entry.get("display_name") or "",
            ),
        )
    if not found:
        raise wrong_shape(path, "no concept with a statement")
    return list(found.values())


def words(name: str) -> str:
    """The words of a CamelCase name.

    >>> words("DepositsSavingsDDAClass2")
    'Deposits Savings DDA Class 2'
    """
    return " ".join(_WORD.findall(name))

"""Passkey retrieval: find the document that holds a person's pass key."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from benchmark.data.generators.haystack import hide

# Names of no particular person; the filler names none of these pairs.
# fmt: off
_FIRST = (
    "Ada", "Bruno", "Carla", "Dmitri", "Elena", "Farid", "Greta", "Hiro", "Ines", "Jonas",
    "Katya", "Luca", "Mira", "Nadia", "Omar", "Petra", "Quinn", "Rosa", "Sven", "Tara", "Ugo",
    "Vera", "Wanda", "Yusuf",
)
_LAST = (
    "Abara", "Bianchi", "Castillo", "Dubois", "Eriksen", "Fischer", "Granger", "Horvat",
    "Ivanova", "Jansen", "Kowalski", "Lindqvist", "Moreau", "Novak", "Okafor", "Pereira",
    "Quintero", "Rossi", "Sato", "Tanaka", "Ueda", "Vargas", "Weber", "Zhang",
)
# fmt: on


def generate(
    arguments: Mapping[str, Any], seed: int, subset: str, split: str
) -> dict[str, pa.Table]:
    """``documents`` texts, each with the pass key of one person; a query asks for the person.

    The persons and their keys are the same in every split, so that splits differ in length only; a
    first or last name is shared by several persons. Raises as ``haystack.hide``.
    """
    draws = random.Random(seed)
    persons = [f"{first} {last}" for first in _FIRST for last in _LAST]
    draws.shuffle(persons)
    facts = []
    for person in persons[: int(arguments["documents"])]:
        key = draws.randrange(10_000, 100_000)
        fact = (
            f"The pass key for {person} is {key}. Remember it. {key} is the pass key for {person}."
        )
        facts.append((fact, f"What is the pass key for {person}?"))
    return hide(facts, arguments, seed, split)

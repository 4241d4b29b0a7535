"""Needle in a haystack: find the document that says who sells this in that city."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from benchmark.data.generators.haystack import hide

# fmt: off
_SELLERS = (
    "carpenter", "nurse", "widow", "student", "sailor", "teacher", "baker", "pensioner",
    "farmer", "tailor",
)
_GOODS = (
    "violins", "hot chocolate", "fishing nets", "antique clocks", "silk scarves",
    "bicycle bells", "goat cheese", "paper lanterns", "chess sets", "leather boots", "honey",
    "porcelain cups", "telescopes", "carnival masks", "wool carpets", "garden gnomes",
    "sea salt", "copper kettles", "kites", "stamp albums",
)
_CITIES = (
    "Lisbon", "Helsinki", "Montevideo", "Nairobi", "Hanoi", "Tbilisi", "Reykjavik",
    "Marrakesh", "Ljubljana", "Valparaiso", "Gdansk", "Kathmandu", "Palermo", "Antwerp",
    "Seville", "Riga", "Casablanca", "Salzburg", "Bergen", "Porto",
)
_DAYS = (
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
)
# fmt: on
_FACTS = (
    "Every {day} a {seller} sells {good} from a small stall in {city}.",
    "In {city} you can buy {good} from a {seller} who is there every {day}.",
    "A {seller} opened a shop for {good} in {city}, and on a {day} the queue is long.",
)


def generate(
    arguments: Mapping[str, Any], seed: int, subset: str, split: str
) -> dict[str, pa.Table]:
    """``documents`` texts, each with one fact of what is sold in a city; a query asks for both.

    Goods and cities occur in several documents, their pairs in one. The facts are the same in every
    split, so that splits differ in length only. Raises as ``haystack.hide``.
    """
    draws = random.Random(seed)
    sales = [(good, city) for good in _GOODS for city in _CITIES]
    draws.shuffle(sales)
    facts = []
    for good, city in sales[: int(arguments["documents"])]:
        fact = draws.choice(_FACTS).format(
            day=draws.choice(_DAYS), seller=draws.choice(_SELLERS), good=good, city=city
        )
        facts.append((fact, f"Who sells {good} in {city}?"))
    return hide(facts, arguments, seed, split)

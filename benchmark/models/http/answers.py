"""Lists in an endpoint's answers: as many items as were asked for, each under its index."""

from __future__ import annotations

from typing import Any

from benchmark.errors import ModelError


def items_in_order(items: Any, count: int, *, host: str, noun: str, hint: str) -> list[Any]:
    """The objects of a list put in the order of their ``index``, which must be 0 to count - 1.

    Objects without any index stand in their order. Raises ModelError, also for a wrong count.
    """
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ModelError(f"{host} returned no list of {noun}; {hint}")
    if len(items) != count:
        raise ModelError(
            f"{host} returned {len(items)} {noun} for {count} texts; {hint}, or try batch=1"
        )
    found: list[Any] = [None] * count
    for place, item in enumerate(items):
        index = item.get("index", place)
        if type(index) is not int or not 0 <= index < count or found[index] is not None:
            raise ModelError(
                f"{host} returned indices other than 0 to {count - 1}, each once; {hint}"
            )
        found[index] = item
    return found

"""Compact letter display: models that share a letter cannot be told apart."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compact_letters(different: NDArray[np.bool_]) -> list[str]:
    """The letters of every model, of a symmetric matrix ``(models, models)`` of who differs.

    Two models share a letter if and only if they do not differ. Letters are given in the order of
    the rows, those of the first model first; after z come aa, ab and so on. Four letters or more
    that follow each other are written as the first and the last; beyond z there are spaces between.
    Source: Piepho 2004, "An algorithm for a letter-based representation of all-pairwise
    comparisons", by inserting and absorbing; groups whose every pair another group holds too are
    left out, the smallest first.

    >>> far = np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], bool)
    >>> compact_letters(far)
    ['a', 'ab', 'b']
    """
    models = len(different)
    groups = [(1 << models) - 1]  # sets of models as bits
    for one in range(models):
        for other in range(one + 1, models):
            if different[one, other]:
                groups = _split(groups, 1 << one, 1 << other)
    kept = _needed([[m for m in range(models) if group >> m & 1] for group in groups if group])
    of_model: list[list[int]] = [[] for _ in range(models)]
    for number, group in enumerate(sorted(kept)):
        for model in group:
            of_model[model].append(number)
    return [_text(numbers, " " if len(kept) > len(ascii_lowercase) else "") for numbers in of_model]


def _split(groups: list[int], one: int, other: int) -> list[int]:
    """Insert a difference: no group holds both; absorb: none is within another."""
    both = one | other
    kept = [group for group in groups if group & both != both]
    for group in groups:
        if group & both == both:
            for part in (group & ~one, group & ~other):
                if not any(part & ~rival == 0 for rival in kept):
                    kept = [rival for rival in kept if rival & ~part]
                    kept.append(part)
    return kept


def _needed(groups: list[list[int]]) -> list[list[int]]:
    """The groups without those whose every pair lies in another."""
    models = 1 + max((max(group) for group in groups), default=-1)
    times = np.zeros((models, models), np.int64)
    for group in groups:
        times[np.ix_(group, group)] += 1
    kept = []
    for group in sorted(groups, key=lambda each: (len(each), each)):
        inside = np.ix_(group, group)
        if times[inside].min() > 1:
            times[inside] -= 1
        else:
            kept.append(group)
    return kept


def _text(numbers: list[int], between: str) -> str:
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return between.join(
        f"{_letter(run[0])}-{_letter(run[-1])}" if len(run) > 3 else between.join(map(_letter, run))
        for run in runs
    )


def _letter(number: int) -> str:
    high, low = divmod(number, len(ascii_lowercase))
    return (_letter(high - 1) if high else "") + ascii_lowercase[low]

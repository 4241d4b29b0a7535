"""Iterative stratification: a sample of rows with several labels that keeps every pair's share."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pair = tuple[int, int]


def stratified_lists(labels: Sequence[Sequence[int]], *, size: int, seed: int) -> NDArray[np.int64]:
    """Draw about ``size`` rows, ascending, in which label pairs have the share they have in all.

    ``labels`` holds each row's distinct label codes, ascending. A row goes to the side that still
    lacks more of a pair it has, ties by lot, so the size is met only roughly. The rows that mteb
    takes from a test with more than ``max_eval_samples``: second-order iterative stratification as
    scikit-multilearn has it. Source: Sechidis et al., ECML PKDD 2011; Szymanski and Kajdanowicz,
    PMLR 74 (2017).

    >>> stratified_lists([[0], [0], [1], [1]], size=2, seed=42)
    array([1, 2])
    """
    count = len(labels)
    random = np.random.RandomState(seed)
    part = size / count
    shares = (part, 1.0 - part)
    pairs = [list(combinations_with_replacement(row, 2)) for row in labels]
    rows_with: dict[Pair, list[int]] = {}
    for row, found in enumerate(pairs):
        for pair in found:
            rows_with.setdefault(pair, []).append(row)
    desired = {pair: [len(rows) * share for share in shares] for pair, rows in rows_with.items()}
    left = {pair: len(rows) for pair, rows in rows_with.items()}
    wanted = [share * count for share in shares]
    side = np.full(count, -1)

    def place(row: int, at: int) -> None:
        side[row] = at
        wanted[at] -= 1
        for pair in pairs[row]:
            desired[pair][at] -= 1
            left[pair] -= 1
            if not left[pair]:
                del left[pair]

    while left:
        pair = _next_pair(left)
        while pair in left:
            row = rows_with[pair].pop()
            if side[row] >= 0:
                continue
            sampled, others = desired[pair]
            tied = sampled == others
            place(row, int(random.choice([0, 1], 1)[0]) if tied else int(others > sampled))
    for row in np.flatnonzero(side < 0)[::-1].tolist():  # rows without labels, from the last
        place(row, int(random.choice(np.flatnonzero(np.array(wanted) > 0), 1)[0]))
    return np.flatnonzero(side == 0)


def _next_pair(left: dict[Pair, int]) -> Pair:
    """The pair to share out next: two labels in fewer rows than the first pair has, else that."""
    first = next(iter(left))
    if first[0] != first[1]:
        return first
    return next((pair for pair, n in left.items() if pair[0] != pair[1] and n < left[first]), first)

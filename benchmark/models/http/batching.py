"""Which texts share a request, and halving one that an endpoint finds too large."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Requests:
    """The rows of each request, by its number; ``tokens`` are the estimates of all rows.

    State: a request that is halved gives two new ones, at the end.
    """

    rows: list[list[int]]
    tokens: Sequence[int]

    def estimate(self, number: int) -> int:
        """The estimated tokens of a request."""
        return sum(self.tokens[row] for row in self.rows[number])

    def halve(self, number: int) -> list[int]:
        """The numbers of two requests with a half of the rows each; of one row there is no half.

        >>> requests = Requests([[4, 5, 6]], [1] * 7)
        >>> requests.halve(0), requests.rows[1:], requests.halve(1)
        ([1, 2], [[4], [5, 6]], [])
        """
        rows = self.rows[number]
        if len(rows) < 2:
            return []
        middle = len(rows) // 2
        self.rows += [rows[:middle], rows[middle:]]
        return [len(self.rows) - 2, len(self.rows) - 1]


def halve_all(requests: Requests, refused: int, waiting: deque[int]) -> bool:
    """Put halves in front in the place of a refused request, and of those as large that wait.

    False where it cannot be halved; then nothing changes.
    """
    halves = requests.halve(refused)
    size = requests.estimate(refused)
    if not halves:
        return False
    others = list(waiting)
    waiting.clear()
    for number in others:
        large = requests.estimate(number) >= size
        waiting.extend((large and requests.halve(number)) or [number])
    waiting.extendleft(reversed(halves))
    return True

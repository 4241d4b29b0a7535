"""Every comparison with mteb that a session made, for the page of them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

VECTORS = {
    "wordllama": "wordllama, 256 dimensions",
    "minilm": "all-MiniLM-L6-v2, 384 dimensions",
    "adversarial": "adversarial vectors",
    "random": "random vectors",
    "hashed": "vectors drawn from each text's digest",
}
"""What comparisons are made on, by the name that a test gives; the page has a table of each."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One part (split and subset) of one task, scored by both.

    Of ``compared`` numbers ``largest`` is the largest difference of those that mteb writes in full,
    ``rounded`` of those that it rounds, ``loose`` of the ``loosened`` others. ``flips`` are test
    rows whose predicted label differs, of ``predicted``; None where no label is predicted.
    ``examples`` counts what the main score is made of, ``words`` is how many of a text's first
    words the model read, 0 for all. ``switched`` is a comparison with mteb's defects switched on.
    """

    test: str
    kind: str
    vectors: str
    part: tuple[str, str]
    metric: str
    theirs: float
    ours: float
    compared: int
    largest: float
    rounded: float = 0.0
    loosened: int = 0
    loose: float = 0.0
    passed: bool = True
    flips: int | None = None
    predicted: int = 0
    examples: int = 0
    words: int = 0
    switched: bool = False

    @property
    def task(self) -> str:
        """The test without the words that every test has."""
        return self.test.split("::")[-1].removeprefix("test_")

    @property
    def difference(self) -> float:
        """Absolute difference of the main scores; two that are undefined are equal."""
        if math.isnan(self.theirs) and math.isnan(self.ours):
            return 0.0
        return abs(self.theirs - self.ours)


COMPARISONS: list[Comparison] = []
NOT_COMPARED: list[tuple[str, str]] = []
"""Tests that were skipped, with the reason."""


ONE_NAN: dict[str, str] = {}
"""What mteb does with one NaN in a vector, by kind."""


PUBLISHED: dict[str, tuple[str, float, float]] = {}
"""Published scores by task: the metric, the score published, and ours."""


def current_test() -> str:
    """pytest's name of the running test."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]


def flips(theirs: Sequence[Sequence[object]], ours: Sequence[Sequence[object]]) -> tuple[int, int]:
    """How many predicted labels differ, and how many there are."""
    pairs = [
        (left, right)
        for one, other in zip(theirs, ours, strict=True)
        for left, right in zip(one, other, strict=True)
    ]
    return sum(left != right for left, right in pairs), len(pairs)


def main_of(metrics: Mapping[str, object], name: str) -> float:
    """The main score; None, where mteb leaves it out, is NaN."""
    value = metrics.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")

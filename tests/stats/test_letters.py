"""Letters that models share which cannot be told apart."""

from __future__ import annotations

import re
from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.stats.letters import compact_letters


def numbers(text: str) -> set[int]:
    """The letters of a cell as numbers, of up to 26 groups."""
    found: set[int] = set()
    for run in re.findall("[a-z]-[a-z]|[a-z]", text):
        found |= set(range(ascii_lowercase.index(run[0]), ascii_lowercase.index(run[-1]) + 1))
    return found


@st.composite
def differences(draw: st.DrawFn) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Who differs of one to seven models, in any pattern."""
    models = draw(st.integers(1, 7))
    different = np.zeros((models, models), np.bool_)
    for one in range(models):
        for other in range(one):
            different[one, other] = different[other, one] = draw(st.booleans())
    return different


@given(differences())
def test_models_share_a_letter_if_and_only_if_they_do_not_differ(
    different: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
) -> None:
    """Whatever the pattern; each model has a letter."""
    letters = [numbers(text) for text in compact_letters(different)]

    assert all(letters)
    for one, mine in enumerate(letters):
        for other, its in enumerate(letters):
            assert one == other or bool(mine & its) != different[one, other]


@pytest.mark.parametrize(
    ("models", "expected"),
    [(1, ["a"]), (3, ["a", "b", "c"]), (28, [*ascii_lowercase, "aa", "ab"])],
)
def test_all_differ(models: int, expected: list[str]) -> None:
    """A letter each; after z comes aa."""
    assert expected == compact_letters(~np.eye(models, dtype=np.bool_))


def test_runs_are_written_short() -> None:
    """Neighbours that overlap: the one in the middle of five groups has them all."""
    far = np.abs(np.subtract.outer(np.arange(9), np.arange(9))) > 4

    assert "a-e" == compact_letters(far)[4]
    assert ["a", "ab", "abc"] == compact_letters(far)[:3]


def test_nobody() -> None:
    """No models, no letters."""
    assert [] == compact_letters(np.zeros((0, 0), np.bool_))

"""Borda points and ranks."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.stats.borda import borda_points, borda_ranks

score = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))


@st.composite
def boards(draw: st.DrawFn) -> list[list[float | None]]:
    """Scores of one to eight models on one to five tasks, with ties and gaps."""
    tasks = draw(st.integers(1, 5))
    row = st.lists(score, min_size=tasks, max_size=tasks)
    return draw(st.lists(row, min_size=1, max_size=8))


def test_points_by_hand() -> None:
    """Three models, two tasks; on the second the first two share ranks 1 and 2, which is 1.5."""
    scores: list[list[float | None]] = [[0.9, 0.4], [0.8, 0.4], [0.7, 0.1]]

    # (3 - 1) + (3 - 1.5), (3 - 2) + (3 - 1.5), (3 - 3) + (3 - 3)
    assert [3.5, 2.5, 0.0] == borda_points(scores)
    assert [1, 2, 3] == borda_ranks(scores)


@pytest.mark.parametrize("gap", [None, math.nan])
def test_a_missing_score_earns_nothing_and_takes_no_rank(gap: float | None) -> None:
    """The model without a score is passed over, and n still counts it."""
    scores: list[list[float | None]] = [[gap, 0.5], [0.2, 0.4], [0.1, 0.3]]

    # 0 + (3 - 1), (3 - 1) + (3 - 2), (3 - 2) + (3 - 3)
    assert [2.0, 3.0, 1.0] == borda_points(scores)
    assert [2, 1, 3] == borda_ranks(scores)


def test_equal_points_share_the_better_place() -> None:
    """Two models that swap places on two tasks tie for the first place; the next is third."""
    assert [1, 1, 3] == borda_ranks([[0.9, 0.1], [0.1, 0.9], [0.0, 0.0]])


def test_nothing_to_rank() -> None:
    """No models, and models without tasks."""
    assert [] == borda_ranks([])
    assert [1, 1] == borda_ranks([[], []])


@given(boards())
def test_points_of_a_task_add_up(scores: list[list[float | None]]) -> None:
    """A task with m scores among n models gives away m * n - m * (m + 1) / 2 points."""
    n = len(scores)
    given_away = 0.0
    for column in zip(*scores, strict=True):
        m = sum(value is not None for value in column)
        given_away += m * n - m * (m + 1) / 2

    assert given_away == sum(borda_points(scores))


@given(boards(), st.randoms())
def test_order_of_models_and_tasks_does_not_matter(
    scores: list[list[float | None]], random: Random
) -> None:
    """Rows and columns may be shuffled: every model keeps its rank."""
    ranks = borda_ranks(scores)
    rows = list(range(len(scores)))
    columns = list(range(len(scores[0])))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = [[scores[row][column] for column in columns] for row in rows]

    assert [ranks[row] for row in rows] == borda_ranks(shuffled)


@given(boards())
def test_only_the_order_of_scores_counts(scores: list[list[float | None]]) -> None:
    """Halving every score, which keeps order and ties, changes no rank."""
    halved = [[None if value is None else value / 2 for value in row] for row in scores]
    exact = all(
        len({v for v in column if v is not None}) == len({v / 2 for v in column if v is not None})
        for column in zip(*scores, strict=True)
    )

    assert not exact or borda_ranks(scores) == borda_ranks(halved)


@given(boards())
def test_a_model_that_is_never_worse_is_never_below(scores: list[list[float | None]]) -> None:
    """A model that leads every task has rank 1."""
    best: list[list[float | None]] = [[2.0] * len(scores[0]), *scores]

    assert 1 == borda_ranks(best)[0]

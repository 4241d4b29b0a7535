"""Sets of ranks by means of tasks like these and by standard errors."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import studentized_range, ttest_1samp

from benchmark.stats.rank_sets import RankSet, rank_sets, rank_sets_by_errors

Array = NDArray[np.float64]
DRAWS = 199


@st.composite
def boards(draw: st.DrawFn) -> tuple[Array, list[str]]:
    """Two to seven models on four to twelve tasks, spread or tied, of at least four data sets."""
    models, tasks = draw(st.integers(2, 7)), draw(st.integers(4, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    gap = draw(st.sampled_from([0.0, 0.5, 5.0]))
    scores = rng.standard_normal((models, tasks)) + gap * np.arange(models)[:, None]
    if draw(st.booleans()):
        scores[0] = scores[-1]
    names = [f"set {task if task < 4 else rng.integers(tasks)}" for task in range(tasks)]
    return scores, names


def sets(scores: Array, names: list[str]) -> list[RankSet]:
    """The sets of a whole board."""
    return [each for each in rank_sets(scores, names, draws=DRAWS) if each]


def ends(found: list[RankSet]) -> list[tuple[int, int, bool]]:
    """What does not depend on the order of models that tie."""
    return [(each.low, each.high, each.with_leader) for each in found]


def hand() -> tuple[Array, list[str]]:
    """Three groups of two models, far apart, on twelve tasks of ten data sets."""
    rng = np.random.default_rng(3)
    level = np.array([9.0, 9.0, 5.0, 5.0, 0.0, 0.0])[:, None]
    scores = level + 5 * rng.standard_normal(12) + 0.3 * rng.standard_normal((6, 12))
    return scores, [f"set {min(task, 9)}" for task in range(12)]


def test_groups_far_apart() -> None:
    """Models of a group share two ranks and a letter; only the first group may lead."""
    found = sets(*hand())

    assert [(1, 2)] * 2 + [(3, 4)] * 2 + [(5, 6)] * 2 == [(e.low, e.high) for e in found]
    assert ["a", "a", "b", "b", "c", "c"] == [each.letters for each in found]
    assert [True, True, False, False, False, False] == [each.with_leader for each in found]


@settings(deadline=None)
@given(boards())
def test_the_rank_of_the_mean_lies_inside(board: tuple[Array, list[str]]) -> None:
    """Of the mean as it is seen; the leader is marked, and letters say what sets say."""
    scores, names = board
    means = scores.mean(axis=1)
    found = sets(scores, names)

    for model, each in enumerate(found):
        assert each.low <= 1 + int((means > means[model] + 1e-9).sum()) <= each.high
    assert found[int(means.argmax())].with_leader


@settings(deadline=None)
@given(boards(), st.randoms())
def test_the_order_of_models_and_tasks_does_not_matter(
    board: tuple[Array, list[str]], random: object
) -> None:
    """Rows and columns may be shuffled: every model keeps its set."""
    scores, names = board
    rows, columns = list(range(len(scores))), list(range(len(names)))
    random.shuffle(rows)  # type: ignore[attr-defined]
    random.shuffle(columns)  # type: ignore[attr-defined]
    shuffled = sets(scores[rows][:, columns], [names[column] for column in columns])

    assert [ends(sets(scores, names))[row] for row in rows] == ends(shuffled)


@settings(deadline=None)
@given(boards(), st.integers(0, 2**16))
def test_what_a_task_gives_to_all_does_not_matter(
    board: tuple[Array, list[str]], seed: int
) -> None:
    """Easier tasks move no set, nor does another unit."""
    scores, names = board
    ease = np.random.default_rng(seed).standard_normal(len(names))

    assert ends(sets(scores, names)) == ends(sets(3 * (scores + ease), names))


@settings(deadline=None)
@given(boards())
def test_equal_models_are_never_told_apart(board: tuple[Array, list[str]]) -> None:
    """A copy of a model shares its letters' groups and every rank."""
    scores, names = board
    found = sets(np.vstack([scores, scores[:1]]), names)
    first, copy = found[0], found[-1]

    assert (first.low, first.high, first.letters) == (copy.low, copy.high, copy.letters)
    assert first.low < first.high


def test_the_same_seed_gives_the_same_bytes() -> None:
    """And another seed may give another set."""
    rng = np.random.default_rng(5)
    scores = rng.standard_normal((12, 15)) + 0.25 * np.arange(12)[:, None]
    digests = {
        seed: {
            hashlib.sha256(repr(rank_sets(scores, range(15), draws=DRAWS, seed=seed)).encode())
            for _ in range(2)
        }
        for seed in (1, 2)
    }

    assert all(len({each.hexdigest() for each in found}) == 1 for found in digests.values())


def test_one_pair_is_a_test_of_its_mean() -> None:
    """Two models: told apart where Student's t has p far below 0.05, and not where far above."""
    rng = np.random.default_rng(8)
    for shift in (0.0, 0.05, 3.0, 5.0):
        difference = rng.standard_normal(20) + shift
        p = float(ttest_1samp(difference, 0.0).pvalue)
        found = sets(np.stack([difference, np.zeros(20)]), list(map(str, range(20))))

        assert (found[0].high == 1) == (p < 0.01)
        assert p < 0.01 or p > 0.2


def test_tasks_of_one_data_set_count_as_one() -> None:
    """Ten copies of five tasks are five: what copies alone would tell apart is not."""
    rng = np.random.default_rng(1)
    five = rng.standard_normal((2, 5)) + np.array([[0.9], [0.0]])
    copies = np.tile(five, 10)

    assert ends(sets(five, list("abcde"))) == ends(sets(copies, list("abcde") * 10))
    assert 1 == sets(copies, list(map(str, range(50))))[0].high
    assert 2 == sets(copies, list("abcde") * 10)[0].high


@pytest.mark.parametrize("names", [["a", "b", "c"] * 3, ["a"] * 9, []])
def test_too_few_data_sets(names: list[str]) -> None:
    """None at all below four data sets."""
    assert [None, None] == rank_sets(np.arange(2.0 * len(names)).reshape(2, -1), names)


def test_a_model_with_a_gap_counts_for_none() -> None:
    """It has no set, and those of the others are as if it were not there."""
    scores, names = hand()
    gap = np.vstack([scores, np.full(12, 99.0)])
    gap[-1, 4] = np.nan

    assert [*rank_sets(scores, names, draws=DRAWS), None] == rank_sets(gap, names, draws=DRAWS)


def test_weights_are_those_of_the_mean() -> None:
    """A weight of two is the task twice."""
    scores, _ = hand()
    names = [str(task) for task in range(12)]
    twice = rank_sets(np.hstack([scores, scores[:, :1]]), [*names, "0"], draws=DRAWS)

    assert twice == rank_sets(scores, names, [2.0] + [1.0] * 11, draws=DRAWS)


def test_one_model_and_no_difference() -> None:
    """One model has no set; models that never differ have them all."""
    assert [None] == rank_sets(np.ones((1, 5)), range(5))
    assert [RankSet(1, 3, True, "a")] * 3 == rank_sets(np.ones((3, 5)), range(5), draws=DRAWS)


def test_by_errors_against_the_studentized_range() -> None:
    """Two models of eight, apart by a little more or less than Tukey's limit, of known errors."""
    limit = studentized_range.ppf(0.95, 8, np.inf)  # of a range over one standard error
    for share, apart in ((0.95, False), (1.05, True)):
        means = np.array([limit * share, *np.full(6, limit * share / 2), 0.0])
        found = rank_sets_by_errors(means, np.ones(8), draws=19_999)[0]

        assert found is not None
        assert (7 if apart else 8) == found.high


def test_by_errors_with_gaps() -> None:
    """A model whose error is unknown has no set; two without any error differ by any difference."""
    means, errors = np.array([0.5, 0.4, 0.9]), np.array([0.0, 0.0, np.nan])
    found = rank_sets_by_errors(means, errors)

    assert [RankSet(1, 1, True, "a"), RankSet(2, 2, False, "b"), None] == found
    assert [None] == rank_sets_by_errors(means[:1], errors[:1])


def test_large_boards_are_done_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets are the same when draws are made in blocks, again for every step."""
    scores, names = hand()
    whole = rank_sets(scores, names, draws=DRAWS)
    monkeypatch.setattr("benchmark.stats.rank_sets._CELLS", 100)
    monkeypatch.setattr("benchmark.stats.rank_sets._KEPT", 0)

    assert whole == rank_sets(scores, names, draws=DRAWS)

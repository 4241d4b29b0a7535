"""Prediction of scores that were not measured, from models that resemble a new one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmark.stats.local_gaussian import filled, predict

KINDS = ["sts", "retrieval", "sts", "retrieval", "reranking", "sts"]


def made(models: int, tasks: int, seed: int, noise: float = 1.0) -> NDArray[np.float64]:
    """Scores of one ability and noise, in percent."""
    draws = np.random.default_rng(seed)
    ability = draws.normal(size=(models, 1))
    return 50 + 8 * ability + draws.normal(size=(models, tasks)) * noise


def test_measured_scores_stay_and_have_no_variance() -> None:
    """What was measured is not predicted."""
    scores = made(30, 6, 0)
    chosen = np.array([0, 3])
    found = predict(scores[:25], chosen, scores[25:, chosen], KINDS[:6])

    np.testing.assert_array_equal(found.scores[:, chosen], scores[25:, chosen])
    assert 0 == np.abs(found.covariance[:, chosen]).max()


def test_all_chosen_predicts_nothing() -> None:
    """With every task measured, the mean is known exactly."""
    scores = made(12, 4, 1)
    found = predict(scores[:10], np.arange(4), scores[10:], KINDS[:4])

    np.testing.assert_array_equal(scores[10:], found.scores)
    np.testing.assert_array_equal([0.0, 0.0], found.deviation(np.ones(4) / 4))


def test_better_than_the_mean_of_the_fitted_models() -> None:
    """One ability is behind all tasks: two tasks tell most of the other four."""
    scores = made(80, 6, 2)
    chosen = np.array([1, 4])
    found = predict(scores[:60], chosen, scores[60:, chosen], KINDS[:6]).scores.mean(axis=1)
    truth = scores[60:].mean(axis=1)

    assert np.abs(found - truth).mean() < 0.2 * np.abs(scores[:60].mean() - truth).mean()


def test_deviation_is_of_the_size_of_the_error() -> None:
    """Errors over their deviations have a mean square near 1 on data of the model's own kind.

    With much noise, since correlations shrunk to zero overstate what is left of a strong one.
    """
    scores = made(400, 6, 3, noise=6.0)
    chosen = np.array([0, 2, 5])
    found = predict(scores[:200], chosen, scores[200:, chosen], KINDS[:6])
    weights = np.ones(6) / 6
    errors = (found.scores @ weights - scores[200:] @ weights) / found.deviation(weights)

    assert 0.5 < np.sqrt(np.mean(errors**2)) < 1.5


def test_a_model_far_from_all_is_less_sure() -> None:
    """Its distance is told, and its deviation is wider."""
    scores = made(60, 6, 4)
    chosen = np.array([0, 1, 2])
    near = scores.mean(axis=0)[None, chosen]
    far = near + np.array([[25.0, -25.0, 25.0]])
    found = predict(scores, chosen, np.concatenate([near, far]), KINDS[:6])

    assert found.distance[1] > 3 * found.distance[0]
    assert found.deviation(np.ones(6))[1] > 2 * found.deviation(np.ones(6))[0]


def test_negative_scores_are_kept_apart_from_zero() -> None:
    """A task with scores from -100 to 100 is predicted below 0 too."""
    scores = made(40, 4, 5) - 50
    chosen = np.array([0, 1, 2])
    low = np.full((1, 3), -15.0)

    assert predict(scores, chosen, low, KINDS[:4]).scores[0, 3] < -5


def test_a_constant_task_is_predicted_at_its_value() -> None:
    """All fitted models agree: so does the prediction."""
    scores = made(30, 4, 6)
    scores[:, 3] = 70.0
    found = predict(scores, np.array([0, 1]), scores[:1, :2], KINDS[:4])

    assert found.scores[0, 3] == pytest.approx(70.0, abs=1e-6)
    assert np.isfinite(found.covariance).all()


def test_missing_scores_are_filled_by_what_is_known() -> None:
    """A good model's missing score is filled high, a bad one's low, and others are untouched."""
    scores = made(50, 5, 7, noise=0.5)
    order = np.argsort(scores.mean(axis=1))
    holed = scores.copy()
    holed[order[0], 2] = holed[order[-1], 2] = np.nan
    found = filled(holed)

    np.testing.assert_array_equal(found[~np.isnan(holed)], scores[~np.isnan(holed)])
    assert found[order[0], 2] == pytest.approx(scores[order[0], 2], abs=8)
    assert found[order[-1], 2] > found[order[0], 2] + 10


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_order_of_models_and_of_tasks_does_not_matter(seed: int, data: Any) -> None:
    """Permuted models and tasks give permuted predictions."""
    scores = made(20, 5, seed)
    models = np.array(data.draw(st.permutations(range(18))))
    tasks = np.array(data.draw(st.permutations(range(5))))
    chosen = np.array([0, 3])
    kinds = np.array(KINDS[:5])
    plain = predict(scores[:18], chosen, scores[18:, chosen], kinds.tolist())
    place = np.argsort(tasks)[chosen]
    ours = scores[:18][models][:, tasks]
    mixed = predict(ours, place, scores[18:, chosen], kinds[tasks].tolist())

    np.testing.assert_allclose(mixed.scores, plain.scores[:, tasks], atol=1e-8)
    np.testing.assert_allclose(mixed.covariance, plain.covariance[:, tasks][:, :, tasks], atol=1e-8)


def test_a_constant_task_tells_nothing_of_a_model_that_differs_on_it() -> None:
    """Nobody knows what a point more is worth where all fitted models agree."""
    scores = made(30, 5, 8)
    scores[:, 1] = 40.0
    chosen, rest = np.array([0, 1, 2]), np.array([3, 4])
    measured = scores[:2][:, chosen].copy()
    measured[1] = measured[0] + [0, 30, 0]
    found = predict(scores, chosen, measured, KINDS[:5]).scores[:, rest]

    np.testing.assert_allclose(found[0], found[1], atol=1e-9)


def test_models_of_the_same_maker_count_more() -> None:
    """Two groups with the same measured scores: the maker's own group is drawn on more."""
    draws = np.random.default_rng(9)
    scores = 50 + draws.normal(size=(40, 3))
    scores[:20, 2] += 10
    siblings = np.arange(40)[None, :] >= 20
    measured = np.full((1, 2), 50.0)
    chosen = np.array([0, 1])
    plain = predict(scores, chosen, measured, KINDS[:3]).scores[0, 2]
    known = predict(scores, chosen, measured, KINDS[:3], siblings=siblings).scores[0, 2]

    assert plain == pytest.approx(55, abs=1.5)
    assert known == pytest.approx(50 + 10 / 6, abs=1.5)


def test_models_to_do_without_do_not_count() -> None:
    """Leaving a model out of the weights hides its other scores, though not its scale."""
    scores = made(30, 4, 10)
    chosen = np.array([0, 1])
    without = np.eye(30, dtype=bool)
    found = predict(scores, chosen, scores[:, chosen], KINDS[:4], without=without)
    apart = np.array(
        [
            predict(np.delete(scores, n, 0), chosen, scores[n : n + 1, chosen], KINDS[:4]).scores[0]
            for n in range(30)
        ]
    )

    assert 0 < found.distance.min()
    np.testing.assert_allclose(found.scores, apart, atol=0.5)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), zeros=st.integers(0, 2))
def test_covariances_are_positive_semidefinite(seed: int, zeros: int) -> None:
    """Whatever the kinds, the weights and the constant tasks."""
    scores = made(15, 6, seed)
    scores[:, :zeros] = 30.0
    found = predict(scores[:12], np.array([0, 3]), scores[12:, [0, 3]], KINDS)

    assert np.linalg.eigvalsh(found.covariance).min() > -1e-8

"""The ways to choose tasks, the families of models, and the widths of intervals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import LeaveOneOut, cross_val_predict

from benchmark.downsample.calibration import calibrate
from benchmark.downsample.families import families_of, family_splits
from benchmark.downsample.methods import METHODS, Problem, elimination, predictabilities
from benchmark.downsample.table import ScoreTable, check_table
from benchmark.errors import UsageError
from benchmark.stats.local_gaussian import predict
from tests.downsample.tables_help import made_table


def groups(table: ScoreTable) -> tuple[frozenset[int], ...]:
    """The tasks of each kind."""
    return tuple(
        frozenset(t for t, name in enumerate(table.kinds) if name == kind)
        for kind in dict.fromkeys(table.kinds)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("share", [0.3, 0.6])
@pytest.mark.parametrize("seed", range(5))
def test_every_method_keeps_cost_and_constraints(method: str, share: float, seed: int) -> None:
    """A task of each kind, the task that must stay, not the one that must go."""
    table = made_table(seed=seed)
    dear = int(np.argmax(table.costs))
    stay = int(np.argsort(table.costs)[2])
    budget = share * table.costs.sum()
    problem = Problem(table, budget, groups(table), frozenset([stay]), frozenset([dear]))
    chosen = METHODS[method](problem)

    assert problem.keeps(chosen)
    assert problem.cost(chosen) <= budget
    assert stay in chosen
    assert dear not in chosen


@pytest.mark.parametrize("method", METHODS)
def test_a_cost_that_nothing_fits_chooses_nothing(method: str) -> None:
    """Less than the cheapest task of each kind."""
    table = made_table()

    assert [] == METHODS[method](Problem(table, float(table.costs.min()) / 2, groups(table)))


@pytest.mark.parametrize("copied", [False, True])
def test_predictability_is_that_of_scikit_learn(copied: bool) -> None:
    """One inverse against fitting every task without every model, also where tasks are copies."""
    scores = made_table(models=25, tasks=5).scores
    if copied:
        scores[:, 4] = scores[:, 1]
    for task, found in enumerate(predictabilities(scores)):
        others = np.delete(scores, task, 1)
        guess = cross_val_predict(LinearRegression(), others, scores[:, task], cv=LeaveOneOut())

        assert found == pytest.approx(spearmanr(guess, scores[:, task]).statistic, abs=1e-9)


def test_constant_tasks_and_too_few_models_are_not_predictable() -> None:
    """A constant one has no ranks; with as many tasks as models nothing can be left out."""
    scores = made_table(models=25, tasks=5).scores
    scores[:, 2] = 7.0

    assert 0 == predictabilities(scores)[2]
    assert [0.0] * 5 == predictabilities(scores[:5])


@pytest.mark.parametrize("method", ["elimination", "random", "cheapest"])
def test_a_dear_last_of_its_kind_does_not_stop_a_choice(method: str) -> None:
    """Where only the cheapest task of a kind fits, that one stands for it."""
    table = made_table()
    costs = np.where(np.array(table.kinds) == "retrieval", 100.0, 1.0)
    costs[1] = 2.0
    table = replace(table, costs=costs)
    for seed in range(10):
        chosen = METHODS[method](Problem(table, 5.0, groups(table), seed=seed))

        assert 1 in chosen
        assert len(chosen) >= 3


def test_elimination_stops_where_nothing_is_predictable() -> None:
    """Without a cost it drops a copy of a task and keeps what nothing else tells."""
    draws = np.random.default_rng(3)
    free = draws.uniform(30, 80, size=(40, 4))
    scores = np.column_stack([free, free[:, 0] + draws.normal(size=40) * 0.01])
    table = ScoreTable(
        models=tuple(f"m{n}/x" for n in range(40)),
        tasks=tuple("abcde"),
        kinds=("sts",) * 5,
        scores=scores,
        families=np.arange(40),
        weights=np.ones(5),
        costs=np.ones(5),
    )
    chosen = elimination(Problem(table, float("inf")))

    assert 4 == len(chosen)
    assert {1, 2, 3} <= set(chosen)


def test_ours_predicts_better_than_a_random_choice() -> None:
    """On models held out by family, at a fifth of the cost, over ten tables."""
    errors: dict[str, list[float]] = {"gaussian": [], "random": []}
    for seed in range(10):
        table = made_table(models=60, tasks=12, seed=seed)
        for held in family_splits(table.families, 4, seed):
            fitted, truth = table.rows(~held), table.scores[held]
            for method, found in errors.items():
                problem = Problem(fitted, 0.2 * table.costs.sum(), seed=seed)
                chosen = np.array(METHODS[method](problem))
                guess = predict(fitted.scores, chosen, truth[:, chosen], fitted.kinds).scores
                found += np.abs(guess.mean(axis=1) - truth.mean(axis=1)).tolist()

    assert np.mean(errors["gaussian"]) < 0.9 * np.mean(errors["random"])


def test_intervals_hold_on_families_never_seen() -> None:
    """90 % intervals, calibrated with the choice repeated, on many fresh models."""
    inside = []
    for seed in range(8):
        table = made_table(models=110, tasks=8, seed=seed, families=50)
        held = table.families >= 25
        fitted, truth = table.rows(~held), table.scores[held]

        def choose(some: ScoreTable) -> list[int]:
            return METHODS["gaussian"](Problem(some, 0.3 * some.costs.sum(), groups(some)))

        widths, chosen = calibrate(fitted, choose), np.array(choose(fitted))
        found = predict(fitted.scores, chosen, truth[:, chosen], fitted.kinds)
        off = np.abs((found.scores - truth) @ table.shares)
        inside += (off <= widths.mean * found.deviation(table.shares)).tolist()

    assert 0.84 < np.mean(inside) < 0.97


def test_missing_scores_change_a_choice_little() -> None:
    """With a twentieth of the scores gone, the fit still predicts the mean to within a point."""
    table = made_table(models=60, seed=1, holes=0.05)
    fresh = made_table(models=60, seed=1)
    chosen = np.array(METHODS["gaussian"](Problem(table, 0.4 * table.costs.sum())))
    guess = predict(table.scores[:40], chosen, fresh.scores[40:, chosen], table.kinds).scores

    assert np.abs(guess.mean(axis=1) - fresh.scores[40:].mean(axis=1)).mean() < 1.0


def test_families_join_organisations_bases_and_twins() -> None:
    """One organisation whatever its case, one base model, and two nearly equal rows."""
    models = ["a/x", "A/y", "b/tuned", "c/other", "d/base2", "e/twin", "f/alone"]
    scores = np.random.default_rng(0).uniform(20, 80, (7, 6))
    scores[5] = scores[4] + 0.1
    found = families_of(models, {"b/tuned": "hub/base", "c/other": "hub/base"}, scores)

    assert found[0] == found[1]
    assert found[2] == found[3]
    assert found[4] == found[5]
    assert 4 == len(set(found.tolist()))


def test_splits_hold_every_family_out_once_and_whole() -> None:
    """Fewer splits where there are fewer families."""
    families = np.array([0, 0, 1, 2, 2, 3])
    splits = list(family_splits(families, 10, 1))

    assert 4 == len(splits)
    np.testing.assert_array_equal(np.ones(6), np.sum(splits, axis=0))
    for held in splits:
        assert not set(families[held]) & set(families[~held])


def test_too_few_models_are_refused() -> None:
    """Nine models tell no task from another."""
    with pytest.raises(UsageError, match="9 models have scores"):
        check_table(made_table(models=9))


def test_a_task_without_scores_is_refused() -> None:
    """Nobody can say what it tells."""
    table = made_table()
    table.scores[:, 3] = np.nan
    with pytest.raises(UsageError, match="no model has a score on Task3"):
        check_table(table)


def test_one_model_twice_is_refused() -> None:
    """It would be held out and fitted on at once."""
    table = made_table()
    twice = ScoreTable(
        models=(table.models[1], *table.models[1:]),
        tasks=table.tasks,
        kinds=table.kinds,
        scores=table.scores,
        families=table.families,
        weights=table.weights,
        costs=table.costs,
    )
    with pytest.raises(UsageError, match="stands twice"):
        check_table(twice)


def test_notes_name_constant_tasks_and_holes() -> None:
    """Both are read with care, and neither stops the choice."""
    table = made_table(holes=0.02, seed=2)
    table.scores[:, 5] = 50.0
    notes = check_table(table)

    assert any("Task5" in note for note in notes)
    assert any("lack scores" in note for note in notes)
    assert METHODS["gaussian"](Problem(table, 0.5 * table.costs.sum()))

"""The choice of columns that say most about a sum, within a cost."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from benchmark.stats.subsets import choose_columns, covariance_of, unknown_variance


def problem(seed: int, tasks: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A covariance of few factors, equal weights, and costs over two orders of magnitude."""
    draws = np.random.default_rng(seed)
    factors = draws.normal(size=(tasks, 3))
    covariance = factors @ factors.T + np.diag(draws.uniform(0.1, 1, tasks))
    return covariance, np.ones(tasks) / tasks, np.exp(draws.uniform(0, 4.6, tasks))


def test_unknown_variance_is_that_of_the_conditional_gaussian() -> None:
    """Against the Schur complement, written out."""
    covariance, weights, _ = problem(1, 6)
    rest, chosen = [1, 3, 4], [0, 2, 5]
    block = (
        covariance[np.ix_(rest, rest)]
        - covariance[np.ix_(rest, chosen)]
        @ np.linalg.inv(covariance[np.ix_(chosen, chosen)])
        @ covariance[np.ix_(chosen, rest)]
    )

    assert unknown_variance(covariance, weights, chosen) == pytest.approx(
        weights[rest] @ block @ weights[rest], rel=1e-6
    )


def test_nearly_the_best_of_all_choices() -> None:
    """The search against every subset that fits, over 100 problems: it finds nearly all."""
    missed = []
    for seed in range(100):
        covariance, weights, costs = problem(seed, 8)
        share = np.random.default_rng(seed).uniform(0.15, 0.9)
        budget = max(share * costs.sum(), costs.min())
        chosen = choose_columns(covariance, weights, costs, budget)[0]
        fitting = [
            subset
            for size in range(1, 9)
            for subset in combinations(range(8), size)
            if costs[list(subset)].sum() <= budget
        ]
        best = min(unknown_variance(covariance, weights, subset) for subset in fitting)
        total = unknown_variance(covariance, weights, [])
        missed.append((unknown_variance(covariance, weights, chosen) - best) / (total - best))

        assert costs[chosen].sum() <= budget * (1 + 1e-9)
    assert np.mean(np.array(missed) > 1e-6) <= 0.05
    assert max(missed) <= 0.25


def test_the_next_best_come_in_order() -> None:
    """Several choices, all within the cost and different, the best first."""
    covariance, weights, costs = problem(5, 8)
    found = choose_columns(covariance, weights, costs, costs.sum() / 2, count=4)
    unknown = [unknown_variance(covariance, weights, some) for some in found]

    assert found[:1] == choose_columns(covariance, weights, costs, costs.sum() / 2)
    assert 4 == len({tuple(some) for some in found})
    assert sorted(unknown) == unknown
    assert all(costs[some].sum() <= costs.sum() / 2 for some in found)


def test_nothing_fits() -> None:
    """A budget below the cheapest column gives no choice."""
    covariance, weights, costs = problem(2, 5)

    assert [] == choose_columns(covariance, weights, costs, costs.min() / 2)


def test_constraints_are_kept() -> None:
    """A column that must stay stays, whatever it costs."""
    covariance, weights, costs = problem(3, 8)
    dear = int(np.argmax(costs))
    chosen = choose_columns(
        covariance, weights, costs, costs[dear] * 1.5, lambda some: dear in some
    )

    assert dear in chosen[0]


def test_a_constant_column_has_no_variance() -> None:
    """It tells nothing and breaks nothing."""
    draws = np.random.default_rng(4)
    values = np.column_stack([draws.normal(size=(20, 3)), np.full(20, 5.0)])
    covariance = covariance_of(values)

    assert 0 == np.abs(covariance[3]).max()
    assert 3 not in choose_columns(covariance, np.ones(4) / 4, np.ones(4), 2.0)[0]

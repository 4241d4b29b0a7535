"""Influences against the derivatives of scikit-learn's weighted statistics, and the jackknife."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.stats import kendalltau, pearsonr, spearmanr
from sklearn.metrics import average_precision_score, f1_score

from benchmark.stats.influence import (
    average_precision_influence,
    kendall_influence,
    macro_f1_influence,
    pearson_influence,
    set_f1_influence,
    spearman_influence,
)

STEP = 1e-6


def raised(count: int, row: int) -> np.ndarray:
    """Weights of one, a little more on one row."""
    weights = np.ones(count)
    weights[row] += STEP * count
    return weights


@pytest.mark.parametrize("digits", [0, 1, 8])
@pytest.mark.parametrize("seed", range(3))
def test_average_precision(seed: int, digits: int) -> None:
    """With many ties, some, and none."""
    draws = np.random.default_rng(seed)
    relevant = draws.random(80) < 0.4
    scores = (relevant + draws.normal(size=80)).round(digits)
    plain = average_precision_score(relevant, scores)
    slopes = [
        (average_precision_score(relevant, scores, sample_weight=raised(80, row)) - plain) / STEP
        for row in range(80)
    ]
    found = average_precision_influence(relevant, scores)

    np.testing.assert_allclose(found, slopes, atol=2e-4)
    assert found.mean() == pytest.approx(0, abs=1e-12)


def lost(statistic: Callable[[Any], float], count: int) -> np.ndarray:
    """What leaving each row out takes away, less its mean, n - 1 times."""
    left = [statistic(np.delete(np.arange(count), row)) for row in range(count)]
    return np.asarray((count - 1) * (np.mean(left) - np.array(left)))


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1(seed: int) -> None:
    """Five classes, one of them neither true nor guessed."""
    draws = np.random.default_rng(seed)
    truth = draws.integers(0, 4, 70)
    guess = np.where(draws.random(70) < 0.6, truth, draws.integers(0, 4, 70))

    def of_rows(rows: Any) -> float:
        return float(f1_score(truth[rows], guess[rows], average="macro", labels=range(4)))

    np.testing.assert_allclose(macro_f1_influence(truth, guess, 5), lost(of_rows, 70), atol=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_macro_f1_of_sets(seed: int) -> None:
    """Five labels, one of them neither true nor guessed; some texts have none."""
    draws = np.random.default_rng(seed)
    truth = draws.random((70, 5)) < [0.5, 0.3, 0.1, 0.05, 0.0]
    guess = np.where(draws.random((70, 5)) < 0.7, truth, draws.random((70, 5)) < 0.2)
    guess[:, 4] = False

    def of_rows(rows: Any) -> float:
        return float(f1_score(truth[rows], guess[rows], average="macro", zero_division=0))

    np.testing.assert_allclose(set_f1_influence(truth, guess), lost(of_rows, 70), atol=1e-9)


@pytest.mark.parametrize("digits", [0, 8])
@pytest.mark.parametrize("seed", range(3))
def test_spearman(seed: int, digits: int) -> None:
    """Against the jackknife's pseudo-values: all but the same, and of mean zero."""
    draws = np.random.default_rng(seed)
    one = draws.normal(size=300).round(digits)
    other = (one + draws.normal(size=300)).round(digits)
    plain = spearmanr(one, other).statistic
    pseudo = np.array(
        [
            299 * (plain - spearmanr(np.delete(one, n), np.delete(other, n)).statistic)
            for n in range(300)
        ]
    )
    found = spearman_influence(one, other)

    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert np.corrcoef(found, pseudo)[0, 1] > 0.9999
    assert found.std() == pytest.approx(pseudo.std(), rel=0.02)


def test_degenerate_input_has_no_influence() -> None:
    """A constant side, no positive, no class."""
    flat, rising = np.ones(5), np.arange(5.0)

    assert 0 == np.abs(spearman_influence(flat, rising)).max()
    assert 0 == np.abs(average_precision_influence(np.zeros(5, bool), rising)).max()
    assert 0 == np.abs(macro_f1_influence(np.zeros(0, np.int64), np.zeros(0, np.int64), 3)).sum()


@pytest.mark.parametrize("digits", [0, 1, 6])
@pytest.mark.parametrize("name", ["kendall", "pearson"])
def test_other_correlations_are_the_jackknifes(name: str, digits: int) -> None:
    """The influence of a pair is what leaving it out changes, ties and all."""
    generator = np.random.default_rng(digits)
    one = generator.normal(size=600).round(digits)
    other = (one + generator.normal(size=600)).round(digits)
    statistic = {
        "kendall": lambda a, b: kendalltau(a, b).statistic,
        "pearson": lambda a, b: pearsonr(a, b).statistic,
    }[name]
    found = {"kendall": kendall_influence, "pearson": pearson_influence}[name](one, other)
    whole = statistic(one, other)
    left = [whole - statistic(np.delete(one, n), np.delete(other, n)) for n in range(0, 600, 20)]

    assert abs(found.mean()) < 1e-10
    np.testing.assert_allclose(found[::20], 599 * np.array(left), atol=0.03)

"""Sign flips against Fisher's randomisation test and Student's t of ranx, where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchmark.stats.paired import mean_difference, student_difference

pytestmark = pytest.mark.oracle
tests = pytest.importorskip("ranx.statistical_tests", reason="needs ranx")


@pytest.mark.parametrize("lead", [0.0, 0.02, 0.04])
def test_p_is_that_of_ranx(lead: float) -> None:
    """Per-query scores of two rankers: p by permutation, to its Monte Carlo error, and by t."""
    rng = np.random.default_rng(5)
    hard = rng.random(150)
    one, other = (np.clip(hard + 0.2 * rng.standard_normal(150), 0, 1) for _ in range(2))
    one = one + lead
    flips = mean_difference(one - other)
    drawn, _ = tests.fisher_randomization_test(one, other, 10_000, 0.05, 42)
    student, _ = tests.paired_student_t_test(one, other, 0.05)
    error, freedom = flips.interval.error, flips.interval.freedom
    ours = student_difference(flips.difference, error, freedom, 150, "t")

    assert flips.p == pytest.approx(drawn, abs=4 * math.sqrt(2 * 0.25 / 1e4))
    assert ours.p == pytest.approx(student)

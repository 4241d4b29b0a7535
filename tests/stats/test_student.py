"""Student's quantiles against scipy's."""

from __future__ import annotations

import pytest
from scipy.stats import t

from benchmark.stats.student import t_quantile


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 3.7, 9, 49, 999.5, 1e5, 1e9])
def test_equals_scipys(freedom: float) -> None:
    """At small, broken and large degrees of freedom."""
    assert t_quantile(freedom, 0.95) == pytest.approx(t.ppf(0.975, freedom), rel=2e-6)

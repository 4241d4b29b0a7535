"""The abstention curve by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.abstention import confidences, nauc


def test_confidences_by_hand() -> None:
    """Scores 3 1 and 2 (one is padding): best, population deviation, lead."""
    found = confidences(np.array([[3.0, 1.0], [2.0, np.nan]]))

    assert found["max"].tolist() == [3.0, 2.0]
    assert found["std"].tolist() == [1.0, 0.0]
    assert found["diff1"].tolist() == [2.0, 0.0]


def test_no_documents_have_no_confidence() -> None:
    """An empty ranking counts 0."""
    assert confidences(np.empty((1, 0)))["std"].tolist() == [0.0]


def test_two_queries_by_hand() -> None:
    """Right query first to go: at rate .3 and above round(.3 * 2) = 1 query is set aside.

    The curve is .5 at rates 0 .1 .2 and 0 above; its area .2 * .5 + .1 * .25 = .125. The oracle's
    is .2 * .5 + .1 * .75 + .6 = .775, the flat one .9 * .5 = .45: (.125 - .45) / (.775 - .45) = -1.
    """
    assert nauc(np.array([0.1, 0.9]), np.array([[1.0], [0.0]])).tolist() == pytest.approx([-1.0])


def test_equal_metrics_are_undefined() -> None:
    """Nothing is gained by abstaining when all answers are equally good."""
    assert np.isnan(nauc(np.array([0.1, 0.9]), np.array([[0.3], [0.3]]))).all()


def test_equal_confidence_is_no_use() -> None:
    """Queries of equal confidence count with their mean, so the curve is flat."""
    assert nauc(np.zeros(4), np.array([[1.0], [0], [0], [1]])).tolist() == pytest.approx([0.0])


@settings(max_examples=40, deadline=None)
@given(rows=st.integers(2, 40), seed=st.integers(0, 2**32 - 1))
def test_bounded_and_order_invariant(rows: int, seed: int) -> None:
    """At most 1, reached by the metric itself, whatever the order of queries."""
    generator = np.random.default_rng(seed)
    metrics = generator.permutation(rows).astype(float)[:, None]
    confidence = generator.integers(0, 5, rows).astype(float)
    order = generator.permutation(rows)
    value = nauc(confidence, metrics)

    assert value[0] <= 1 + 1e-9
    assert nauc(confidence[order], metrics[order]).tolist() == pytest.approx(value.tolist())
    assert nauc(metrics[:, 0], metrics).tolist() == pytest.approx([1.0])

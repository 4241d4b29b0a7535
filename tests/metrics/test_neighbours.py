"""Nearest rows against scikit-learn, and where rounding could decide."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from benchmark.metrics.neighbours import nearest_rows


@pytest.mark.parametrize("width", [2, 384])
@pytest.mark.parametrize("k", [1, 5, 40])
def test_equal_to_scikit_learn(width: int, k: int) -> None:
    """The same sets as its trees and its brute force, over several blocks and for all rows."""
    generator = np.random.default_rng(7)
    among = generator.standard_normal((40, width)).astype(np.float32)
    vectors = generator.standard_normal((1_100, width)).astype(np.float32)

    found = nearest_rows(vectors, among, k=k)

    expected = NearestNeighbors(n_neighbors=k).fit(among).kneighbors(vectors)[1]
    assert found is not None
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(expected, axis=1))


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_a_tie_at_the_edge_is_left_open(scale: float) -> None:
    """Two copies of a row tie: both among the nearest are certain, one of them is not."""
    rows = np.array([[0, 1], [3, 0], [3, 0], [9, 9]], dtype=np.float32) * np.float32(scale)

    assert nearest_rows(rows[:1], rows, k=2) is None
    both = nearest_rows(rows[:1], rows, k=3)
    assert both is not None
    assert {0, 1, 2} == set(both[0].tolist())


def test_all_zero_vectors_and_too_few_rows_are_left_open() -> None:
    """Nothing tells zero vectors apart, and three rows have no five neighbours."""
    assert nearest_rows(np.zeros((2, 3)), np.zeros((4, 3)), k=2) is None
    assert nearest_rows(np.eye(3), np.eye(3), k=5) is None

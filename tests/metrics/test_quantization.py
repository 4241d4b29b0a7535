"""Codes of vectors: their error, their order, their bytes, and sentence-transformers' own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.metrics.quantization import BITS, bytes_of, cut, floats, quantised, ranges_of
from benchmark.metrics.topk import top_k

few = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
widths = st.integers(1, 150)


def rows(count: int, width: int, seed: int) -> Any:
    """Random vectors, the dimensions of different scales."""
    draws = np.random.default_rng(seed)
    scales = draws.uniform(0.01, 10, width)
    return (draws.standard_normal((count, width)) * scales).astype(np.float32)


@few
@given(seeds, widths, st.sampled_from(["int8", "uint8"]))
def test_an_integer_is_at_most_a_step_away(seed: int, width: int, dtype: str) -> None:
    """Within the calibrated range, a value lies above what its code restores, by one step at most.

    The largest value of a range stands at its own code.
    """
    vectors = rows(20, width, seed)
    ranges = ranges_of([vectors])
    steps = np.maximum((ranges[1] - ranges[0]) / 255, 1e-30)
    restored = floats(quantised(vectors, dtype, ranges), dtype, width, ranges)
    error = (vectors - restored) / steps

    assert error.min() > -0.02
    assert error.max() < 1.02


@few
@given(seeds, widths)
def test_hamming_orders_as_products_of_signs(seed: int, width: int) -> None:
    """Bits that differ are (d - product) / 2, so both searches rank alike, ties too."""
    queries, documents = rows(5, width, seed), rows(60, width, seed + 1)
    order = np.random.default_rng(seed).permutation(60)
    bits = [quantised(vectors, "binary") for vectors in (queries, documents)]
    signs = [np.where(vectors > 0, 1.0, -1.0) for vectors in (queries, documents)]
    by_bits = top_k(bits[0], bits[1], k=20, order=order, similarity="hamming")
    by_signs = top_k(signs[0], signs[1], k=20, order=order, similarity="dot")

    assert by_signs.documents.tolist() == by_bits.documents.tolist()
    assert ((by_signs.scores - width) / 2).tolist() == by_bits.scores.tolist()


@few
@given(seeds, widths, st.integers(1, 150))
def test_a_cut_has_unit_length_and_the_same_direction(seed: int, width: int, to: int) -> None:
    """Zero rows stay zero."""
    vectors = rows(6, width, seed)
    vectors[0] = 0
    short = cut(vectors, to)
    first = vectors[:, :to].astype(np.float64)

    assert short.shape == (6, min(to, width))
    assert not short[0].any()
    assert np.linalg.norm(short[1:], axis=1) == pytest.approx(np.ones(5), abs=1e-6)
    assert short[1:] == pytest.approx(
        first[1:] / np.linalg.norm(first[1:], axis=1, keepdims=True), abs=1e-6
    )


@given(st.integers(1, 3000), st.sampled_from(sorted(BITS)))
def test_bytes_are_those_of_the_array(width: int, dtype: str) -> None:
    """What is said of a stored vector is what its codes take."""
    codes = quantised(np.ones((1, width), np.float32), dtype, np.ones((2, width), np.float32))

    assert bytes_of(width, dtype) == codes.nbytes


def test_blocks_are_coded_as_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges hold for all blocks, and every block is filled."""
    vectors = rows(50, 9, 3)
    ranges = ranges_of([vectors[:20], vectors[20:]])
    whole = {dtype: quantised(vectors, dtype, ranges) for dtype in BITS}
    monkeypatch.setattr("benchmark.metrics.quantization._ROWS", 7)

    assert ranges.tolist() == [vectors.min(0).tolist(), vectors.max(0).tolist()]
    for dtype, codes in whole.items():
        assert codes.tobytes() == quantised(vectors, dtype, ranges).tobytes()


def test_values_outside_the_range_are_clipped() -> None:
    """A query may lie outside of what the corpus has; a dimension without range has steps of 1."""
    ranges = np.array([[0.0, 2.0], [255.0, 2.0]], np.float32)
    vectors = np.array([[-7.0, 2.0], [999.0, 5.5], [254.9, 1.0]], np.float32)

    assert quantised(vectors, "uint8", ranges).tolist() == [[0, 0], [255, 3], [254, 0]]
    assert quantised(vectors, "int8", ranges).tolist() == [[-128, -128], [127, -125], [126, -128]]


def test_nothing_to_calibrate_by() -> None:
    """An empty corpus has ranges too."""
    assert ranges_of([np.empty((0, 3), np.float32)]).tolist() == [[0.0] * 3] * 2
    assert quantised(np.empty((0, 9), np.float32), "binary").shape == (0, 2)

"""Draws of train rows: those of the loops and libraries that mteb draws with."""

from __future__ import annotations

import random
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.draws import stratified_sample
from benchmark.kinds.sampling import (
    folds,
    numpy_draws,
    quantile_bins,
    undersample_lists,
)
from benchmark.kinds.stratification import stratified_lists

few = settings(max_examples=50, deadline=None)
seeds = st.integers(0, 2**32 - 1)
label_lists = st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=40)


@few
@given(labels=label_lists, samples=st.integers(1, 5), seed=seeds)
def test_rows_of_lists_are_those_of_mtebs_loop(
    labels: list[list[int]], samples: int, seed: int
) -> None:
    """AbsTaskMultilabelClassification._undersample_data_indices, labels written twice included."""
    generator = np.random.default_rng(seed)
    order = list(np.arange(len(labels)))
    generator.shuffle(order)
    counter: dict[int, int] = defaultdict(int)
    expected = []
    for row in order:
        if any(counter[label] < samples for label in labels[row]):
            expected.append(int(row))
            for label in labels[row]:
                counter[label] += 1
    found = undersample_lists(labels, samples=samples, generator=np.random.default_rng(seed))

    assert found.tolist() == expected


@few
@given(rows=st.integers(2, 60), splits=st.integers(2, 7), seed=seeds)
def test_folds_are_scikit_learns(rows: int, splits: int, seed: int) -> None:
    """KFold with a shuffle."""
    from sklearn.model_selection import KFold

    splits = min(rows, splits)
    expected = KFold(splits, shuffle=True, random_state=seed).split(range(rows))
    found = folds(rows, splits=splits, seed=seed)

    assert [[part.tolist() for part in pair] for pair in found] == [
        [part.tolist() for part in pair] for pair in expected
    ]


@few
@given(values=st.lists(st.integers(0, 12), min_size=3, max_size=80), unit=st.sampled_from([1, 0.1]))
def test_bins_are_pandas(values: list[int], unit: float) -> None:
    """Qcut with bounds that coincide; values that are all equal have none."""
    pandas = pytest.importorskip("pandas", minversion="3")
    array = np.array(values) * unit
    if len(set(values)) == 1:
        with pytest.raises(ValueError, match="all values are equal"):
            quantile_bins(array)
        return
    expected = pandas.qcut(array, q=10, labels=False, duplicates="drop")

    assert quantile_bins(array).tolist() == expected.tolist()


@few
@given(seed=seeds, size=st.integers(6, 54))
def test_a_stratified_sample_keeps_shares(seed: int, size: int) -> None:
    """Every class gets its share to within one row, and no row comes twice."""
    classes = np.repeat([0, 1, 2], [10, 20, 30])
    drawn = stratified_sample(classes, size=size, seed=seed)

    assert len(set(drawn.tolist())) == size
    assert (
        np.abs(np.bincount(classes[drawn], minlength=3) - size * np.array([1, 2, 3]) / 6).max() <= 1
    )


@pytest.mark.parametrize(("classes", "size"), [([0, 1, 1, 1], 2), ([0, 0, 1, 1], 1)])
def test_a_stratified_sample_that_cannot_be(classes: list[int], size: int) -> None:
    """A class of one row, or fewer rows than classes."""
    with pytest.raises(ValueError, match="too few rows"):
        stratified_sample(np.array(classes), size=size, seed=42)


@few
@given(labels=label_lists, seed=seeds, part=st.floats(0.1, 0.9))
def test_iterative_stratification_takes_rows_once(
    labels: list[list[int]], seed: int, part: float
) -> None:
    """Ascending rows, each once."""
    distinct = [sorted(set(row)) for row in labels]
    found = stratified_lists(distinct, size=max(1, int(part * len(labels))), seed=seed)

    assert found.tolist() == sorted(set(found.tolist()))
    assert set(found.tolist()) <= set(range(len(labels)))


def test_numpy_runs_on_beside_python() -> None:
    """One generator for all parts of a run, and another run starts afresh."""
    draws = random.Random(42)
    first, second = numpy_draws(draws, 42).random(), numpy_draws(draws, 42).random()
    generator = np.random.default_rng(42)

    assert [first, second] == [generator.random(), generator.random()]
    assert numpy_draws(random.Random(42), 42).random() == first
    assert draws.random() == random.Random(42).random()

"""Regression: lines by hand, draws, folds, degenerate predictions, and wrong data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds import regression
from tests.kinds.kinds_help import findings, make_task, score, table


def tables(train: list[float], rows: list[float]) -> dict[str, Any]:
    """Texts named by their place."""
    return {
        "rows": table(text=[f"test {n}" for n in range(len(rows))], value=rows),
        "train": table(text=[f"train {n}" for n in range(len(train))], value=train),
    }


def test_a_line_by_hand() -> None:
    """Values that lie on a line are met; one that does not is off by two."""
    data = tables([1.0, 3.0, 5.0], [7.0, 9.0, 9.0])
    vectors = {"train": [[0], [1], [2]], "test": [[3], [4], [5]]}
    found = score("regression", data, vectors, n_experiments=2)

    assert found.metrics["mae"] == pytest.approx(2 / 3)
    assert found.metrics["mse"] == pytest.approx(4 / 3)
    assert found.metrics["rmse"] == pytest.approx((4 / 3) ** 0.5)
    # The deviations from the mean 25/3 are -4/3, 2/3 and 2/3: 8/3 in squares.
    assert found.metrics["r2"] == pytest.approx(1 - 4 / (8 / 3))
    # Two of three pairs agree and one is tied in the truth.
    assert found.metrics["kendalltau"] == pytest.approx(2 / (2 * 3) ** 0.5)
    assert found.metrics["scores_per_experiment"][0] == found.metrics["scores_per_experiment"][1]
    assert set(found.metrics) == {*regression.METRICS, "scores_per_experiment"}


def test_errors_of_each_text() -> None:
    """With mae as main score every text has its own mean error."""
    data = tables([1.0, 3.0, 5.0], [7.0, 9.0, 9.0])
    vectors = {"train": [[0], [1], [2]], "test": [[3], [4], [5]]}
    found = score("regression", data, vectors, main_score="mae")

    assert found.samples["mae"].tolist() == pytest.approx([0, 0, 2], abs=1e-5)


def test_constant_vectors_predict_the_mean() -> None:
    """Every text gets the mean; a rank correlation is undefined and counts 0."""
    data = tables([1.0, 2.0, 3.0], [1.0, 3.0])
    found = score("regression", data, {"train": np.ones((3, 2)), "test": np.ones((2, 2))})

    assert found.metrics["mae"] == pytest.approx(1.0)
    assert found.metrics["kendalltau"] == 0.0
    assert found.degenerate == ("kendalltau",)


def test_draws_keep_the_bins() -> None:
    """A tenth of a hundred values has one of each tenth, and each experiment has its own."""
    values = [float(n) for n in range(100)]
    task = make_task("regression", n_samples=10, n_experiments=3)
    data = regression.read(tables(values, [1.0, 2.0]), task, random.Random(42))
    drawn = [sorted(data.train_values[each.train] // 10) for each in data.experiments]

    assert drawn == [list(range(10))] * 3
    assert len({tuple(each.train) for each in data.experiments}) == 3


def test_folds() -> None:
    """Every row is tested once, by an estimator that did not see it."""
    rows = {"rows": table(text=[str(n) for n in range(10)], value=[2.0 * n for n in range(10)])}
    vectors = {"train": [[n] for n in range(10)]}
    found = score("regression", rows, vectors, cross_validation=True)

    assert found.metrics["r2"] == pytest.approx(1.0)
    assert found.metrics["kendalltau"] == pytest.approx(1.0)
    assert found.examples == 10


def test_sparse_vectors() -> None:
    """CSR rows are fitted as they are."""
    sparse = pytest.importorskip("scipy.sparse")
    data = tables([1.0, 2.0, 3.0], [1.0, 3.0])
    train = sparse.csr_matrix(np.eye(3, dtype=np.float32))
    test = sparse.csr_matrix(np.eye(3, dtype=np.float32)[[0, 2]])

    assert score("regression", data, {"train": train, "test": test}).metrics["mae"] < 1.0


def test_bins_that_allow_no_draw() -> None:
    """Five rows cannot hold a share of each of ten bins; mteb stops there too."""
    data = tables([float(n) for n in range(100)], [1.0, 2.0])
    with pytest.raises(DataError) as caught:
        regression.read(data, make_task("regression", n_samples=5), random.Random(42))

    assert str(caught.value) == (
        "small.csv: 5 of 100 rows cannot be drawn in shares of their values' bins (too few rows "
        "for its bins); raise n_samples in [options] so that all rows are used"
    )


def test_checks() -> None:
    """One value for all rows, no rows, and folds of one row."""
    constant = findings("regression", tables([1.0, 2.0], [3.0, 3.0]))
    empty = findings("regression", tables([], [3.0, 4.0]))
    rows = {"rows": table(text=list("abcdefg"), value=[float(n) for n in range(7)])}
    folds = findings("regression", rows, cross_validation=True)

    assert constant["constant_value"].level == "error"
    assert empty["empty_train"].level == "error"
    assert folds["too_few_rows"].message == (
        "small.csv: 7 rows for 5 folds, which need 2 each; add rows, or lower n_splits in [options]"
    )
    assert findings("regression", tables([1.0, 2.0], [3.0, 4.0])) == {}

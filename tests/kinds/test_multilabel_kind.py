"""Multilabel classification: votes by hand, labels of one side only, and wrong data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmark.errors import DataError
from benchmark.kinds import multilabel_classification as kind
from tests.kinds.kinds_help import findings, make_task, score, table

NAME = "multilabel_classification"


def tables(train: list[Any], rows: list[Any]) -> dict[str, Any]:
    """Texts named by their place."""
    return {
        "rows": table(text=[f"test {n}" for n in range(len(rows))], label=rows),
        "train": table(text=[f"train {n}" for n in range(len(train))], label=train),
    }


def test_votes_by_hand() -> None:
    """Three of five neighbours have the label a, two have b, whatever the order of draws."""
    data = tables([["a", "b"], ["a", "b"], ["a"], ["c"], ["c"]], [["a"], ["a", "b"]])
    found = score(NAME, data, {"train": np.eye(5), "test": [[0] * 5, [1] * 5]})

    # Predicted is a alone for both: the first whole set is right, the second half of it.
    assert found.metrics["accuracy"] == 0.5
    assert found.metrics["hamming"] == 0.75
    assert found.metrics["f1"] == 0.5
    assert found.metrics["lrap"] == 1.0
    assert found.samples["lrap"].tolist() == [1.0, 1.0]
    assert found.samples["by_draw"].shape == (2, 10)
    assert set(found.metrics) == {*kind.METRICS, "scores_per_experiment"}


@pytest.mark.parametrize("main_score", kind.METRICS)
def test_records_of_texts_add_up_to_the_score(main_score: str) -> None:
    """The mean of what each text adds in each draw, also of F1, which is no mean over texts."""
    generator = np.random.default_rng(5)
    data = tables([[n % 4, 4 + n % 3] for n in range(60)], [[n % 4, 4 + n % 5] for n in range(40)])
    vectors = {
        name: generator.standard_normal((rows, 8)) for name, rows in (("train", 60), ("test", 40))
    }
    found = score(NAME, data, vectors, main_score=main_score, n_experiments=3, samples_per_label=20)

    assert (40, 3) == found.samples["by_draw"].shape
    assert found.samples["by_draw"].mean() == pytest.approx(found.metrics[main_score])
    assert found.samples[main_score].mean() == pytest.approx(found.metrics[main_score])


def test_certain_neighbours_vote_as_scikit_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every score is the same whether scikit-learn is asked or need not be."""
    generator = np.random.default_rng(3)
    data = tables([[n % 4, 4 + n % 3] for n in range(60)], [[n % 4, 4 + n % 3] for n in range(40)])
    vectors = {
        name: generator.standard_normal((rows, 8)) for name, rows in (("train", 60), ("test", 40))
    }
    options = {"samples_per_label": 20, "n_experiments": 3}
    found = score(NAME, data, vectors, **options)

    monkeypatch.setattr(kind, "certain_neighbours", lambda *_: None)
    assert score(NAME, data, vectors, **options).metrics == found.metrics


def test_labels_of_one_side_only() -> None:
    """A label of the train table alone is no label; one of the test alone is never predicted."""
    data = tables([[1], [1], [1], [7], [7], [7]], [[1], [9], []])
    read = kind.read(data, make_task(NAME), random.Random(42))

    assert read.test_labels.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert sorted(read.train_labels.tolist()) == [[0, 0]] * 3 + [[1, 0]] * 3


def test_draws_run_on() -> None:
    """Another part of the same run draws other rows; a new run draws the first ones again."""
    data = tables([[n % 5] for n in range(60)], [[0]])
    task = make_task(NAME, samples_per_label=2, n_experiments=2)
    draws = random.Random(42)
    first, second = kind.read(data, task, draws), kind.read(data, task, draws)
    again = kind.read(data, task, random.Random(42))

    assert first.train.to_pylist() != second.train.to_pylist()
    assert first.train == again.train
    assert [len(each.train) for each in first.experiments] == [10, 10]


def test_a_large_test_is_cut() -> None:
    """About as many as asked, each label in its share; "all" keeps every row."""
    rows = [[n % 4] for n in range(200)]
    data = tables([[0], [1], [2], [3]] * 5, rows)
    cut = kind.read(data, make_task(NAME, max_eval_samples=100), random.Random(42))
    whole = kind.read(data, make_task(NAME, max_eval_samples="all"), random.Random(42))

    assert cut.test_labels.sum(axis=0).tolist() == [25] * 4
    assert len(whole.test) == 200


def test_a_plain_label_is_a_list_of_one() -> None:
    """A column without lists is read as one label a row."""
    data = tables(["a", "b", "a", "b", "a"], ["a", "b"])
    read = kind.read(data, make_task(NAME), random.Random(42))

    assert read.test_labels.tolist() == [[1, 0], [0, 1]]


def test_numbers_beside_strings() -> None:
    """Labels that are numbers in one table and strings in the other are compared as strings."""
    data = tables([[1], [2], [1], [2], [1]], [["1"], ["2"]])
    read = kind.read(data, make_task(NAME), random.Random(42))

    assert read.train_labels.sum(axis=0).tolist() == [3, 2]


def test_sparse_vectors() -> None:
    """CSR rows are searched as they are."""
    sparse = pytest.importorskip("scipy.sparse")
    data = tables([["a"]] * 5, [["a"]])
    vectors = {
        "train": sparse.csr_matrix(np.eye(5, dtype=np.float32)),
        "test": sparse.csr_matrix(np.ones((1, 5), dtype=np.float32)),
    }

    assert score(NAME, data, vectors).metrics["accuracy"] == 1.0


def test_too_few_neighbours() -> None:
    """Three labels of one row each are fewer than five neighbours; mteb stops there too."""
    data = tables([[n % 3] for n in range(30)], [[0]])
    with pytest.raises(DataError) as caught:
        kind.read(data, make_task(NAME, samples_per_label=1), random.Random(42))

    assert str(caught.value) == (
        "small.csv: 3 labelled train rows in an experiment, fewer than 5 neighbours; add rows, "
        "raise samples_per_label, or lower n_neighbors in [options]"
    )


def test_checks() -> None:
    """Rows without a label, labels with few examples or none, and no label at all."""
    found = findings(NAME, tables([[0], [0], [1], [1], [1], []], [[0, 5], [5], []]))
    bare = findings(NAME, tables([[0]] * 6, [[], []]))
    empty = findings(NAME, tables([], [[1]]))
    short = findings(NAME, tables([[0], [1]], [[1]]))

    assert found["label_with_few_examples"].count == 5
    assert found["row_without_label"].message == (
        "small.csv row 6: no label; it is counted as such; label it or drop it"
    )
    assert found["label_not_in_train"].message.startswith("small.csv row 2: ")
    assert {each.level for each in found.values()} == {"warning"}
    assert bare["no_labels"].level == "error"
    assert empty["empty_train"].level == "error"
    assert short["too_few_rows"].level == "error"

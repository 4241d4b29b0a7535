"""Classification: mteb's draws by its own loops, chance, ap, and wrong data."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import numpy as np
import pytest

from benchmark.kinds import classification
from tests.kinds.kinds_help import findings, make_task, score, table


def tables(train: list[Any], rows: list[Any]) -> dict[str, Any]:
    """Texts named by their place."""
    return {
        "rows": table(text=[f"test {n}" for n in range(len(rows))], label=rows),
        "train": table(text=[f"train {n}" for n in range(len(train))], label=train),
    }


def one_hot(labels: list[int]) -> Any:
    """A vector that gives the label away."""
    return np.eye(max(labels) + 1)[labels]


def undersample(labels: list[Any], samples: int, experiments: int, seed: int) -> list[list[int]]:
    """mteb's own loops (AbsTaskClassification._undersample_data), with one list that goes on."""
    order = list(range(len(labels)))
    drawn = []
    for _ in range(experiments):
        np.random.RandomState(seed).shuffle(order)
        counter: dict[Any, int] = defaultdict(int)
        chosen = []
        for row in order:
            if counter[labels[row]] < samples:
                chosen.append(row)
                counter[labels[row]] += 1
        drawn.append(chosen)
    return drawn


@pytest.mark.parametrize("defects", ["usual", "none"])
@pytest.mark.parametrize("folds", [False, True])
def test_records_of_texts_add_up_to_ap(folds: bool, defects: str) -> None:
    """The mean of what each text adds in each draw, or in its fold, of unequal sizes."""
    labels = [n % 2 for n in range(53)]
    data = tables(labels, labels)
    if folds:
        data = {"rows": data["rows"]}
    options = {"cross_validation": folds, "upstream_defects": defects, "n_experiments": 4}
    task = make_task("classification", **options)
    read = classification.read(data, task, random.Random(42))
    generator = np.random.default_rng(2)
    vectors = {
        "train": generator.standard_normal((len(read.train), 3)),
        "test": generator.standard_normal((53, 3)),
    }
    found = score("classification", data, vectors, main_score="ap", **options)

    assert (53, 1 if folds else 4) == found.samples["by_draw"].shape
    assert 0 < found.metrics["ap"] < 1
    assert found.samples["ap"].mean() == pytest.approx(found.metrics["ap"])


@pytest.mark.parametrize("labels", [[0, 1, 2], ["z", "a"], [7]])
def test_draws_are_mtebs(labels: list[Any]) -> None:
    """The same rows in the same order for every experiment, from only the rows that are used."""
    train = [labels[n % len(labels)] for n in range(60)]
    task = make_task("classification", samples_per_label=3, n_experiments=4)
    data = classification.read(tables(train, labels), task, random.Random(42))
    expected = undersample(train, 3, 4, 42)
    used = [
        [int(data.train[int(at)].as_py().split()[1]) for at in experiment.train]
        for experiment in data.experiments
    ]

    assert used == expected
    assert len(data.train) == len({row for rows in expected for row in rows})


def test_perfect_vectors() -> None:
    """Vectors that give the label away score 1, with each experiment's scores beside."""
    train, rows = [0, 1, 2] * 10, [0, 1, 2, 2, 1]
    data = tables(train, rows)
    task = make_task("classification", n_experiments=3)
    read = classification.read(data, task, random.Random(42))
    vectors = {"train": one_hot(read.train_labels.tolist()), "test": one_hot(rows)}
    found = score("classification", data, vectors, n_experiments=3)

    assert found.metrics["accuracy"] == 1.0
    assert found.metrics["f1_weighted"] == 1.0
    assert np.isnan(found.metrics["ap"])
    assert [each["ap"] for each in found.metrics["scores_per_experiment"]] == [None] * 3
    assert found.samples["accuracy"].tolist() == [1.0] * 5
    assert set(found.metrics) == {*classification.METRICS, "scores_per_experiment"}


@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"], [3, 9]])
def test_ap_of_two_labels(labels: list[Any]) -> None:
    """With two labels there is an ap; the greater label is positive when none is 1."""
    data = tables([labels[n % 2] for n in range(20)], [labels[0], labels[1], labels[1]])
    task = make_task("classification")
    read = classification.read(data, task, random.Random(42))
    vectors = {"train": one_hot(read.train_labels.tolist()), "test": np.eye(2)[[0, 1, 1]]}

    assert score("classification", data, vectors).metrics["ap"] == 1.0


def test_constant_vectors_are_chance() -> None:
    """One label is predicted for all: the accuracy is its share."""
    data = tables([0, 1] * 8, [0, 1, 1, 1])
    found = score("classification", data, {"train": np.ones((16, 2)), "test": np.ones((4, 2))})

    assert found.metrics["accuracy"] in (0.25, 0.75)


def test_sparse_vectors() -> None:
    """CSR rows are fitted as they are."""
    sparse = pytest.importorskip("scipy.sparse")
    data = tables([0, 1] * 8, [0, 1])
    task = make_task("classification")
    read = classification.read(data, task, random.Random(42))
    train = sparse.csr_matrix(one_hot(read.train_labels.tolist()).astype(np.float32))
    test = sparse.csr_matrix(np.eye(2, dtype=np.float32))

    assert score("classification", data, {"train": train, "test": test}).metrics["accuracy"] == 1.0


def test_checks() -> None:
    """Labels with one or few examples and labels never seen are warnings, one label is an error."""
    found = findings("classification", tables([0, 0, 1, 2, 2, 2], [0, 5]), samples_per_label=3)
    single = findings("classification", tables(["x", "x"], ["x"]))
    empty = findings("classification", tables([], [1]))

    assert found["label_with_one_example"].message == (
        "small.csv row 3: the only example of its label; add examples, or remove the label"
    )
    assert found["label_with_few_examples"].count == 2
    assert found["label_not_in_train"].message.startswith("small.csv row 2: ")
    assert {each.level for each in found.values()} == {"warning"}
    assert single["one_label"].level == "error"
    assert empty["empty_train"].level == "error"


def test_folds_use_every_row_once() -> None:
    """Five folds; the order of draws goes on, so that a longer fold never draws its last row."""
    rows = {"rows": table(text=[str(n) for n in range(12)], label=[0, 1, 2] * 4)}
    task = make_task("classification", cross_validation=True, samples_per_label=9)
    data = classification.read(rows, task, random.Random(42))

    assert sorted(at for each in data.experiments for at in each.test) == list(range(12))
    assert [len(each.test) for each in data.experiments] == [3, 3, 2, 2, 2]
    # Folds of two leave ten rows to train on; the order of the first fold has nine.
    assert [len(each.train) for each in data.experiments] == [9, 9, 9, 9, 9]
    assert [set(each.train) & set(each.test) for each in data.experiments] == [set()] * 5
    assert list(classification.plan(data, task)) == ["train"]


def test_cross_validation_of_vectors_that_tell() -> None:
    """Each text is right once; ap is the mean over the folds that test two labels."""
    labels = [0, 1] * 10
    rows = {"rows": table(text=[str(n) for n in range(20)], label=labels)}
    found = score("classification", rows, {"train": one_hot(labels)}, cross_validation=True)

    assert found.metrics["accuracy"] == 1.0
    assert found.metrics["ap"] == 1.0
    assert found.examples == 20
    assert found.samples["accuracy"].tolist() == [1.0] * 20
    assert len(found.metrics["scores_per_experiment"]) == 5


def test_checks_of_a_cross_validation() -> None:
    """Fewer rows than folds, and a fold whose train rows all have one label, are errors."""
    short = {"rows": table(text=["a", "b"], label=[0, 1])}
    lone = {"rows": table(text=[str(n) for n in range(10)], label=[0] * 9 + [1])}
    few = findings("classification", short, cross_validation=True)
    one = findings("classification", lone, cross_validation=True)

    assert few["too_few_rows"].message == (
        "small.csv: 2 rows for 5 folds; add rows, or lower n_splits in [options]"
    )
    assert one["one_label"].level == "error"
    assert one["one_label"].message.startswith("small.csv: the train rows of fold ")


def test_a_cross_validation_evaluates_its_train_split() -> None:
    """As mteb, which refuses other splits."""
    task = make_task("classification", cross_validation=True)

    assert classification.problems_of(task) == [
        (
            "cross_validation",
            (
                "a cross-validation evaluates its train split only; set splits = "
                '["train"], or train_split in [options]'
            ),
        )
    ]
    assert (
        classification.problems_of(
            make_task("classification", cross_validation=True, train_split="test")
        )
        == []
    )

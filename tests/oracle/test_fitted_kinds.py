"""The kinds that fit an estimator: each of mteb's numbers agrees, experiment by experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle import real_data
from tests.oracle.comparing import compare
from tests.oracle.harness import make_task
from tests.oracle.mteb_task import Parts
from tests.oracle.random_tables import PARTS, labelled, random_vectors

pytestmark = pytest.mark.oracle

Options = dict[str, Any]


def with_train(
    make: Any, *, rows: int, train: int, rest: int = 0
) -> dict[tuple[str, str], dict[str, pa.Table]]:
    """Tables of two splits and two subsets; a subset's splits share one table to train on."""
    return {
        (split, subset): {
            "rows": make(f"{subset} {split}", rows + n, n),
            "train": make(f"{subset} train", train + rest * len(subset), 90 + len(subset)),
        }
        for n, (split, subset) in enumerate(PARTS)
    }


def lists(labels: Sequence[Any], most: int = 3, least: int = 0) -> Any:
    """A maker of rows with several labels each, or none."""

    def make(part: str, rows: int, seed: int) -> pa.Table:
        generator = np.random.default_rng(seed)
        drawn = [
            [
                labels[at]
                for at in generator.choice(
                    len(labels), int(generator.integers(least, most + 1)), replace=False
                )
            ]
            for _ in range(rows)
        ]
        return pa.table({"text": [f"{part} {row}" for row in range(rows)], "label": drawn})

    return make


def values(part: str, rows: int, seed: int) -> pa.Table:
    """Rows with a value, many of them equal."""
    generator = np.random.default_rng(seed)
    drawn = np.round(generator.standard_normal(rows) ** 2, 1 if seed % 2 else 6)
    return pa.table({"text": [f"{part} {row}" for row in range(rows)], "value": drawn})


ESTIMATORS: list[Options] = [
    {"estimator": "sklearn.linear_model.LogisticRegression", "estimator_parameters": {"C": 0.1}},
    {"estimator": "sklearn.neighbors.KNeighborsClassifier"},
    {
        "estimator": "sklearn.ensemble.RandomForestClassifier",
        "estimator_parameters": {"n_estimators": 7},
    },
    {"estimator": "sklearn.svm.LinearSVC"},
    {"estimator": "sklearn.linear_model.SGDClassifier"},
]


@pytest.mark.parametrize("options", ESTIMATORS, ids=lambda o: o["estimator"].split(".")[-1])
def test_named_estimators(options: Options) -> None:
    """Any classifier of scikit-learn, with the task's seed where it takes one."""

    def make(part: str, rows: int, seed: int) -> pa.Table:
        return labelled(part, rows=rows, seed=seed, labels=["b", "a", "c"])

    parts = with_train(make, rows=40, train=70)
    task = make_task("classification", parts, "accuracy", {"n_experiments": 3, **options})
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


@pytest.mark.parametrize("labels", [[0, 1], [0, 1, 2], ["b", "a", "c"]])
@pytest.mark.parametrize("rows", [60, 62, 64])
@pytest.mark.parametrize("samples", [3, 8, 100])
def test_cross_validation(labels: list[Any], rows: int, samples: int) -> None:
    """Folds of equal and unequal size; the order of draws is that of the fold before."""
    parts: Parts = {
        ("train", subset): {"rows": labelled(subset, rows=rows, seed=n, labels=labels)}
        for n, subset in enumerate(("en", "de"))
    }
    options = {"cross_validation": True, "n_splits": 5, "samples_per_label": samples}
    task = make_task("classification", parts, "accuracy", options)
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


MULTILABEL: list[Options] = [
    {},
    {"samples_per_label": 3, "n_experiments": 4},
    {"max_eval_samples": 50},
    {"max_eval_samples": "all", "estimator": "sklearn.neighbors.KNeighborsClassifier"}
    | {"estimator_parameters": {"n_neighbors": 4}},
    {"estimator": "sklearn.neighbors.KNeighborsClassifier"}
    | {"estimator_parameters": {"weights": "distance"}},
    {"estimator": "sklearn.ensemble.RandomForestClassifier"}
    | {"estimator_parameters": {"n_estimators": 5}},
    {"estimator": "sklearn.multioutput.MultiOutputClassifier"}
    | {"estimator_parameters": {"estimator": "sklearn.linear_model.LogisticRegression"}},
]


@pytest.mark.parametrize("dimensions", [6, 24])
@pytest.mark.parametrize("options", MULTILABEL, ids=range(len(MULTILABEL)))
def test_multilabel(options: Options, dimensions: int) -> None:
    """Draws that run on through splits and subsets; neighbours by a tree and by brute force."""
    parts = with_train(lists(["d", "b", "a", "e", "c"]), rows=80, train=90, rest=3)
    task = make_task("multilabel_classification", parts, "lrap", options)
    vectors = random_vectors(parts, dimensions=dimensions)

    compare(task, parts, vectors)


@pytest.mark.parametrize("values", ["ties", "equal", "line"])
def test_multilabel_of_tied_neighbours(values: str) -> None:
    """Equally near train rows; labels only in the test, and only in the train table."""
    some = lists([1, 2, 3, 4])

    def make(part: str, rows: int, seed: int) -> pa.Table:
        table, extra = some(part, rows, seed), 0 if "train" in part else 9
        added = [
            [*row, extra] if number % 5 == 0 else row
            for number, row in enumerate(table.column("label").to_pylist())
        ]
        return table.set_column(1, "label", pa.array(added, pa.list_(pa.int64())))

    parts = with_train(make, rows=60, train=50)
    task = make_task("multilabel_classification", parts, "lrap", {})
    vectors = random_vectors(parts, values=values, dimensions=20)

    compare(task, parts, vectors)


def test_multilabel_of_a_large_test() -> None:
    """More than 3,000 test rows are cut by iterative stratification, rows without a label too."""
    make = lists(list(range(12)))
    parts: Parts = {("test", "default"): {"rows": make("a", 3500, 1), "train": make("b", 200, 2)}}
    task = make_task("multilabel_classification", parts, "lrap", {"n_experiments": 2})
    vectors = random_vectors(parts, dimensions=32)

    compare(task, parts, vectors)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_samples": 60, "n_experiments": 4},
        {"n_samples": 31, "n_experiments": 3, "estimator": "sklearn.linear_model.Ridge"},
        {"estimator": "sklearn.ensemble.RandomForestRegressor", "n_experiments": 2}
        | {"estimator_parameters": {"n_estimators": 5}},
    ],
)
def test_regression(options: Options) -> None:
    """All rows, and draws in shares of the values' bins."""
    parts = with_train(values, rows=50, train=90, rest=3)
    task = make_task("regression", parts, "kendalltau", options)
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


@pytest.mark.parametrize("samples", [2048, 40])
def test_cross_validated_regression(samples: int) -> None:
    """Each fold is an experiment."""
    parts: Parts = {
        ("train", subset): {"rows": values(subset, 83, n)} for n, subset in enumerate(("en", "de"))
    }
    options = {"cross_validation": True, "n_samples": samples}
    task = make_task("regression", parts, "kendalltau", options)
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


def agrees(kind: str, parts: Parts, main_score: str, **options: Any) -> None:
    """Compare on wordllama's vectors."""
    task = make_task(kind, parts, main_score, options)
    vectors = real_data.wordllama(real_data.texts_of(parts))

    compare(task, parts, vectors)


def test_sib200_in_four_languages() -> None:
    """Topics of parallel sentences, languages as subsets, two splits."""
    parts = {
        (split, code): real_data.sib200(code, split)
        for split in ("dev", "test")
        for code in ("eng_Latn", "deu_Latn", "zho_Hans", "arb_Arab")
    }
    agrees("classification", parts, "accuracy")


def test_banking77_by_neighbours() -> None:
    """Another estimator on 77 intents."""
    parts = {("test", "default"): real_data.banking77()}
    name = "sklearn.neighbors.KNeighborsClassifier"
    agrees("classification", parts, "accuracy", estimator=name, n_experiments=3)


def test_stsb_scores_of_joined_pairs() -> None:
    """The score of a pair from the text of both sentences, on draws of the rows."""
    rows = real_data.stsb("en")["rows"].to_pylist()
    texts = [f"{row['sentence1']} {row['sentence2']}" for row in rows]
    scores = [row["score"] for row in rows]
    tables = {
        "rows": pa.table({"text": texts[1000:], "value": scores[1000:]}),
        "train": pa.table({"text": texts[:1000], "value": scores[:1000]}),
    }
    agrees("regression", {("test", "default"): tables}, "kendalltau", n_samples=500)

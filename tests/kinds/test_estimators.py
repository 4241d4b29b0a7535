"""Estimators named in a task file: what is built, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.kinds import classification, regression
from benchmark.kinds.estimators import estimator_problems, fit, make_estimator, predict
from tests.kinds.kinds_help import make_task

LOGISTIC = "sklearn.linear_model.LogisticRegression"


def problems(kind: str = "classification", **options: Any) -> list[tuple[str, str]]:
    """What is wrong with a task of these options."""
    module: Any = classification if kind == "classification" else regression
    sort: Any = "classifier" if kind == "classification" else "regressor"
    return estimator_problems(make_task(kind, **options), module.OPTIONS, sort)


def test_the_default_is_the_references() -> None:
    """mteb's evaluator: 100 iterations, and the task's seed."""
    made = make_estimator(classification.OPTIONS, "classifier")

    assert made.max_iter == 100
    assert made.random_state == 42
    assert type(made).__name__ == "LogisticRegression"


def test_parameters_and_estimators_inside() -> None:
    """A parameter may name an estimator, and two underscores reach into it."""
    options = {
        "estimator": "sklearn.multioutput.MultiOutputClassifier",
        "estimator_parameters": {"estimator": LOGISTIC, "estimator__C": 0.5},
        "seed": 7,
    }
    made = make_estimator(options, "classifier")

    assert made.estimator.C == 0.5
    assert made.estimator.random_state == 7


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "LogisticRegression",
            (
                "'LogisticRegression' names no public scikit-learn estimator; write one such as "
                '"sklearn.linear_model.LogisticRegression"'
            ),
        ),
        (
            "os.system",
            (
                "'os.system' names no public scikit-learn estimator; write one such as "
                '"sklearn.linear_model.LogisticRegression"'
            ),
        ),
        (
            "sklearn.linear_model._logistic.LogisticRegression",
            (
                "'sklearn.linear_model._logistic.LogisticRegression' names no public scikit-learn "
                'estimator; write one such as "sklearn.linear_model.LogisticRegression"'
            ),
        ),
        (
            "sklearn.linear_models.LogisticRegression",
            "scikit-learn has no module 'sklearn.linear_models'; check the name",
        ),
        (
            "sklearn.linear_model.LogisticRegresion",
            (
                "sklearn.linear_model has no estimator 'LogisticRegresion'; did you mean "
                "'LogisticRegression'?"
            ),
        ),
        (
            "sklearn.linear_model.LinearRegression",
            "sklearn.linear_model.LinearRegression is no classifier; name one that is",
        ),
        (
            "sklearn.multioutput.MultiOutputClassifier",
            (
                "sklearn.multioutput.MultiOutputClassifier needs more parameters; set them in "
                "[options.estimator_parameters] (it has estimator, n_jobs)"
            ),
        ),
    ],
)
def test_a_wrong_name(name: str, message: str) -> None:
    """Only public classifiers of scikit-learn; the message says what to write."""
    assert problems(estimator=name) == [("estimator", message)]


@pytest.mark.parametrize(
    ("parameters", "key", "message"),
    [
        ({"c": 1.0}, "c", f"{LOGISTIC} has no parameter 'c'"),
        (
            {"max_itr": 10},
            "max_itr",
            f"{LOGISTIC} has no parameter 'max_itr'; did you mean 'max_iter'?",
        ),
        (
            {"random_state": 1},
            "random_state",
            "'random_state' is the task's seed; set seed in [options] instead",
        ),
        (
            {"C": -1.0},
            "C",
            (
                "The 'C' parameter of LogisticRegression must be a float in the range (0.0, inf]. "
                "Got -1.0 instead."
            ),
        ),
        ({"penalty__x": 1}, "penalty__x", f"{LOGISTIC} has no parameter 'penalty__x'"),
    ],
)
def test_a_wrong_parameter(parameters: dict[str, Any], key: str, message: str) -> None:
    """Names are checked with the nearest one, values by scikit-learn."""
    ((found_key, found),) = problems(estimator_parameters=parameters)

    assert found_key == key
    assert found.startswith(message)


def test_a_regression_takes_regressors() -> None:
    """And no classifier."""
    assert problems("regression", estimator="sklearn.linear_model.Ridge") == []
    assert problems("regression", estimator=LOGISTIC)[0][1].endswith(
        "is no regressor; name one that is"
    )


def test_what_cannot_be_fitted_shows_no_data() -> None:
    """The error names the estimator and the shape."""
    estimator = make_estimator(classification.OPTIONS, "classifier")
    with pytest.raises(ModelError) as caught:
        fit(estimator, np.ones((3, 2), np.float32), np.zeros(3))

    assert str(caught.value) == (
        "the estimator LogisticRegression cannot be fitted on vectors of shape (3, 2) "
        "(ValueError); choose another in [options]"
    )


def test_sparse_vectors_for_an_estimator_without_them() -> None:
    """Naive Bayes takes dense vectors only."""
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(np.eye(2, dtype=np.float32))
    options = {**classification.OPTIONS, "estimator": "sklearn.naive_bayes.GaussianNB"}
    with pytest.raises(ModelError, match="GaussianNB cannot be fitted on sparse vectors of shape"):
        fit(make_estimator(options, "classifier"), sparse, np.array([0, 1]))


def test_predicting_from_too_few() -> None:
    """Five neighbours of three rows."""
    options = {**classification.OPTIONS, "estimator": "sklearn.neighbors.KNeighborsClassifier"}
    fitted = fit(make_estimator(options, "classifier"), np.eye(3), np.array([0, 1, 2]))
    with pytest.raises(ModelError, match="KNeighborsClassifier cannot predict on vectors"):
        predict(fitted, np.eye(3))

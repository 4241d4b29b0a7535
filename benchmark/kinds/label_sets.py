"""Predicted sets of labels: by the votes of nearest neighbours, or by any estimator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.estimators import fit, predict
from benchmark.metrics.neighbours import nearest_rows
from benchmark.metrics.parallel import spread
from benchmark.metrics.similarity import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.kinds.experiments import Experiment
    from benchmark.protocols import Vectors

ESTIMATOR = "sklearn.neighbors.KNeighborsClassifier"  # mteb's
NEIGHBOURS = 5  # scikit-learn's default
_BLOCK = 512  # test texts whose neighbours are looked at together


def certain_neighbours(
    options: Mapping[str, Any], experiments: Sequence[Experiment], train: Vectors, test: Vectors
) -> list[NDArray[np.int64]] | None:
    """The neighbours by the default estimator in each experiment; None where it must be asked.

    To import scikit-learn takes longer than this; it is asked about ties, and for all else.
    """
    parameters = options["estimator_parameters"]
    k = parameters.get("n_neighbors", NEIGHBOURS)
    usual = options["estimator"] == ESTIMATOR and set(parameters) <= {"n_neighbors"}
    if not usual or type(k) is not int or k < 1 or is_sparse(train) or is_sparse(test):
        return None
    found = spread(lambda each: nearest_rows(test, train[each.train], k=k), experiments)
    certain = [rows for rows in found if rows is not None]
    return certain if len(certain) == len(found) else None


def by_votes(
    votes: NDArray[np.float32], neighbours: int, *, ranked: bool
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The labels of more than half of the neighbours, and the scores that labels are ranked by."""
    predicted = (2 * votes > neighbours).astype(np.int8)
    return predicted, votes if ranked else predicted


def predict_sets(
    estimator: Any,
    train: Vectors,
    truth: NDArray[np.int8],
    test: Vectors,
    *,
    ranked: bool = False,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The predicted sets, and the scores that labels are ranked by, both ``(n, labels)``.

    The scores are probabilities of a ``MultiOutputClassifier``, or of any estimator when it is to
    be ``ranked`` and has them.
    """
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.neighbors import KNeighborsClassifier

    if isinstance(estimator, KNeighborsClassifier) and estimator.weights == "uniform":
        votes = _votes(estimator, train, truth, test)
        return by_votes(votes, estimator.n_neighbors, ranked=ranked)
    fitted = fit(estimator, train, truth.astype(np.int64))
    predicted = np.asarray(predict(fitted, test)).reshape(-1, truth.shape[1])
    if isinstance(fitted, MultiOutputClassifier) or (ranked and hasattr(fitted, "predict_proba")):
        return predicted, _probabilities(fitted, test)
    return predicted, predicted


def _probabilities(fitted: Any, test: Vectors) -> NDArray[Any]:
    """The probability of every label, ``(n, labels)``; 0 of one that no train row has."""
    found, classes = fitted.predict_proba(test), fitted.classes_
    if not isinstance(found, list):
        if isinstance(classes, list) or len(classes) != 2 or classes[1] != 1:
            return np.asarray(found)
        found, classes = [found], [classes]  # of one label alone
    parts = [each[:, -1] * (known[-1] == 1) for each, known in zip(found, classes, strict=True)]
    return np.stack(parts, axis=1)


def _votes(
    estimator: Any, train: Vectors, truth: NDArray[np.int8], test: Vectors
) -> NDArray[np.float32]:
    """How many neighbours have each label, ``(n, labels)``; they are searched once for all labels.

    scikit-learn searches again for every label. With a class for every train row its probabilities
    say which rows are the neighbours, by the same distances and with the same ties.
    """
    rows = fit(estimator, train, np.arange(len(truth)))
    parts, votes = [], truth.astype(np.float32)
    for start in range(0, test.shape[0], _BLOCK):
        near = predict(rows, test[start : start + _BLOCK], probabilities=True) > 0
        parts.append(near.astype(np.float32) @ votes)
    return np.concatenate(parts)

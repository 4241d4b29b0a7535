"""Scores of predicted values: errors, explained variance and rank correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def regression_metrics(truth: ArrayLike, predicted: ArrayLike) -> dict[str, float]:
    """mteb's scores of ``(n,)`` predicted values against ``(n,)`` true ones.

    ``mae``, ``mse`` and ``rmse`` are mean absolute, mean squared and root mean squared error, in
    the values' unit (``mse`` its square). ``r2`` is the share of variance explained: 1 is perfect,
    0 what the mean scores, without a lower bound; for a constant truth 1 when it is met exactly,
    else 0; NaN when n < 2. The same values as scikit-learn's, which computes in the predictions'
    precision: float32 where an estimator was fitted on float32 vectors.

    >>> regression_metrics([1.0, 2.0, 3.0], [1.0, 2.0, 5.0])["r2"]
    -1.0
    """
    guess = np.asarray(predicted)
    guess = guess if guess.dtype.kind == "f" else guess.astype(np.float64)
    true = np.asarray(truth, dtype=guess.dtype)
    error = true - guess
    mse = float(np.mean(error**2))
    left, total = float(np.sum(error**2)), float(np.sum((true - true.mean()) ** 2))
    if len(true) < 2:
        r2 = float("nan")
    elif total == 0:
        r2 = 1.0 if left == 0 else 0.0
    else:
        r2 = 1 - left / total
    return {"mae": float(np.mean(np.abs(error))), "mse": mse, "rmse": float(np.sqrt(mse)), "r2": r2}


def kendall_tau(x: ArrayLike, y: ArrayLike) -> float:
    """Kendall's tau-b of two series of shape ``(n,)``, between -1 and 1; ties count in neither way.

    NaN when either is constant or n < 2. Computed by scipy, as mteb's ``kendalltau`` is.
    Source: M. G. Kendall, Biometrika 33 (1945).

    >>> kendall_tau([1, 2, 3, 4], [1, 3, 2, 4]).__round__(4)
    0.6667
    """
    from scipy.stats import kendalltau

    left, right = np.asarray(x), np.asarray(y)
    if len(left) < 2 or (left == left[0]).all() or (right == right[0]).all():
        return float("nan")
    return float(kendalltau(left, right).statistic)

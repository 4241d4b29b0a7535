"""The error of a score that is a mean over test texts and over draws of the training texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def crossed_error(values: NDArray[np.float64]) -> tuple[float, float]:
    """The standard error of the mean of ``values`` ``(draws, n)``, and its degrees of freedom.

    Every draw is judged on the same ``n`` texts, so both vary: the error covers other texts and
    other draws from the same training pool, which is held fixed. With the mean squares of draws,
    texts and the rest, the mean's variance is (draws + texts - rest) / (draws * n), at least that
    of either alone; Satterthwaite's approximation gives its freedom. One draw has the error of the
    texts alone, one text none. Source: the two-way random model without replication, Searle,
    Casella and McCulloch 1992, "Variance Components"; Satterthwaite 1946.
    """
    draws, count = values.shape
    if count < 2:
        return float("nan"), 0.0
    if draws < 2:
        return float(values[0].std(ddof=1) / np.sqrt(count)), float(count - 1)
    by_draw, by_text = values.mean(axis=1), values.mean(axis=0)
    of_draws, of_texts = count * by_draw.var(ddof=1), draws * by_text.var(ddof=1)
    rest = values - by_text
    rest -= rest.mean(axis=1, keepdims=True)
    of_rest = float(np.vdot(rest, rest) / ((draws - 1) * (count - 1)))
    total = max(of_draws + of_texts - of_rest, of_draws, of_texts)
    if total <= 0:
        return 0.0, float(count - 1)
    parts = (
        of_draws**2 / (draws - 1)
        + of_texts**2 / (count - 1)
        + of_rest**2 / ((draws - 1) * (count - 1))
    )
    return float(np.sqrt(total / (draws * count))), float(total**2 / parts)


def clustered_error(
    values: NDArray[np.float64], clusters: NDArray[np.int64] | None
) -> tuple[float, float, int]:
    """``crossed_error`` of ``values`` ``(n, draws)``, texts of a cluster as one; and how many.

    ``clusters`` ``(n,)`` are numbers of texts that are equal, or None where none are.
    """
    if clusters is not None:
        known, place = np.unique(clusters, return_inverse=True)
        means = values.mean(axis=0)
        off = np.stack([np.bincount(place, each, len(known)) for each in (values - means).T], 1)
        values = off * len(known) / len(values) + means
    error, freedom = crossed_error(values.T)
    return error, freedom, len(values)

"""How well a smaller suite tells the whole one, on models measured on all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.downsample.calibration import LEVEL
from benchmark.downsample.families import organisation, siblings_of
from benchmark.downsample.mini import Mini
from benchmark.downsample.predicting import reach
from benchmark.downsample.table import ScoreTable
from benchmark.stats.borda import borda_points
from benchmark.stats.local_gaussian import predict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TOP = 20
_RESAMPLES, _SEED = 1000, 42
FEWEST = 3
"""Models below which no rank correlation is stated."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """True and predicted means of models, with half widths of the 90 % intervals, ``(m,)``.

    ``scores`` ``(m, t)`` are measured where chosen and predicted elsewhere; ``kind_widths`` has the
    half widths of each kind's mean. ``fitted`` marks models that the fit itself holds: these are
    predicted without their family.
    """

    truth: Array
    means: Array
    widths: Array
    scores: Array
    kind_widths: Mapping[str, Array]
    distance: Array
    fitted: NDArray[np.bool_]


def predict_models(mini: Mini, table: ScoreTable) -> Predicted:
    """Predict the suite's mean of models from their scores on the chosen tasks."""
    chosen = np.array(mini.chosen, np.int64)
    count, kinds = len(table.models), mini.table.kind_shares()
    scores = np.empty(table.scores.shape)
    widths, distance = np.empty(count), np.empty(count)
    kind_widths = {kind: np.empty(count) for kind in kinds}
    family = dict(zip(mini.table.models, mini.table.families.tolist(), strict=True))
    own = np.array([family.get(model, -1) for model in table.models])
    for number in np.unique(own):
        rows = np.flatnonzero(own == number)
        others = mini.table.rows(mini.table.families != number)
        found = predict(
            others.scores,
            chosen,
            table.scores[np.ix_(rows, chosen)],
            others.kinds,
            siblings=siblings_of([table.models[row] for row in rows], others.models),
        )
        scores[rows], distance[rows] = found.scores, found.distance
        widths[rows] = mini.widths.mean * found.deviation(mini.table.shares)
        for kind, weights in kinds.items():
            kind_widths[kind][rows] = mini.widths.kind * found.deviation(weights)
    shares = mini.table.shares
    return Predicted(
        table.scores @ shares, scores @ shares, widths, scores, kind_widths, distance, own >= 0
    )


def report(mini: Mini, table: ScoreTable) -> dict[str, Any]:
    """Compare predictions with the truth; ``table`` holds models complete on all the tasks.

    MAE, widths and the interval score (Gneiting and Raftery 2007; lower is better) are in points of
    the mean; correlations are over models, None below three. ``intervals`` has of each figure the
    95 % interval from resampled families. ``self_correlation`` is the rank correlation of the full
    mean with the mean over tasks drawn anew: what no choice of tasks can be asked to beat. ``seen``
    are models of organisations that the fit holds, ``new`` all others. ``in_the_fit`` counts models
    that the fit itself holds; ``far`` names those that are farther from all fitted models than any
    of these from the others.
    """
    found, farthest = predict_models(mini, table), reach(mini)
    known = {organisation(model) for model in mini.table.models}
    seen = np.array([organisation(model) in known for model in table.models], bool)
    every = np.ones(len(table.models), bool)
    return {
        "models": len(table.models),
        "tasks": len(mini.chosen),
        "cost_share": round(mini.cost_share, 6),
        **_figures(found, table, every),
        "self_correlation": _self_correlation(table),
        "in_the_fit": int(found.fitted.sum()),
        "far": [
            model
            for model, distance in zip(table.models, found.distance, strict=True)
            if distance > farthest
        ],
        "kinds": _kinds(mini, table, found),
        "borda": _agreement(
            np.array(borda_points(table.scores.tolist())),
            np.array(borda_points(found.scores.tolist())),
        ),
        "seen": {"models": int(seen.sum()), **_figures(found, table, seen)},
        "new": {"models": int((~seen).sum()), **_figures(found, table, ~seen)},
    }


def quality(mini: Mini, table: ScoreTable) -> dict[str, float]:
    """The figures of ``report`` over all models, without intervals; those that exist."""
    found = predict_models(mini, table)
    rows = np.arange(len(table.models))
    values = {name: _rounded(measure(found, rows)) for name, measure in MEASURES.items()}
    return {name: value for name, value in values.items() if value is not None}


def _figures(found: Predicted, table: ScoreTable, kept: NDArray[np.bool_]) -> dict[str, Any]:
    rows, families = np.flatnonzero(kept), table.families[kept]
    draws = np.random.default_rng(_SEED)
    members = [rows[families == family] for family in np.unique(families)]
    resampled = [
        np.concatenate([members[n] for n in draws.integers(0, len(members), len(members))])
        for _ in range(_RESAMPLES if len(members) > 1 else 0)
    ]
    figures: dict[str, Any] = {}
    intervals: dict[str, list[float | None] | None] = {}
    for name, measure in MEASURES.items():
        figures[name] = _rounded(measure(found, rows))
        values = [v for some in resampled if (v := measure(found, some)) is not None]
        intervals[name] = (
            [_rounded(float(v)) for v in np.quantile(values, [0.025, 0.975])] if values else None
        )
    return {**figures, "intervals": intervals}


def _off(found: Predicted, rows: NDArray[np.int64]) -> Array:
    return np.asarray(np.abs(found.means[rows] - found.truth[rows]), np.float64)


def _spearman(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    return _agreement(found.truth[rows], found.means[rows])["spearman"]


def _kendall(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    return _agreement(found.truth[rows], found.means[rows])["kendall"]


def _mae(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    return float(_off(found, rows).mean()) if len(rows) else None


def _top(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    return _spearman(found, rows[np.argsort(-found.truth[rows], kind="stable")[:TOP]])


def _coverage(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    inside = _off(found, rows) <= found.widths[rows] + 1e-9
    return float(inside.mean()) if len(rows) else None


def _width(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    return float(2 * found.widths[rows].mean()) if len(rows) else None


def _interval_score(found: Predicted, rows: NDArray[np.int64]) -> float | None:
    if not len(rows):
        return None
    half = found.widths[rows]
    missed = np.maximum(_off(found, rows) - half, 0.0)
    return float((2 * half + 2 / (1 - LEVEL) * missed).mean())


MEASURES: Mapping[str, Callable[[Predicted, NDArray[np.int64]], float | None]] = {
    "spearman": _spearman,
    "kendall": _kendall,
    "mae": _mae,
    "top20_spearman": _top,
    "coverage90": _coverage,
    "interval_width": _width,
    "interval_score": _interval_score,
}


def _agreement(truth: Array, guess: Array) -> dict[str, float | None]:
    from scipy.stats import kendalltau, spearmanr

    if len(truth) < FEWEST or np.ptp(truth) == 0 or np.ptp(guess) == 0:
        return {"spearman": None, "kendall": None}
    return {
        "spearman": float(spearmanr(truth, guess).statistic),
        "kendall": float(kendalltau(truth, guess).statistic),
    }


def _kinds(mini: Mini, table: ScoreTable, found: Predicted) -> dict[str, Any]:
    figures = {}
    for kind, weights in mini.table.kind_shares().items():
        truth, guess = table.scores @ weights, found.scores @ weights
        off = np.abs(truth - guess)
        figures[kind] = {
            "mae": _rounded(float(off.mean())) if len(off) else None,
            **{name: _rounded(value) for name, value in _agreement(truth, guess).items()},
            "coverage90": (
                _rounded(float((off <= found.kind_widths[kind] + 1e-9).mean()))
                if len(off)
                else None
            ),
        }
    return figures


def _self_correlation(table: ScoreTable) -> float | None:
    """The mean Spearman correlation of the full mean with that over tasks drawn with return."""
    draws, shares = np.random.default_rng(_SEED), table.shares
    truth, count = table.scores @ shares, len(table.tasks)
    values = []
    for _ in range(_RESAMPLES):
        drawn = draws.integers(0, count, count)
        weights = shares[drawn] / shares[drawn].sum()
        value = _agreement(truth, table.scores[:, drawn] @ weights)["spearman"]
        values += [] if value is None else [value]
    return _rounded(float(np.mean(values))) if values else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)

"""What drawn examples tell of the whole: intervals that hold it, and rises that are taken off."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from benchmark.analysis.drawn import drawing_error, score_of, whole_interval
from benchmark.downsample.strata import systematic

DRAWS = 600


def whole_of(kind: str) -> tuple[str, dict[str, np.ndarray], np.ndarray]:
    """A main score, the records of 800 examples, and their order by strata."""
    draws = np.random.default_rng(3)
    count = 800
    hard = np.sort(draws.random(count))
    if kind == "sts":
        gold = np.round(5 * hard, 1)
        return (
            "cosine_spearman",
            {"gold": gold, "similarity": hard + draws.normal(size=count)},
            gold,
        )
    if kind == "pair_classification":
        label = (hard > 0.6).astype(np.int64)
        return "max_ap", {"label": label, "similarity": label + draws.normal(size=count)}, label
    if kind == "classification":
        label = (10 * hard).astype(np.int64)
        right = draws.random((count, 3)) < (0.4 + 0.5 * hard)[:, None]
        return "accuracy", {"label": label, "predicted": np.where(right, label[:, None], 99)}, label
    return "ndcg_at_10", {"value": draws.beta(0.3 + hard, 0.5)}, np.round(3 * hard)


@pytest.mark.parametrize("kind", ["retrieval", "sts", "pair_classification", "classification"])
def test_the_interval_holds_the_whole_as_often_as_it_says(kind: str) -> None:
    """Over many draws of a seventh of the examples, 92 to 98 % of the intervals."""
    name, samples, key = whole_of(kind)
    count = len(key)
    truth = score_of(kind, name, samples, np.arange(count))
    held = 0
    for seed in range(DRAWS):
        generator = np.random.default_rng(seed)
        order = np.argsort(np.lexsort((generator.permutation(count), key)))
        rows = systematic(order, 120, generator)
        part = {column: values[rows] for column, values in samples.items()}
        value = score_of(kind, name, samples, rows)
        error = drawing_error(kind, name, part, order[rows], count)
        _, interval = whole_interval(kind, name, value, error)
        held += interval.low <= truth <= interval.high

    assert 0.92 < held / DRAWS < 0.98


def test_examples_of_one_place_count_as_one() -> None:
    """Groups of like examples drawn together: their intervals hold as often as they say."""
    draws = np.random.default_rng(5)
    group = np.repeat(np.arange(160), draws.integers(2, 9, 160))
    values = np.clip(draws.normal(0.5, 0.2, 160)[group] + draws.normal(0, 0.1, len(group)), 0, 1)
    held = 0
    for seed in range(DRAWS):
        generator = np.random.default_rng(seed)
        place = generator.permutation(160)[group]
        rows = np.flatnonzero(np.isin(place, systematic(np.arange(160), 40, generator)))
        part = {"value": values[rows]}
        error = drawing_error("retrieval", "ndcg_at_10", part, place[rows], len(values))
        value = float(part["value"].mean())
        _, interval = whole_interval("retrieval", "ndcg_at_10", value, error)
        held += interval.low <= values.mean() <= interval.high

    assert 0.92 < held / DRAWS < 0.98


def test_all_examples_leave_no_error() -> None:
    """A sample that is the whole has nothing left to differ by."""
    name, samples, key = whole_of("sts")
    order = np.arange(len(key))
    error, _ = drawing_error("sts", name, samples, order, len(key))

    assert 0 == error
    score = score_of("sts", name, samples, order)
    assert score == pytest.approx(spearmanr(samples["gold"], samples["similarity"]).statistic)


def test_one_example_has_no_error() -> None:
    """It does not tell how examples differ."""
    found = drawing_error("retrieval", "ndcg_at_10", {"value": np.ones(1)}, np.zeros(1, int), 9)

    assert math.isnan(found[0])


def test_a_rise_is_taken_off_by_its_log_odds() -> None:
    """Models that rose from .5 to .75 put a score of .75 back to .5, and one of .9 to .75."""
    rises = [(0.5, 0.75), (0.5, 0.75)]
    for raised, expected in ((0.75, 0.5), (0.9, 0.75)):
        estimate, interval = whole_interval("retrieval", "ndcg_at_10", raised, (0.0, 9.0), rises)
        assert estimate == pytest.approx(expected)
        assert interval.low < expected < interval.high < raised + 0.02


def test_models_that_rise_apart_widen_the_interval() -> None:
    """What another model may rise by is as unsure as the known ones differ, and half at least."""
    widths = []
    for rises in ([(0.4, 0.5)] * 3, [(0.4, 0.45), (0.4, 0.5), (0.4, 0.7)]):
        _, interval = whole_interval("retrieval", "ndcg_at_10", 0.5, (0.01, 50.0), rises)
        widths.append(interval.high - interval.low)

    assert 0.1 < widths[0] < widths[1]


def test_one_model_leaves_no_interval() -> None:
    """A single rise has no spread."""
    _, interval = whole_interval("retrieval", "ndcg_at_10", 0.5, (0.01, 50.0), [(0.4, 0.5)])

    assert interval.ends is None

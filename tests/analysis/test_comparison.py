"""Two models' records of the same examples, of every kind, and records that do not pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap, kendalltau, spearmanr
from sklearn.metrics import average_precision_score, f1_score

from benchmark.analysis.comparison import combine_parts, common_examples, compare_records
from benchmark.analysis.contributions import record_of, score_of
from benchmark.errors import ResultError

RNG = np.random.default_rng(11)
GOLD, SHARED = RNG.normal(size=(2, 400))
GUESSES = [GOLD + SHARED + wide * RNG.normal(size=400) for wide in (0.5, 0.9)]
LABELS = RNG.integers(0, 3, 400)
EASY = RNG.random((400, 1))
DRAWS = [
    np.where(0.5 * EASY + 0.5 * RNG.random((400, 5)) < right, LABELS[:, None], 2)
    for right in (0.55, 0.5)
]
TIMES = np.ones((400, 5), int)
Samples = dict[str, Any]
PAIRS: dict[tuple[str, str], list[Samples]] = {
    ("retrieval", "ndcg_at_10"): [
        {"value": np.clip(0.5 + 0.2 * each, 0, 1), "row": np.arange(400)} for each in GUESSES
    ],
    ("sts", "cosine_spearman"): [{"gold": GOLD, "similarity": each} for each in GUESSES],
    ("sts", "cosine_pearson"): [{"gold": GOLD, "similarity": each} for each in GUESSES],
    ("pair_classification", "max_ap"): [
        {"label": (GOLD > 0).astype(int), "similarity": each} for each in GUESSES
    ],
    ("pair_classification", "max_f1"): [
        {"label": (GOLD > 0).astype(int), "similarity": each} for each in GUESSES
    ],
    ("classification", "accuracy"): [
        {"label": LABELS, "predicted": each, "value": (each == LABELS[:, None]).mean(axis=1)}
        for each in DRAWS
    ],
    ("classification", "f1"): [{"label": LABELS, "predicted": each} for each in DRAWS],
    ("multilabel_classification", "lrap"): [
        {"value": (each == 0).mean(axis=1), "by_draw": (each == 0).astype(float)} for each in DRAWS
    ],
    ("regression", "kendalltau"): [
        {"truth": GOLD, "predicted": each[:, None]} for each in GUESSES
    ],
    ("clustering", "v_measure"): [
        {"label_0": LABELS, "cluster_0": each, "times_0": TIMES} for each in DRAWS
    ],
}  # fmt: skip


def compared(kind: str, score: str, one: Samples, other: Samples) -> Any:
    """The comparison, which is there."""
    found = compare_records(kind, score, one, other)
    assert found is not None
    return found


@pytest.mark.parametrize(("kind", "score"), PAIRS)
def test_every_kind_is_compared(kind: str, score: str) -> None:
    """The difference is that of the scores, inside its interval, and turns with the models."""
    one, other = PAIRS[kind, score]
    found, turned = compared(kind, score, one, other), compared(kind, score, other, one)
    records = [record_of(kind, score, each) for each in (one, other)]
    difference = [score_of(each) for each in records if each]
    interval = found.paired.interval

    assert found.paired.difference == pytest.approx(difference[0] - difference[1])
    assert interval.low < found.paired.difference < interval.high
    assert 0 < found.paired.p < 1
    assert 0 < interval.error < found.paired.detectable
    assert 400 == found.n == found.wins + found.ties + found.losses
    assert turned.paired.p == found.paired.p
    assert turned.paired.difference == pytest.approx(-found.paired.difference)
    assert (found.wins, found.losses) == (turned.losses, turned.wins)


@pytest.mark.parametrize(("kind", "score"), PAIRS)
def test_a_model_against_itself_is_not_told_apart(kind: str, score: str) -> None:
    """p is 1, all examples tie, and 0 is not the only difference that there may be."""
    one, _ = PAIRS[kind, score]
    found = compared(kind, score, one, dict(one))

    assert (0.0, 1.0) == (found.paired.difference, found.paired.p)
    assert 400 == found.ties
    assert found.paired.interval.low < 0 < found.paired.interval.high
    assert ("all examples tie",) == found.notes


@pytest.mark.parametrize(
    ("kind", "score", "statistic"),
    [
        ("sts", "cosine_spearman", lambda g, a, b: spearmanr(g, a)[0] - spearmanr(g, b)[0]),
        (
            "pair_classification",
            "max_ap",
            lambda g, a, b: average_precision_score(g > 0, a) - average_precision_score(g > 0, b),
        ),
        ("regression", "kendalltau", lambda g, a, b: kendalltau(g, a)[0] - kendalltau(g, b)[0]),
    ],
)
def test_the_error_of_a_difference_is_the_bootstraps(kind: str, score: str, statistic: Any) -> None:
    """Resampling examples of both models together spreads the difference as much, to a tenth."""
    found = compared(kind, score, *PAIRS[kind, score])
    resampled = bootstrap(
        (GOLD, *GUESSES), statistic, paired=True, vectorized=False, n_resamples=500, rng=1,
        method="percentile",
    )  # fmt: skip

    assert found.paired.interval.error == pytest.approx(resampled.standard_error, rel=0.12)


def test_macro_f1_of_one_draw_is_the_bootstraps() -> None:
    """By influence, as the accuracy of one draw is by flips."""
    one, other = ({"label": LABELS, "predicted": each[:, :1]} for each in DRAWS)

    def difference(labels: Any, a: Any, b: Any) -> float:
        return float(f1_score(labels, a, average="macro") - f1_score(labels, b, average="macro"))

    resampled = bootstrap(
        (LABELS, DRAWS[0][:, 0], DRAWS[1][:, 0]), difference, paired=True, vectorized=False,
        n_resamples=400, rng=1, method="percentile",
    )  # fmt: skip
    found = compared("classification", "f1", one, other)
    accuracy = compared("classification", "accuracy", one, other)

    assert found.paired.interval.error == pytest.approx(resampled.standard_error, rel=0.12)
    assert ["influence", "sign flips"] == [
        each.paired.interval.method for each in (found, accuracy)
    ]


def test_another_scale_changes_nothing() -> None:
    """Correlations by rank compare places, not similarities of two scales."""
    one, other = PAIRS["sts", "cosine_spearman"]
    scaled = {**other, "similarity": np.exp(3 * other["similarity"]) - 7}
    found = [compared("sts", "cosine_spearman", one, each) for each in (other, scaled)]

    assert found[0] == found[1]


def test_pairs_of_few_documents_are_less_sure() -> None:
    """Pairs that share a document vary together."""
    documents = np.stack([np.repeat(np.arange(40), 10), RNG.integers(40, 80, 400)], axis=1)
    topic, bias = (RNG.normal(size=80)[documents].sum(axis=1) for _ in range(2))
    guesses = [topic + RNG.normal(size=400), topic + bias + RNG.normal(size=400)]
    one, other = ({"gold": topic, "similarity": each} for each in guesses)
    alone = compared("sts", "cosine_pearson", one, other)
    shared = {"cluster": documents}
    together = compared("sts", "cosine_pearson", {**one, **shared}, {**other, **shared})

    assert together.paired.p > alone.paired.p
    assert together.paired.interval.error > 1.2 * alone.paired.interval.error
    assert 80 > together.paired.interval.n


def test_bad_records() -> None:
    """Another number of examples, other examples, and no number: one line, with the place."""
    score = "ndcg_at_10"
    one, other = PAIRS["retrieval", score]
    short = {name: values[:-1] for name, values in other.items()}
    shifted = {**other, "row": other["row"] + 1}
    broken = {**other, "value": np.where(np.arange(400) == 7, np.nan, other["value"])}

    for records, message in (
        (short, "400 and of 399 examples"),
        (shifted, "other examples \\(row differ\\)"),
        (broken, "record of example 7 holds no number"),
    ):
        with pytest.raises(ResultError, match=message):
            compare_records("retrieval", score, one, records)


def test_few_examples_are_marked_and_one_has_no_test() -> None:
    """Below ten; and the differences that are all one number."""
    few = compared("retrieval", "f1", {"value": np.arange(9) / 9}, {"value": np.zeros(9)})
    one = compared("retrieval", "f1", {"value": np.ones(1)}, {"value": np.zeros(1)})
    alike = compared("retrieval", "f1", {"value": np.ones(30)}, {"value": np.full(30, 0.5)})

    assert "few: 9" in few.notes
    assert one.paired.interval.ends is None
    assert "all examples differ alike" in alike.notes


def test_a_constant_model_has_no_correlation_to_test() -> None:
    """Equal similarities count as 0, of which there is no error."""
    one, other = PAIRS["sts", "cosine_spearman"]

    assert compare_records("sts", "cosine_spearman", one, {**other, "similarity": GOLD * 0}) is None


def test_parts_of_a_task_are_one_comparison() -> None:
    """The mean of their differences; none where a part has none."""
    parts = [compared(*key, *PAIRS[key]) for key in list(PAIRS)[:2]]
    found = combine_parts(parts)

    assert found is not None
    assert found.paired.difference == pytest.approx(
        np.mean([each.paired.difference for each in parts])
    )
    assert 800 == found.n == found.wins + found.ties + found.losses
    assert combine_parts([parts[0], None]) is None
    assert combine_parts(parts[:1]) is parts[0]


def test_common_examples_by_id() -> None:
    """In the order of the first, with what fell out of either; the same examples in both."""
    one = {"id": np.array(["c", "a", "b"]), "value": np.array([3.0, 1.0, 2.0])}
    other = {"id": np.array(["b", "d", "c"]), "value": np.array([20.0, 40.0, 30.0])}
    mine, theirs, fell = common_examples(one, other)

    assert [3.0, 2.0] == mine["value"].tolist()
    assert [30.0, 20.0] == theirs["value"].tolist()
    assert 2 == fell

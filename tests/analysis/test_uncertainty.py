"""Intervals of main scores by kind: against libraries, and where there is little to go by."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import bootstrap, kendalltau
from sklearn.metrics import average_precision_score, f1_score

from benchmark.analysis.uncertainty import interval_of
from benchmark.kinds.records import shared_texts
from benchmark.stats.combining import combined_interval
from benchmark.stats.intervals import mean_interval

RNG = np.random.default_rng(7)
LABELS = RNG.integers(0, 3, 400)
DRAWS = np.where(RNG.random((400, 5)) < 0.6, LABELS[:, None], RNG.integers(0, 3, (400, 5)))
GOLD = RNG.normal(size=400)
NEAR = GOLD + RNG.normal(size=400)
SAMPLES: dict[str, tuple[str, dict[str, Any]]] = {
    "retrieval": ("ndcg_at_10", {"ndcg_at_10": RNG.random(400)}),
    "instruction_reranking": ("p-MRR", {"p-MRR": RNG.uniform(-1, 1, 400)}),
    "sts": ("cosine_pearson", {"gold": GOLD, "similarity": NEAR}),
    "pair_classification": ("max_ap", {"label": (GOLD > 0).astype(int), "similarity": NEAR}),
    "classification": ("f1", {"label": LABELS, "predicted": DRAWS}),
    "multilabel_classification": (
        "lrap",
        {"lrap": (DRAWS == 0).mean(axis=1), "by_draw": (DRAWS == 0).astype(float)},
    ),
    "multilabel_classification, f1": (
        "f1",
        {"f1": RNG.random(400), "by_draw": RNG.random((400, 10))},
    ),
    "classification, ap": (
        "ap",
        {"label": LABELS, "predicted": DRAWS, "ap": DRAWS[:, 0], "by_draw": RNG.random((400, 5))},
    ),
    "clustering, ami": (
        "ami",
        {"label_0": LABELS, "cluster_0": DRAWS, "times_0": np.ones_like(DRAWS)},
    ),
    "regression": ("kendalltau", {"truth": GOLD, "predicted": NEAR[:, None]}),
    "summarization": ("cosine_spearman", {"cosine_spearman": RNG.uniform(-1, 1, 40)}),
    "clustering": (
        "v_measure",
        {"label_0": LABELS, "cluster_0": DRAWS, "times_0": np.ones_like(DRAWS)},
    ),
}


@pytest.mark.parametrize("kind", SAMPLES)
def test_every_kind_has_an_interval_around_its_score(kind: str) -> None:
    """With ends in range, and an error above 0."""
    main_score, samples = SAMPLES[kind]
    found = interval_of(kind.partition(",")[0], main_score, 0.4, samples)

    assert found is not None
    assert -1 <= found.low < 0.4 < found.high <= 1
    assert 0 < found.error < 0.1
    assert found.n in (400, 40, 100) or "texts" in found.method


@pytest.mark.parametrize(
    ("kind", "main_score", "samples", "statistic"),
    [
        (
            "pair_classification",
            "max_ap",
            {"label": (GOLD > 0).astype(int), "similarity": NEAR},
            lambda a, b: average_precision_score(a > 0, b),
        ),
        (
            "regression",
            "kendalltau",
            {"truth": GOLD, "predicted": NEAR[:, None]},
            lambda a, b: kendalltau(a, b).statistic,
        ),
        (
            "regression",
            "rmse",
            {"truth": GOLD, "predicted": NEAR[:, None]},
            lambda a, b: float(np.sqrt(np.mean((a - b) ** 2))),
        ),
        (
            "regression",
            "r2",
            {"truth": GOLD, "predicted": NEAR[:, None]},
            lambda a, b: 1 - np.mean((a - b) ** 2) / a.var(),
        ),
    ],
)
def test_the_error_is_the_bootstraps(
    kind: str, main_score: str, samples: dict[str, Any], statistic: Any
) -> None:
    """Resampling the same examples spreads the statistic as much, to a tenth."""
    found = interval_of(kind, main_score, statistic(GOLD, NEAR), samples)
    resampled = bootstrap(
        (GOLD, NEAR), statistic, paired=True, vectorized=False, n_resamples=600, rng=1,
        method="percentile",
    )  # fmt: skip

    assert found is not None
    assert found.error == pytest.approx(resampled.standard_error, rel=0.12)


def test_macro_f1_is_the_bootstraps() -> None:
    """One draw, three classes."""
    one = DRAWS[:, :1]
    found = interval_of("classification", "f1", 0.7, {"label": LABELS, "predicted": one})
    resampled = bootstrap(
        (LABELS, one[:, 0]), lambda a, b: f1_score(a, b, average="macro"), paired=True,
        vectorized=False, n_resamples=400, rng=1, method="percentile",
    )  # fmt: skip

    assert found is not None
    assert found.error == pytest.approx(resampled.standard_error, rel=0.12)


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.filterwarnings("error")
def test_one_example_has_no_ends(kind: str) -> None:
    """And null in JSON; flagged as few, with no warning of a division."""
    main_score, samples = SAMPLES[kind]
    one = {name: values[:1] for name, values in samples.items()}
    found = interval_of(kind.partition(",")[0], main_score, 0.5, one)

    if kind == "sts":  # one pair has no correlation at all
        assert found is None
        return
    assert found is not None
    assert math.isnan(found.low)
    assert (None, True) == (found.to_json()["low"], found.to_json()["few"])


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.filterwarnings("error")
def test_few_examples_are_flagged(kind: str) -> None:
    """Nine have an interval that says so in the result; ten do not say it."""
    main_score, samples = SAMPLES[kind]
    for count, few in ((9, True), (40, False)):
        some = {name: values[:count] for name, values in samples.items()}
        found = interval_of(kind.partition(",")[0], main_score, 0.5, some)

        assert found is not None
        assert few == found.to_json().get("few", False)
        assert found.low < 0.5 < found.high


@pytest.mark.parametrize("kind", SAMPLES)
@pytest.mark.filterwarnings("error")
def test_equal_examples_give_no_nonsense(kind: str) -> None:
    """Zero variance and all ties: no interval, one without a width, or one that is wider."""
    main_score, samples = SAMPLES[kind]
    alike = {name: np.full((40, *v.shape[1:]), v.flat[0]) for name, v in samples.items()}
    found = interval_of(kind.partition(",")[0], main_score, 0.5, alike)

    assert found is None or not found.low > 0.5 > found.high
    assert found is None or (0 <= found.error < 1e-6)


@pytest.mark.parametrize("kind", SAMPLES)
def test_no_records_and_no_score_have_no_interval(kind: str) -> None:
    """None were kept, or the score is NaN or infinite."""
    main_score, samples = SAMPLES[kind]
    name = kind.partition(",")[0]

    assert interval_of(name, main_score, 0.5, {}) is None
    assert interval_of(name, main_score, float("nan"), samples) is None
    assert interval_of(name, main_score, float("inf"), samples) is None


def test_records_that_are_no_numbers_have_no_ends() -> None:
    """A NaN among the examples makes the error one, and JSON has null for it."""
    values = np.array([0.5, float("nan"), 0.25, 0.75])
    found = interval_of("retrieval", "ndcg_at_10", 0.5, {"ndcg_at_10": values})

    assert found is not None
    assert None is found.to_json()["low"] is found.to_json()["standard_error"]


def test_ties_zero_variance_and_nan() -> None:
    """Equal similarities have no correlation; all right keeps a width; NaN has no interval."""
    constant = {"gold": GOLD, "similarity": np.ones(400)}
    perfect = interval_of("retrieval", "ndcg_at_1", 1.0, {"ndcg_at_1": np.ones(50)})

    assert interval_of("sts", "cosine_spearman", 0.0, constant) is None
    assert interval_of("sts", "cosine_spearman", float("nan"), constant) is None
    assert interval_of("retrieval", "ndcg_at_10", 0.5, {}) is None
    assert perfect is not None
    assert 0.9 < perfect.low < 0.95
    assert 1.0 == perfect.high


def test_pairs_that_share_texts_are_less_sure() -> None:
    """Four pairs for each of 100 texts, against as many pairs of their own texts."""
    import pyarrow as pa

    first, second = np.repeat(np.arange(100), 4), RNG.permutation(np.repeat(np.arange(100), 4))
    clusters = shared_texts(pa.array(first.astype(str)), pa.array(second.astype(str)))
    bias = RNG.normal(size=100)
    samples = {"gold": GOLD, "similarity": GOLD + bias[first] + bias[second]}
    alone = interval_of("sts", "cosine_pearson", 0.5, samples)
    together = interval_of("sts", "cosine_pearson", 0.5, {**samples, **clusters})

    assert alone is not None
    assert together is not None
    assert together.error > alone.error
    assert together.n == pytest.approx(100, abs=2)
    assert {} == shared_texts(pa.array(["a", "b"]), pa.array(["c", "d"]))


def test_a_mean_over_subsets() -> None:
    """Errors add as squares; a mean of perfect parts keeps a width."""
    values = [RNG.random(200) for _ in range(4)]
    parts = [mean_interval(each) for each in values]
    found = combined_interval([float(each.mean()) for each in values], parts, [1.0] * 4)
    perfect = combined_interval([1.0, 1.0], [mean_interval(np.ones(50))] * 2, [1.0, 1.0])

    assert found is not None
    assert found.error == pytest.approx(math.hypot(*(each.error for each in parts)) / 4)
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * found.error, rel=0.02)
    assert perfect is not None
    assert 0.9 < perfect.low < 1.0 == perfect.high
    assert combined_interval([1.0, 1.0], [parts[0], None], [1.0, 1.0]) is None


def test_subsets_of_the_same_examples_add_no_certainty() -> None:
    """Four languages of one set of texts are as sure as one."""
    one = mean_interval(RNG.random(200))
    found = combined_interval([0.5] * 4, [one] * 4, [1.0] * 4, [200] * 4)

    assert found is not None
    assert found.error == pytest.approx(one.error)

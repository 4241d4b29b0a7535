"""Populations that intervals are tried on: the records of samples of n examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.stats.influence import set_f1_influence

Generator = np.random.Generator
Samples = dict[str, NDArray[Any]]
Draw = Callable[[Generator, int], Samples]
MEAN = "ndcg_at_10"


@dataclass(frozen=True)
class Population:
    """``draw`` gives a sample of n; ``failures`` how many failures or successes n should have."""

    draw: Draw
    failures: Callable[[int], float] = lambda n: float("inf")


def _mean(draw: Callable[[Generator, int], NDArray[Any]], rare: float = 1.0) -> Population:
    return Population(lambda rng, n: {MEAN: draw(rng, n)}, lambda n: n * rare)


def _share(p: float) -> Population:
    return _mean(lambda rng, n: (rng.random(n) < p).astype(float), min(p, 1 - p))


def _gains(rng: Generator, n: int) -> NDArray[Any]:
    """As nDCG of one relevant document: 1 / log2(rank + 1) within ten ranks, else 0."""
    rank = rng.geometric(0.25, n)
    return np.where(rank <= 10, 1 / np.log2(rank + 1.0), 0.0)


MEANS: Mapping[str, Population] = {
    "half right": _share(0.5),
    "3 % right": _share(0.03),
    "98 % right": _share(0.98),
    "gains by rank": _mean(_gains),
    "mostly 0 or 1 (beta)": _mean(lambda rng, n: rng.beta(0.3, 0.3, n)),
    "nine in ten 0": _mean(lambda rng, n: np.where(rng.random(n) < 0.1, rng.random(n), 0.0), 0.03),
}


def _clustered(
    sizes: Callable[[Generator, int], NDArray[Any]],
    hard: Callable[[Generator, NDArray[Any]], NDArray[Any]],
    rare: float = 1.0,
) -> Population:
    """n paragraphs with some questions each, right as often as their paragraph is hard."""

    def draw(rng: Generator, n: int) -> Samples:
        count = sizes(rng, n)
        cluster = np.repeat(np.arange(n), count)
        right = np.repeat(hard(rng, count), count)
        return {MEAN: (rng.random(len(cluster)) < right).astype(float), "cluster": cluster}

    return Population(draw, lambda n: n * rare)


def _one_to_six(rng: Generator, n: int) -> NDArray[Any]:
    return 1 + rng.binomial(5, 0.3, n)


CLUSTERED: Mapping[str, Population] = {
    "1 to 6 questions on a paragraph": _clustered(
        _one_to_six, lambda rng, count: rng.beta(1, 1, len(count))
    ),
    "paragraphs all or nothing": _clustered(
        _one_to_six, lambda rng, count: (rng.random(len(count)) < 0.6).astype(float)
    ),
    "two of each": _clustered(
        lambda rng, n: np.full(n, 2), lambda rng, count: rng.beta(2, 1, len(count))
    ),
    "sizes of all kinds": _clustered(
        lambda rng, n: rng.geometric(0.25, n), lambda rng, count: rng.beta(1, 1, len(count))
    ),
    "large ones are harder": _clustered(
        _one_to_six, lambda rng, count: rng.beta(4, count, len(count))
    ),
    "97 % right": _clustered(_one_to_six, lambda rng, count: rng.beta(9.7, 0.3, len(count)), 0.03),
}


def _change(draw: Callable[[Generator, int], NDArray[Any]], rare: float = 1.0) -> Population:
    return Population(lambda rng, n: {"p-MRR": draw(rng, n)}, lambda n: n * rare)


CHANGES: Mapping[str, Population] = {
    "anywhere": _change(lambda rng, n: rng.uniform(-1, 1, n)),
    "both ends": _change(lambda rng, n: np.where(rng.random(n) < 0.6, 1.0, -1.0)),
    "small ones": _change(lambda rng, n: np.clip(0.1 * rng.standard_normal(n), -1, 1)),
    "two in three none": _change(
        lambda rng, n: np.where(rng.random(n) < 0.65, 0.0, rng.uniform(-0.5, 1, n))
    ),
    "as told": _change(lambda rng, n: 1 - 2 * rng.beta(0.5, 2, n)),
    "nearly all as told": _change(lambda rng, n: np.where(rng.random(n) < 0.98, 1.0, -1.0), 0.02),
}


def _scored(draw: Callable[[Generator, int], tuple[NDArray[Any], NDArray[Any]]]) -> Population:
    def drawn(rng: Generator, n: int) -> Samples:
        gold, similarity = draw(rng, n)
        return {"gold": gold, "similarity": similarity}

    return Population(drawn)


def _normal(rho: float) -> Callable[[Generator, int], tuple[NDArray[Any], NDArray[Any]]]:
    def draw(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
        one = rng.standard_normal(n)
        return one, rho * one + np.sqrt(1 - rho**2) * rng.standard_normal(n)

    return draw


def _outliers(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    one, other = _normal(0.8)(rng, n)
    return one, np.where(rng.random(n) < 0.1, 10 * rng.standard_normal(n), other)


def _heavy(
    rng: Generator, n: int, freedom: int = 2, rho: float = 0.6
) -> tuple[NDArray[Any], NDArray[Any]]:
    width = np.sqrt(freedom / rng.chisquare(freedom, n))  # a bivariate t
    one, other = _normal(rho)(rng, n)
    return one * width, other * width


def _unequal(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    one = rng.uniform(0, 1, n)
    return one, one + (0.05 + one**2) * rng.standard_normal(n)


def _grades(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    one, other = _normal(0.75)(rng, n)
    return np.clip(np.round(2.5 + 1.5 * one), 0, 5), other


def _documents(rng: Generator, n: int) -> Samples:
    """Three pairs for each of n documents, whose scores depend on both documents."""
    first = np.tile(np.arange(n), 3)
    second = (first + rng.integers(1, n, 3 * n)) % n
    topic, bias = rng.standard_normal((2, n))
    gold = topic[first] * topic[second] + 0.5 * rng.standard_normal(3 * n)
    guess = gold + bias[first] + bias[second] + rng.standard_normal(3 * n)
    return {"gold": gold, "similarity": guess, "cluster": np.stack([first, second], axis=1)}


RANK_CORRELATIONS: Mapping[str, Population] = {
    "normal, 0.3": _scored(_normal(0.3)),
    "normal, 0.9": _scored(_normal(0.9)),
    "a tenth outliers": _scored(_outliers),
    "heavy tails": _scored(_heavy),
    "unequal variance": _scored(_unequal),
    "six grades": _scored(_grades),
    "pairs of n documents": Population(_documents),
}
CORRELATIONS: Mapping[str, Population] = {
    "normal, 0.3": _scored(_normal(0.3)),
    "normal, 0.9": _scored(_normal(0.9)),
    "tails of a t of 8": _scored(lambda rng, n: _heavy(rng, n, 8)),
    "unequal variance": _scored(_unequal),
    "six grades": _scored(_grades),
    "pairs of n documents": Population(_documents),
}


def _classes(
    share: float, apart: float, ap: float, wide: float = 1.0, digits: int | None = None
) -> Population:
    """Scores of positives lie ``apart``; ``ap`` is about what they give."""

    def draw(rng: Generator, n: int) -> Samples:
        label = (rng.random(n) < share).astype(np.int64)
        label[0], label[1] = 1, 0  # the data's check asks for both
        score = np.where(label == 1, apart + wide * rng.standard_normal(n), rng.standard_normal(n))
        return {"label": label, "similarity": score if digits is None else score.round(digits)}

    return Population(draw, lambda n: n * share * (1 - ap))


def _exponential(rng: Generator, n: int) -> Samples:
    label = (rng.random(n) < 0.5).astype(np.int64)
    label[0], label[1] = 1, 0
    return {"label": label, "similarity": rng.exponential(np.where(label == 1, 3.0, 1.0))}


def _labelled_documents(rng: Generator, n: int) -> Samples:
    found = _documents(rng, n)
    return {
        "label": (found["gold"] > 0.5).astype(np.int64),
        "similarity": found["similarity"],
        "cluster": found["cluster"],
    }


PRECISIONS: Mapping[str, Population] = {
    "half positive": _classes(0.5, 1.0, 0.77),
    "a fifth positive": _classes(0.2, 1.5, 0.66),
    "wider positives": _classes(0.4, 1.0, 0.77, 2.0),
    "tied scores": _classes(0.5, 1.0, 0.75, 1.0, 0),
    "exponential": Population(_exponential, lambda n: 0.12 * n),
    "nearly perfect": _classes(0.5, 3.5, 0.994),
    "all but perfect": _classes(0.5, 5.0, 0.9997),
    "pairs of n documents": Population(_labelled_documents),
}


def _few_shot(
    of_draws: float, of_texts: float, right: float, draws: int = 10, rare: float = 1.0
) -> Population:
    """Texts that are hard to some degree, and draws that are good to some degree."""

    def draw(rng: Generator, n: int) -> Samples:
        odds = np.log(right / (1 - right)) + of_texts * rng.standard_normal(n)[:, None]
        odds = odds + of_draws * rng.standard_normal(draws)
        wrong = rng.random((n, draws)) >= 1 / (1 + np.exp(-odds))
        return {"label": np.zeros(n, np.int64), "predicted": wrong.astype(np.int64)}

    return Population(draw, lambda n: n * rare)


FEW_SHOTS: Mapping[str, Population] = {
    "draws alike": _few_shot(0.0, 2.0, 0.7),
    "draws differ": _few_shot(0.2, 2.0, 0.7),
    "draws differ most": _few_shot(0.6, 1.0, 0.6),
    "texts all alike": _few_shot(0.3, 0.0, 0.8),
    "hard texts": _few_shot(0.2, 6.0, 0.5),
    "five draws": _few_shot(0.2, 2.0, 0.7, 5),
    "nearly all right": _few_shot(0.2, 2.0, 0.995, rare=0.016),
}


def _predicted(
    labels: int, right: float, of_draws: float = 0.05, skew: float = 0.0, draws: int = 10
) -> Population:
    """A text that one draw gets right, most do; a wrong label is any of the others."""
    weights = np.exp(-skew * np.arange(labels))
    weights /= weights.sum()

    def draw(rng: Generator, n: int) -> Samples:
        truth = rng.choice(labels, n, p=weights)
        easy = rng.random(n)[:, None] + 0.3 * (rng.random((n, draws)) - 0.5)
        limit = right + of_draws * rng.standard_normal(draws)
        other = (truth[:, None] + rng.integers(1, labels, (n, draws))) % labels
        return {"label": truth, "predicted": np.where(easy < limit, truth[:, None], other)}

    return Population(draw, lambda n: n * float(weights.min()))


LABELS: Mapping[str, Population] = {
    "two labels": _predicted(2, 0.75),
    "five labels": _predicted(5, 0.7),
    "twenty labels": _predicted(20, 0.6),
    "labels of unequal size": _predicted(6, 0.7, skew=0.4),
    "draws differ most": _predicted(4, 0.5, 0.12),
    "one draw": _predicted(5, 0.7, 0.0, draws=1),
}


def _sets(
    shares: tuple[float, ...], missed: float, false: float, of_draws: float, draws: int = 5
) -> Population:
    """Sets of labels; ``missed`` of the true and ``false`` of the others are told wrongly."""
    chance, labels = np.array(shares, np.float32), len(shares)

    def draw(rng: Generator, n: int) -> Samples:
        truth = rng.random((n, labels), np.float32) < chance
        hard = rng.random((n, 1), np.float32)  # of a text, in every draw
        by_draw = np.empty((n, draws))
        for each in range(draws):
            worse = float(np.exp(of_draws * rng.standard_normal()))
            limit = 2 * worse * hard * np.where(truth, missed, false).astype(np.float32)
            said = truth ^ (rng.random((n, labels), np.float32) < limit)
            marked = np.maximum(truth.sum(axis=0) + said.sum(axis=0), 1)
            f1 = float(np.mean(2 * (truth & said).sum(axis=0) / marked))
            by_draw[:, each] = f1 + set_f1_influence(truth, said)
        return {"f1": by_draw.mean(axis=1), "by_draw": by_draw}

    return Population(draw, lambda n: n * min(shares))


SETS: Mapping[str, Population] = {
    "four labels, half of all": _sets((0.5,) * 4, 0.3, 0.2, 0.1),
    "eight labels": _sets((0.25,) * 8, 0.4, 0.05, 0.1),
    "labels of unequal size": _sets((0.5, 0.4, 0.3, 0.2, 0.15, 0.1), 0.4, 0.05, 0.1),
    "labels told too often": _sets((0.2,) * 6, 0.2, 0.3, 0.1),
    "draws differ most": _sets((0.3,) * 5, 0.4, 0.1, 0.25),
    "ten draws": _sets((0.3,) * 5, 0.4, 0.1, 0.1, 10),
}


def _clusters(
    labels: int, found: int, right: float, of_draws: float = 0.0, skew: float = 0.0, draws: int = 3
) -> Population:
    weights = np.exp(-skew * np.arange(labels))
    weights /= weights.sum()

    def draw(rng: Generator, n: int) -> Samples:
        truth = rng.choice(labels, n, p=weights)
        easy = rng.random(n)[:, None]  # a text that one draw puts right, most put right
        limit = np.clip(right + of_draws * rng.standard_normal(draws), 0.0, 1.0)
        noise = 0.2 * (rng.random((n, draws)) - 0.5)
        other = rng.integers(0, found, (n, draws))
        cluster = np.where(easy + noise < limit, truth[:, None] % found, other)
        return {"label_0": truth, "cluster_0": cluster, "times_0": np.ones_like(cluster)}

    return Population(draw)


PARTITIONS: Mapping[str, Population] = {
    "five labels": _clusters(5, 5, 0.7),
    "two labels": _clusters(2, 2, 0.6),
    "many labels": _clusters(12, 12, 0.6),
    "six draws that differ": _clusters(5, 5, 0.6, 0.1, 0.0, 6),
    "labels of unequal size": _clusters(6, 6, 0.7, 0.0, 0.6),
    "fewer clusters": _clusters(8, 4, 0.8),
}


def _learned(
    draw: Callable[[Generator, int], tuple[NDArray[Any], NDArray[Any]]],
    draws: int = 1,
    of_draws: float = 0.2,
) -> Population:
    """Values and what estimators say of them, each off by an error of its own."""

    def drawn(rng: Generator, n: int) -> Samples:
        truth, guess = draw(rng, n)
        width = guess.std() * of_draws * (1 + rng.random(draws))
        off = rng.standard_normal((n, draws)) * width if draws > 1 else 0.0
        return {"truth": truth, "predicted": guess[:, None] + off}

    return Population(drawn)


def _told(rho: float) -> Callable[[Generator, int], tuple[NDArray[Any], NDArray[Any]]]:
    """Normal values, and the best that can be said of them: R2 is rho squared."""

    def draw(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
        one, other = _normal(rho)(rng, n)
        return other, rho * one

    return draw


def _told_unequal(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    one, other = _unequal(rng, n)
    return other, one


def _told_grades(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    grade, other = _grades(rng, n)
    return grade, 2.5 + 1.1 * other


def _told_heavy(rng: Generator, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    one, other = _heavy(rng, n, 8)
    return other, 0.6 * one


# Not held to the gate: the one difference of two draws tells too little of how draws differ.
TWO_DRAWS = "two draws"
VALUES: Mapping[str, Population] = {
    "normal, 0.3": _learned(_told(0.3)),
    "normal, 0.9": _learned(_told(0.9)),
    "unequal variance": _learned(_told_unequal),
    "six grades": _learned(_told_grades),
    "tails of a t of 8": _learned(_told_heavy),
    "three draws": _learned(_told(0.7), 3),
    TWO_DRAWS: _learned(_told(0.7), 2),
}

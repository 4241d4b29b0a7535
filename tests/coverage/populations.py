"""Populations that intervals are tried on: samples of n examples, and how the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Generator = np.random.Generator
Arrays = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Population:
    """``draw`` gives a sample of n; ``failures`` how many failures or successes n should have."""

    draw: Callable[[Generator, int], Arrays]
    failures: Callable[[int], float] = lambda n: float("inf")


def _share(p: float) -> Population:
    return Population(
        lambda rng, n: ((rng.random(n) < p).astype(float),), lambda n: n * min(p, 1 - p)
    )


def _gains(rng: Generator, n: int) -> Arrays:
    """As nDCG of one relevant document: 1 / log2(rank + 1) within ten ranks, else 0."""
    rank = rng.geometric(0.25, n)
    return (np.where(rank <= 10, 1 / np.log2(rank + 1.0), 0.0),)


def _clustered(rng: Generator, n: int) -> Arrays:
    """n paragraphs with 1 to 6 questions each, alike within a paragraph."""
    sizes = 1 + rng.binomial(5, 0.3, n)
    cluster = np.repeat(np.arange(n), sizes)
    hard = np.repeat(rng.beta(1, 1, n), sizes)
    return (rng.random(len(cluster)) < hard).astype(float), cluster


MEANS: Mapping[str, Population] = {
    "half right": _share(0.5),
    "3 % right": _share(0.03),
    "98 % right": _share(0.98),
    "gains by rank": Population(_gains),
    "mostly 0 or 1 (beta)": Population(lambda rng, n: (rng.beta(0.3, 0.3, n),)),
    "nine in ten 0": Population(
        lambda rng, n: (np.where(rng.random(n) < 0.1, rng.random(n), 0.0),), lambda n: 0.03 * n
    ),
    "questions on paragraphs": Population(_clustered),
}


def _normal(rho: float) -> Callable[[Generator, int], Arrays]:
    def draw(rng: Generator, n: int) -> Arrays:
        one = rng.standard_normal(n)
        return one, rho * one + np.sqrt(1 - rho**2) * rng.standard_normal(n)

    return draw


def _outliers(rng: Generator, n: int) -> Arrays:
    one, other = _normal(0.8)(rng, n)
    return one, np.where(rng.random(n) < 0.1, 10 * rng.standard_normal(n), other)


def _heavy(rng: Generator, n: int) -> Arrays:
    width = np.sqrt(2 / rng.chisquare(2, n))  # a bivariate t with two degrees of freedom
    one, other = _normal(0.6)(rng, n)
    return one * width, other * width


def _unequal(rng: Generator, n: int) -> Arrays:
    one = rng.uniform(0, 1, n)
    return one, one + (0.05 + one**2) * rng.standard_normal(n)


def _grades(rng: Generator, n: int) -> Arrays:
    one, other = _normal(0.75)(rng, n)
    return np.clip(np.round(2.5 + 1.5 * one), 0, 5), other


def _pairs(rng: Generator, n: int) -> Arrays:
    """Three pairs for each of n documents, whose scores depend on both documents."""
    first = np.tile(np.arange(n), 3)
    second = (first + rng.integers(1, n, 3 * n)) % n
    topic, bias = rng.standard_normal((2, n))
    gold = topic[first] * topic[second] + 0.5 * rng.standard_normal(3 * n)
    guess = gold + bias[first] + bias[second] + rng.standard_normal(3 * n)
    return gold, guess, np.stack([first, second], axis=1)


CORRELATIONS: Mapping[str, Population] = {
    "normal, 0.3": Population(_normal(0.3)),
    "normal, 0.9": Population(_normal(0.9)),
    "a tenth outliers": Population(_outliers),
    "heavy tails": Population(_heavy),
    "unequal variance": Population(_unequal),
    "six grades": Population(_grades),
    "pairs of n documents": Population(_pairs),
}


def _classes(
    share: float, apart: float, wide: float = 1.0, digits: int | None = None
) -> Callable[[Generator, int], Arrays]:
    def draw(rng: Generator, n: int) -> Arrays:
        label = rng.random(n) < share
        label[0], label[1] = True, False  # the data's check asks for both
        score = np.where(label, apart + wide * rng.standard_normal(n), rng.standard_normal(n))
        return label, score if digits is None else score.round(digits)

    return draw


def _exponential(rng: Generator, n: int) -> Arrays:
    label = rng.random(n) < 0.5
    label[0], label[1] = True, False
    return label, rng.exponential(np.where(label, 3.0, 1.0))


def _lost(share: float, ap: float) -> Callable[[int], float]:
    return lambda n: n * share * (1 - ap)


PRECISIONS: Mapping[str, Population] = {
    "half positive": Population(_classes(0.5, 1.0), _lost(0.5, 0.77)),
    "a fifth positive": Population(_classes(0.2, 1.5), _lost(0.2, 0.66)),
    "wider positives": Population(_classes(0.4, 1.0, 2.0), _lost(0.4, 0.77)),
    "tied scores": Population(_classes(0.5, 1.0, 1.0, 0), _lost(0.5, 0.75)),
    "exponential": Population(_exponential, _lost(0.5, 0.76)),
    "nearly perfect": Population(_classes(0.5, 3.5), _lost(0.5, 0.994)),
    "all but perfect": Population(_classes(0.5, 5.0), _lost(0.5, 0.9997)),
}


def _few_shot(
    of_draws: float, of_texts: float, right: float, draws: int = 10
) -> Callable[[Generator, int], Arrays]:
    def draw(rng: Generator, n: int) -> Arrays:
        odds = np.log(right / (1 - right)) + of_texts * rng.standard_normal(n)[:, None]
        odds = odds + of_draws * rng.standard_normal(draws)
        return ((rng.random((n, draws)) < 1 / (1 + np.exp(-odds))).astype(float),)

    return draw


FEW_SHOTS: Mapping[str, Population] = {
    "draws alike": Population(_few_shot(0.0, 2.0, 0.7)),
    "draws differ": Population(_few_shot(0.2, 2.0, 0.7)),
    "draws differ most": Population(_few_shot(0.6, 1.0, 0.6)),
    "texts all alike": Population(_few_shot(0.3, 0.0, 0.8)),
    "hard texts": Population(_few_shot(0.2, 6.0, 0.5)),
    "five draws": Population(_few_shot(0.2, 2.0, 0.7, 5)),
    "nearly all right": Population(_few_shot(0.2, 2.0, 0.995), lambda n: 0.016 * n),
}


def _clusters(
    labels: int, found: int, right: float, of_draws: float = 0.0, skew: float = 0.0, draws: int = 3
) -> Callable[[Generator, int], Arrays]:
    def draw(rng: Generator, n: int) -> Arrays:
        weights = np.exp(-skew * np.arange(labels))
        truth = rng.choice(labels, n, p=weights / weights.sum())
        easy = rng.random(n)[:, None]  # a text that one draw puts right, most put right
        limit = np.clip(right + of_draws * rng.standard_normal(draws), 0.0, 1.0)
        noise = 0.2 * (rng.random((n, draws)) - 0.5)
        other = rng.integers(0, found, (n, draws))
        cluster = np.where(easy + noise < limit, truth[:, None] % found, other)
        return truth, cluster

    return draw


PARTITIONS: Mapping[str, Population] = {
    "five labels": Population(_clusters(5, 5, 0.7)),
    "two labels": Population(_clusters(2, 2, 0.6)),
    "many labels": Population(_clusters(12, 12, 0.6)),
    "ten draws that differ": Population(_clusters(5, 5, 0.6, 0.1, 0.0, 10)),
    "labels of unequal size": Population(_clusters(6, 6, 0.7, 0.0, 0.6)),
    "fewer clusters": Population(_clusters(8, 4, 0.8)),
}

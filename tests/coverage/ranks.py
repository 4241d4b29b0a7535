"""How often sets of ranks hold all true ranks at once, beside plain bootstrap intervals."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.stats.borda import points_by_task
from benchmark.stats.rank_sets import rank_sets

if TYPE_CHECKING:
    from numpy.random import Generator

REPEATS, MODELS, SIZES, SEED = 1000, 20, (8, 15, 41), 42
DRAWS = 199  # a set; boards take more, which makes them no surer, only steadier
GATE = 0.93
EQUAL = "all equal"
Array = Any
Drawn = tuple[Array, Array, Array]
"""True means (models,), scores (models, tasks), data set of each task."""


@dataclass(frozen=True)
class Population:
    """Boards of one kind: how one is drawn, and whether Borda points are tried too.

    Of skewed scores with equal means, the Borda points differ.
    """

    draw: Callable[[Generator, int], Drawn]
    borda: bool = True


def _made(
    means: Callable[[int], Array], noise: Callable[[Generator, int], Array]
) -> Callable[[Generator, int], Drawn]:
    def draw(rng: Generator, tasks: int) -> Drawn:
        true = means(tasks)
        ease = 2 * rng.standard_normal(tasks)  # what all models share on a task
        return true, true[:, None] + ease + noise(rng, tasks), np.arange(tasks)

    return draw


def _equal(tasks: int) -> Array:
    return np.zeros(MODELS)


def _groups(tasks: int) -> Array:
    return np.where(np.arange(MODELS) < MODELS // 2, 6 / np.sqrt(tasks), 0.0)


def _spread(tasks: int) -> Array:
    return np.linspace(3, 0, MODELS)


def _normal(rng: Generator, tasks: int) -> Array:
    return rng.standard_normal((MODELS, tasks))


def _heavy(rng: Generator, tasks: int) -> Array:
    return rng.standard_t(2, (MODELS, tasks))


def _skewed(rng: Generator, tasks: int) -> Array:
    return (rng.exponential(1, (MODELS, tasks)) - 1) * (-1.0) ** np.arange(MODELS)[:, None]


def _families(rng: Generator, tasks: int) -> Array:
    alike = np.random.default_rng(SEED).standard_normal((MODELS, 3))
    return 0.3 * _normal(rng, tasks) + alike @ rng.standard_normal((3, tasks))


def _unequal_models(rng: Generator, tasks: int) -> Array:
    return _normal(rng, tasks) * np.linspace(0.3, 3, MODELS)[:, None]


def _unequal_tasks(rng: Generator, tasks: int) -> Array:
    return _normal(rng, tasks) * np.exp(rng.standard_normal(tasks))


def _clustered(rng: Generator, tasks: int) -> Drawn:
    """Three tasks of five have a data set of their own, the others share one with some task."""
    count = max(6, 3 * tasks // 5)
    data_sets = np.concatenate([np.arange(count), rng.integers(0, count, tasks - count)])
    noise = 0.6 * _normal(rng, tasks) + 0.8 * _normal(rng, count)[:, data_sets]
    return np.zeros(MODELS), noise + 2 * rng.standard_normal(tasks), data_sets


POPULATIONS: Mapping[str, Population] = {
    EQUAL: Population(_made(_equal, _normal)),
    "two groups of ten": Population(_made(_groups, _normal)),
    "evenly spread": Population(_made(_spread, _normal)),
    "equal, heavy tails": Population(_made(_equal, _heavy)),
    "spread, heavy tails": Population(_made(_spread, _heavy)),
    "equal, half skewed left, half right": Population(_made(_equal, _skewed), borda=False),
    "equal, in families": Population(_made(_equal, _families), borda=False),
    "equal, of unequal variance": Population(_made(_equal, _unequal_models), borda=False),
    "equal, tasks of unequal variance": Population(_made(_equal, _unequal_tasks)),
    "equal, tasks that share data sets": Population(_clustered),
}


@dataclass(frozen=True)
class Cell:
    """Shares of boards on which all sets hold all true ranks, and the sets' mean widths."""

    population: str
    by: str
    tasks: int
    coverage: float
    width: float
    plain: float
    plain_width: float
    plain_first: float
    """The share of models whose plain interval holds 1 plus the number of better models."""


def cell(population: str, by: str, tasks: int, repeats: int) -> Cell:
    """Draw boards, rank, count."""
    rng = np.random.default_rng([SEED, zlib.crc32(f"{population}/{by}".encode()), tasks])
    found = np.empty((repeats, 5))
    for at in range(repeats):
        true, scores, data_sets = POPULATIONS[population].draw(rng, tasks)
        if by == "Borda":
            scores = np.array(points_by_task(scores.tolist()))
        low = 1 + (true > true[:, None]).sum(axis=1)
        high = MODELS - (true < true[:, None]).sum(axis=1)
        sets = rank_sets(scores, data_sets.tolist(), draws=DRAWS, seed=int(rng.integers(2**31)))
        ours = np.array([[each.low, each.high] for each in sets if each])
        plain = percentiles(scores, rng)
        found[at] = (
            ((ours[:, 0] <= low) & (high <= ours[:, 1])).all(),
            (ours[:, 1] - ours[:, 0] + 1).mean(),
            ((plain[0] <= low) & (high <= plain[1])).all(),
            (plain[1] - plain[0] + 1).mean(),
            ((plain[0] <= low) & (low <= plain[1])).mean(),
        )
    return Cell(population, by, tasks, *found.mean(axis=0).tolist())


def percentiles(scores: Array, rng: Generator) -> Array:
    """The percentiles of each model's rank when tasks are drawn again, whole ranks, (2, models)."""
    tasks = scores.shape[1]
    times = rng.multinomial(tasks, np.full(tasks, 1 / tasks), DRAWS)
    ranks = 1 + np.argsort(np.argsort(-(times @ scores.T), axis=1), axis=1)
    return np.percentile(ranks, [2.5, 97.5], axis=0, method="inverted_cdf")


def cells(repeats: int) -> list[Cell]:
    """Every cell, a process a core, the largest first."""
    asked = [
        (name, by, tasks, repeats)
        for tasks in reversed(SIZES)
        for name, population in POPULATIONS.items()
        for by in (("mean", "Borda") if population.borda else ("mean",))
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_cell, asked))


def _cell(asked: tuple[str, str, int, int]) -> Cell:
    return cell(*asked)


def section(repeats: int = REPEATS) -> tuple[str, bool]:
    """The section of the page, and whether all sets of ranks hold as often as they must."""
    found = cells(repeats)
    return "\n".join(_lines(found, repeats)), all(each.coverage >= GATE for each in found)


def _lines(found: list[Cell], repeats: int) -> Iterator[str]:
    equal = next(e for e in found if (e.population, e.by, e.tasks) == (EQUAL, "mean", SIZES[-1]))
    yield "## Sets of ranks\n"
    yield (
        f"Boards of {MODELS} models, {repeats:,} a cell, {DRAWS} draws a set, seed {SEED}: the "
        "share of boards on which every set holds every true rank of its model (of tied models, "
        f"all that they share), which must be {100 * GATE:.0f} %, and how many ranks a set has on "
        "average. Beside it the 2.5th to the 97.5th percentile of each model's rank when tasks are "
        "drawn again, which is often shown. Of the equal models, "
        f"{100 * equal.plain_first:.0f} % have such an interval that holds even their first true "
        f"rank, 1, on {equal.tasks} tasks.\n"
    )
    yield "| population | by | tasks | coverage | ranks | percentiles: coverage | ranks |"
    yield "| :--- | :--- | ---: | ---: | ---: | ---: | ---: |"
    for name in POPULATIONS:
        rows = [each for each in found if each.population == name]
        for each in sorted(rows, key=lambda e: (e.by != "mean", e.tasks)):
            yield (
                f"| {name} | {each.by} | {each.tasks} | {100 * each.coverage:.1f} % | "
                f"{each.width:.1f} | {100 * each.plain:.1f} % | {each.plain_width:.1f} |"
            )
    yield ""


if __name__ == "__main__":
    text, holds = section(int(sys.argv[1]) if len(sys.argv) > 1 else REPEATS)
    print(text)
    sys.exit(0 if holds else 1)

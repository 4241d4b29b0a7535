"""How often 95 % intervals hold the truth, and how wide they are; writes docs/coverage.md.

Samples of known populations are drawn again and again. The truth is the statistic of two million
examples; of V-measure, whose estimand is the expected score at its size, and of means over pairs,
the mean over all repeats. ``--repeats`` makes a quick try of it, which writes nothing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

from benchmark.metrics.correlation import spearman
from benchmark.metrics.pairs import average_precision
from benchmark.stats.components import crossed_error
from benchmark.stats.influence import average_precision_influence, spearman_influence
from benchmark.stats.intervals import (
    Interval,
    correlation_interval,
    mean_interval,
    precision_interval,
    share_interval,
)
from benchmark.stats.subsampling import v_measure_error, v_measures
from tests.coverage.populations import (
    CORRELATIONS,
    FEW_SHOTS,
    MEANS,
    PARTITIONS,
    PRECISIONS,
    Arrays,
    Population,
)

PAGE = Path(__file__).parents[2] / "docs/coverage.md"
REPEATS, SIZES, SEED = 5000, (50, 100, 500, 5000), 42
WHOLE = 2_000_000
LOW, HIGH, FEW = 0.925, 0.975, 0.92
Ends = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A statistic: its value, our interval, and another that is usual."""

    title: str
    populations: Mapping[str, Population]
    value: Callable[[Arrays], float]
    ours: Callable[[Arrays, float], Interval]
    usual: str
    other: Callable[[Arrays, float], Ends]


@dataclass(frozen=True)
class Cell:
    """What came of a population and size: coverage and mean width, ours and the other's."""

    kind: str
    population: str
    n: int
    few: bool
    coverage: float
    width: float
    usual: float
    usual_width: float

    @property
    def passes(self) -> bool | None:
        """Whether the gate is met; None below 100 examples, where there is none."""
        if self.n < 100:
            return None
        return self.coverage >= FEW if self.few else LOW <= self.coverage <= HIGH


def _t(values: Any) -> Ends:
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def _mean(data: Arrays, value: float) -> Interval:
    return mean_interval(data[0], data[1] if len(data) > 1 else None)


def _spearman(data: Arrays, value: float) -> Interval:
    influence = spearman_influence(data[0], data[1])
    clusters = data[2] if len(data) > 2 else None
    return correlation_interval(value, influence, clusters)


def _bonett_wright(data: Arrays, r: float) -> Ends:
    half = 1.959964 * np.sqrt((1 + r**2 / 2) / (len(data[0]) - 3))
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _precision(data: Arrays, value: float) -> Interval:
    influence = average_precision_influence(data[0], data[1])
    return precision_interval(value, influence, int(data[0].sum()))


def _logit_of_positives(data: Arrays, value: float) -> Ends:
    """Boyd, Eng and Page 2013: the binomial error of as many examples as there are positives."""
    ap = min(value, 1 - 1e-12)
    half = 1.959964 / np.sqrt(data[0].sum() * ap * (1 - ap))
    low, high = (1 / (1 + np.exp(-np.log(ap / (1 - ap)) - sign * half)) for sign in (-1, 1))
    return float(low), float(high)


def _few_shot(data: Arrays, value: float) -> Interval:
    error, freedom = crossed_error(data[0].T)
    return share_interval(value, error, freedom, len(data[0]), "")


def _v(data: Arrays) -> float:
    return float(v_measures(data[0], data[1], np.ones_like(data[1])).mean())


def _partition(data: Arrays, value: float) -> Interval:
    error, freedom = v_measure_error([data[0]], [data[1]], [np.ones_like(data[1])])
    return share_interval(value, error, freedom, len(data[0]), "")


def _draws_alone(data: Arrays, value: float) -> Ends:
    return _t(v_measures(data[0], data[1], np.ones_like(data[1])))


KINDS = (
    Kind("Means", MEANS, lambda d: float(d[0].mean()), _mean, "t", lambda d, _: _t(d[0])),
    Kind(
        "Spearman's correlation", CORRELATIONS, lambda d: spearman(d[0], d[1]), _spearman,
        "Bonett-Wright", _bonett_wright,
    ),
    Kind(
        "Average precision", PRECISIONS, lambda d: average_precision(*d), _precision,
        "logit, binomial", _logit_of_positives,
    ),
    Kind(
        "Few-shot accuracy", FEW_SHOTS, lambda d: float(d[0].mean()), _few_shot,
        "t over draws", lambda d, _: _t(d[0].mean(axis=0)),
    ),
    Kind("V-measure", PARTITIONS, _v, _partition, "t over draws", _draws_alone),
)  # fmt: skip


def cell(kind: Kind, name: str, n: int, repeats: int) -> Cell:
    """Draw, cover, count."""
    population = kind.populations[name]
    rng = np.random.default_rng([SEED, zlib.crc32(f"{kind.title}/{name}".encode()), n])
    found, ends, others = np.empty(repeats), np.empty((repeats, 2)), np.empty((repeats, 2))
    with np.errstate(all="ignore"):
        for at in range(repeats):
            data = population.draw(rng, n)
            found[at] = value = kind.value(data)
            interval = kind.ours(data, value)
            ends[at], others[at] = (interval.low, interval.high), kind.other(data, value)
    truth = found.mean()
    alone = kind.title in ("Spearman's correlation", "Average precision")
    if alone and name != "pairs of n documents":
        truth = truth_of(KINDS.index(kind), name)
    held = [
        float(np.mean((each[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= each[:, 1])))
        for each in (ends, others)
    ]
    widths = [float(np.nanmean(each[:, 1] - each[:, 0])) for each in (ends, others)]
    few = population.failures(n) < 10
    return Cell(kind.title, name, n, few, held[0], widths[0], held[1], widths[1])


@cache
def truth_of(number: int, name: str) -> float:
    """The statistic of so many examples that its own error does not matter."""
    kind, rng = KINDS[number], np.random.default_rng([SEED, 1])
    return kind.value(kind.populations[name].draw(rng, WHOLE))


def cells(repeats: int, only: str, largest: int) -> list[Cell]:
    """Every cell, a process a core, the largest first."""
    asked = [
        (number, name, n)
        for n in reversed(SIZES)
        for number, kind in enumerate(KINDS)
        for name in kind.populations
        if only.lower() in kind.title.lower() and n <= largest
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_cell, [(*each, repeats) for each in asked]))


def _cell(asked: tuple[int, str, int, int]) -> Cell:
    number, name, n, repeats = asked
    return cell(KINDS[number], name, n, repeats)


def page(found: list[Cell]) -> Iterator[str]:
    """The lines of the page."""
    yield "# How often the intervals hold the truth\n"
    yield (
        "Written by `nox -s coverage`: 95 % intervals of samples of known populations, "
        f"{REPEATS:,} a cell, seed {SEED}. `*` marks cells where fewer than ten failures or "
        "successes are expected: there 92 % is asked for at least, elsewhere 92.5 to 97.5 %, from "
        "100 examples on. Smaller samples are shown and not held to it. Widths are "
        "means, of scores from 0 to 1. [What each interval is](uncertainty.md), "
        "[the populations](../tests/coverage/populations.py).\n"
    )
    for kind in KINDS:
        yield f"## {kind.title}\n"
        yield f"| population | n | coverage | width | {kind.usual}: coverage | width |"
        yield "| :--- | ---: | ---: | ---: | ---: | ---: |"
        rows = [each for each in found if each.kind == kind.title]
        for name in kind.populations:
            for each in sorted((e for e in rows if e.population == name), key=lambda e: e.n):
                mark = "*" if each.few else ""
                yield (
                    f"| {name} | {each.n:,}{mark} | {100 * each.coverage:.1f} % | {each.width:.4f} "
                    f"| {100 * each.usual:.1f} % | {each.usual_width:.4f} |"
                )
        yield ""


def main() -> int:
    """Run, write the page when it is the whole, and say what misses its gate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="fewer write no page")
    parser.add_argument("--only", default="", help="kinds with this in their title; no page")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="sizes up to this; no page")
    args = parser.parse_args()
    start = time.perf_counter()
    found = cells(args.repeats, args.only, args.largest)
    text = "\n".join(page(found))
    if (args.repeats, args.only, args.largest) == (REPEATS, "", SIZES[-1]):
        PAGE.write_text(text, "utf-8")
    else:
        print(text)
    missed = [each for each in found if each.passes is False]
    for each in missed:
        print(f"missed: {each.kind}, {each.population}, n {each.n}: {100 * each.coverage:.1f} %")
    print(f"{len(found)} cells, {len(missed)} missed, {time.perf_counter() - start:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

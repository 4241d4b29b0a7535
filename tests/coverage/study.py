"""How often 95 % intervals hold the truth, and how wide they are; writes docs/coverage.md.

Samples of known populations are drawn again and again, as the records that kinds keep. The truth
of a correlation and of average precision is that of two million examples; of the rest, and of means
over pairs, it is the mean over all repeats: the expected score at its size. ``--repeats`` makes a
quick try of it, which writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
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

from benchmark.analysis.contributions import Contributions, Record, record_of
from benchmark.analysis.uncertainty import interval_of, interval_of_record
from benchmark.stats.intervals import Interval
from benchmark.stats.subsampling import Replicates
from tests.coverage import populations as of
from tests.coverage.populations import Population, Samples

PAGE = Path(__file__).parents[2] / "docs/coverage.md"
SECTIONS = {"comparisons": 5000, "ranks": 1000}
"""Modules beside this one whose ``section(repeats)`` gives Markdown, and whether gates are met.

With the repeats of a whole run: a board of ranks takes longer than an interval.
"""
REPEATS, SIZES, SEED = 5000, (50, 100, 500, 5000), 42
WHOLE = 2_000_000
LOW, HIGH, FEW = 0.925, 0.975, 0.92
SECONDS = 0.5
"""What an interval of the largest size may take."""
DRAWS = "t over draws"
Ends = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """A main score of a kind of task, its populations, and another interval that is usual.

    ``whole``: its truth is the score of a very large sample.
    """

    title: str
    kind: str
    score: str
    populations: Mapping[str, Population]
    usual: str
    other: Callable[[Samples, float, Record], Ends]
    whole: bool = False


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
        """Whether the gate is met; None below 100 examples and for two draws: there is none."""
        if self.n < 100 or self.population == of.TWO_DRAWS:
            return None
        return self.coverage >= FEW if self.few else LOW <= self.coverage <= HIGH


def _t(values: Any) -> Ends:
    half = student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean() - half, values.mean() + half


def _fisher(r: float, variance: float) -> Ends:
    half = 1.959964 * np.sqrt(variance)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _bonett_wright(samples: Samples, r: float, record: Record) -> Ends:
    return _fisher(r, (1 + r**2 / 2) / (len(samples["gold"]) - 3))


def _fieller(samples: Samples, tau: float, record: Record) -> Ends:
    return _fisher(tau, 0.437 / (len(samples["truth"]) - 4))


def _olkin_finn(samples: Samples, r2: float, record: Record) -> Ends:
    n = len(samples["truth"])
    variance = 4 * r2 * (1 - r2) ** 2 * (n - 2) ** 2 / ((n**2 - 1) * (n + 3))
    half = 1.959964 * np.sqrt(max(variance, 0.0))
    return r2 - half, r2 + half


def _logit_of_positives(samples: Samples, value: float, record: Record) -> Ends:
    """Boyd, Eng and Page 2013: the binomial error of as many examples as there are positives."""
    ap = min(value, 1 - 1e-12)
    half = 1.959964 / np.sqrt(samples["label"].sum() * ap * (1 - ap))
    low, high = (1 / (1 + np.exp(-np.log(ap / (1 - ap)) - sign * half)) for sign in (-1, 1))
    return float(low), float(high)


def _over_examples(samples: Samples, value: float, record: Record) -> Ends:
    assert isinstance(record, Contributions)
    return _t(record.values[:, 0])


def _over_draws(samples: Samples, value: float, record: Record) -> Ends:
    """Of the draws' scores; of one draw, of the examples' parts."""
    if isinstance(record, Replicates):
        return _t(record.whole[0])
    single = record.values.shape[1] == 1
    return _t(record.values[:, 0] if single else record.values.mean(axis=0))


KINDS = (
    Kind("Means", "retrieval", of.MEAN, of.MEANS, "t", _over_examples),
    Kind("Means over clusters", "retrieval", of.MEAN, of.CLUSTERED, "t of all", _over_examples),
    Kind("p-MRR", "instruction_reranking", "p-MRR", of.CHANGES, "t", _over_examples),
    Kind(
        "Spearman's correlation", "sts", "cosine_spearman", of.RANK_CORRELATIONS, "Bonett-Wright",
        _bonett_wright, whole=True,
    ),
    Kind(
        "Pearson's correlation", "sts", "cosine_pearson", of.CORRELATIONS, "Fisher's z",
        lambda s, r, _: _fisher(r, 1 / (len(s["gold"]) - 3)), whole=True,
    ),
    Kind(
        "Average precision", "pair_classification", "max_ap", of.PRECISIONS, "logit, binomial",
        _logit_of_positives, whole=True,
    ),
    Kind("Few-shot accuracy", "classification", "accuracy", of.FEW_SHOTS, DRAWS, _over_draws),
    Kind("Few-shot macro F1", "classification", "f1", of.LABELS, DRAWS, _over_draws),
    Kind("Macro F1 of sets", "multilabel_classification", "f1", of.SETS, DRAWS, _over_draws),
    Kind("V-measure", "clustering", "v_measure", of.PARTITIONS, DRAWS, _over_draws),
    Kind("Kendall's tau", "regression", "kendalltau", of.VALUES, "Fieller", _fieller),
    Kind("R2", "regression", "r2", of.VALUES, "Olkin and Finn", _olkin_finn),
)  # fmt: skip


def measured(kind: Kind, samples: Samples) -> tuple[float, Interval, Record]:
    """The score of a sample, its interval as a run has it, and what the score is made of."""
    record = record_of(kind.kind, kind.score, samples)
    assert record is not None
    if isinstance(record, Contributions):
        value = float(record.values.mean())
    else:
        value = float(np.mean([each.mean() for each in record.whole]))
    return value, interval_of_record(kind.kind, kind.score, value, record, samples), record


def cell(kind: Kind, name: str, n: int, repeats: int) -> Cell:
    """Draw, cover, count."""
    population = kind.populations[name]
    rng = np.random.default_rng([SEED, zlib.crc32(f"{kind.title}/{name}".encode()), n])
    found, ends, others = np.empty(repeats), np.empty((repeats, 2)), np.empty((repeats, 2))
    with np.errstate(all="ignore"):
        for at in range(repeats):
            samples = population.draw(rng, n)
            found[at], interval, record = measured(kind, samples)
            ends[at] = interval.low, interval.high
            others[at] = kind.other(samples, found[at], record)
    of_pairs = name == "pairs of n documents"
    truth = truth_of(kind.title, name) if kind.whole and not of_pairs else found.mean()
    held = [
        float(np.mean((each[:, 0] <= truth + 1e-9) & (truth - 1e-9 <= each[:, 1])))
        for each in (ends, others)
    ]
    widths = [float(np.nanmean(each[:, 1] - each[:, 0])) for each in (ends, others)]
    few = population.failures(n) < 10
    return Cell(kind.title, name, n, few, held[0], widths[0], held[1], widths[1])


@cache
def truth_of(title: str, name: str) -> float:
    """The score of so many examples that its own error does not matter."""
    kind = next(each for each in KINDS if each.title == title)
    return measured(kind, kind.populations[name].draw(np.random.default_rng([SEED, 1]), WHOLE))[0]


def cells(repeats: int, only: str, largest: int) -> list[Cell]:
    """Every cell, a process a core, the largest first."""
    asked = [
        (number, name, n, repeats)
        for n in reversed(SIZES)
        for number, kind in enumerate(KINDS)
        for name in kind.populations
        if only.lower() in kind.title.lower() and n <= largest
    ]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(_cell, asked))


def _cell(asked: tuple[int, str, int, int]) -> Cell:
    number, name, n, repeats = asked
    return cell(KINDS[number], name, n, repeats)


def seconds_of(kind: Kind) -> float:
    """What the interval of a score of the largest size takes, the slowest population."""
    slowest = 0.0
    for population in kind.populations.values():
        samples = population.draw(np.random.default_rng(SEED), SIZES[-1])
        value, *_ = measured(kind, samples)
        start = time.perf_counter()
        interval_of(kind.kind, kind.score, value, samples)
        slowest = max(slowest, time.perf_counter() - start)
    return slowest


def page(found: list[Cell], seconds: Mapping[str, float]) -> Iterator[str]:
    """The lines of the page."""
    yield "# How often the intervals hold the truth\n"
    yield (
        "Written by `nox -s coverage`: 95 % intervals of samples of known populations, "
        f"{REPEATS:,} a cell, seed {SEED}. `*` marks cells where fewer than ten failures or "
        "successes are expected: there 92 % is asked for at least, elsewhere 92.5 to 97.5 %, from "
        "100 examples on. Smaller samples are shown and not held to it, nor are two draws, whose "
        "one difference tells little of how draws differ. Widths are means, beside those of the "
        "interval that is usual. [What each interval is](uncertainty.md), [the populations]"
        "(../tests/coverage/populations.py).\n"
    )
    for kind in KINDS:
        rows = [each for each in found if each.kind == kind.title]
        if not rows:
            continue
        yield f"## {kind.title}\n"
        yield f"| population | n | coverage | width | {kind.usual}: coverage | width |"
        yield "| :--- | ---: | ---: | ---: | ---: | ---: |"
        for name in kind.populations:
            for each in sorted((e for e in rows if e.population == name), key=lambda e: e.n):
                mark = "*" if each.few else ""
                yield (
                    f"| {name} | {each.n:,}{mark} | {100 * each.coverage:.1f} % | {each.width:.4f} "
                    f"| {100 * each.usual:.1f} % | {each.usual_width:.4f} |"
                )
        yield ""
    yield "## What an interval takes\n"
    yield f"The interval of a score of {SIZES[-1]:,} examples, the slowest population, one core:\n"
    yield "| score | milliseconds |\n| :--- | ---: |"
    for title, slowest in seconds.items():
        yield f"| {title} | {1000 * slowest:.1f} |"
    yield ""


def main() -> int:
    """Run, write the page when it is the whole, and say what misses its gate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=REPEATS, help="fewer write no page")
    parser.add_argument("--only", default="", help="titles with this in it; no page")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="sizes up to this; no page")
    args = parser.parse_args()
    start = time.perf_counter()
    found = cells(args.repeats, args.only, args.largest)
    asked = [kind for kind in KINDS if args.only.lower() in kind.title.lower()]
    seconds = {kind.title: seconds_of(kind) for kind in asked}
    text = "\n".join(page(found, seconds))
    missed = [
        f"{each.kind}, {each.population}, n {each.n}: {100 * each.coverage:.1f} %"
        for each in found
        if each.passes is False
    ]
    missed += [f"{name}: {each:.2f} s" for name, each in seconds.items() if each > SECONDS]
    print(f"{len(found)} cells, {time.perf_counter() - start:.0f} s")
    for name, most in SECTIONS.items():
        if args.only.lower() not in name:
            continue
        module = importlib.import_module(f"tests.coverage.{name}")
        section, passed = module.section(min(args.repeats, most))
        text += f"\n{section.strip()}\n"
        missed += [] if passed else [f"a gate of tests/coverage/{name}.py"]
        print(f"{name}, {time.perf_counter() - start:.0f} s")
    if (args.repeats, args.only, args.largest) == (REPEATS, "", SIZES[-1]):
        PAGE.write_text(text, "utf-8")
    else:
        print(text)
    for each in missed:
        print(f"missed: {each}")
    print(f"{len(missed)} missed, {time.perf_counter() - start:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

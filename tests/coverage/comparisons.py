"""How often a comparison finds a difference that is not there, and one that is.

Pairs of models are drawn again and again that score the same in the population, and pairs that do
not; each pair is compared from the records of its examples, as ``embedmark compare`` does it.
"""

from __future__ import annotations

import math
import os
import sys
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.analysis.comparison import compare_records
from benchmark.analysis.contributions import error_of, record_of, score_of
from benchmark.stats.student import t_tails

Generator = np.random.Generator
Array = NDArray[np.float64]
Pair = tuple[dict[str, Any], dict[str, Any]]

LEVEL, FALSE_ALARMS, SEED = 0.05, 0.06, 42
FEWER = 4  # of the pairs that differ: the two tests are far apart
PARTS = 4  # of a case's repeats, each for a process


@dataclass(frozen=True)
class Case:
    """Two models on n examples: ``draw(rng, n, lead)``, equally good where ``lead`` is 0."""

    title: str
    population: str
    n: int
    lead: float
    draw: Callable[[Generator, int, float], Pair]


def _values(one: Array, other: Array, **shared: Any) -> Pair:
    return {"value": one, **shared}, {"value": other, **shared}


def _gains(rng: Generator, n: int, lead: float) -> Pair:
    """nDCG of one relevant document, whose rank depends on the query and on the model."""
    hard = rng.standard_normal(n)
    ranks = [np.exp(hard + 0.7 * rng.standard_normal(n) - shift) for shift in (lead, 0.0)]
    return _values(*(np.where(r <= 10, 1 / np.log2(np.ceil(r) + 1), 0.0) for r in ranks))


def _unlike(rng: Generator, n: int, lead: float) -> Pair:
    """Right or wrong against values between, of one mean: the difference is skew."""
    share = rng.beta(6, 14, n)
    return _values((rng.random(n) < share + lead).astype(float), share)


def _rare(rng: Generator, n: int, lead: float) -> Pair:
    """Nearly all right, and where not mostly by neither: few examples differ."""
    chance = rng.random(n)
    neither, first = chance < 0.06, (chance >= 0.06) & (chance < 0.08 - lead)
    second = (chance >= 0.08) & (chance < 0.1 + lead)
    return _values(1.0 - (neither | first), 1.0 - (neither | second))


def _paragraphs(rng: Generator, n: int, lead: float) -> Pair:
    """1 to 6 questions on each of n paragraphs, on which a model is good or bad."""
    sizes = 1 + rng.binomial(5, 0.3, n)
    cluster = np.repeat(np.arange(n), sizes)
    shift = np.repeat(0.3 * rng.standard_normal(n), sizes)
    hard = np.repeat(rng.standard_normal(n), sizes)
    count = len(cluster)
    return _values(
        (rng.standard_normal(count) < hard + shift + lead).astype(float),
        (rng.standard_normal(count) < hard - shift).astype(float),
        cluster=cluster,
    )


def _changes(rng: Generator, n: int, lead: float) -> Pair:
    """p-MRR: from -1 to 1, mostly 0."""
    moved = rng.random(n) < 0.4
    base = np.where(moved, rng.uniform(-0.6, 0.6, n), 0.0)
    one, other = (np.where(rng.random(n) < 0.3, rng.uniform(-0.4, 0.4, n), 0.0) for _ in range(2))
    return _values(base + one + lead, base + other)


def _similar(gold: Array, one: Array, other: Array, **shared: Any) -> Pair:
    return tuple({"gold": gold, "similarity": each, **shared} for each in (one, other))  # type: ignore[return-value]


def _correlated(noise: Callable[[Generator, int], Array], scale: float = 1.0) -> Any:
    def draw(rng: Generator, n: int, lead: float) -> Pair:
        gold, shared = rng.standard_normal((2, n))
        own = [noise(rng, n) for _ in range(2)]
        one = gold + (0.6 - lead) * (shared + own[0])
        # Another scale, as of another model: what is compared are ranks.
        other = np.exp(scale * (gold + 0.6 * (shared + own[1])))
        return _similar(gold, one, other)

    return draw


def _heavy(rng: Generator, n: int) -> Array:
    return np.asarray(rng.standard_t(2, n), np.float64)


def _normal(rng: Generator, n: int) -> Array:
    return np.asarray(rng.standard_normal(n), np.float64)


def _documents(rng: Generator, n: int, lead: float) -> Pair:
    """Three pairs of each of n documents, about which each model has an opinion of its own."""
    first = np.tile(np.arange(n), 3)
    second = (first + rng.integers(1, n, 3 * n)) % n
    topic = rng.standard_normal(n)
    gold = topic[first] * topic[second] + 0.5 * rng.standard_normal(3 * n)
    guesses = []
    for wide in (1.0 - lead, 1.0):
        bias = wide * rng.standard_normal(n)
        guesses.append(gold + bias[first] + bias[second] + wide * rng.standard_normal(3 * n))
    return _similar(gold, guesses[0], guesses[1], cluster=np.stack([first, second], axis=1))


def _duplicates(share: float, noise: Callable[[Generator, int], Array] = _normal) -> Any:
    def draw(rng: Generator, n: int, lead: float) -> Pair:
        label = (rng.random(n) < share).astype(int)
        label[:2] = 1, 0
        base = 1.2 * label + 0.7 * rng.standard_normal(n)
        one = base + lead * label + 0.7 * noise(rng, n)
        other = 20 * (base + 0.7 * noise(rng, n)) - 5
        return {"label": label, "similarity": one}, {"label": label, "similarity": other}

    return draw


def _few_shot(classes: int, draws: int, of_draws: float) -> Any:
    def draw(rng: Generator, n: int, lead: float) -> Pair:
        """Draws of training texts are the same for both, and good for both or for one."""
        label = rng.integers(0, classes, n)
        easy, common = 1 + 1.5 * rng.standard_normal((n, 1)), of_draws * rng.standard_normal(draws)
        found = []
        for shift in (lead, 0.0):
            alone = 0.8 * rng.standard_normal((n, 1)) + 0.5 * of_draws * rng.standard_normal(draws)
            odds = easy + common + alone + shift
            right = rng.random((n, draws)) < 1 / (1 + np.exp(-odds))
            wrong = (label[:, None] + rng.integers(1, classes, (n, draws))) % classes
            found.append({"label": label, "predicted": np.where(right, label[:, None], wrong)})
        return found[0], found[1]

    return draw


def _regression(rng: Generator, n: int, lead: float) -> Pair:
    truth = rng.standard_normal(n)
    easy, found = 0.5 * rng.standard_normal(n), []
    for wide in (0.6 - lead, 0.6):
        own = wide * rng.standard_normal(n)
        draws = [truth + easy + own + 0.3 * rng.standard_normal(n) for _ in range(5)]
        found.append({"truth": truth, "predicted": np.stack(draws, axis=1)})
    return found[0], found[1]


def _partitions(labels: int, draws: int, of_draws: float) -> Any:
    def draw(rng: Generator, n: int, lead: float) -> Pair:
        truth = rng.integers(0, labels, n)
        easy, times = rng.random((n, 1)), rng.multinomial(n, np.full(n, 1 / n), draws).T
        found = []
        for right in (0.7 + lead, 0.7):
            limit = right + of_draws * rng.standard_normal(draws)
            chance = 0.6 * easy + 0.4 * rng.random((n, draws))
            other = rng.integers(0, labels, (n, draws))
            cluster = np.where(chance < 0.2 + 0.6 * limit, truth[:, None], other)
            cluster = np.where(times > 0, cluster, -1)
            found.append({"label_0": truth, "cluster_0": cluster, "times_0": times})
        return found[0], found[1]

    return draw


_TITLES = {
    "mean": ("retrieval", "ndcg_at_10"),
    "mean of questions on paragraphs": ("retrieval", "ndcg_at_10"),
    "p-MRR": ("instruction_reranking", "p-MRR"),
    "Spearman": ("sts", "cosine_spearman"),
    "Spearman of pairs of documents": ("sts", "cosine_spearman"),
    "Pearson": ("sts", "cosine_pearson"),
    "average precision": ("pair_classification", "max_ap"),
    "few-shot accuracy": ("classification", "accuracy"),
    "macro F1": ("classification", "f1"),
    "Kendall's tau": ("regression", "kendalltau"),
    "V-measure": ("clustering", "v_measure"),
}
CASES = (
    Case("mean", "gains by rank", 100, 0.2, _gains),
    Case("mean", "unlike errors", 50, 0.15, _unlike),
    Case("mean", "few differ", 200, 0.018, _rare),
    Case("mean of questions on paragraphs", "alike", 60, 0.3, _paragraphs),
    Case("p-MRR", "mostly 0", 60, 0.1, _changes),
    Case("Spearman", "normal", 100, 0.12, _correlated(_normal)),
    Case("Spearman", "heavy tails", 100, 0.15, _correlated(_heavy)),
    Case("Spearman of pairs of documents", "three each", 60, 0.25, _documents),
    Case("Pearson", "normal", 100, 0.12, _correlated(_normal, 0.05)),
    Case("average precision", "half positive", 150, 0.3, _duplicates(0.5)),
    Case("average precision", "a tenth positive", 300, 0.4, _duplicates(0.1)),
    Case("few-shot accuracy", "draws alike", 150, 0.4, _few_shot(5, 10, 0.0)),
    Case("few-shot accuracy", "draws differ", 150, 0.4, _few_shot(5, 10, 0.3)),
    Case("macro F1", "draws differ", 150, 0.4, _few_shot(4, 5, 0.2)),
    Case("Kendall's tau", "normal", 100, 0.15, _regression),
    Case("V-measure", "draws alike", 150, 0.1, _partitions(4, 4, 0.0)),
    Case("V-measure", "draws differ", 150, 0.1, _partitions(4, 4, 0.05)),
)


@dataclass(frozen=True)
class Cell:
    """How often a case was said to differ: without a difference, and with one, also unpaired."""

    case: Case
    alarms: float
    power: float
    unpaired: float

    @property
    def passes(self) -> bool:
        """Few false alarms, and more found than by the unpaired test."""
        return self.alarms <= FALSE_ALARMS and self.power > self.unpaired


def section(repeats: int) -> tuple[str, bool]:
    """The section on comparisons in Markdown, and whether every case passes."""
    asked = [(n, part, repeats // PARTS) for n in range(len(CASES)) for part in range(PARTS)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        found = np.array(list(pool.map(_part, asked))).reshape(len(CASES), PARTS, 3).mean(axis=1)
    cells = [Cell(case, *map(float, row)) for case, row in zip(CASES, found, strict=True)]
    return "\n".join(_lines(cells, repeats)), all(cell.passes for cell in cells)


def _part(asked: tuple[int, int, int]) -> tuple[float, float, float]:
    number, part, repeats = asked
    case = CASES[number]
    name = zlib.crc32(f"{case.title}/{case.population}".encode())
    rng = np.random.default_rng([SEED, name, part])
    alarms = [_p(case, case.draw(rng, case.n, 0.0)) <= LEVEL for _ in range(repeats)]
    pairs = (case.draw(rng, case.n, case.lead) for _ in range(repeats // FEWER))
    found = [(_p(case, pair) <= LEVEL, _unpaired(case, pair) <= LEVEL) for pair in pairs]
    power, unpaired = np.mean(found, axis=0).tolist()
    return float(np.mean(alarms)), power, unpaired


def _p(case: Case, pair: Pair) -> float:
    found = compare_records(*_TITLES[case.title], *pair)
    return found.paired.p if found else math.nan


def _unpaired(case: Case, pair: Pair) -> float:
    """p of the difference as if the models had seen other examples: Welch's t of both errors."""
    records = [record_of(*_TITLES[case.title], samples) for samples in pair]
    assert records[0] is not None
    assert records[1] is not None
    scores = [score_of(record) for record in records if record]
    errors = [error_of(record) for record in records if record]
    total = errors[0][0] ** 2 + errors[1][0] ** 2
    if total <= 0:
        return 1.0
    freedom = total**2 / sum(error**4 / max(free, 1) for error, free, _ in errors)
    return t_tails((scores[0] - scores[1]) / math.sqrt(total), freedom)


def _lines(cells: list[Cell], repeats: int) -> Iterator[str]:
    yield "## Comparisons\n"
    yield (
        f"Two models on the same examples, {repeats:,} pairs a row that score the same in the "
        f"population and {repeats // FEWER:,} that do not: how often a difference is found at 5 %. "
        "Of the first at most 6 % are allowed; of the second the paired test must find more than "
        "one that takes the models' errors apart (Welch's t). "
        "[How each kind is tested](comparing.md), "
        "[the pairs](../tests/coverage/comparisons.py).\n"
    )
    yield "| kind | population | n | false alarms | power, paired | power, unpaired |"
    yield "| :--- | :--- | ---: | ---: | ---: | ---: |"
    for cell in cells:
        shares = " | ".join(
            f"{100 * share:.1f} %" for share in (cell.alarms, cell.power, cell.unpaired)
        )
        mark = "" if cell.passes else " **missed**"
        yield f"| {cell.case.title} | {cell.case.population} | {cell.case.n} | {shares}{mark} |"
    yield ""


if __name__ == "__main__":
    text, passes = section(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
    print(text)
    sys.exit(0 if passes else 1)

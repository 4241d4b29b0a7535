"""Sets of ranks: the places that each model may have, from all pairwise differences at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmark.stats.letters import compact_letters

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Blocks = Callable[[], Iterator[Array]]

ALPHA = 0.05
DRAWS = 1999
SEED = 42
FEWEST = 4
"""Data sets; of three, one draw in nine has one alone, and nothing could be told apart."""
_PRIOR = 8.0  # degrees of freedom of the variance that all pairs share
_CELLS = 2_000_000  # of a block: 16 MB
_KEPT = 4 * _CELLS  # blocks that are not made again for every step


@dataclass(frozen=True, slots=True)
class RankSet:
    """The ranks that a model may have, ``low`` to ``high``, and what it cannot be told from.

    ``with_leader`` says that no difference to the model ranked first is significant; models that
    share a letter of ``letters`` cannot be told apart.
    """

    low: int
    high: int
    with_leader: bool
    letters: str


def rank_sets(
    scores: Array,
    data_sets: Sequence[object],
    weights: Sequence[float] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = SEED,
) -> list[RankSet | None]:
    """The set of ranks of every model by its mean, of tasks like these.

    ``scores`` is ``(models, tasks)``, higher is better; ``data_sets`` names what each task is made
    of, and tasks of one are drawn together; ``weights`` are those of the mean. A set goes from 1 +
    the number of models that are significantly better to the number of models less those that are
    significantly worse; in 95 % of samples of tasks all sets hold all true ranks, also where models
    tie. A model with a NaN has no set and counts for none; with fewer than ``FEWEST`` data sets, or
    one model, there is no set at all. Equal arguments give equal sets, in whatever order models and
    tasks stand.

    All pairs are tested at once by the largest studentised difference, step by step (Romano and
    Wolf 2005), one-sided in both directions (Mogstad, Romano, Shaikh and Wilhelm 2024), with its
    distribution from data sets drawn with replacement. The variance of each difference is mixed
    with the median of all pairs, as of 8 more data sets (Smyth 2004), which is taken again in each
    draw: without it, the largest of so many statistics of few tasks is the one whose variance
    happens to be small. Residuals are widened by sqrt(sets / (sets - 1)).

    >>> far = np.array([[0.9, 0.8, 0.9, 0.8, 0.9, 0.7], [0.2, 0.1, 0.1, 0.2, 0.1, 0.1]])
    >>> rank_sets(far, range(6))[0]
    RankSet(low=1, high=1, with_leader=True, letters='a')
    """
    whole = ~np.any(np.isnan(scores), axis=1)
    count = len({str(name) for name in data_sets})
    if count < FEWEST or whole.sum() < 2:
        return [None] * len(scores)
    sums, sizes = _sums(scores[whole], data_sets, weights)
    first, second = np.triu_indices(len(sums), 1)
    differences = sums[first] - sums[second]
    apart = differences.sum(axis=1) / sizes.sum()
    residuals = (differences - apart[:, None] * sizes) * np.sqrt(count / (count - 1))
    seen = _statistics(np.ones((1, count)), differences.T, sizes)[0]

    def blocks() -> Iterator[Array]:
        rng = np.random.default_rng(seed)
        size = max(1, _CELLS // len(first))
        for start in range(0, draws, size):
            rows = min(size, draws - start)
            drawn = rng.integers(0, count, (rows, count)) + count * np.arange(rows)[:, None]
            times = np.bincount(drawn.ravel(), minlength=rows * count).reshape(rows, count)
            yield _statistics(times.astype(np.float64), residuals.T, sizes)

    apart = _step_down(seen, _kept(blocks, draws * len(first)))
    better = _better(seen, apart, len(sums))
    return _spread(_sets(sums.sum(axis=1), better), whole)


def rank_sets_by_errors(
    means: Array, errors: Array, *, draws: int = DRAWS, seed: int = SEED
) -> list[RankSet | None]:
    """The set of ranks of every model by its mean, of these tasks and other examples of them.

    ``means`` and their standard ``errors`` are ``(models,)``; a model without an error (NaN) has no
    set and counts for none. The errors of two models are taken as independent. Where models err on
    the same examples, as they do, the difference of two is surer than that, and the sets are too
    wide: they still hold all true ranks in at least 95 % of samples. The procedure is that of
    ``rank_sets``, with normal errors.

    >>> means, errors = np.array([0.7, 0.69, 0.2]), np.array([0.02, 0.02, 0.02])
    >>> [(each.low, each.high) for each in rank_sets_by_errors(means, errors) if each]
    [(1, 2), (1, 2), (3, 3)]
    """
    whole = np.isfinite(means) & np.isfinite(errors)
    values, own = means[whole], errors[whole]
    if len(values) < 2:
        return [None] * len(means)
    first, second = np.triu_indices(len(values), 1)
    error = np.hypot(own[first], own[second])
    seen = _divided(values[first] - values[second], error)

    def blocks() -> Iterator[Array]:
        rng = np.random.default_rng(seed)
        size = max(1, _CELLS // len(first))
        for start in range(0, draws, size):
            noise = rng.standard_normal((min(size, draws - start), len(values))) * own
            yield _divided(noise[:, first] - noise[:, second], error)

    apart = _step_down(seen, _kept(blocks, draws * len(first)))
    better = _better(seen, apart, len(values))
    return _spread(_sets(values, better), whole)


def _sums(
    scores: Array, data_sets: Sequence[object], weights: Sequence[float] | None
) -> tuple[Array, Array]:
    """Weighted sums of scores by model and data set, and of weights by data set."""
    shares = np.ones(scores.shape[1]) if weights is None else np.array(weights, np.float64)
    names = sorted({str(name) for name in data_sets})  # the order of tasks must not matter
    place = np.array([names.index(str(name)) for name in data_sets], np.int64)
    member = (place[:, None] == np.arange(len(names))).astype(np.float64) * shares[:, None]
    # What all models share on a task is in no difference; without it less is lost to rounding.
    return (scores - scores.mean(axis=0)) @ member, member.sum(axis=0)


def _statistics(times: Array, values: Array, sizes: Array) -> Array:
    """The studentised mean of each pair ``(draws, pairs)``, data sets taken so many ``times``.

    ``values`` are differences ``(sets, pairs)`` in sum; the mean is a ratio, its error linearised.
    """
    count, total = len(sizes), (times @ sizes)[:, None]
    sums = times @ values
    mean = sums / total
    squares = times @ values**2
    squares -= mean * (2 * (times @ (sizes[:, None] * values)) - mean * (times @ sizes**2)[:, None])
    np.maximum(squares, 0.0, out=squares)
    shared = np.median(squares, axis=1, keepdims=True) / (count - 1)
    squares += _PRIOR * shared
    return _divided(sums, np.sqrt(squares * (count / (_PRIOR + count - 1))))


def _divided(difference: Array, error: Array) -> Array:
    """Their ratio; a difference without an error is infinite, none is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Array = difference / error
    ratio[difference == 0] = 0.0
    return ratio


def _step_down(seen: Array, blocks: Blocks) -> Flags:
    """Which pairs differ significantly, by the largest of the statistics that are left.

    ``seen`` are the pairs' statistics, ``blocks`` those of draws in which no pair differs. Of a
    pair that is told apart the other direction is left, since that it is not better stays to be
    tested: so does the procedure err on the sign no oftener than on the rest.
    """
    apart = np.zeros(len(seen), np.bool_)
    while True:
        largest = np.sort(np.concatenate([_largest(b, apart, seen) for b in blocks()]))[::-1]
        limit = largest[int(ALPHA * (len(largest) + 1)) - 1]
        found = ~apart & (np.abs(seen) > limit * (1 + 1e-9))  # equal but for rounding is not above
        if not found.any():
            return apart
        apart |= found


def _kept(blocks: Blocks, cells: int) -> Blocks:
    """The blocks made once, where they are small."""
    if cells > _KEPT:
        return blocks
    made = list(blocks())
    return lambda: iter(made)


def _largest(block: Array, apart: Flags, seen: Array) -> Array:
    one = np.abs(block[:, ~apart]).max(axis=1, initial=0.0)
    other = (-np.sign(seen[apart]) * block[:, apart]).max(axis=1, initial=0.0)
    largest: Array = np.maximum(one, other)
    return largest


def _better(seen: Array, apart: Flags, models: int) -> Flags:
    """``(models, models)``: whether the row's model is significantly better than the column's."""
    first, second = np.triu_indices(models, 1)
    better = np.zeros((models, models), np.bool_)
    better[first, second] = apart & (seen > 0)
    better[second, first] = apart & (seen < 0)
    return better


def _sets(means: Array, better: Flags) -> list[RankSet]:
    order = np.argsort(-means, kind="stable")
    different = better | better.T
    letters = dict(zip(order.tolist(), compact_letters(different[order][:, order]), strict=True))
    leaders = means >= means.max() - 1e-12
    return [
        RankSet(
            low=1 + int(better[:, model].sum()),
            high=len(means) - int(better[model].sum()),
            with_leader=bool((leaders & ~better[:, model]).any()),
            letters=letters[model],
        )
        for model in range(len(means))
    ]


def _spread(found: list[RankSet], whole: Flags) -> list[RankSet | None]:
    each = iter(found)
    return [next(each) if known else None for known in whole]

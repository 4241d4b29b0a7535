"""Choose the examples that a smaller task keeps within a cost; ``corpus`` does so for retrieval."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.data.keep import Kept, cut_tables, ids_of
from benchmark.downsample.strata import Frame, frame_of, systematic
from benchmark.downsample.training import pools
from benchmark.encode.groups import characters
from benchmark.errors import UsageError
from benchmark.protocols import Kind
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

FEWEST, FEWEST_GROUPS = 50, 10
"""Examples that a smaller task has at least, or all if there are fewer; the second where an example
is a group of rows."""
TRAINING_SHARE = 0.5
"""Of what a part may cost, what training rows may take beyond those that one draw needs."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One split and subset of the task to make smaller, with what reading it costs."""

    task: Task
    kind: Kind
    split: str
    subset: str
    tables: Mapping[str, pa.Table]
    cost: int

    @property
    def label(self) -> str:
        """How messages name it."""
        return f"{self.task.name} ({self.split}/{self.subset})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How small a task is to be: ``share`` of its characters, or ``keep`` examples a part.

    Both may be given: then so many examples, at this cost at most.
    """

    share: float | None = None
    keep: int | None = None
    seed: int = 42


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a part keeps, what it costs, and which examples ``rows`` (of ``whole``) it is scored on.

    ``depth`` is how many documents a ranking were pooled, 0 where there is no corpus to choose.
    ``one_draw`` says that its training rows are those of a single draw, whatever the order.
    """

    kept: Mapping[str, Kept]
    cost: int
    rows: Rows
    whole: int
    depth: int = 0
    one_draw: bool = False


def cost_of(tables: Mapping[str, pa.Table], task: Task, kind: Kind) -> int:
    """The characters that a model reads of a part."""
    draws = random.Random(int({**kind.OPTIONS, **task.options}.get("seed", 42)))
    return characters(kind.plan(kind.read(tables, task, draws), task))


def generators(whole: Whole, wanted: Wanted) -> tuple[np.random.Generator, np.random.Generator]:
    """One for the order of examples and one for what is drawn.

    Subsets of a split have the same, so that texts in several languages stay parallel.
    """
    name = zlib.crc32(whole.split.encode())
    return np.random.default_rng([wanted.seed, name, 0]), np.random.default_rng(
        [wanted.seed, name, 1]
    )


def fewest(frame: Frame, wanted: Wanted) -> int:
    """How many examples are asked for, at least."""
    least = wanted.keep or (FEWEST_GROUPS if frame.groups else FEWEST)
    return min(least, len(frame.ids))


def choose_examples(whole: Whole, small: Task, wanted: Wanted) -> Chosen:
    """The examples of a part whose tables follow its rows or its queries, and a training pool.

    Of the pools, from the one that a single draw needs upwards, the largest that takes at most half
    of the cost is kept. ``small`` has the options of the smaller task. Raises UsageError, with the
    smallest cost that can, when the cost cannot hold the examples asked for.
    """
    ordering, _ = generators(whole, wanted)
    frame = frame_of(whole.tables, ordering)
    budget = float("inf") if wanted.share is None else wanted.share * whole.cost
    least, size = fewest(frame, wanted), len(frame.ids)
    most = least if wanted.keep else size

    def kept_with(pool: Kept | None, count: int) -> tuple[dict[str, Kept], Rows]:
        rows = systematic(frame.order, count, generators(whole, wanted)[1])
        found = {frame.table: _kept(frame, rows)}
        return ({**found, "train": pool} if pool else found), rows

    def cost(pool: Kept | None, count: int) -> int:
        kept, _ = kept_with(pool, count)
        return cost_of(cut_tables(whole.tables, kept, small.name), small, whole.kind)

    chosen, one_draw = _pool(whole, wanted, budget, lambda pool: cost(pool, 1))
    smallest = cost(chosen, least)
    if smallest > budget:
        raise too_little(whole, least, smallest, wanted)
    count = largest(lambda n: cost(chosen, n) <= budget, least, most)
    kept, rows = kept_with(chosen, count)
    return Chosen(kept, cost(chosen, count), rows, size, one_draw=one_draw)


def largest(fits: Callable[[int], bool], least: int, most: int) -> int:
    """The largest number from ``least`` to ``most`` that fits, by halving; ``least`` does."""
    while least < most:
        middle = (least + most + 1) // 2
        if fits(middle):
            least = middle
        else:
            most = middle - 1
    return least


def too_little(whole: Whole, least: int, smallest: float, wanted: Wanted) -> UsageError:
    """The refusal of a cost, with the smallest that holds what is asked for."""
    share = smallest / whole.cost
    asked = wanted.share or 0.0
    return UsageError(
        f"{whole.label}: {asked:.3%} of the cost cannot hold the {least} examples asked for and "
        f"what they need; the smallest cost that can is {-(-share * 1000 // 1) / 10:.1f}% "
        f"({smallest:,.0f} characters)"
    )


def _pool(
    whole: Whole, wanted: Wanted, budget: float, cost: Callable[[Kept], int]
) -> tuple[Kept | None, bool]:
    """The training rows that are kept, None where there are none; and if they are one draw's."""
    _, drawing = generators(whole, wanted)
    chosen: Kept | None = None
    taken = 0
    for rows in pools(whole.task, whole.kind, whole.tables, drawing):
        train = whole.tables["train"]
        import pyarrow as pa

        pool = Kept(ids_of(train, "train").take(pa.array(rows)), np.full(len(rows), -1))
        if chosen is not None and cost(pool) > TRAINING_SHARE * budget:
            break
        chosen = pool
        taken += 1
    return chosen, taken == 1 and "samples_per_label" in whole.kind.OPTIONS


def _kept(frame: Frame, rows: Rows) -> Kept:
    import pyarrow as pa

    return Kept(frame.ids.take(pa.array(rows)), frame.order[rows])


def options_of_small(kind: Kind, chosen: Iterable[Chosen] = ()) -> dict[str, Any]:
    """The options that a smaller task sets anew.

    All of the texts that it keeps are clustered, and where its training rows are those of one draw
    an estimator is fitted once: every experiment would be the same.
    """
    if "max_document_to_embed" in kind.OPTIONS:
        return {"max_document_to_embed": "all"}
    single = [each.one_draw for each in chosen]
    return {"n_experiments": 1} if single and all(single) else {}

"""Choose the queries and the documents that a smaller retrieval keeps, within a cost."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.data.keep import Kept, ids_of
from benchmark.downsample.examples import (
    Chosen,
    Wanted,
    Whole,
    fewest,
    generators,
    largest,
    too_little,
)
from benchmark.downsample.pooling import Corpus, copies, needed, pooled
from benchmark.downsample.strata import Frame, frame_of, systematic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

DEPTH = 250
"""How many documents a query and model are pooled where only a number of queries is asked for:
docs/downsampling-samples.md measures what less costs."""
RELEVANT_SHARE = 0.25
"""Of a cost, what more queries than the fewest and their relevant documents may take: the rest is
for documents that make finding these hard."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """A retrieval as the choice sees it.

    ``units`` ``(q,)`` is the example that each judged query belongs to, ``asked`` ``(q,)`` the
    characters of the query. Examples of one place in the frame's order are drawn together.
    """

    whole: Whole
    frame: Frame
    corpus: Corpus
    units: Rows
    asked: Rows


def retrieval_of(whole: Whole, wanted: Wanted) -> Retrieval:
    """Read a part's judgements and lengths.

    Queries with the same relevant documents are drawn together, as no further document has to be
    read for them, where that is two or more in the mean and the cost holds the fewest such groups.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    ordering, _ = generators(whole, wanted)
    frame = frame_of(whole.tables, ordering)
    data: Any = whole.kind.read(whole.tables, whole.task, random.Random(0))
    judged = data.judgements
    use = judged.document >= 0
    corpus = Corpus(
        judged.query[use],
        judged.document[use],
        np.asarray(pc.utf8_length(data.corpus).to_numpy(), np.int64),
        copies(data.corpus),
    )
    ids = ids_of(whole.tables["queries"], "queries").take(pa.array(data.kept_queries))
    units = pc.index_in(ids, value_set=frame.ids).to_numpy().astype(np.int64)
    asked = np.asarray(pc.utf8_length(data.queries).to_numpy(), np.int64)
    alone = Retrieval(whole, frame, corpus, units, asked)
    together = replace(alone, frame=replace(frame, order=_places(alone)))
    groups, least = len(np.unique(together.frame.order)), fewest(frame, wanted)
    many = least <= groups <= len(frame.ids) / 2
    if wanted.keep or wanted.share is None or not many:
        return alone
    holds = _cost(together, _rows(together, wanted, least)) <= wanted.share * whole.cost
    return together if holds else alone


def choose_queries(found: Retrieval, wanted: Wanted) -> Rows:
    """The examples that are kept: the fewest asked for, more while RELEVANT_SHARE holds them.

    Raises UsageError, with the smallest cost that can, when the cost cannot hold the fewest with
    their relevant documents and the copies of these.
    """
    least, size = fewest(found.frame, wanted), len(np.unique(found.frame.order))
    budget = float("inf") if wanted.share is None else wanted.share * found.whole.cost
    smallest = _cost(found, _rows(found, wanted, least))
    if smallest > budget:
        raise too_little(found.whole, least, smallest, wanted)
    if wanted.keep:
        return _rows(found, wanted, least)

    def fits(count: int) -> bool:
        return _cost(found, _rows(found, wanted, count)) <= RELEVANT_SHARE * budget

    return _rows(found, wanted, largest(fits, least, size))


def choose_corpus(
    found: Retrieval,
    rows: Rows,
    rankings: Sequence[NDArray[np.int32]],
    wanted: Wanted,
    depth: int | None = None,
) -> Chosen:
    """What is kept with the examples ``rows``: their relevant documents, hard negatives, a fill.

    ``rankings`` ``(q, k)`` hold each model's best documents of all judged queries. ``depth`` is
    DEPTH without a cost, else as deep as the cost allows.
    """
    import pyarrow as pa

    whole, frame, corpus = found.whole, found.frame, found.corpus
    queries = np.flatnonzero(np.isin(found.units, rows))
    asked = float(found.asked[queries].sum())
    budget = float("inf") if wanted.share is None else wanted.share * whole.cost - asked
    longest = max((each.shape[1] for each in rankings), default=0)
    deep = depth or (DEPTH if wanted.share is None else longest)
    flags, reached = pooled(
        needed(corpus, queries),
        [each[queries] for each in rankings],
        corpus.lengths,
        budget=budget,
        depth=deep,
        generator=generators(whole, wanted)[1],
    )
    documents = np.flatnonzero(flags)
    ids = ids_of(whole.tables["corpus"], "corpus").take(pa.array(documents))
    kept = {
        "queries": Kept(frame.ids.take(pa.array(rows)), frame.order[rows]),
        "corpus": Kept(ids, np.full(len(documents), -1)),
    }
    cost = int(asked + corpus.lengths[documents].sum())
    return Chosen(kept, cost, rows, len(frame.ids), reached)


def _rows(found: Retrieval, wanted: Wanted, count: int) -> Rows:
    places, place = np.unique(found.frame.order, return_inverse=True)
    drawn = systematic(np.arange(len(places)), count, generators(found.whole, wanted)[1])
    return np.flatnonzero(np.isin(place, drawn))


def _places(found: Retrieval) -> Rows:
    """The place of each example, the first one's for all with the same relevant documents."""
    relevant: list[set[int]] = [set() for _ in found.frame.order]
    units = found.units[found.corpus.query]
    for unit, document in zip(units.tolist(), found.corpus.document.tolist(), strict=True):
        relevant[unit].add(document)
    first: dict[frozenset[int], int] = {}
    order = found.frame.order.copy()
    for unit in np.argsort(order).tolist():
        if relevant[unit]:
            order[unit] = first.setdefault(frozenset(relevant[unit]), order[unit])
    return order


def _cost(found: Retrieval, rows: Rows) -> float:
    queries = np.flatnonzero(np.isin(found.units, rows))
    documents = needed(found.corpus, queries)
    return float(found.asked[queries].sum() + found.corpus.lengths[documents].sum())

"""The training rows of a smaller task: as many of each label as the protocol's draws take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmark.downsample.strata import order_by, systematic
from benchmark.kinds.common import column, label_codes
from benchmark.kinds.sampling import undersample, undersample_lists
from benchmark.protocols import Kind
from benchmark.task import Task

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]


def pools(
    task: Task, kind: Kind, tables: Mapping[str, pa.Table], generator: np.random.Generator
) -> Iterator[Rows]:
    """Sets of training rows, ascending, from the smallest that the protocol can draw from.

    A draw takes ``samples_per_label`` rows of each label: the first pool has so many of each (the
    draws then are one, in other orders), the next twice as many, and so on to all; each holds those
    before it. A regression trains on ``n_samples`` rows, fewer make it another model: its one pool
    has so many. Nothing for a task that trains on nothing, or on its own examples.
    """
    if "train" not in tables:
        return
    train, options = tables["train"], {**kind.OPTIONS, **task.options}
    if "samples_per_label" not in options:
        count = min(train.num_rows, int(options["n_samples"]))
        yield systematic(order_by(train, "value", generator), count, generator)
        return
    seed, samples = int(generator.integers(2**31)), int(options["samples_per_label"])
    before = 0
    while before < train.num_rows:
        rows = np.sort(_drawn(train, samples, seed))
        if len(rows) == before:
            return
        yield rows
        before, samples = len(rows), 2 * samples


def _drawn(train: pa.Table, samples: int, seed: int) -> Rows:
    import pyarrow as pa

    labels = column(train, "label")
    if not (pa.types.is_list(labels.type) or pa.types.is_large_list(labels.type)):
        (codes,), _ = label_codes(labels)
        return undersample(codes, np.arange(len(codes)), samples=samples, seed=seed)
    lists = [[str(label) for label in labels_ or []] for labels_ in labels.to_pylist()]
    known = {name: code for code, name in enumerate(sorted({n for each in lists for n in each}))}
    return undersample_lists(
        [[known[name] for name in each] for each in lists],
        samples=samples,
        generator=np.random.default_rng(seed),
    )

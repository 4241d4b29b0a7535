"""Two models on the same examples: the difference of their scores, and on how many each is better.

``docs/comparing.md`` says how each kind is tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.analysis.contributions import (
    Contributions,
    Record,
    Samples,
    error_of,
    minus,
    record_of,
    score_of,
)
from benchmark.analysis.examples import loss_of
from benchmark.errors import ResultError
from benchmark.stats.paired import Paired, combined_difference, mean_difference, student_difference

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OF_DATA = ("id", "row", "cluster", "gold", "label", "truth", "label_", "times_")
"""The columns that are of the data, not of the model; those that end in ``_`` have a number."""

_SAME = 1e-12  # costs that differ by less are equal


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the records of ``n`` examples say of one model against another.

    ``wins``, ``ties`` and ``losses`` count the examples that cost the first less, as much, more.
    ``notes`` are what there is to know of it, a few words each.
    """

    paired: Paired
    n: int
    wins: int
    ties: int
    losses: int
    notes: tuple[str, ...] = ()


def compare_records(kind: str, main_score: str, one: Samples, other: Samples) -> Comparison | None:
    """Compare two models by the records of the same examples, as stored, of one split and subset.

    None where they say nothing about the score: it ranks by what is not kept, or is a correlation
    with equal similarities. Raises ResultError when the examples differ, or one has no number.
    """
    count = _size(one)
    if count != _size(other):
        raise ResultError(f"records of {count} and of {_size(other)} examples")
    differing = [name for name in one if _of_data(name) and not _equal(one, other, name)]
    if differing:
        raise ResultError(f"records of other examples ({', '.join(differing)} differ)")
    for of, samples in (("the first's", one), ("the second's", other)):
        _check_numbers(of, samples)
    first, second = record_of(kind, main_score, one), record_of(kind, main_score, other)
    if first is None or second is None:
        return None
    paired, notes = _difference(first, second)
    if paired.interval.n < 10:
        notes = (*notes, f"few: {paired.interval.n}")
    better = loss_of(other) - loss_of(one)
    wins, losses = int((better > _SAME).sum()), int((better < -_SAME).sum())
    return Comparison(paired, count, wins, count - wins - losses, losses, notes)


def combine_parts(parts: Sequence[Comparison | None]) -> Comparison | None:
    """One comparison of a task's splits and subsets, each weighing the same.

    Parts of equally many examples may be one set of texts in several languages, and their errors
    add in full: that is right or too careful. None where a part has none.
    """
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    alike = [part.n for part in known]
    paired = combined_difference([part.paired for part in known], [1.0] * len(known), alike)
    if len(known) == 1 or paired is None:
        return known[0] if len(known) == 1 else None
    notes = dict.fromkeys(note for part in known for note in part.notes)
    return Comparison(
        paired,
        n=sum(part.n for part in known),
        wins=sum(part.wins for part in known),
        ties=sum(part.ties for part in known),
        losses=sum(part.losses for part in known),
        notes=tuple(notes),
    )


def common_examples(one: Samples, other: Samples) -> tuple[Samples, Samples, int]:
    """The records of the examples that both have, by their ids; and how many fell out.

    Without ids, as in all kinds but those of queries, they stay as they are.
    """
    if not {"id", "value"} <= one.keys() & other.keys():
        return one, other, 0
    _, first, second = np.intersect1d(one["id"], other["id"], return_indices=True)
    order = np.argsort(first, kind="stable")
    kept = [
        {name: values[rows] for name, values in samples.items() if name not in ("row", "cluster")}
        for samples, rows in ((one, first[order]), (other, second[order]))
    ]
    if "cluster" in one and "cluster" in other:
        kept[0]["cluster"] = kept[1]["cluster"] = one["cluster"][first[order]]
    return kept[0], kept[1], _size(one) + _size(other) - 2 * len(order)


def _difference(first: Record, second: Record) -> tuple[Paired, tuple[str, ...]]:
    """Sign flips where the score is a mean over examples, else Student's t of its parts."""
    apart = minus(first, second)
    if isinstance(apart, Contributions):
        if not apart.values.any():
            return mean_difference(apart.values[:, 0], apart.clusters), ("all examples tie",)
        alike = len(apart.values) > 1 and bool((apart.values == apart.values[0, 0]).all())
        notes = ("all examples differ alike",) if alike else ()
        if apart.exact and apart.values.shape[1] == 1:
            return mean_difference(apart.values[:, 0], apart.clusters), notes
        method = "influence" if apart.values.shape[1] == 1 else "texts and draws"
        return student_difference(score_of(apart), *error_of(apart), method), notes
    if not any(part.any() for part in (*apart.whole, *apart.again)):
        return mean_difference(np.zeros(apart.count)), ("all examples tie",)
    return student_difference(score_of(apart), *error_of(apart), "subsamples of both"), ()


def _size(samples: Samples) -> int:
    return len(next(iter(samples.values()), ()))


def _of_data(name: str) -> bool:
    return name in _OF_DATA or any(
        name.startswith(prefix) for prefix in _OF_DATA if prefix.endswith("_")
    )


def _equal(one: Samples, other: Samples, name: str) -> bool:
    return name in other and np.array_equal(one[name], other[name])


def _check_numbers(of: str, samples: Mapping[str, NDArray[Any]]) -> None:
    for values in samples.values():
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            example = int(np.argwhere(~np.isfinite(values))[0][0])
            raise ResultError(f"{of} record of example {example} holds no number")

"""The examples of one result beside those of another: which are in both, and how each moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.analysis.examples import TEXT, Samples, loss_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMES = frozenset(("id", "row", "cluster"))
_TELLING = 0.5  # distinct records an example
_DIGITS = 5  # beyond, the same vectors give other digits in a product of another shape


@dataclass(frozen=True, slots=True)
class Moves:
    """How the records of examples changed from one result to another.

    ``first`` and ``second`` are the places of the examples that are in both, and ``loss``
    ``(n, 2)`` what each costs the score. ``only`` counts those of one side. Of what follows each is
    None where the records cannot say. ``equal`` is the share of similarities that did not change;
    ``shift`` the median change of one, in standard deviations. ``overlap`` is the mean share of the
    ten best documents that are in both rankings; ``reordered`` the share, of the queries whose
    ranking changed, that have the same documents in another order. ``copies`` says that both sides
    have the same distinct records, and one of them some more often.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    loss: NDArray[np.float64]
    only: tuple[int, int]
    equal: float | None = None
    shift: float | None = None
    overlap: float | None = None
    reordered: float | None = None
    copies: bool = False

    @property
    def moved(self) -> NDArray[np.float64]:
        """How much more each costs on the second side, ``(n,)``."""
        return np.asarray(self.loss[:, 1] - self.loss[:, 0], np.float64)


def moves_of(a: Samples, b: Samples, *, same_data: bool) -> Moves | None:
    """Compare two sets of records; None where nothing tells which examples are the same.

    Examples are paired by id, or else by row, which other data of another size do not share.
    """
    # Whether examples share texts is a column where they do, so other data may have it or not.
    both = [name for name in a if name in b]
    a, b = {name: a[name] for name in both}, {name: b[name] for name in both}
    if not both or set(both) <= _NAMES:
        return None
    sizes = len(next(iter(a.values()))), len(next(iter(b.values())))
    distinct = _distinct(a)
    # Records that many examples share, such as a label and a right answer, tell no copies.
    telling = len(distinct) >= _TELLING * min(sizes)
    copies = sizes[0] != sizes[1] and telling and distinct == _distinct(b)
    first, second = _paired(a, b, same_data)
    only = (sizes[0] - len(first), sizes[1] - len(second))
    loss = np.stack([loss_of(a)[first], loss_of(b)[second]], axis=1)
    if not len(first):
        return Moves(first, second, loss, only, copies=copies)
    equal = shift = overlap = reordered = None
    if "similarity" in a:
        before, after = a["similarity"][first], b["similarity"][second]
        equal = float((before == after).mean())
        spread = float(a["similarity"].std()) or 1.0
        shift = float(np.median(np.abs(after - before))) / spread
    if "top" in a and same_data:  # rows of the corpus, which other data number in another way
        overlap, reordered = _rankings(a["top"][first], b["top"][second])
    return Moves(first, second, loss, only, equal, shift, overlap, reordered, copies)


def _paired(a: Samples, b: Samples, same_data: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    names = next((name for name in ("id", "row") if name in a), None)
    if names == "row" and not same_data:
        names = None
    if names:
        _, first, second = np.intersect1d(a[names], b[names], return_indices=True)
        order = np.argsort(first)
        return first[order], second[order]
    sizes = {len(next(iter(side.values()))) for side in (a, b)}
    rows = np.arange(sizes.pop() if len(sizes) == 1 else 0)
    return rows, rows


def _distinct(samples: Samples) -> set[tuple[Any, ...]]:
    """The records, without what names an example, each once."""
    columns = []
    for name, values in sorted(samples.items()):
        if name not in _NAMES and not name.startswith(TEXT):
            kept = np.round(values, _DIGITS) if values.dtype.kind == "f" else values
            columns += list(kept.reshape(len(kept), -1).T)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def _rankings(before: NDArray[Any], after: NDArray[Any]) -> tuple[float, float | None]:
    """The mean overlap of rankings ``(q, k)``, and of those that changed the share reordered."""
    there = before >= 0
    found = (before[:, :, None] == after[:, None, :]).any(axis=2) & there
    share = found.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
    changed = (before != after).any(axis=1)
    reordered = float((share[changed] == 1).mean()) if changed.any() else None
    return float(share.mean()), reordered

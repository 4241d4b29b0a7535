"""One pass over the texts of several tasks: what they share is encoded once, all by length."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.cache import text_keys
from benchmark.encode.answers import asked
from benchmark.encode.batches import batches
from benchmark.encode.groups import Group
from benchmark.encode.session import Session
from benchmark.errors import BenchmarkError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FAILURES = 3  # batches in a row after which a model is taken to fail on all


@dataclass(slots=True)
class Share:
    """What of a pass a plan stands for: its texts that were encoded, and seconds.

    The seconds are those of the pass by the characters of these texts; a text that several plans
    need counts for each of them, and the shares add up to the whole.
    """

    encoded: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """Texts of a pass that are done: found, or ``fresh`` from the model, which counts tokens."""

    characters: int
    texts: int
    tokens: int | None = None
    fresh: bool = False


Report = Callable[[Piece], None]


def encode_together(
    session: Session,
    groups: Sequence[Group],
    plans: int,
    report: Report,
) -> list[Share]:
    """Encode what the store lacks of the groups of some plans; a share for each of the plans.

    Batches are planned over all texts that the run has not planned before, and then the store is
    asked. Nothing is raised for a batch on which the model fails: its texts stay out of the store,
    and the plans that need one of them meet the error when they are encoded alone. ``report`` is
    told of each piece that is done; what it raises ends the pass.
    """
    shares = [Share() for _ in range(plans)]
    for group in groups:
        start = time.perf_counter()
        try:
            fresh, lengths, alive = _fill(session, group, report)
        except BenchmarkError:  # its tokenizer fails: said of each task, when it is encoded alone
            break
        _divide(shares, group, fresh, lengths, time.perf_counter() - start)
        if not alive:
            break
    return shares


def _fill(
    session: Session, group: Group, report: Report
) -> tuple[NDArray[np.bool_], NDArray[np.int64], bool]:
    """Which unique texts were encoded, their characters, and whether the model still answers."""
    import numpy as np

    texts = group.unique.to_pylist()
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    fresh = np.zeros(len(texts), bool)
    if not texts:
        return fresh, lengths, True
    keys = text_keys(texts)
    store = session.store(group.role, group.prompt)
    new = np.flatnonzero(session.plan(group.role, group.prompt, keys))
    known = np.ones(len(texts), bool)
    known[new] = store.find(keys[new]) >= 0
    lacking = []
    tokens = None
    if not known.all():
        sizes = session.asker.sizes([texts[row] for row in new], group.prompt)
        if sizes.in_tokens:
            tokens = np.zeros(len(texts), np.int64)
            tokens[new] = sizes.lengths
        lacking = [new[rows] for rows in batches(sizes) if not known[new[rows]].all()]
    waiting = np.zeros(len(texts), bool)
    for batch in lacking:
        waiting[batch] = True
    report(Piece(int(lengths[~waiting].sum()), int((~waiting).sum())))
    failures = 0
    for answer in asked(session.asker, group, texts, lacking):
        if answer.error:
            failures += 1
            if failures == _FAILURES:
                return fresh, lengths, False
        else:
            failures = 0
            missing = ~known[answer.rows]
            store.append(keys[answer.rows[missing]], answer.vectors[missing])
            fresh[answer.rows] = True
        report(_piece(answer.rows, lengths, tokens))
    return fresh, lengths, True


def _piece(
    rows: NDArray[np.int64], lengths: NDArray[np.int64], tokens: NDArray[np.int64] | None
) -> Piece:
    counted = None if tokens is None else int(tokens[rows].sum())
    return Piece(int(lengths[rows].sum()), len(rows), counted, True)


def _divide(
    shares: list[Share],
    group: Group,
    fresh: NDArray[np.bool_],
    lengths: NDArray[np.int64],
    seconds: float,
) -> None:
    import numpy as np

    needed: dict[int, list[NDArray[np.int64]]] = {}
    for number, rows in zip(group.parts, group.positions, strict=True):
        needed.setdefault(number, []).append(rows)
    counted = {number: np.unique(np.concatenate(rows)) for number, rows in needed.items()}
    weights = {
        number: int(((lengths[rows] + 1) * fresh[rows]).sum()) for number, rows in counted.items()
    }
    whole = sum(weights.values())
    for number, rows in counted.items():
        shares[number].encoded += int(fresh[rows].sum())
        if whole:
            shares[number].seconds += seconds * weights[number] / whole

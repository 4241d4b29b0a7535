"""One pass over the texts of several tasks: what they share is encoded once, all by length."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmark.cache import text_keys
from benchmark.encode.answers import asked
from benchmark.encode.batches import batches
from benchmark.encode.groups import Group, Wanted, joint_groups
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


def encode_together(
    session: Session,
    wanted: Sequence[Wanted],
    report: Callable[[int, int], None],
) -> list[Share]:
    """Encode what the plans need and the store lacks, and keep it there; a share for each plan.

    Batches are planned over all texts that the run has not planned before, and then the store is
    asked. Nothing is raised for a batch on which the model fails: its texts stay out of the store,
    and the plans that need one of them meet the error when they are encoded alone. ``report`` is
    called with (characters, texts) that are done, found or encoded; what it raises ends the pass.
    """
    shares = [Share() for _ in wanted]
    model = session.asker.model
    for group in joint_groups(model, wanted):
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
    session: Session, group: Group, report: Callable[[int, int], None]
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
    if not known.all():
        sizes = session.asker.sizes([texts[row] for row in new], group.prompt)
        lacking = [new[rows] for rows in batches(sizes) if not known[new[rows]].all()]
    waiting = np.zeros(len(texts), bool)
    for batch in lacking:
        waiting[batch] = True
    report(int(lengths[~waiting].sum()), int((~waiting).sum()))
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
        report(int(lengths[answer.rows].sum()), len(answer.rows))
    return fresh, lengths, True


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

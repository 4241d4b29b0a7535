"""One pass over the texts of several tasks: what they share is encoded once, all by length."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmark.cache import text_keys
from benchmark.encode.answers import asked
from benchmark.encode.batches import BatchPlan, batches, joint_plan, plan_of, sizes_by
from benchmark.encode.groups import Group
from benchmark.encode.session import Session
from benchmark.errors import BenchmarkError
from benchmark.models.tokens import TokenCount

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FAILURES = 3  # batches in a row after which a model is taken to fail on all


@dataclass(slots=True)
class Share:
    """What of a pass a plan stands for: its texts that were encoded, and seconds; all its tokens.

    ``batches`` names those of the pass in the groups that the plan has texts in, whether the store
    held them or not; None where all was planned before.

    The seconds are those of the pass by the characters of these texts; a text that several plans
    need counts for each of them, and the shares add up to the whole.
    """

    encoded: int = 0
    seconds: float = 0.0
    tokens: TokenCount | None = None
    batches: BatchPlan | None = None


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
        texts = _Texts(group.unique.to_pylist())
        start = time.perf_counter()
        try:
            alive = _fill(session, group, texts, report)
        except BenchmarkError:  # its tokenizer fails: said of each task, when it is encoded alone
            alive = False
        _divide(shares, group, texts, time.perf_counter() - start)
        if not alive:
            return [replace(share, tokens=None) for share in shares]
        _plan(shares, group, texts)
        _count(shares, group, texts, getattr(session.asker.model, "max_tokens", None))
    return shares


@dataclass(slots=True)
class _Texts:
    """A group's texts; state: their characters, tokens and batches, and which were encoded."""

    texts: list[str]
    characters: NDArray[np.int64] = field(init=False)
    tokens: NDArray[np.int64] | None = None
    fresh: NDArray[np.bool_] = field(init=False)
    batches: BatchPlan | None = None

    def __post_init__(self) -> None:
        import numpy as np

        self.characters = np.fromiter(map(len, self.texts), np.int64, len(self.texts))
        self.fresh = np.zeros(len(self.texts), bool)

    def piece(self, rows: NDArray[np.int64] | NDArray[np.bool_], fresh: bool) -> Piece:
        """What is told of some rows."""
        characters = self.characters[rows]
        tokens = None if self.tokens is None else int(self.tokens[rows].sum())
        return Piece(int(characters.sum()), len(characters), tokens, fresh)


def _fill(session: Session, group: Group, texts: _Texts, report: Report) -> bool:
    """Encode what the store lacks; whether the model still answers."""
    import numpy as np

    if not texts.texts:
        return True
    asker = session.asker
    texts.tokens = asker.count(texts.texts, group.prompt)
    keys = text_keys(texts.texts)
    store = session.store(group.role, group.prompt)
    new = np.flatnonzero(session.plan(group.role, group.prompt, keys))
    known = np.ones(len(keys), bool)
    known[new] = store.find(keys[new]) >= 0
    counted = None if texts.tokens is None else texts.tokens[new]
    sizes = sizes_by(asker.model, [texts.texts[row] for row in new], counted)
    planned = list(batches(sizes))
    texts.batches = plan_of(sizes, planned) if planned else None
    lacking = [new[rows] for rows in planned if not known[new[rows]].all()]
    there = np.ones(len(keys), bool)
    for batch in lacking:
        there[batch] = False
    report(texts.piece(there, fresh=False))
    failures = 0
    with closing(asked(asker, group, texts.texts, lacking)) as found:
        for answer in found:
            if answer.error:
                failures += 1
                if failures == _FAILURES:
                    return False
            else:
                failures = 0
                missing = ~known[answer.rows]
                store.append(keys[answer.rows[missing]], answer.vectors[missing])
                texts.fresh[answer.rows] = True
            report(texts.piece(answer.rows, fresh=True))
    return True


def _divide(shares: list[Share], group: Group, texts: _Texts, seconds: float) -> None:
    """Add to each plan its part of a group's seconds."""
    import numpy as np

    needed: dict[int, list[NDArray[np.int64]]] = {}
    for number, rows in zip(group.parts, group.positions, strict=True):
        needed.setdefault(number, []).append(rows)
    once = {number: np.unique(np.concatenate(rows)) for number, rows in needed.items()}
    weights = {
        number: int(((texts.characters[rows] + 1) * texts.fresh[rows]).sum())
        for number, rows in once.items()
    }
    whole = sum(weights.values())
    for number, rows in once.items():
        shares[number].encoded += int(texts.fresh[rows].sum())
        if whole:
            shares[number].seconds += seconds * weights[number] / whole


def _plan(shares: list[Share], group: Group, texts: _Texts) -> None:
    """Add to each plan the batches of a group that it has texts in."""
    for number in dict.fromkeys(group.parts) if texts.batches else ():
        known = (shares[number].batches, texts.batches)
        shares[number].batches = joint_plan([plan for plan in known if plan])


def _count(shares: list[Share], group: Group, texts: _Texts, maximum: int | None) -> None:
    """Add to each plan the tokens of its texts, as often as they stand in it."""
    for number, rows in zip(group.parts, group.positions, strict=True):
        if texts.tokens is None or not len(rows):
            continue
        counted = texts.tokens[rows]
        before = shares[number].tokens or TokenCount(0, 0, 0, maximum)
        shares[number].tokens = TokenCount(
            before.texts + len(rows),
            before.tokens + int(counted.sum()),
            before.truncated + (int((counted > maximum).sum()) if maximum is not None else 0),
            maximum,
        )

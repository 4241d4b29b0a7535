"""Time a model on a few texts, long and short ones."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from benchmark.encode import Group
from benchmark.guard import call_model
from benchmark.protocols import Encoder, Fitted, Searcher

Sample: TypeAlias = tuple[Group, int, list[str]]
"""Texts of a group, all of one octave of length."""

PATIENCE = 5.0
"""Seconds after which a probe ends, and a rehearsal of scores."""

_OF_A_GROUP = 32  # texts of each group and octave that are probed
_STEPS = (8, 32, 256)  # texts a batch; the next is tried while one takes less than ``_SHORT``
_SHORT = 0.3
_FITTED = 2_000  # texts that a fit or a search is probed with


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds (or anything) a character, by octave of a text's length.

    ``fixed`` comes once a split and subset, ``start`` once a run.
    """

    rates: Mapping[int, float]
    fixed: float = 0.0
    start: float = 0.0

    def of(self, sizes: Mapping[int, int]) -> float:
        """The sum over characters by octave; an octave without a rate has that of the nearest.

        >>> Pace({3: 0.5, 6: 0.25}).of({3: 10, 7: 8})
        7.0
        """
        return sum(
            characters * self.rates[min(self.rates, key=lambda known: abs(known - octave))]
            for octave, characters in sizes.items()
        )


def sends_texts(model: Any) -> bool:
    """Whether a model sends texts to an endpoint, and so is not probed before consent."""
    return hasattr(model, "endpoint") or getattr(model, "consent", None) is not None


def sample_of(group: Group) -> tuple[dict[int, int], list[Sample]]:
    """The characters of a group by octave, prompts included, and some texts of each octave.

    Octave 3 are texts of 8 to 15 characters.
    """
    import numpy as np
    import pyarrow.compute as pc

    lengths = pc.utf8_length(group.unique).to_numpy(zero_copy_only=False).astype(np.int64)
    lengths += len(group.prompt or "")
    octaves = np.frexp(np.maximum(lengths, 1))[1] - 1
    sizes, samples = {}, []
    for octave in np.unique(octaves).tolist():
        rows = np.flatnonzero(octaves == octave)
        sizes[octave] = int(lengths[rows].sum())
        some = rows[np.linspace(0, len(rows) - 1, min(_OF_A_GROUP, len(rows)), dtype=int)]
        samples.append((group, octave, group.unique.take(some.tolist()).to_pylist()))
    return sizes, samples


def rates_of(
    samples: Sequence[Sample], count: Callable[[list[str]], int | None]
) -> dict[int, float]:
    """The tokens a character of texts with their prompts, by octave; {} where none are counted."""
    by_octave: dict[int, list[str]] = {}
    for group, octave, texts in samples:
        by_octave.setdefault(octave, []).extend((group.prompt or "") + text for text in texts)
    rates = {octave: rate_of(texts, count) for octave, texts in by_octave.items()}
    return {octave: rate for octave, rate in rates.items() if rate is not None}


def rate_of(texts: list[str], count: Callable[[list[str]], int | None]) -> float | None:
    """The tokens a character of texts, together; None where none are counted."""
    counted = count(texts)
    return None if counted is None else counted / max(sum(map(len, texts)), 1)


def pace_of(model: Any, samples: Sequence[Sample], seconds: float = PATIENCE) -> Pace:
    """Encode, fit or search a few texts for some seconds; ModelError when the model fails."""
    if isinstance(model, Encoder):
        return _pace_by_octave(model, samples, seconds)
    if isinstance(model, Fitted):
        return _pace_of_whole(lambda texts: model.fit(texts).encode(texts), model, samples)
    searcher: Searcher = model

    def search(texts: list[str]) -> Any:
        return searcher.search(texts, texts[: max(1, len(texts) // 5)], top_k=min(10, len(texts)))

    return _pace_of_whole(search, model, samples)


def _pace_by_octave(model: Encoder, samples: Sequence[Sample], seconds: float) -> Pace:
    """A batch of each octave, those with most characters first; larger ones while it is quick."""
    by_octave: dict[int, list[tuple[Group, str]]] = {}
    for group, octave, texts in samples:
        by_octave.setdefault(octave, []).extend((group, text) for text in texts)
    for some in by_octave.values():
        random.Random(0).shuffle(some)
    first = next(iter(by_octave.values()))[:4]
    start = _timed(model, first)
    start = max(0.0, start - _timed(model, first))
    rates: dict[int, float] = {}
    begun = time.perf_counter()
    for octave in sorted(by_octave, key=lambda o: -sum(len(text) for _, text in by_octave[o])):
        if rates and time.perf_counter() - begun > seconds:
            break
        for step in _STEPS:
            batch = by_octave[octave][:step]
            taken = _timed(model, batch)
            characters = sum(len(text) + len(group.prompt or "") for group, text in batch)
            rates[octave] = taken / max(characters, 1)
            if taken > _SHORT or len(batch) < step:
                break
    return Pace(rates, start=start)


def _timed(model: Encoder, batch: Sequence[tuple[Group, str]]) -> float:
    """Seconds to encode a batch, whatever is put before its texts."""
    prompts: dict[tuple[Any, Any], list[str]] = {}
    for group, text in batch:
        prompts.setdefault((group.role, group.prompt), []).append(text)
    start = time.perf_counter()
    for (role, prompt), texts in prompts.items():
        call_model(model, partial(model.encode, texts, role=role, prompt=prompt))
    return time.perf_counter() - start


def _pace_of_whole(call: Callable[[list[str]], Any], model: Any, samples: Sequence[Sample]) -> Pace:
    """What a few texts take and what many do tell a fixed part and one for each character."""
    texts = [text for _, _, some in samples for text in some]
    random.Random(0).shuffle(texts)
    many = texts[:_FITTED]
    few = many[: max(1, len(many) // 8)]

    def timed(some: list[str]) -> float:
        start = time.perf_counter()
        call_model(model, partial(call, some))
        return time.perf_counter() - start

    first, one, other = timed(few), timed(few), timed(many)
    size, larger = sum(map(len, few)), sum(map(len, many))
    rate = max(0.0, other - one) / max(larger - size, 1) if larger > size else one / max(size, 1)
    fixed = max(0.0, one - rate * size)
    return Pace({0: rate}, fixed, max(0.0, first - one))


def pace_of_pairs(model: Any, queries: list[str], documents: list[str]) -> Pace:
    """Score some pairs, after a first batch that warms the model up."""

    def timed(start: int, stop: int) -> float:
        begun = time.perf_counter()
        chosen = queries[start:stop], documents[start:stop]
        call_model(model, partial(model.score, *chosen))
        return time.perf_counter() - begun

    first = timed(0, 4)
    warm = max(0.0, first - timed(0, 4))
    characters, seconds, size = 0, 0.0, 32
    for at in range(0, len(queries), size):
        seconds += timed(at, at + size)
        characters += sum(map(len, queries[at : at + size])) + sum(
            map(len, documents[at : at + size])
        )
        if seconds > PATIENCE:
            break
    return Pace({0: seconds / max(characters, 1)}, start=warm)

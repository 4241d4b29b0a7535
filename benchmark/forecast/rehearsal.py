"""Time how long the scores of a task take to compute, before its texts are encoded."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmark.errors import BenchmarkError
from benchmark.forecast.probe import PATIENCE, sends_texts
from benchmark.guard import call_model
from benchmark.kinds.rehearsal import fewer_draws
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Embeddings, Encoder, Fitted, Lookup, Request

if TYPE_CHECKING:
    from numpy.typing import NDArray

_OWN = 0.5  # seconds for a task's own vectors, where its scores hang on them
_BATCH = 32  # texts that are encoded at once for it
_WHOLE = 20_000  # texts that a model is fitted on for it, at most
_NUMBERS = 20_000_000  # of made-up vectors, 80 MB; a larger task's scores are not rehearsed


@dataclass(slots=True)
class Rehearsal:
    """Times the scores of tasks on made-up vectors; state: what it took, and what is known.

    One split and subset of a task is rehearsed, the middle one by its texts, and counts for the
    others by theirs. ``start`` is what the first of a kind takes longer: it loads libraries.
    """

    patience: float = PATIENCE
    start: float = 0.0
    taken: float = 0.0
    known: dict[str, float] = field(default_factory=dict)
    few: Any = None

    def seconds(self, model: Any, prepared: Prepared, parts: Sequence[PreparedPart]) -> float:
        """How long a task's scores would take; 0 for a model that makes the ranking itself."""
        if not parts or not isinstance(model, Encoder | Fitted | Lookup):
            return 0.0
        sizes = [sum(len(request.texts) for request in part.plan.values()) for part in parts]
        size, middle = sorted(zip(sizes, range(len(parts)), strict=True))[len(parts) // 2]
        kind, part = prepared.task.kind, parts[middle]
        begun = time.perf_counter()
        if self.taken > self.patience:  # too late: as those of its kind
            return self.known.get(kind, 0.0) * sum(sizes)
        vectors = self._made(model, part, size)
        if not self.known:  # the first vectors of all
            self._longer(time.perf_counter() - begun, lambda: self._made(model, part, size))
        if vectors is None:  # too large
            return self.known.get(kind, 0.0) * sum(sizes)
        data, times = fewer_draws(part.data)
        score = partial(_score, prepared, data, vectors)
        once = _timed(score)
        if kind not in self.known:
            once = self._longer(once, score)
        self.taken += once
        rate = once * times / max(size, 1)
        self.known[kind] = max(rate, self.known.get(kind, 0.0))
        return rate * sum(sizes)

    def _longer(self, first: float, call: Callable[[], Any]) -> float:
        """Seconds of a second call; what the first took longer is for libraries that it loaded."""
        second = _timed(call)
        self.start += max(0.0, first - second)
        return second

    def _made(self, model: Any, part: PreparedPart, size: int) -> Embeddings | None:
        """Vectors for a part; None when they are too many.

        How long an estimator is fitted hangs on the vectors, so that there the model's own come
        first, as many as it makes in a short time. All others are rows of such, at random.
        """
        if isinstance(model, Lookup):
            return Embeddings(dict(model.look_up(part.plan)), model.similarity)
        fitted = fewer_draws(part.data)[1] > 1
        if isinstance(model, Fitted):
            most = max(1, size if fitted and size < _WHOLE else 256)
            texts = [t for r in part.plan.values() for t in r.texts.slice(0, most).to_pylist()]
            few = call_model(model, lambda: model.fit(texts).encode(texts))
            return _drawn(part, few, model.similarity) if few.shape[0] else None
        few = self._few(model, part)
        if few is None or size * few.shape[1] > _NUMBERS:
            return None
        own: dict[str, Any] = {}
        if fitted and not sends_texts(model):
            begun = time.perf_counter()
            for name, request in part.plan.items():
                own[name] = _encoded(model, request, few, begun + _OWN)
        return _drawn(part, few, model.similarity, own)

    def _few(self, model: Any, part: PreparedPart) -> NDArray[Any] | None:
        """Some vectors of the model, made once; of any kind where it may be sent no text."""
        import numpy as np

        if self.few is None and sends_texts(model):
            self.few = np.random.default_rng(0).standard_normal((32, 1024), np.float32)
        elif self.few is None:
            request = next(iter(part.plan.values()))
            texts = sorted(request.texts.slice(0, 256).to_pylist(), key=len)[:32]
            found = call_model(model, partial(model.encode, texts, role=request.role))
            self.few = np.asarray(found.todense() if hasattr(found, "todense") else found)
        return self.few if self.few.ndim == 2 and len(self.few) else None


def _encoded(model: Encoder, request: Request, few: NDArray[Any], end: float) -> list[Any]:
    """The first vectors of a request, as many as are made before a moment."""
    import numpy as np

    found: list[Any] = []
    step = _BATCH
    for start in range(0, len(request.texts), step):
        if time.perf_counter() > end:
            break
        texts = request.texts.slice(start, step).to_pylist()
        made = call_model(model, partial(model.encode, texts, role=request.role))
        found.append(np.asarray(made.todense() if hasattr(made, "todense") else made))
    return [each for each in found if each.ndim == 2 and each.shape[1] == few.shape[1]]


def _drawn(
    part: PreparedPart, few: Any, similarity: str, own: Mapping[str, list[Any]] | None = None
) -> Embeddings:
    """Vectors for every text of a part: its own, and then rows of a few, with noise where dense."""
    import numpy as np

    draws = np.random.default_rng(0)
    made: dict[str, Any] = {}
    for name, request in part.plan.items():
        ours = (own or {}).get(name, [])
        lacking = len(request.texts) - sum(map(len, ours))
        rows = few[draws.integers(0, few.shape[0], lacking)]
        if isinstance(rows, np.ndarray):  # copies of a vector are no work for an estimator
            noise = draws.standard_normal(rows.shape, np.float32)
            rows = np.asarray(rows, np.float32) + noise * np.float32(np.std(few) / 2)
            rows = np.concatenate([*ours, rows])
        made[name] = rows
    return Embeddings(made, similarity)


def _score(prepared: Prepared, data: Any, vectors: Embeddings) -> None:
    """Score a part; made-up vectors may lead anywhere, and the run says more of it."""
    with suppress(BenchmarkError, ValueError):
        prepared.kind.evaluate(data, vectors, prepared.task)


def _timed(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start

"""The vectors of a group's texts, batch by batch: those that are kept, and those asked for."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.cache import VectorStore
from benchmark.encode.asker import Asker
from benchmark.encode.batches import BatchPlan, batches, plan_of
from benchmark.encode.groups import Group
from benchmark.encode.threads import one_thread_each
from benchmark.errors import BenchmarkError, ModelError
from benchmark.guard import ModelMemoryError, call_each, check_vectors
from benchmark.protocols import StreamEncoder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of a group and their vectors, ``fresh`` from the model, or why there are none."""

    rows: NDArray[np.int64]
    vectors: Any = None
    fresh: bool = False
    error: BenchmarkError | None = None


def answers(
    asker: Asker,
    group: Group,
    texts: Sequence[str],
    places: NDArray[np.int64],
    store: VectorStore | None,
    plans: list[BatchPlan],
) -> Iterator[Answer]:
    """Every row once; ``places`` are those that ``store`` found, -1 where it lacks a text.

    Batches are planned over all texts; one that lacks a single text is encoded whole. What names
    the plan is added to ``plans``, unless nothing is lacking.
    """
    import numpy as np

    known = places >= 0
    if isinstance(asker.model, StreamEncoder):
        if store and known.any():
            rows = np.flatnonzero(known)
            yield Answer(rows, store.read(places[rows]))
        yield from _streamed(asker, group, texts, np.flatnonzero(~known))
        return
    if store and known.all():
        for rows in np.array_split(np.arange(len(texts)), max(1, len(texts) // 10_000)):
            if len(rows):
                yield Answer(rows, store.read(places[rows]))
        return
    lacking = []
    sizes = asker.sizes(texts, group.prompt)
    planned = list(batches(sizes))
    plans.append(plan_of(sizes, planned))
    for batch in planned:
        if store and known[batch].all():
            yield Answer(batch, store.read(places[batch]))
        else:
            lacking.append(batch)
    yield from asked(asker, group, texts, lacking)


def asked(
    asker: Asker, group: Group, texts: Sequence[str], wanted: Sequence[NDArray[np.int64]]
) -> Generator[Answer]:
    """The model's vectors of batches of rows, checked; in any order where it takes several."""
    if asker.parallel > 1:
        yield from _side_by_side(asker, group, texts, wanted)
        return
    with ThreadPoolExecutor(1, thread_name_prefix="tokenize") as pool:
        following: Future[Any] | None = None
        for number, batch in enumerate(wanted):
            tokens = following.result() if following else None
            following = None
            if number + 1 < len(wanted) and hasattr(asker.model, "tokenize"):
                inputs = [texts[row] for row in wanted[number + 1]]
                following = pool.submit(asker.tokenize, inputs, group.role, group.prompt)
            yield _asked(asker, group, texts, batch, tokens)


def _side_by_side(
    asker: Asker, group: Group, texts: Sequence[str], wanted: Sequence[NDArray[np.int64]]
) -> Iterator[Answer]:
    rest = iter(wanted)
    running: set[Future[Answer]] = set()
    with (
        one_thread_each() as begin,
        ThreadPoolExecutor(asker.parallel, "encode", initializer=begin) as pool,
    ):
        try:
            while True:
                # One more than can run, so that no thread waits while an answer is written.
                while len(running) <= asker.parallel and (batch := next(rest, None)) is not None:
                    running.add(pool.submit(_asked, asker, group, texts, batch))
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        finally:
            for future in running:
                future.cancel()


def _asked(
    asker: Asker,
    group: Group,
    texts: Sequence[str],
    batch: NDArray[np.int64],
    tokens: Any = None,
) -> Answer:
    inputs = [texts[row] for row in batch]
    try:
        found = asker.ask(inputs, group.role, group.prompt, tokens)
        return Answer(batch, check_vectors(found, batch, asker.model, group.named), True)
    except ModelMemoryError as error:
        where = group.named(int(batch[error.row]))
        return Answer(
            batch,
            error=ModelError(
                f"{asker.model.identity.name} ran out of memory on {where} alone; cut long texts "
                "(max_tokens=), or use a device with more memory"
            ),
        )
    except BenchmarkError as error:
        return Answer(batch, error=error)


def _streamed(
    asker: Asker, group: Group, texts: Sequence[str], missing: NDArray[np.int64]
) -> Iterator[Answer]:
    model: Any = asker.model
    inputs = [texts[row] for row in missing]
    how = {"role": group.role, "prompt": group.prompt}
    for rows, part in call_each(model, lambda: model.encode_stream(inputs, **how)):
        found = missing[rows]
        yield Answer(found, check_vectors(part, found, model, group.named), True)

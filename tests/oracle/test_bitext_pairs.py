"""mteb's two arrangements of bitext beyond pairs: one table of languages, and gold pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from datasets import Dataset
from mteb.abstasks import AbsTaskBitextMining
from mteb.mocks.mock_tasks import MockBitextMiningTask
from numpy.typing import NDArray

from tests.oracle.comparing import assert_equal
from tests.oracle.harness import LookupEncoder, make_task, ours

# torch warns of how mteb copies the similarities.
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

LANGUAGES = ("eng", "deu", "fra")
PAIRS = [f"{one}-{two}" for one in LANGUAGES for two in LANGUAGES if one != two]


def upstream(data: Any, subsets: list[str], *, parallel: bool) -> Any:
    """A task of mteb with its data in memory."""
    languages = {name: ["eng-Latn", "deu-Latn"] for name in subsets}
    metadata = MockBitextMiningTask.metadata.model_copy(
        update={"name": "Memory", "eval_langs": languages}
    )
    attributes = {"metadata": metadata, "parallel_subsets": parallel}
    instance: Any = type("Memory", (AbsTaskBitextMining,), attributes)()
    instance.dataset, instance.data_loaded = data, True
    return instance


def noisy(count: int, width: int = 8) -> dict[str, NDArray[np.float32]]:
    """A vector for each sentence, near to those of its translations; some translations agree."""
    draws = np.random.default_rng(7)
    base = draws.standard_normal((count, width))
    vectors = {}
    for language in LANGUAGES:
        noise = draws.standard_normal((count, width)) * 0.7
        for n in range(count):
            vectors[f"{language} {n}"] = (base[n] + noise[n]).astype(np.float32)
    return vectors


def test_parallel_subsets() -> None:
    """Every pair of languages, each of them a column."""
    count, vectors = 60, noisy(60)
    table = {name: [f"{name} {n}" for n in range(count)] for name in LANGUAGES}
    theirs = upstream({"test": Dataset.from_dict(table)}, PAIRS, parallel=True).evaluate(
        LookupEncoder(vectors, "cosine"), "test", encode_kwargs={"batch_size": 512}
    )
    parts = {}
    for pair in PAIRS:
        one, two = pair.split("-")
        rows = pa.table({"sentence1": table[one], "sentence2": table[two]})
        parts["test", pair] = {"rows": rows}

    found = ours(make_task("bitext", parts, "f1", {"parallel": True}), parts, vectors)

    assert_equal({("test", pair): theirs[pair] for pair in PAIRS}, found)


def test_gold_pairs() -> None:
    """As BUCC has them: more second sentences than first ones, and one that translates two."""
    count, vectors = 40, noisy(40)
    first = [f"eng {n}" for n in range(0, count, 2)]
    second = [f"deu {n}" for n in range(count)]
    gold = [(n, 2 * n if n % 5 else 0) for n in range(len(first))]
    data = {"de-en": {"test": {"sentence1": first, "sentence2": second, "gold": gold}}}
    theirs = upstream(data, ["de-en"], parallel=False).evaluate(
        LookupEncoder(vectors, "cosine"), "test", encode_kwargs={"batch_size": 512}
    )
    names = [f"s{n}" for n in range(count)]
    tables = {
        "rows": pa.table({"sentence1": first, "gold": [names[place] for _, place in gold]}),
        "sentence2": pa.table({"id": names, "text": second}),
    }
    parts = {("test", "de-en"): tables}

    found = ours(make_task("bitext", parts, "f1", {"gold": True}), parts, vectors)

    assert_equal({("test", "de-en"): theirs["de-en"]}, found)

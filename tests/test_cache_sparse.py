"""Sparse and ragged vectors in the store: of any length, whatever was damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from benchmark.cache import VectorStore, text_keys
from benchmark.cache.upkeep import holdings, verify
from benchmark.encode import encode_plan
from benchmark.errors import ModelError
from benchmark.protocols import Identity, Request, Role
from benchmark.task import Source, Task
from benchmark.token_vectors import cached_tokens

TEXTS = [f"text {number}" for number in range(200)]
DRAW = np.random.default_rng(0)
COUNTS = DRAW.integers(0, 120, 200)
ROWS = sp.csr_matrix(
    (
        DRAW.normal(size=COUNTS.sum()).astype(np.float32),
        np.concatenate([np.sort(DRAW.choice(30_000, count, replace=False)) for count in COUNTS]),
        np.concatenate([[0], np.cumsum(COUNTS)]),
    ),
    shape=(200, 30_000),
)
TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})


def equal(one: Any, other: Any) -> bool:
    """Whether two matrices are the same, number for number, in the same order."""
    same = [(one.indptr, other.indptr), (one.indices, other.indices), (one.data, other.data)]
    return one.shape == other.shape and all(a.tolist() == b.tolist() for a, b in same)


def filled(folder: Path) -> VectorStore:
    """A store of 200 rows, the third without a number, in two segments of several records."""
    rows = ROWS
    keys = text_keys(TEXTS)
    for start in (0, 100):
        store = VectorStore(folder)
        for at in range(start, start + 100, 40):
            span = slice(at, min(at + 40, start + 100))
            store.append(keys[span], rows[span])
        store.close()
    return VectorStore(folder)


def test_rows_come_back_in_any_order(tmp_path: Path) -> None:
    """Across records and segments, some of them twice; an unknown text has no place."""
    store, rows = filled(tmp_path), np.random.default_rng(1).integers(0, 200, 300)
    found = store.read(store.find(text_keys([TEXTS[row] for row in rows])))

    assert equal(ROWS[rows], found)
    assert np.float32 == found.dtype
    assert [-1] == store.find(text_keys(["absent"])).tolist()
    assert (0, 30_000) == store.read(np.empty(0, np.int64)).shape


@pytest.mark.parametrize("offset", range(16, 700, 9))
def test_a_damaged_byte_is_never_read(offset: int, tmp_path: Path) -> None:
    """Keys, counts, columns and values: that record is as if never written, all others are used."""
    store = VectorStore(tmp_path)
    keys, rows = text_keys(TEXTS[:6]), ROWS[:6]
    store.append(keys[:2], rows[:2])
    store.append(keys[2:], rows[2:])
    store.close()
    (path,) = tmp_path.glob("*.segment")
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x41
    path.write_bytes(bytes(data))

    reader = VectorStore(tmp_path)
    places = reader.find(keys)

    whole = np.flatnonzero(places >= 0)
    assert len(whole) in (0, 2, 4)
    assert equal(rows[whole], reader.read(places[whole])) or not len(whole)


def test_a_record_cut_short_is_as_if_never_written(tmp_path: Path) -> None:
    """The rows before it are read."""
    filled(tmp_path)
    path = max(tmp_path.glob("*.segment"), key=lambda each: each.stat().st_mtime_ns)
    path.write_bytes(path.read_bytes()[:-5])

    assert 180 == int((VectorStore(tmp_path).find(text_keys(TEXTS)) >= 0).sum())


def test_upkeep_knows_sparse_records(tmp_path: Path) -> None:
    """Their number, their width, their checksums."""
    filled(tmp_path / ("0" * 32))

    (held,) = holdings(tmp_path)

    assert (200, 30_000) == (held.vectors, held.dimensions)
    assert [] == verify(tmp_path)


class Words:
    """Sparse vectors of a text's words; ``asked`` are the texts that it encoded."""

    identity = Identity("test/words", "1", "test/1")
    similarity = "dot"

    def __init__(self, width: int = 1000) -> None:
        self.asked: list[str] = []
        self.width = width

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> sp.csr_matrix:
        """A number a character."""
        self.asked += texts
        rows = sp.lil_matrix((len(texts), self.width), dtype=np.float32)
        for row, text in enumerate(texts):
            for sign in text:
                rows[row, ord(sign) % self.width] += 1
        return rows.tocsr()


def test_the_engine_keeps_sparse_vectors(tmp_path: Path) -> None:
    """The second time nothing is encoded, and every number is the same."""
    plan = {"texts": Request(pa.array(TEXTS))}
    first, second = (
        encode_plan(model, plan, TASK, "STS", cache=tmp_path) for model in (Words(), Words())
    )

    assert (200, 0) == (first.encoded, second.encoded)
    assert equal(first.embeddings["texts"], second.embeddings["texts"])


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    """As in dense vectors, before anything is kept."""
    model = Words()
    model.encode = lambda texts, **_: sp.csr_matrix([[np.nan, 1.0]] * len(texts))  # type: ignore[method-assign]

    with pytest.raises(ModelError, match="returned 3 NaN or infinite weights in a batch"):
        encode_plan(model, {"t": Request(pa.array(TEXTS[:3]))}, TASK, "STS", cache=tmp_path)
    assert [] == list(tmp_path.rglob("*.segment"))


TOKENS = [np.random.default_rng(n).normal(size=(n % 7, 5)).astype(np.float32) for n in range(40)]


def ragged(folder: Path) -> VectorStore:
    """A store of forty texts of no to six vectors each, in two records."""
    store, keys = VectorStore(folder), text_keys(TEXTS[:40])
    store.append(keys[:25], TOKENS[:25])
    store.append(keys[25:], TOKENS[25:])
    store.close()
    return VectorStore(folder)


def test_several_vectors_a_text_come_back(tmp_path: Path) -> None:
    """In any order; a text without tokens has none."""
    store, rows = ragged(tmp_path / ("0" * 32)), [39, 0, 7, 24, 25, 3]
    found = store.read_ragged(store.find(text_keys([TEXTS[row] for row in rows])))

    assert [TOKENS[row].tolist() for row in rows] == [each.tolist() for each in found]
    assert {(0, 5), (4, 5), (3, 5)} <= {each.shape for each in found}
    (held,) = holdings(tmp_path)
    assert (40, 5) == (held.vectors, held.dimensions)
    assert [] == verify(tmp_path)


@pytest.mark.parametrize("offset", range(16, 900, 13))
def test_a_damaged_ragged_record_is_never_read(offset: int, tmp_path: Path) -> None:
    """The other one is."""
    ragged(tmp_path)
    (path,) = tmp_path.glob("*.segment")
    data = bytearray(path.read_bytes())
    data[offset] ^= 0x41
    path.write_bytes(bytes(data))

    store = VectorStore(tmp_path)
    places = store.find(text_keys(TEXTS[:40]))

    whole = np.flatnonzero(places >= 0)
    assert whole.tolist() == list(range(25, 40))
    found = store.read_ragged(places[whole])
    assert [TOKENS[row].tolist() for row in whole] == [each.tolist() for each in found]


class Tokens:
    """A vector a word; ``asked`` are the texts that it encoded."""

    identity = Identity("test/tokens", "1", "test/1")
    similarity = "dot"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode_tokens(self, texts: Sequence[str], role: Role) -> list[Any]:
        """The length of each word; of a bad one no number."""
        self.asked += texts
        numbers = [[float("nan") if w == "bad" else len(w) for w in text.split()] for text in texts]
        return [np.array(each, np.float32).reshape(-1, 1) for each in numbers]


def test_tokens_are_encoded_once_a_role(tmp_path: Path) -> None:
    """What one search kept is read by the next; no number is kept that is none."""
    first, second, bare = Tokens(), Tokens(), Words()
    for model, texts in ((first, ["a bb", "ccc"]), (second, ["ccc", "dddd e", "a bb"])):
        with cached_tokens(model, tmp_path) as how:
            found = how["encode"](texts, "document")
        assert [[[len(w)] for w in text.split()] for text in texts] == [e.tolist() for e in found]

    assert (["a bb", "ccc"], ["dddd e"]) == (first.asked, second.asked)
    with (
        cached_tokens(second, tmp_path) as how,
        pytest.raises(ModelError, match="1 texts with NaN"),
    ):
        how["encode"](["bad", "good"], "query")
    for model, cache in ((bare, tmp_path), (first, None)):
        with cached_tokens(model, cache) as how:
            assert {} == how

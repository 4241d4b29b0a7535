"""Vectors made smaller against sentence-transformers' own: cuts, codes and search scored again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.metrics.quantization import quantised, ranges_of
from benchmark.metrics.search import search
from benchmark.metrics.similarity import normalised
from benchmark.models import load_model
from benchmark.protocols import Compression, Embeddings
from tests.torch import making

quantization = pytest.importorskip(
    "sentence_transformers.util.quantization", reason="needs embedmark[torch]"
)
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]
WIDTH = 43  # no whole number of bytes, once in bits


def vectors(count: int, seed: int, width: int = WIDTH) -> Any:
    """Unit vectors, a dimension of which never varies."""
    drawn = np.random.default_rng(seed).standard_normal((count, width)).astype(np.float32)
    drawn[:, 3] = 0.25
    return normalised(drawn)


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("seed", range(5))
def test_integers_are_those_of_sentence_transformers(dtype: str, seed: int) -> None:
    """To the bit, also of queries outside the range of the corpus that they are calibrated by."""
    corpus, queries = vectors(400, seed), vectors(50, seed + 100)
    queries[0] *= 3
    for part in (corpus, queries):
        expected = quantization.quantize_embeddings(
            part, precision=dtype, calibration_embeddings=corpus
        )
        found = quantised(part, dtype, ranges_of([corpus]))

        assert expected.dtype == found.dtype
        assert expected.tobytes() == found.tobytes()


@pytest.mark.parametrize("width", [1, 8, 43, 64])
def test_bits_are_those_of_sentence_transformers(width: int) -> None:
    """To the bit; ``binary`` there is ``ubinary`` less 128."""
    part = np.random.default_rng(0).standard_normal((90, width)).astype(np.float32)
    part[5] = 0
    found = quantised(part, "binary")
    signed = quantization.quantize_embeddings(part, precision="binary")

    assert quantization.quantize_embeddings(part, precision="ubinary").tobytes() == found.tobytes()
    assert signed.tobytes() == (found - 128).astype(np.int8).tobytes()


@pytest.mark.parametrize("dtype", ["uint8", "binary"])
@pytest.mark.parametrize("multiplier", [1, 2, 4])
def test_scored_again_as_sentence_transformers_does(dtype: str, multiplier: int) -> None:
    """The same documents and scores as its search through faiss, with whole queries."""
    pytest.importorskip("faiss")
    width = 64
    corpus, queries = vectors(500, 1, width), vectors(20, 2, width)
    ranges = ranges_of([corpus])
    codes = quantised(corpus, dtype, ranges)
    precision = {"uint8": "uint8", "binary": "ubinary"}[dtype]
    theirs = quantization.semantic_search_faiss(
        queries,
        corpus_embeddings=codes,
        corpus_precision=precision,
        top_k=10,
        ranges=ranges,
        rescore_multiplier=multiplier,
    )[0]
    how = Compression(dtype, width, ranges, multiplier, {"queries": queries})
    both = {"queries": quantised(queries, dtype, ranges), "corpus": codes}
    first_rows_first = np.arange(500)[::-1]  # as faiss takes equal distances in bits
    ours = search(Embeddings(both, "cosine", how), k=10, order=first_rows_first)

    for query, found in enumerate(theirs):
        scores = [each["score"] for each in found]
        assert [each["corpus_id"] for each in found] == ours.documents[query].tolist()
        assert scores == pytest.approx(ours.scores[query].tolist(), abs=2e-5)


def test_a_cut_is_that_of_sentence_transformers(made: Made) -> None:
    """``truncate_dim`` and ``normalize_embeddings`` together."""
    texts = making.texts(20)
    whole: Any = load_model(f"st:{made('st')}")
    expected = whole.model.encode(texts, truncate_dim=12, normalize_embeddings=True)
    found: Any = load_model(f"st:{made('st')}?dim=12")

    assert (20, 12) == found.encode(texts).shape
    assert np.abs(expected - found.encode(texts)).max() < 1e-6
    assert whole.width == 32


def test_the_type_of_vectors_is_not_that_of_weights(made: Made) -> None:
    """``dtype=float16`` rounds vectors; ``weights=float16`` is another model."""
    texts = making.texts(5)
    whole: Any = load_model(f"hf:{made('hf')}")
    rounded: Any = load_model(f"hf:{made('hf')}?dtype=float16")
    expected = whole.encode(texts).astype(np.float16).astype(np.float32)

    assert expected.tobytes() == rounded.encode(texts).tobytes()
    assert rounded.base.model.dtype == whole.model.dtype

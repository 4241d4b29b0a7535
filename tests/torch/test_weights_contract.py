"""The contract of every adapter, for those that need weights: see tests/models/test_contract.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.models import load_model
from benchmark.protocols import Encoder, Reranker, Searcher
from tests.models.test_contract import TEXTS, WITH_WEIGHTS, dense

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("sentence_transformers", reason="needs embedmark[torch]")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]
ENCODERS = ("st", "hf", "onnx", "sparse")


def load(scheme: str, made: Made) -> Any:
    """The tiny model of a scheme."""
    return load_model(f"{scheme}:{made(scheme)}")


@pytest.mark.parametrize("scheme", sorted(WITH_WEIGHTS))
def test_identity_names_org_model_revision(scheme: str, made: Made) -> None:
    """The folder of its results is decided, and the same each time it is loaded."""
    first, second = load(scheme, made).identity, load(scheme, made).identity

    assert first == second
    assert 1 == first.name.count("/")
    assert 40 == len(first.revision)
    assert first.adapter.startswith(f"{scheme}/")


@pytest.mark.parametrize("scheme", ENCODERS)
def test_one_finite_row_a_text(scheme: str, made: Made) -> None:
    """Empty and odd texts too; float32; the same bytes twice."""
    model = load(scheme, made)
    assert isinstance(model, Encoder)
    vectors = model.encode(TEXTS)

    assert len(TEXTS) == vectors.shape[0]
    assert np.isfinite(dense(vectors)).all()
    assert vectors.dtype == np.float32
    assert dense(vectors).tobytes() == dense(load(scheme, made).encode(TEXTS)).tobytes()


@pytest.mark.parametrize("scheme", ENCODERS)
def test_a_text_has_its_vector_in_any_company(scheme: str, made: Made) -> None:
    """Alone, reversed, in batches of three: equal within rounding."""
    model = load(scheme, made)
    together = dense(model.encode(TEXTS))

    alone = np.concatenate([dense(model.encode([text])) for text in TEXTS])
    reversed_ = dense(model.encode(TEXTS[::-1]))[::-1]

    assert np.abs(together - alone).max() < 1e-5
    assert np.abs(together - reversed_).max() < 1e-5


@pytest.mark.parametrize("scheme", ENCODERS)
def test_a_prompt_stands_before_the_text(scheme: str, made: Made) -> None:
    """As if the user had written it there."""
    model = load(scheme, made)

    expected = dense(model.encode([f"query : {text}" for text in TEXTS]))

    assert np.abs(expected - dense(model.encode(TEXTS, prompt="query : "))).max() < 1e-5


@pytest.mark.parametrize("scheme", [*ENCODERS, "colbert"])
def test_tokens_are_counted_before_any_cut(scheme: str, made: Made) -> None:
    """Two special tokens and one a word."""
    model = load(scheme, made)

    assert [2, 3, 402] == model.count_tokens(["", "rain", "long " * 400]).tolist()
    assert 0 < model.max_tokens <= 64


def test_rerankers_score_each_pair_alone(made: Made) -> None:
    """A score is the same in any company, empty texts included."""
    for scheme in ("ce", "colbert"):
        model = load(scheme, made)
        assert isinstance(model, Reranker)
        together = model.score(TEXTS, TEXTS[::-1])

        alone = [model.score([q], [d])[0] for q, d in zip(TEXTS, TEXTS[::-1], strict=True)]

        assert np.float32 == together.dtype
        assert (len(TEXTS),) == together.shape
        assert np.abs(together - alone).max() < 1e-4
        assert (0,) == model.score([], []).shape


def test_colbert_searches(made: Made) -> None:
    """Rows of documents, best first."""
    model = load("colbert", made)
    assert isinstance(model, Searcher)

    run = model.search(TEXTS, ["rain"], top_k=3)

    assert (1, 3) == run.documents.shape == run.scores.shape
    assert (np.diff(run.scores) <= 0).all()

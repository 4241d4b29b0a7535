"""The adapters give what the libraries that they stand on give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.models import load_model
from benchmark.models.colbert import max_similarities
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
sentence_transformers = pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch and transformers warn of their own

Made = Callable[[str], Path]
ODD = ["", "   ", "男人在弹吉他", "emoji 🎸 and\nnew lines\t", "long " * 400, "Ein Mann spielt."]


@pytest.fixture(scope="module")
def thousand(minilm: Path) -> tuple[list[str], Any]:
    """A thousand texts and their vectors by sentence-transformers itself."""
    texts = [*making.texts(1000 - len(ODD)), *ODD]
    model = sentence_transformers.SentenceTransformer(str(minilm), device="cpu")
    return texts, model.encode(texts, show_progress_bar=False)


def test_hf_gives_minilms_vectors(minilm: Path, thousand: tuple[list[str], Any]) -> None:
    """Pooling, length and norm are read from the folder: equal to st within 1e-5."""
    texts, expected = thousand

    found = load_model(f"hf:{minilm}").encode(texts)  # type: ignore[attr-defined]

    assert np.abs(expected - found).max() < 1e-5


def test_st_gives_minilms_vectors(minilm: Path, thousand: tuple[list[str], Any]) -> None:
    """The adapter adds nothing to the library's own."""
    texts, expected = thousand

    found = load_model(f"st:{minilm}").encode(texts)  # type: ignore[attr-defined]

    assert np.abs(expected - found).max() < 1e-6


def test_onnx_gives_minilms_vectors(
    minilm: Path, thousand: tuple[list[str], Any], tmp_path: Path
) -> None:
    """Exported by torch, run by onnxruntime: equal to st within 1e-4."""
    pytest.importorskip("onnxruntime", reason="needs embedmark[onnx]")
    pytest.importorskip("onnxscript", reason="torch exports with onnxscript")
    texts, expected = thousand

    found = load_model(f"onnx:{making.onnx(tmp_path, minilm)}").encode(texts)  # type: ignore[attr-defined]

    assert np.abs(expected - found).max() < 1e-4


def test_a_cross_encoder_scores_as_sentence_transformers(made: Made) -> None:
    """``predict`` on the same pairs, in one batch and in ours."""
    queries, documents = making.texts(50, 8, seed=1), making.texts(50, 60, seed=2)
    library = sentence_transformers.CrossEncoder(str(made("ce")), device="cpu")
    expected = library.predict(list(zip(queries, documents, strict=True)), batch_size=50)

    found = load_model(f"ce:{made('ce')}").score(queries, documents)  # type: ignore[attr-defined]

    assert expected.std() > 0.01
    assert np.abs(expected - found).max() < 1e-6
    assert np.float32 == found.dtype


def test_a_sparse_encoder_weighs_as_sentence_transformers(made: Made) -> None:
    """The same rows by role, and the words that weigh most as ``decode`` names them."""
    texts = making.texts(40)
    library = sentence_transformers.SparseEncoder(str(made("sparse")), device="cpu")
    model: Any = load_model(f"sparse:{made('sparse')}")

    for role, function in (("query", library.encode_query), ("document", library.encode_document)):
        expected = function(texts).to_dense().numpy()
        assert np.abs(expected - model.encode(texts, role=role).toarray()).max() < 1e-6
    named = library.decode(library.encode_document(texts[:1]), top_k=3)[0]
    assert [word for word, _ in named] == [
        word for word, _ in model.explain(texts[:1], role="document", top=3)[0]
    ]


def test_colbert_scores_as_sentence_transformers(made: Made) -> None:
    """Rankings and scores of pairs, by the library's MaxSim."""
    queries, documents = making.texts(20, 8, seed=1), making.texts(60, 50, seed=2)
    library = sentence_transformers.MultiVectorEncoder(str(made("colbert")), device="cpu")
    expected = library.similarity(
        library.encode_query(queries), library.encode_document(documents)
    ).numpy()
    model: Any = load_model(f"colbert:{made('colbert')}")

    run = model.search(documents, queries, top_k=10)
    best = np.argsort(-expected, axis=1, kind="stable")[:, :10]
    pairs = model.score([queries[0]] * len(documents), documents)

    assert (best == run.documents).mean() > 0.99  # ties within rounding may change places
    assert np.abs(np.take_along_axis(expected, best, 1) - run.scores).max() < 1e-4
    assert np.abs(expected[0] - pairs).max() < 1e-4


def test_maxsim_agrees_on_ragged_vectors() -> None:
    """Of any lengths, by the library's function; a document without tokens comes last."""
    import torch
    from sentence_transformers.util.similarity import maxsim

    draw = np.random.default_rng(0)
    queries = [draw.normal(size=(n, 8)).astype("f4") for n in (1, 5, 3)]
    documents = [draw.normal(size=(n, 8)).astype("f4") for n in (4, 1, 7, 2)]

    expected = maxsim([torch.tensor(q) for q in queries], [torch.tensor(d) for d in documents])

    assert np.abs(expected.numpy() - max_similarities(queries, documents)).max() < 1e-5
    empty = max_similarities(queries, [documents[0], np.zeros((0, 8), "f4")])
    assert (empty[:, 1] < empty[:, 0]).all()

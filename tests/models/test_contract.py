"""What every adapter owes: identity, shape, determinism, independence of batch and company."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmark.models import load_model
from benchmark.models.table import SCHEMES, scheme_module
from benchmark.protocols import Encoder, Fitted, Model, Reranker, Searcher
from tests.endpoints.server import relevance, serving

TEXTS = [
    "A man plays the guitar.",
    "Ein Mann spielt Gitarre.",
    "男人在弹吉他",
    "",
    "   ",
    "emoji 🎸 and\nnew lines\t",
    "long " * 300,
    "a",
]


def _py(folder: Path) -> str:
    path = folder / "mine.py"
    path.write_text(
        "import numpy as np\n"
        "def encode(texts):\n"
        "    return np.array([[len(t), t.count(' '), 1] for t in texts], dtype='float32')\n"
    )
    return str(path)


def _vectors(folder: Path) -> str:
    path = folder / "made.npz"
    np.savez(path, texts=np.array(TEXTS), vectors=np.arange(len(TEXTS) * 3.0).reshape(-1, 3))
    return str(path)


def _m2v(folder: Path) -> str:
    from model2vec import StaticModel
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", "[PAD]", "a", "man", "plays", "the", "guitar", "long", "spielt"]
    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(words)}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    vectors = np.random.default_rng(0).normal(size=(len(words), 4)).astype(np.float32)
    StaticModel(vectors, tokenizer).save_pretrained(folder / "static")
    return f"m2v:{folder / 'static'}"


ENDPOINT: list[str] = []


@pytest.fixture(scope="module", autouse=True)
def endpoint() -> Iterator[None]:
    """A server on this machine for the adapters of endpoints."""
    with serving() as server:
        ENDPOINT[:] = [server.url]
        yield


URIS: dict[str, Callable[[Path], str]] = {
    "wordllama": lambda folder: "wordllama",
    "st": lambda folder: f"st:{folder}",
    "hf": lambda folder: f"hf:{folder}",
    "onnx": lambda folder: f"onnx:{folder}",
    "m2v": _m2v,
    "ce": lambda folder: f"ce:{folder}",
    "colbert": lambda folder: f"colbert:{folder}",
    "sparse": lambda folder: f"sparse:{folder}",
    "openai": lambda folder: f"openai:tiny?url={ENDPOINT[0]}&key_env=",
    "rerank": lambda folder: f"rerank:tiny?url={ENDPOINT[0]}&key_env=",
    "mteb": lambda folder: "mteb:mteb/baseline-random-encoder",
    "py": _py,
    "vectors": _vectors,
    "tfidf": lambda folder: "tfidf",
    "bow": lambda folder: "bow",
    "bm25": lambda folder: "bm25",
    "hybrid": lambda folder: "hybrid:(tfidf)+(random)",
    "two": lambda folder: "two:(tfidf)|(random)",
    "random": lambda folder: "random",
    "constant": lambda folder: "constant",
}
# Held to it in tests/torch, with weights that the tests make.
WITH_WEIGHTS = {"st", "hf", "onnx", "ce", "colbert", "sparse"}
ENCODERS = [name for name in URIS if name not in {"bm25", "hybrid", "rerank", "two", *WITH_WEIGHTS}]


def test_every_adapter_is_held_to_the_contract() -> None:
    """An adapter in the table without a line here would go untested."""
    assert set(SCHEMES) == set(URIS)


PAGES = dict.fromkeys([*sorted(WITH_WEIGHTS), "m2v", "vectors"], "models")
PAGES |= {"openai": "endpoints", "rerank": "endpoints", "hybrid": "composites", "two": "composites"}


@pytest.mark.parametrize("scheme", PAGES)
def test_every_option_is_documented(scheme: str) -> None:
    """In the page that has a table of options; a new one is written there."""
    text = (Path(__file__).parents[2] / "docs" / f"{PAGES[scheme]}.md").read_text("utf-8")
    options = scheme_module(scheme, SCHEMES[scheme]).OPTIONS[scheme]

    assert [name for name in options if not re.search(rf"[`?&]{name}[`=]", text)] == []


def load(scheme: str, folder: Path) -> Model:
    """Load by URI, skipping what is not installed."""
    needed = {"wordllama": "wordllama", "m2v": "model2vec", "bm25": "bm25s", "mteb": "mteb"}
    needed |= {"openai": "httpx2", "rerank": "httpx2"}
    if scheme in needed and importlib.util.find_spec(needed[scheme]) is None:
        pytest.skip(f"{needed[scheme]} is not installed")
    return load_model(URIS[scheme](folder))


def encoder(scheme: str, folder: Path) -> Encoder:
    """A loaded encoder, fitted where that is what it needs."""
    model = load(scheme, folder)
    found = model.fit(TEXTS) if isinstance(model, Fitted) else model
    assert isinstance(found, Encoder)
    return found


def dense(vectors: object) -> np.ndarray:
    """Vectors as a dense array."""
    return np.asarray(vectors.toarray() if hasattr(vectors, "toarray") else vectors)


@pytest.mark.parametrize("scheme", [name for name in URIS if name not in WITH_WEIGHTS])
def test_identity_names_org_model_revision(scheme: str, tmp_path: Path) -> None:
    """The folder of its results is decided, and the same each time it is loaded."""
    first, second = load(scheme, tmp_path).identity, load(scheme, tmp_path).identity

    assert first == second
    assert 1 == first.name.count("/")
    assert first.revision
    assert first.adapter.startswith(f"{scheme}/")


@pytest.mark.parametrize("scheme", ENCODERS)
def test_one_finite_row_a_text(scheme: str, tmp_path: Path) -> None:
    """Empty and odd texts too; float32."""
    vectors = encoder(scheme, tmp_path).encode(TEXTS)

    assert len(TEXTS) == vectors.shape[0]
    assert np.isfinite(dense(vectors)).all()
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("scheme", ENCODERS)
def test_the_same_bytes_every_time(scheme: str, tmp_path: Path) -> None:
    """Two loads, two encodings, no difference."""
    first = dense(encoder(scheme, tmp_path).encode(TEXTS))
    second = dense(encoder(scheme, tmp_path).encode(TEXTS))

    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("scheme", ENCODERS)
def test_a_text_has_its_vector_in_any_company(scheme: str, tmp_path: Path) -> None:
    """Alone, in another order, in another batch: these adapters give equal bytes."""
    model = encoder(scheme, tmp_path)
    together = dense(model.encode(TEXTS))

    alone = np.concatenate([dense(model.encode([text])) for text in TEXTS])
    reversed_ = dense(model.encode(TEXTS[::-1]))[::-1]

    assert together.tobytes() == alone.tobytes()
    assert together.tobytes() == reversed_.tobytes()


def test_bm25_ranks_and_keeps_the_order_of_ties(tmp_path: Path) -> None:
    """Equal scores stand in the order of the corpus, also where the cut falls among them."""
    model = load("bm25", tmp_path)
    assert isinstance(model, Searcher)
    corpus = ["red apple", "green pear", "red pear", "blue plum", "grey stone"]

    run = model.search(corpus, ["red", "unknown words", ""], top_k=4)

    assert [0, 2, 1, 3] == run.documents[0].tolist()
    assert [0, 1, 2, 3] == run.documents[1].tolist() == run.documents[2].tolist()
    assert (run.scores[1] == 0).all()


def test_a_reranker_gives_a_score_a_pair(tmp_path: Path) -> None:
    """In the order of the pairs, float32, whatever their neighbours."""
    model = load("rerank", tmp_path)
    assert isinstance(model, Reranker)
    pairs = [(query, text) for query in TEXTS[:3] for text in TEXTS]

    scores = model.score([query for query, _ in pairs], [text for _, text in pairs])

    assert np.float32 == scores.dtype
    assert [np.float32(relevance(*pair)) for pair in pairs] == scores.tolist()
    assert scores[::-1].tolist() == [
        model.score([query], [text])[0] for query, text in reversed(pairs)
    ]


def test_bm25_scores_agree_with_the_formula(tmp_path: Path) -> None:
    """Lucene's BM25 by hand: two documents of two words, one holds the query's word.

    idf = ln(1 + (2 - 1 + .5) / (1 + .5)) = ln 2 = .6931; tf = 1, length = mean length, so the
    weight is 1 / (1 + 1.5 * (1 - .75 + .75)) = .4; score = .6931 * .4 = .2773.
    """
    model = load("bm25", tmp_path)
    assert isinstance(model, Searcher)

    run = model.search(["red apple", "green pear"], ["red"], top_k=2)

    assert pytest.approx([0.27726, 0.0], abs=1e-4) == run.scores[0].tolist()

"""Vectors made from a model's own: what is cut, calibrated and compared, and who may not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from benchmark.encode import encode_plan
from benchmark.errors import ModelError, UsageError
from benchmark.metrics.quantization import floats, quantised, ranges_of
from benchmark.metrics.search import numbers_of
from benchmark.metrics.similarity import normalised
from benchmark.models import load_model
from benchmark.models.derived import Derivation, DerivedModel, WholeVectors, derive
from benchmark.protocols import Embeddings, Identity, Request, Role
from benchmark.results.store import result_path
from benchmark.task import Source, Task

TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})
WIDTH = 12


class Drawn:
    """Vectors drawn from the text; ``asked`` counts texts."""

    identity = Identity("a/b", "1", "drawn/1", {"pooling": "cls"}, "pooling_cls")

    def __init__(self, similarity: str = "cosine") -> None:
        self.similarity = similarity
        self.asked = 0

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> np.ndarray:
        """``(n, 12)``, of different lengths."""
        self.asked += len(texts)
        rows = [np.random.default_rng(len(text)).standard_normal(WIDTH) for text in texts]
        return np.array(rows, np.float32).reshape(-1, WIDTH)


def plan_of(**texts: tuple[Role, int]) -> dict[str, Request]:
    """A plan of so many texts of different lengths a request."""
    return {
        name: Request(pa.array(["x" * (n + 1) for n in range(count)], pa.large_string()), role)
        for name, (role, count) in texts.items()
    }


SEARCH = plan_of(queries=("query", 9), corpus=("document", 5))


def encoded(model: Any, plan: dict[str, Request], cache: Path | None = None) -> Embeddings:
    """What the engine gives."""
    return encode_plan(model, plan, TASK, "STS", cache=cache).embeddings


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_integers_are_calibrated_on_documents(similarity: str) -> None:
    """Not on queries; of unit vectors where the model compares by cosine."""
    base = Drawn(similarity)
    whole = encoded(base, SEARCH)
    plain = {
        name: normalised(part) if similarity == "cosine" else np.asarray(part)
        for name, part in whole.vectors.items()
    }
    found = encoded(derive(base, Derivation(dtype="int8", rescore=2), "m"), SEARCH)
    ranges = ranges_of([plain["corpus"]])

    for name in SEARCH:
        assert quantised(plain[name], "int8", ranges).tolist() == found[name].tolist()
    assert found.compression is not None
    assert found.compression.queries["queries"].tolist() == plain["queries"].tolist()
    assert (found.compression.dtype, found.compression.dimensions) == ("int8", WIDTH)


def test_integers_without_documents_are_calibrated_on_all_texts() -> None:
    """As for kinds whose texts have no role."""
    plan = plan_of(sentence1=(None, 4), sentence2=(None, 9))
    base = Drawn()
    all_of = normalised(encoded(base, plan)["sentence2"])
    found = encoded(derive(base, Derivation(dtype="uint8"), "m"), plan)

    assert quantised(all_of, "uint8", ranges_of([all_of])).tolist() == found["sentence2"].tolist()


def test_a_cut_comes_first() -> None:
    """The bits and numbers are those of the first dimensions, at unit length."""
    base = Drawn()
    whole = encoded(base, SEARCH)
    cut = encoded(derive(base, Derivation(dim=5), "m"), SEARCH)
    bits = encoded(derive(base, Derivation(dim=5, dtype="binary"), "m"), SEARCH)
    corpus = np.asarray(whole["corpus"])[:, :5]

    assert np.asarray(cut["corpus"]) == pytest.approx(
        corpus / np.linalg.norm(corpus, axis=1, keepdims=True), abs=1e-6
    )
    assert (5, 1) == bits["corpus"].shape
    assert (corpus > 0).astype(float).tolist() == numbers_of(bits, "corpus").tolist()


def test_what_is_derived_is_encoded_once(tmp_path: Path) -> None:
    """Through the cache, under the base's name; and in memory, where models share it."""
    base, whole = Drawn(), WholeVectors(1 << 20)
    shared = [
        derive(base, Derivation(dim, dtype), "m", whole=whole)
        for dim in (None, 4, 8)
        for dtype in ("float32", "int8", "binary")
    ]
    for model in shared:
        encoded(model, SEARCH)
    assert base.asked == 14
    encoded(base, SEARCH, tmp_path)
    assert base.asked == 28
    for dim in (3, 4):
        encoded(derive(base, Derivation(dim), "m"), SEARCH, tmp_path)
    assert base.asked == 28
    assert isinstance(shared[0], DerivedModel)
    assert shared[0].identity == base.identity


def test_whole_vectors_are_kept_up_to_some_bytes() -> None:
    """The oldest goes, and the newest is never dropped."""
    whole = WholeVectors(most_bytes=1)
    base = Drawn()
    model = derive(base, Derivation(4), "m", whole=whole)
    other = plan_of(texts=(None, 3))
    for plan in (SEARCH, other, other, SEARCH):
        encoded(model, plan)

    assert base.asked == 14 + 3 + 14
    assert len(whole.kept) == 1


def test_results_lie_apart() -> None:
    """Options in the order of their names, whatever came first; the plain model has its own."""
    model = derive(Drawn(), Derivation(64, "binary", 4), "m")
    path = result_path(Path("r"), model.identity, "T").as_posix()

    assert path == "r/a__b/1/experiments/dim_64__dtype_binary__pooling_cls__rescore_4/T.json"
    assert model.identity.options == {
        "pooling": "cls",
        "dim": 64,
        "dtype": "binary",
        "rescore": 4,
    }
    base = Drawn()
    assert derive(base, Derivation(), "m") is base


def test_texts_alone_are_coded_too() -> None:
    """``encode`` calibrates by what it is given, so that a check of a model works."""
    model = derive(Drawn(), Derivation(dtype="int8"), "m")
    whole = normalised(Drawn().encode(["x", "xy", "xyz"]))
    ranges = ranges_of([whole])

    expected = floats(quantised(whole, "int8", ranges), "int8", WIDTH)
    assert expected.tolist() == model.encode(["x", "xy", "xyz"]).tolist()


def test_too_many_dimensions() -> None:
    """Said when the vectors come, where the model does not say before."""
    with pytest.raises(ModelError, match="a/b has 12 dimensions; dim must be at most that, not 13"):
        encoded(derive(Drawn(), Derivation(13), "m"), SEARCH)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("random?dtype=binary&rescore=0", "option rescore must be of type whole number from 1"),
        ("random?rescore=2", "rescore= needs dtype=int8, uint8 or binary"),
        ("random?dtype=int4", "int8, uint8 or binary (weights have weights=), not 'int4'"),
        ("tfidf?dim=4", "gives no dense vectors of single texts, which dim= take"),
        ("hybrid:(tfidf)+(random)?dtype=int8", "gives no dense vectors of single texts"),
        ("random?dtyp=int8", "has no option 'dtyp'; did you mean 'dtype'?"),
    ],
)
def test_a_wrong_option_is_one_line(uri: str, message: str) -> None:
    """What is wrong and what to do, before anything is encoded."""
    with pytest.raises(UsageError) as caught:
        load_model(uri)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_sparse_vectors_are_refused() -> None:
    """A model that gives them is known by its first answer."""
    import scipy.sparse as sp

    class Sparse(Drawn):
        """Rows of weights."""

        def encode(self, texts: Sequence[str], **_: Any) -> Any:
            """``(n, 3)``."""
            return sp.csr_matrix(np.ones((len(texts), 3), np.float32))

    with pytest.raises(ModelError, match="a/b gives sparse vectors; dim= and dtype= take dense"):
        encoded(derive(Sparse(), Derivation(dtype="int8"), "m"), SEARCH)

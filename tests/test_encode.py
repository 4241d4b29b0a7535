"""The engine: every text once, in its place, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.encode import encode_plan
from benchmark.errors import ModelError
from benchmark.protocols import Identity, Request, Role
from benchmark.task import Source, Task

TASK = Task("T", "sts", "cosine_spearman", Source("files", {}, Path()), ("test",), {}, {}, {}, {})


def lengths(texts: Sequence[str]) -> Any:
    """Two numbers a text: its length and its first code point."""
    return np.array([[len(text), ord(text[0]) if text else 0] for text in texts], np.float32)


@dataclass
class Counting:
    """A model that remembers what it was asked for."""

    function: Callable[[Sequence[str]], Any] = lengths
    identity: Identity = Identity("test/counting", "1", "test/1")
    similarity: str = "cosine"
    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None) -> Any:
        """Call the function."""
        self.asked += texts
        return self.function(texts)


def request(*texts: str, role: Role = None) -> Request:
    """A request for these texts."""
    return Request(pa.array(texts, pa.large_string()), role)


def test_equal_texts_are_encoded_once_across_requests() -> None:
    """Two requests of one role share their texts; order and repeats come back as asked."""
    model = Counting()

    found = encode_plan(
        model, {"a": request("x", "yy", "x"), "b": request("yy", "z")}, TASK, "STS", cache=None
    )

    assert ["x", "yy", "z"] == sorted(model.asked)
    assert lengths(["x", "yy", "x"]).tolist() == found.embeddings["a"].tolist()
    assert lengths(["yy", "z"]).tolist() == found.embeddings["b"].tolist()
    assert (5, 3, 3) == (found.texts, found.unique, found.encoded)


def test_roles_are_encoded_apart() -> None:
    """The same text as query and as document is asked for twice: a model may tell them apart."""
    model = Counting()

    encode_plan(
        model, {"q": request("x", role="query"), "d": request("x", role="document")}, TASK,
        "Retrieval", cache=None,
    )  # fmt: skip

    assert ["x", "x"] == model.asked


def test_the_cache_answers_a_second_time(tmp_path: Path) -> None:
    """Nothing is encoded twice, and the vectors are the same bytes."""
    plan = {"a": request(*(f"text {n % 700}" for n in range(1500)))}
    first, second = Counting(), Counting()

    one = encode_plan(first, plan, TASK, "STS", cache=tmp_path)
    two = encode_plan(second, plan, TASK, "STS", cache=tmp_path)

    assert (700, 0) == (one.encoded, two.encoded)
    assert [] == second.asked
    assert one.embeddings["a"].tobytes() == two.embeddings["a"].tobytes()


def test_a_batch_that_lacks_a_text_is_encoded_whole(tmp_path: Path) -> None:
    """So that a resumed run gives a model the batches of an undisturbed one."""
    encode_plan(Counting(), {"a": request("x", "yy")}, TASK, "STS", cache=tmp_path)
    model = Counting()

    encode_plan(model, {"a": request("x", "yy", "zzz")}, TASK, "STS", cache=tmp_path)

    assert ["x", "yy", "zzz"] == sorted(model.asked)


def test_a_model_without_a_version_is_never_cached(tmp_path: Path) -> None:
    """Nothing tells whether such an object is still the same model."""
    plan = {"a": request("x")}
    for _ in range(2):
        model = Counting(identity=Identity("local/object", "unversioned", "py/1"))
        encode_plan(model, plan, TASK, "STS", cache=tmp_path)
        assert ["x"] == model.asked


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(max_size=6), min_size=1, max_size=40), st.randoms())
def test_vectors_do_not_depend_on_order(texts: list[str], random: Any) -> None:
    """A permutation of the texts permutes the vectors."""
    order = list(range(len(texts)))
    random.shuffle(order)
    straight = encode_plan(Counting(), {"a": request(*texts)}, TASK, "STS", cache=None)
    mixed = encode_plan(
        Counting(), {"a": request(*(texts[n] for n in order))}, TASK, "STS", cache=None
    )

    assert straight.embeddings["a"][order].tolist() == mixed.embeddings["a"].tolist()


def test_sparse_vectors_come_back_in_order(tmp_path: Path) -> None:
    """Sparse rows go through the same batches and back into the order of the texts."""
    texts = [f"{'x' * (n % 7)}{n}" for n in range(600)]
    model = Counting(lambda batch: sp.csr_matrix(lengths(batch)))

    found = encode_plan(model, {"a": request(*texts)}, TASK, "STS", cache=tmp_path)

    assert sp.issparse(found.embeddings["a"])
    assert lengths(texts).tolist() == found.embeddings["a"].toarray().tolist()


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda t: np.zeros((len(t) + 1, 2)), "returned shape (4, 2) for 3 texts; return (n, d)"),
        (lambda t: np.zeros(len(t)), "returned shape (3,) for 3 texts; return (n, d)"),
        (lambda t: np.zeros((len(t), 0)), "returned shape (3, 0) for 3 texts; return (n, d)"),
        (lambda t: [["a"]] * len(t), "returned no numbers (text); return (n, d) float32"),
        (lambda t: [[1.0], [1.0, 2.0], [1.0]], "returned no numbers (lists of several lengths)"),
        (lambda t: None, "returned no numbers (objects)"),
        (lambda t: np.ones((len(t), 2), bool), "returned no numbers (bool)"),
        (lambda t: np.ones((len(t), 2), complex), "returned no numbers (complex128)"),
        (lambda t: np.full((len(t), 2), 1e300), "returned a NaN or infinite vector for row"),
        (
            lambda t: np.array([[np.nan if text == "secret" else 1.0] for text in t]),
            "returned a NaN or infinite vector for row 2 of 'a' (1 in its batch)",
        ),
        (lambda t: np.full((len(t), 2), np.inf), "returned a NaN or infinite vector for row"),
        (lambda t: sp.csr_matrix((1, 4)), "returned 1 vectors for 3 texts"),
    ],
)
def test_wrong_vectors_are_one_line(function: Any, message: str) -> None:
    """Every wrong shape, type or value names the model and what is wrong, never a text."""
    model = Counting(function)

    with pytest.raises(ModelError) as caught:
        encode_plan(model, {"a": request("x", "secret", "zz")}, TASK, "STS", cache=None)

    assert f"test/counting {message}" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_failing_model_does_not_quote_the_text() -> None:
    """The message of the user's own error may hold a text, so only type and place are shown."""

    def fail(texts: Sequence[str]) -> Any:
        raise ValueError(f"cannot encode {texts}")

    with pytest.raises(ModelError, match=r"ValueError at test_encode.py:\d+") as caught:
        encode_plan(Counting(fail), {"a": request("secret")}, TASK, "STS", cache=None)

    assert "secret" not in str(caught.value)


def test_prompts_reach_the_model_and_the_record() -> None:
    """What a model puts before its texts is recorded by role."""

    @dataclass
    class Prompted(Counting):
        def prompt_for(
            self, name: str, task_type: str, role: Role, task_prompts: Mapping[str, str]
        ) -> str | None:
            return f"{task_type} {role}: " if role == "query" else None

    found = encode_plan(
        Prompted(), {"q": request("x", role="query"), "d": request("x", role="document")}, TASK,
        "Retrieval", cache=None,
    )  # fmt: skip

    assert {"query": "Retrieval query: "} == dict(found.prompts)


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    """The last call says that all unique texts are done, cached ones too."""
    calls: list[tuple[int, int]] = []
    plan = {"a": request(*map(str, range(600))), "b": request("x", role="query")}
    for _ in range(2):
        encode_plan(
            Counting(), plan, TASK, "STS", cache=tmp_path,
            progress=lambda done, total: calls.append((done, total)),
        )  # fmt: skip

        assert (601, 601) == calls[-1]
        assert calls == sorted(calls)
        calls.clear()


def test_requests_of_neighbouring_texts_share_memory() -> None:
    """Vectors of texts that follow each other are handed out without a copy."""
    plan = {"a": request("x", "yy"), "b": request("zzz", "w")}

    found = encode_plan(Counting(), plan, TASK, "STS", cache=None).embeddings

    assert lengths(["zzz", "w"]).tolist() == found["b"].tolist()
    assert np.shares_memory(found["a"].base, found["b"].base)

"""Similarities of rows, dense and sparse, and at the edges of floating point."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from benchmark.metrics import similarity

PAIRED = {
    "cosine": similarity.paired_cosine,
    "dot": similarity.paired_dot,
    "euclidean": similarity.paired_euclidean,
    "manhattan": similarity.paired_manhattan,
}


def rows(seed: int) -> Any:
    """Rows with many zeros and one that is all zero."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((20, 15)) * (generator.random((20, 15)) < 0.4)
    values[3] = 0
    return values.astype(np.float32)


@pytest.mark.parametrize("name", ["cosine", "euclidean", "manhattan"])
def test_equal_to_scikit_learn(name: str) -> None:
    """The very floats that mteb's evaluators take from scikit-learn."""
    pairwise = pytest.importorskip("sklearn.metrics.pairwise")
    a, b = rows(0), rows(1)
    distances = getattr(pairwise, f"paired_{name}_distances")(a, b)
    expected = 1 - distances if name == "cosine" else -distances

    assert PAIRED[name](a, b).tolist() == expected.tolist()


def test_dot_is_numpys() -> None:
    """The very floats of numpy.dot, row by row."""
    a, b = rows(0), rows(1)

    assert similarity.paired_dot(a, b).tolist() == [float(x @ y) for x, y in zip(a, b, strict=True)]


@pytest.mark.parametrize("name", sorted(PAIRED))
def test_sparse_equals_dense(name: str) -> None:
    """CSR rows give what the same rows give as arrays."""
    sparse = pytest.importorskip("scipy.sparse")
    a, b = rows(0), rows(1)
    found = PAIRED[name](sparse.csr_matrix(a), sparse.csr_matrix(b))

    assert found == pytest.approx(PAIRED[name](a, b), abs=1e-6)


@pytest.mark.parametrize("name", ["cosine", "dot", "euclidean"])
def test_own_similarity_of_sparse_rows(name: str) -> None:
    """The model's own similarity takes CSR rows too."""
    sparse = pytest.importorskip("scipy.sparse")
    a, b = rows(0), rows(1)
    dense = similarity.paired_similarity(a, b, name=name)
    found = similarity.paired_similarity(sparse.csr_matrix(a), sparse.csr_matrix(b), name=name)

    assert found == pytest.approx(dense, abs=1e-6)


def test_zero_rows() -> None:
    """scikit-learn's cosine of two zero rows is 1, torch's 0; each is kept where mteb uses it."""
    zero = np.zeros((1, 3), dtype=np.float32)

    assert similarity.paired_cosine(zero, zero).tolist() == [1.0]
    assert similarity.paired_similarity(zero, zero, name="cosine").tolist() == [0.0]


def test_denormal_rows_stay_finite() -> None:
    """Norms below the smallest float do not divide by zero."""
    tiny = np.full((1, 3), 1e-42, dtype=np.float32)

    assert np.isfinite(similarity.paired_cosine(tiny, tiny)).all()
    assert np.isfinite(similarity.normalised(tiny)).all()


def test_own_cosine_of_equal_rows() -> None:
    """A row has cosine 1 with itself, within float32."""
    a = np.random.default_rng(0).standard_normal((200, 33)).astype(np.float32)
    own = similarity.paired_similarity(a, a, name="cosine")

    assert own == pytest.approx(np.ones(200), abs=3e-7)


@pytest.mark.parametrize("kind", ["sts", "pair_classification", "bitext", "retrieval"])
def test_needs_neither_scikit_learn_nor_scipy(kind: str) -> None:
    """Importing a kind that only compares vectors loads no scientific stack beyond numpy."""
    code = (
        f"import sys, benchmark.kinds.{kind};"
        "print([m for m in ('sklearn', 'scipy', 'pandas', 'pyarrow.compute') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", [*sorted(PAIRED), "similarity"])
def test_blocks_of_rows_give_the_same_floats(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row's value does not depend on the rows beside it."""
    options = {"name": "cosine"} if name == "similarity" else {}
    function: Any = {**PAIRED, "similarity": similarity.paired_similarity}[name]
    a, b = rows(0), rows(1)
    whole = function(a, b, **options)
    monkeypatch.setattr(similarity, "_ROWS", 7)

    assert whole.tolist() == function(a, b, **options).tolist()


@pytest.mark.parametrize("name", ["cosine", "dot", "euclidean"])
def test_pairs_of_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows named by number, some of them many times, give what the same rows give side by side."""
    generator = np.random.default_rng(2)
    first, second = generator.integers(0, 20, (2, 50))
    a, b = rows(0), rows(1)
    monkeypatch.setattr(similarity, "_ROWS", 8)
    found = similarity.similarity_of_pairs(a, b, first, second, name=name)

    assert similarity.paired_similarity(a[first], b[second], name=name).tolist() == found.tolist()

"""Vectors at the edges of floating point: zero, denormal, float16, negative; mteb's own numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.comparing import DEVIATION, compare
from tests.oracle.harness import make_task
from tests.oracle.mteb_task import Parts
from tests.oracle.random_tables import collection, labelled, pairs, random_vectors
from tests.oracle.recording import NamedVectors

pytestmark = pytest.mark.oracle

VALUES = ["zero", "denormal", "half", "negative", "huge"]


def hard_vectors(parts: Parts, values: str) -> Mapping[str, NDArray[Any]]:
    """Random vectors made hard."""
    vectors = NamedVectors(random_vectors(parts), "adversarial")
    for number, (text, vector) in enumerate(vectors.items()):
        if values == "zero" and number % 3 == 0:
            vectors[text] = np.zeros_like(vector)
        if values == "denormal":
            vectors[text] = vector * np.float32(1e-40)
        if values == "half":
            vectors[text] = vector.astype(np.float16)
        if values == "negative":
            vectors[text] = -np.abs(vector)
        if values == "huge":
            vectors[text] = vector * np.float32(1e15)
    return vectors


@pytest.mark.parametrize("values", VALUES)
def test_sts(values: str) -> None:
    """Correlations."""
    parts = {("test", "default"): pairs("a", rows=150, seed=1, gold="score")}
    task = make_task("sts", parts, "cosine_spearman", {})
    vectors = hard_vectors(parts, values)

    # Denormal numbers keep few digits, and zero rows tie; torch's own sums split such ties.
    loose = {"spearman": 1e-3, "pearson": 1e-3} if values in ("denormal", "zero") else {}

    compare(task, parts, vectors, allowed=loose)


@pytest.mark.parametrize("values", VALUES)
def test_pair_classification(values: str) -> None:
    """Thresholds and average precision."""
    parts = {("test", "default"): pairs("a", rows=150, seed=1, gold="label")}
    task = make_task("pair_classification", parts, "max_ap", {})
    vectors = hard_vectors(parts, values)

    compare(task, parts, vectors)


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_retrieval(values: str, similarity: str) -> None:
    """Rankings and their confidence."""
    parts = {("test", "default"): collection("a", documents=100, queries=30, seed=1)}
    task = make_task("retrieval", parts, "ndcg_at_10", {})
    vectors = hard_vectors(parts, values)
    still = DEVIATION if values in ("denormal", "zero") else {}

    compare(task, parts, vectors, similarity, still=still)


@pytest.mark.parametrize("values", ["half", "negative"])
def test_bitext(values: str) -> None:
    """Nearest neighbours."""
    parts = {("test", "default"): pairs("a", rows=150, seed=1, gold="none")}
    task = make_task("bitext", parts, "f1", {})
    vectors = hard_vectors(parts, values)

    compare(task, parts, vectors)


@pytest.mark.parametrize("values", ["zero", "negative", "huge"])
def test_classification(values: str) -> None:
    """Fits."""
    tables = {
        "rows": labelled("test", rows=60, seed=1, labels=[0, 1, 2]),
        "train": labelled("train", rows=60, seed=2, labels=[0, 1, 2]),
    }
    parts = {("test", "default"): tables}
    task = make_task("classification", parts, "accuracy", {"n_experiments": 3})
    vectors = hard_vectors(parts, values)

    compare(task, parts, vectors)

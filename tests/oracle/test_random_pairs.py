"""Kinds that compare two texts, on random data of several parts: each of mteb's numbers agrees."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.comparing import assert_equal, compare, switched
from tests.oracle.harness import make_task, ours, theirs
from tests.oracle.mteb_task import Tables
from tests.oracle.random_tables import PARTS, pairs, random_vectors

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "line"])
def test_sts(similarity: str, values: str) -> None:
    """Correlations of three similarities and of the model's own."""
    parts = {
        part: pairs("/".join(part), rows=200, seed=n, gold="score") for n, part in enumerate(PARTS)
    }
    task = make_task("sts", parts, "cosine_spearman", {})
    vectors = random_vectors(parts, values=values)
    # On a line every cosine is 1 or -1; torch's float32 sums split these ties at the last place.
    loose = {"spearman": 1.0, "pearson": 1e-4} if values == "line" else {}

    compare(task, parts, vectors, similarity, allowed=loose)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_pair_classification(similarity: str, values: str) -> None:
    """Five similarities, five metrics each, and their maxima."""
    parts = {
        part: pairs("/".join(part), rows=200, seed=n, gold="label") for n, part in enumerate(PARTS)
    }
    task = make_task("pair_classification", parts, "max_ap", {})
    vectors = random_vectors(parts, values=values)

    compare(task, parts, vectors, similarity)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "line"])
def test_bitext(similarity: str, values: str) -> None:
    """The nearest second sentence by the model's own similarity."""
    parts = {
        part: pairs("/".join(part), rows=150, seed=n, gold="none") for n, part in enumerate(PARTS)
    }
    task = make_task("bitext", parts, "f1", {})
    vectors = random_vectors(parts, values=values)
    if values == "line" and similarity == "cosine":  # all cosines are equal; torch takes any
        found = ours(switched(task), parts, vectors, similarity)
        assert_equal(theirs(task, parts, vectors, similarity), found)
        return

    compare(task, parts, vectors, similarity)


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_summarization(similarity: str) -> None:
    """The closest human summary; texts whose scores are all equal are skipped.

    mteb fails on a euclidean similarity here: torch.cdist takes no single vectors.
    """
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        generator = np.random.default_rng(n)
        machine = [
            {
                "text-id": f"t{text}",
                "text": f"{part} machine {text} {system}",
                "score": float(generator.integers(1, 6)) if text else 3.0,
            }
            for text in range(12)
            for system in range(6)
        ]
        human = [
            {"text-id": f"t{text}", "text": f"{part} human {text} {writer}"}
            for text in range(12)
            for writer in range(1 + text % 4)
        ]
        parts[part] = {
            "rows": pa.Table.from_pylist(machine),
            "references": pa.Table.from_pylist(human),
        }
    task = make_task("summarization", parts, "cosine_spearman", {})
    vectors = random_vectors(parts)

    compare(task, parts, vectors, similarity)

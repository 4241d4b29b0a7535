"""Kinds with labels, on random data of several parts: each of mteb's numbers agrees."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.comparing import compare
from tests.oracle.harness import make_task
from tests.oracle.mteb_task import Tables
from tests.oracle.random_tables import PARTS, labelled, random_vectors

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("labels", [[0, 1], [3, 1, 2, 10], ["b", "a", "c"]])
def test_classification(labels: list[Any]) -> None:
    """Every metric of every experiment, and their means; binary labels have an ap."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, (split, subset) in enumerate(PARTS):
        train = labelled(f"{subset} train", rows=90, seed=len(subset), labels=labels)
        rows = labelled(f"{subset} {split}", rows=60, seed=n, labels=labels)
        parts[split, subset] = {"rows": rows, "train": train}
    task = make_task("classification", parts, "accuracy", {"n_experiments": 4})
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (["b", "a", "c"], {"max_fraction_of_documents_to_embed": 0.5}),
        ([3, 1, 2], {"max_document_to_embed": 80}),
        ([["x", "y"], ["x", "z"], ["w"]], {"max_document_to_embed": "all"}),
        ([[1, 5], [2, 6], [3], [2, 7]], {"max_document_to_embed": "all", "max_depth": 2}),
    ],
)
def test_clustering(labels: list[Any], options: dict[str, Any]) -> None:
    """Draws that run on through splits and subsets, several levels, both label types."""
    parts = {
        (split, subset): {
            "rows": labelled(f"{subset} {split}", rows=150 + n, seed=n, labels=labels)
        }
        for n, (split, subset) in enumerate(PARTS)
    }
    small = {"n_clusters": 3, "max_documents_per_cluster": 100, "k_mean_batch_size": 64}
    task = make_task("clustering", parts, "v_measure", {**small, **options})
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


def test_clustering_of_given_sets() -> None:
    """Sets of different sizes, one of them with a single label."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        rows = labelled("/".join(part), rows=300, seed=n, labels=["x", "y", "z"])
        sets = ["first"] * 120 + ["second"] * 170 + ["single"] * 10
        names = [*rows.column("label").to_pylist()[:290], *["x"] * 10]
        parts[part] = {"rows": pa.table({"set": sets, "text": rows.column("text"), "label": names})}
    task = make_task("clustering_legacy", parts, "v_measure", {})
    vectors = random_vectors(parts)

    compare(task, parts, vectors)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("labels", [["b", "a"], ["b", "a", "c"]])
def test_zero_shot(similarity: str, labels: list[str]) -> None:
    """The nearest description, in a text subclass of mteb's image task."""
    candidates = pa.table({"label": labels, "text": [f"about {label}" for label in labels]})
    parts: dict[tuple[str, str], Tables] = {
        part: {
            "rows": labelled("/".join(part), rows=80, seed=n, labels=labels),
            "candidates": candidates,
        }
        for n, part in enumerate(PARTS)
    }
    task = make_task("zero_shot_classification", parts, "accuracy", {})
    vectors = random_vectors(parts)

    compare(task, parts, vectors, similarity)

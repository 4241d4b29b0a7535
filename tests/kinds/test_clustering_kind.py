"""Clustering: Python's own draws, levels, chance, and wrong data."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmark.kinds import clustering
from benchmark.kinds.clustering import choices
from tests.kinds.kinds_help import findings, make_task, score, table


def rows(labels: list[Any]) -> dict[str, Any]:
    """Texts named by their place."""
    return {"rows": table(text=[str(n) for n in range(len(labels))], label=labels)}


@pytest.mark.parametrize("population", [1, 7, 1_000_003])
@pytest.mark.parametrize("count", [0, 1, 3_000])
def test_choices_are_pythons(population: int, count: int) -> None:
    """The same rows and the same state after, so that other draws run on alike."""
    ours, pythons = random.Random(7), random.Random(7)
    ours.gauss(0, 1), pythons.gauss(0, 1)  # leaves a spare normal in the state

    assert choices(ours, population, count).tolist() == (
        pythons.choices(range(population), k=count)
    )
    assert ours.getstate() == pythons.getstate()
    assert ours.sample(range(100), 5) == pythons.sample(range(100), 5)


def test_draws_run_on() -> None:
    """A sample of the rows, then the bootstraps of each level, and so on for the next subset."""
    labels = [["a", "b"], ["c", "d"]] * 20
    options = {"max_document_to_embed": 10, "n_clusters": 2, "max_documents_per_cluster": 6}
    task = make_task("clustering", **options)
    draws, expected = random.Random(42), random.Random(42)
    for _ in range(2):
        data = clustering.read(rows(labels), task, draws)
        assert data.texts.to_pylist() == [str(n) for n in expected.sample(range(40), k=10)]
        for level in data.levels:
            for bootstrap in level.bootstraps:
                assert bootstrap.tolist() == expected.choices(range(10), k=6)


def test_the_default_embeds_a_twenty_fifth() -> None:
    """int(0.04 * 120) rows."""
    data = clustering.read(rows([0, 1] * 60), make_task("clustering"), random.Random(42))

    assert len(data.texts) == 4


def test_levels_that_are_missing() -> None:
    """Integers leave the row out at that level; strings make it a class of its own, as in mteb."""
    task = make_task("clustering", max_document_to_embed="all")
    integers = clustering.read(rows([[1, 5], [2], [1, 6]]), task, random.Random(42))
    strings = clustering.read(rows([["x", "y"], ["x"]]), task, random.Random(42))

    assert integers.levels[1].rows.tolist() == [0, 2]
    assert strings.levels[1].rows.tolist() == [0, 1]
    assert len(set(strings.levels[1].labels.tolist())) == 2


def test_separate_groups_are_found() -> None:
    """Two far groups of vectors that follow the labels."""
    labels = [0, 1] * 30
    generator = np.random.default_rng(0)
    vectors = np.eye(2)[labels] * 10 + generator.normal(size=(60, 2)) / 10
    found = score(
        "clustering",
        rows(labels),
        {"text": vectors},
        max_document_to_embed="all",
        n_clusters=3,
        max_documents_per_cluster=50,
    )

    assert found.metrics["v_measure"] == pytest.approx(1.0)
    assert found.metrics["ami"] == pytest.approx(1.0)
    assert found.metrics["v_measure_std"] == pytest.approx(0.0)
    assert len(found.metrics["v_measures"]["Level 0"]) == 3


def test_constant_vectors_are_chance() -> None:
    """One cluster tells nothing: 0."""
    found = score(
        "clustering",
        rows([0, 1] * 20),
        {"text": np.ones((40, 2))},
        max_document_to_embed="all",
        max_documents_per_cluster=40,
        n_clusters=2,
    )

    assert found.metrics["v_measure"] == pytest.approx(0.0, abs=1e-9)


def test_checks() -> None:
    """No rows, one label, and a share of the rows that comes to none."""
    assert "empty_rows" in findings("clustering", {"rows": table(text=[], label=[])})
    assert "one_label" in findings("clustering", rows([1, 1, 1]), max_document_to_embed="all")
    assert findings("clustering", rows([1, 2]))["no_documents"].message == (
        "small.csv: 2 rows times max_fraction_of_documents_to_embed 0.04 is 0; "
        'set max_document_to_embed = "all" in [options]'
    )
    assert findings("clustering", rows([[1], [2]]), max_document_to_embed="all") == {}


def test_given_sets() -> None:
    """Each set is clustered by itself; one with a single label counts 1."""
    labels = ["a", "b"] * 10 + ["c"] * 5
    data = {
        "rows": table(
            set=["one"] * 20 + ["two"] * 5, text=[str(n) for n in range(25)], label=labels
        )
    }
    vectors = np.array([[1, 0] if label == "a" else [0, 1] for label in labels])
    found = score("clustering_legacy", data, {"text": vectors})

    assert found.metrics["v_measures"] == pytest.approx([1.0, 1.0])
    assert found.examples == 2
    assert findings("clustering_legacy", data)["set_with_one_label"].message.startswith(
        "small.csv row 21: its set has one label"
    )


def test_given_sets_of_constant_vectors_are_chance() -> None:
    """One cluster tells nothing: 0."""
    data = {"rows": table(set=["one"] * 8, text=list("abcdefgh"), label=[0, 1] * 4)}
    found = score("clustering_legacy", data, {"text": np.ones((8, 2))})

    assert found.metrics["v_measure"] == pytest.approx(0.0, abs=1e-9)

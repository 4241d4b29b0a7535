"""The rows that ``[select]`` draws are those that mteb's ``stratified_subsampling`` draws."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from benchmark.data.select import select_rows

datasets = pytest.importorskip("datasets")
pytest.importorskip("mteb")

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize(
    "labels",
    [
        [0, 1],
        ["b", "a", "c"],
        list(range(12)),  # as strings 10 and 11 come before 2
    ],
    ids=["flags", "names", "numbers"],
)
def test_a_stratified_draw_is_mtebs(labels: list[object]) -> None:
    """The same rows in the same order."""
    from mteb.abstasks import AbsTaskClassification

    draws = random.Random(7)
    table = pa.table(
        {
            "text": [f"text {n}" for n in range(900)],
            "label": draws.choices(labels, weights=range(1, len(labels) + 1), k=900),
        }
    )
    whole = datasets.DatasetDict({"test": datasets.Dataset(table)})
    theirs = AbsTaskClassification.stratified_subsampling(whole, seed=42, n_samples=128)["test"]
    ours = select_rows({"rows": table}, {"sample": {"rows": 128, "by": "label"}})["rows"]

    assert ours.column("text").to_pylist() == list(theirs["text"])


def test_a_uniform_draw_is_that_of_datasets() -> None:
    """As the hierarchical arXiv tasks draw their 2,048 texts."""
    table = pa.table({"text": [f"text {n}" for n in range(500)]})
    theirs = datasets.Dataset(table).train_test_split(test_size=64, seed=42)["test"]
    ours = select_rows({"rows": table}, {"sample": {"rows": 64}})["rows"]

    assert ours.column("text").to_pylist() == list(theirs["text"])

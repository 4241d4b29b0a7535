"""Zero-shot classification against a text subclass of mteb's task, on the sentences of the Fed."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle import real_data
from tests.oracle.comparing import assert_equal, compare
from tests.oracle.harness import make_task, ours
from tests.oracle.mteb_task import Parts

pytestmark = pytest.mark.oracle

STANCES = {
    0: "The policy should be loosened; growth is weak.",
    1: "The policy should be tightened; inflation is high.",
    2: "A statement of fact, neither for loosening nor for tightening.",
}


def agrees(parts: Parts) -> None:
    """Compare on wordllama's vectors, for each similarity."""
    task = make_task("zero_shot_classification", parts, "accuracy", {})
    vectors = real_data.wordllama(real_data.texts_of(parts))
    for similarity in ("cosine", "dot", "euclidean"):
        compare(task, parts, vectors, similarity)


def test_fomc() -> None:
    """Stances of the Fed by descriptions of them."""
    candidates = pa.table({"label": list(STANCES), "text": list(STANCES.values())})
    agrees({("test", "default"): {"rows": real_data.fomc()["rows"], "candidates": candidates}})


def test_two_stances_have_an_average_precision() -> None:
    """Without the neutral sentences there are two labels, and an ap of the second."""
    rows = real_data.fomc()["rows"]
    two = rows.filter(pc.less(rows.column("label"), 2))
    candidates = pa.table({"label": [0, 1], "text": [STANCES[0], STANCES[1]]})
    agrees({("test", "default"): {"rows": two, "candidates": candidates}})


def test_labels_of_the_task_file_score_like_a_table() -> None:
    """The same descriptions in [options.labels] give the same numbers."""
    rows = real_data.fomc()["rows"]
    candidates = pa.table({"label": list(STANCES), "text": list(STANCES.values())})
    table: Parts = {("test", "default"): {"rows": rows, "candidates": candidates}}
    options = {"labels": {str(label): text for label, text in STANCES.items()}}
    vectors = real_data.wordllama(real_data.texts_of(table))
    expected = ours(make_task("zero_shot_classification", table, "accuracy", {}), table, vectors)
    bare: Parts = {("test", "default"): {"rows": rows}}

    assert_equal(
        expected,
        ours(make_task("zero_shot_classification", bare, "accuracy", options), bare, vectors),
    )

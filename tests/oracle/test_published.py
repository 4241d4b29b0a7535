"""The published scores of all-MiniLM-L6-v2, from its vectors through the kinds themselves."""

from __future__ import annotations

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle import parity, real_data
from tests.oracle.cases import OWN, one
from tests.oracle.comparing import compare
from tests.oracle.harness import make_task, ours
from tests.oracle.mteb_task import Tables
from tests.oracle.vectors import vectors_for

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


def within(kind: str, tables: Tables, metric: str, published: float, name: str) -> None:
    """Score the tables, and note the published score beside ours."""
    task = make_task(kind, one(tables), metric, {})
    vectors = vectors_for("minilm", task, one(tables))
    found = ours(task, one(tables), vectors)
    score = found["test", "default"][metric]
    parity.PUBLISHED[name] = (metric, published, score)

    assert score == pytest.approx(published, abs=5e-4)
    if kind == "sts":  # Banking77 is compared with mteb among the real data
        compare(task, one(tables), vectors, allowed=OWN)


def test_banking77() -> None:
    """mteb 1.12.75's accuracy."""
    tables = real_data.banking77()
    within("classification", tables, "accuracy", 0.80042, "Banking77Classification")


def test_stsbenchmark() -> None:
    """The English test of the STS benchmark."""
    within("sts", real_data.stsb("en"), "cosine_spearman", 0.82032, "STSBenchmark")

"""Every kind on real data with real vectors: each of mteb's numbers agrees."""

from __future__ import annotations

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.cases import CASES
from tests.oracle.comparing import compare
from tests.oracle.harness import make_task
from tests.oracle.vectors import vectors_for

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


@pytest.mark.parametrize("model", ["wordllama", "minilm"])
@pytest.mark.parametrize("name", CASES)
def test_real(name: str, model: str) -> None:
    """One data set with one model's vectors; the slow model sees fewer rows of the large ones."""
    case = CASES[name]
    parts = case.make(model == "minilm")
    task = make_task(case.kind, parts, case.main_score, case.options)
    vectors = vectors_for(model, task, parts, words=case.words if model == "minilm" else 0)

    compare(task, parts, vectors, allowed=case.allowed)

"""The model's own similarity: its values agree with torch's, and given ours all scores agree.

torch sums in float32 in an order that depends on its kernel, so that its similarities differ from
ours in the last place and pairs that nearly tie change their ranks. That is all that differs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from benchmark.metrics.similarity import paired_similarity
from tests.oracle import harness
from tests.oracle.cases import CASES
from tests.oracle.comparing import assert_equal
from tests.oracle.harness import LookupEncoder, make_task, ours, theirs
from tests.oracle.vectors import vectors_for

pytestmark = [pytest.mark.oracle, pytest.mark.slow]


class OurSimilarity(LookupEncoder):
    """The encoder with our own similarity, after a look at torch's."""

    def similarity_pairwise(self, a: Any, b: Any) -> Any:
        """Ours; at most the last place from torch's."""
        torchs = np.asarray(super().similarity_pairwise(a, b))
        found = paired_similarity(np.asarray(a), np.asarray(b), name=self.function.value)
        assert np.abs(torchs - found).max() <= 5e-7
        return found


@pytest.mark.parametrize("model", ["wordllama", "minilm"])
@pytest.mark.parametrize("name", ["stsb", "sts", "csts_zh STS-B", "csts_zh", "mrpc"])
def test_scores_of_our_similarity(name: str, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is held to less than the usual tolerance."""
    case = CASES[name]
    parts = case.make(True)
    task = make_task(case.kind, parts, case.main_score, case.options)
    vectors = vectors_for(model, task, parts)
    monkeypatch.setattr(harness, "LookupEncoder", OurSimilarity)

    assert_equal(theirs(task, parts, vectors), ours(task, parts, vectors))

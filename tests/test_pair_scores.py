"""Pairs scored by a reranker: once each, in their place, kept, checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.pair_scores import score_pairs
from benchmark.protocols import Identity, Reranker


@dataclass
class Lengths:
    """Scores a pair by its lengths, and remembers what it was asked for."""

    identity: Identity = Identity("test/lengths", "1", "test/1")
    similarity: str = "dot"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> Any:
        """Ten times the query's length plus the document's."""
        self.asked += zip(queries, documents, strict=True)
        return [10 * len(q) + len(d) for q, d in zip(queries, documents, strict=True)]


@dataclass
class Breaking(Lengths):
    """Gives the last pair first, and breaks after ``good`` of them."""

    good: int = 100

    def score_stream(
        self, queries: Sequence[str], documents: Sequence[str]
    ) -> Iterator[tuple[list[int], Any]]:
        """One pair at a time."""
        for count, row in enumerate(reversed(range(len(queries)))):
            if count == self.good:
                raise ModelError("the money is gone")
            yield [row], self.score(queries[row : row + 1], documents[row : row + 1])


PAIRS = (["q", "q", "qq", "q", "a b"], ["d", "dd", "d", "d", ""])
EXPECTED = [11.0, 12.0, 21.0, 11.0, 30.0]


@pytest.mark.parametrize("model", [Lengths(), Breaking()], ids=["lists", "stream"])
def test_equal_pairs_are_scored_once(model: Lengths) -> None:
    """Scores stand in the order of the pairs, float32."""
    scores = score_pairs(model, *PAIRS, cache=None)

    assert isinstance(model, Reranker)
    assert EXPECTED == scores.tolist()
    assert np.float32 == scores.dtype
    assert 4 == len(model.asked)


def test_no_pairs_are_no_scores() -> None:
    """Nothing is asked."""
    model = Lengths()

    assert [] == score_pairs(model, [], [], cache=None).tolist()
    assert [] == model.asked


def test_a_model_without_a_version_is_never_cached(tmp_path: Path) -> None:
    """Nothing tells whether such an object is still the same model."""
    for _ in range(2):
        model = Lengths(Identity("local/lengths", "unversioned", "py/1"))
        score_pairs(model, ["q"], ["d"], cache=tmp_path)
        assert [("q", "d")] == model.asked


def test_where_a_query_ends_is_part_of_a_pair(tmp_path: Path) -> None:
    """The same characters cut elsewhere are another pair."""
    scores = score_pairs(Lengths(), ["ab", "a"], ["c", "bc"], cache=tmp_path)

    assert [21.0, 12.0] == scores.tolist()


def test_what_came_before_a_failure_is_kept(tmp_path: Path) -> None:
    """The next run asks for the rest only."""
    with pytest.raises(ModelError, match="the money is gone"):
        score_pairs(Breaking(good=3), *PAIRS, cache=tmp_path)
    model = Breaking()

    scores = score_pairs(model, *PAIRS, cache=tmp_path)

    assert [("q", "d")] == model.asked
    assert EXPECTED == scores.tolist()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([1.0], "returned scores of shape (1,) for 2 pairs"),
        ([[1.0], [2.0]], "returned scores of shape (2, 1) for 2 pairs"),
        ([1.0, float("nan")], "returned 1 NaN or infinite scores in a batch of 2"),
        (["a", "b"], "returned no numeric scores"),
    ],
)
def test_wrong_scores_are_one_line(
    answer: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shape, type and value are checked."""
    monkeypatch.setattr(Lengths, "score", lambda *_: answer)

    with pytest.raises(ModelError) as caught:
        score_pairs(Lengths(), ["q", "r"], ["d", "e"], cache=None)

    assert f"test/lengths {message}" in str(caught.value)

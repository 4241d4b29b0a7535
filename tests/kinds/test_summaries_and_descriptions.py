"""Summarization and zero-shot classification: by hand, degenerate, and wrong data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmark.kinds import summarization, zero_shot_classification
from tests.kinds.kinds_help import findings, score, table

SUMMARIES = {
    "rows": table(
        **{"text-id": ["t", "t", "t"], "text": ["a", "b", "c"], "score": [1.0, 2.0, 5.0]}
    ),
    "references": table(**{"text-id": ["t", "t"], "text": ["x", "y"]}),
}


def labelled(labels: list[Any], known: list[Any]) -> dict[str, Any]:
    """Texts, and a description of each known label."""
    return {
        "rows": table(text=[f"text {n}" for n in range(len(labels))], label=labels),
        "candidates": table(label=known, text=[f"about {label}" for label in known]),
    }


def test_summaries_by_hand() -> None:
    """Greatest cosines .7071, .9487 and 1 to either reference rise with the scores."""
    vectors = {"references": [[1, 0], [0, 1]], "summaries": [[1, 1], [3, 1], [0, 2]]}
    found = score("summarization", SUMMARIES, vectors)

    assert found.metrics["cosine_spearman"] == pytest.approx(1.0)
    # The greatest products are 1, 3 and 2: ranks 1 3 2 against 1 2 3.
    assert found.metrics["dot_spearman"] == pytest.approx(0.5)
    assert tuple(found.metrics) == summarization.METRICS
    assert found.examples == 1


def test_rows_of_several_texts_in_any_order() -> None:
    """Summaries and references are grouped by their text; each text counts the same."""
    tables = {
        "rows": table(
            **{
                "text-id": ["u", "t", "u", "t"],
                "text": ["a", "b", "c", "d"],
                "score": [1.0, 1.0, 2.0, 2.0],
            }
        ),
        "references": table(**{"text-id": ["t", "u"], "text": ["x", "y"]}),
    }
    # In the plan's order: b and d of text t, which the references name first, then a and c of u.
    vectors = {"references": [[1, 0], [0, 1]], "summaries": [[1, 2], [2, 1], [1, 2], [2, 1]]}
    found = score("summarization", tables, vectors)

    assert found.samples["cosine_spearman"].tolist() == pytest.approx([1.0, -1.0])


def test_constant_summaries_are_skipped() -> None:
    """Nothing is left to correlate: 0, and every metric is named."""
    found = score(
        "summarization", SUMMARIES, {"references": np.ones((2, 2)), "summaries": np.ones((3, 2))}
    )

    assert found.metrics["cosine_spearman"] == 0.0
    assert found.degenerate == summarization.METRICS
    assert found.warnings == {"text_with_equal_scores": 1}


def test_checks_of_summaries() -> None:
    """A summary whose text has no human summary is an error."""
    lost = {**SUMMARIES, "references": table(**{"text-id": ["other"], "text": ["x"]})}

    assert findings("summarization", lost)["text_without_reference"].message == (
        "small.csv row 1: the text 't' has no human summary (3 rows in all); "
        "add one or remove the row"
    )
    assert findings("summarization", SUMMARIES) == {}


def test_zero_shot_by_hand() -> None:
    """The first two texts are nearest to their label, the third is not."""
    data = labelled(["b", "a", "a"], ["a", "b"])
    vectors = {"candidates": np.eye(2), "text": [[1, 2], [2, 1], [0, 1]]}
    found = score("zero_shot_classification", data, vectors)

    assert found.metrics["accuracy"] == pytest.approx(2 / 3)
    # Similarities to "b" are .8944, .4472 and 1 for b, a, a: its only text is second.
    assert found.metrics["ap"] == pytest.approx(1 / 2)
    assert found.samples["accuracy"].tolist() == [1.0, 1.0, 0.0]
    assert tuple(found.metrics) == zero_shot_classification.METRICS


def test_zero_shot_of_constant_vectors_is_chance() -> None:
    """The first label is taken for every text."""
    data = labelled([2, 1, 3, 1], [1, 2, 3])
    found = score(
        "zero_shot_classification", data, {"candidates": np.ones((3, 2)), "text": np.ones((4, 2))}
    )

    assert found.metrics["accuracy"] == 0.5
    assert found.metrics["ap"] is None


def test_checks_of_zero_shot() -> None:
    """A label without a description is an error."""
    found = findings("zero_shot_classification", labelled(["a", "z"], ["a", "b"]))

    assert found["label_without_description"].message.startswith("small.csv row 2: ")
    assert findings("zero_shot_classification", labelled(["a", "b"], ["a", "b"])) == {}

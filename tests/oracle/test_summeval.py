"""The first SummEval of mteb takes p-values into its means; a task file can ask for that."""

from __future__ import annotations

import random

import numpy as np
import pytest

from benchmark.kinds import summarization
from benchmark.protocols import Embeddings
from tests.kinds.kinds_help import make_task, table

pytest.importorskip("mteb")

pytestmark = pytest.mark.oracle


def test_means_with_p_values_are_those_of_the_first_summeval() -> None:
    """Every metric, on random vectors of ten texts with eight summaries each."""
    from mteb._evaluators.text.summarization_evaluator import (
        DeprecatedSummarizationEvaluator as Evaluator,
    )

    texts, each = 10, 8
    draws = np.random.default_rng(5)
    ids = [f"t{n}" for n in np.repeat(np.arange(texts), each)]
    gold = draws.random(texts * each)
    tables = {
        "rows": table(**{"text-id": ids, "text": ids, "score": gold.tolist()}),
        "references": table(**{"text-id": ids, "text": ids}),
    }
    task = make_task("summarization", average_p_values=True, max_score=1.0)
    data = summarization.read(tables, task, random.Random(42))
    vectors = {name: draws.random((texts * each, 6), dtype=np.float32) for name in ("a", "b")}
    given = Embeddings({"summaries": vectors["a"], "references": vectors["b"]}, "cosine")
    ours = summarization.evaluate(data, given, task).metrics

    closest = {
        name: summarization._closest(data, vectors["a"], vectors["b"], name).reshape(texts, each)
        for name in ("cosine", "dot")
    }
    distances = {
        "human_scores": gold.reshape(texts, each),
        "cosine_scores": closest["cosine"],
        "dot_scores": closest["dot"],
        "similarity_scores": closest["cosine"],
    }
    theirs = Evaluator._calculate_metrics(None, distances)

    assert ours == pytest.approx(dict(theirs), abs=1e-9)

"""Every kind on real data and real vectors: each of mteb's numbers agrees."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle import real_data
from tests.oracle.harness import Parts, assert_equal, make_task, ours, theirs

pytestmark = pytest.mark.oracle

# torch's float32 sums of the model's own similarity differ from ours in the last place, which
# exchanges the ranks of some near-equal pairs.
OWN = {"spearman": 5e-6, "pearson": 5e-6, "similarity_*": 5e-4}


def agrees(
    kind: str,
    parts: Parts,
    main_score: str,
    *,
    options: dict[str, Any] | None = None,
    allowed: dict[str, float] | None = None,
    rounded: bool = False,
) -> None:
    """Compare on wordllama's vectors."""
    task = make_task(kind, parts, main_score, options or {})
    vectors = real_data.wordllama(real_data.texts_of(parts))

    assert_equal(
        theirs(task, parts, vectors), ours(task, parts, vectors), allowed=allowed, rounded=rounded
    )


def test_stsb_in_three_languages() -> None:
    """STS benchmark, languages as subsets."""
    parts = {("test", code): real_data.stsb(code) for code in ("en", "de", "zh")}
    agrees("sts", parts, "cosine_spearman", allowed=OWN)


def test_mrpc() -> None:
    """Pair classification of paraphrases."""
    agrees("pair_classification", {("test", "default"): real_data.mrpc()}, "max_ap", allowed=OWN)


def test_banking77() -> None:
    """Classification with 77 labels, ten experiments."""
    agrees("classification", {("test", "default"): real_data.banking77()}, "accuracy")


def test_stackoverflow() -> None:
    """Clustering of titles by topic, at mteb's own number of bootstraps."""
    parts = {("test", "default"): real_data.stackoverflow(2000)}
    options = {"max_document_to_embed": "all", "max_documents_per_cluster": 2000}
    agrees("clustering", parts, "v_measure", options=options)


def test_tatoeba() -> None:
    """Bitext of three languages with English."""
    parts = {("test", f"{code}-eng"): real_data.tatoeba(code) for code in ("deu", "fra", "rus")}
    agrees("bitext", parts, "f1")


def test_cran() -> None:
    """Retrieval with four grades."""
    parts = {("test", "default"): real_data.cran()}
    agrees("retrieval", parts, "ndcg_at_10", rounded=True)


def test_trecqa() -> None:
    """Reranking of answers; equal answers of two questions are one document."""
    parts = {("test", "default"): real_data.trecqa()}
    agrees("reranking", parts, "map_at_1000", rounded=True)


def test_summeval() -> None:
    """Summaries of news by twelve systems."""
    parts = {("test", "default"): real_data.summeval()}
    agrees("summarization", parts, "cosine_spearman", allowed=OWN)


def test_published_stsb_of_minilm() -> None:
    """The published cosine_spearman of all-MiniLM-L6-v2 on the STS benchmark."""
    parts = {("test", "default"): real_data.stsb("en")}
    task = make_task("sts", parts, "cosine_spearman", {})
    vectors = real_data.minilm(real_data.texts_of(parts))
    found = ours(task, parts, vectors)

    assert found["test", "default"]["cosine_spearman"] == pytest.approx(0.82032, abs=5e-4)
    assert_equal(theirs(task, parts, vectors), found, allowed=OWN)


@pytest.mark.slow
def test_published_banking77_of_minilm() -> None:
    """The published accuracy of all-MiniLM-L6-v2 on Banking77."""
    parts = {("test", "default"): real_data.banking77()}
    task = make_task("classification", parts, "accuracy", {})
    vectors = real_data.minilm(real_data.texts_of(parts))
    found = ours(task, parts, vectors)

    assert found["test", "default"]["accuracy"] == pytest.approx(0.80042, abs=5e-4)
    assert_equal(theirs(task, parts, vectors), found)

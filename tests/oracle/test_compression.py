"""Vectors in bytes and bits: every number of mteb's own compressed evaluation agrees.

mteb calibrates integers anew on each set of texts that it encodes, we on all of a task, so the
vectors here reach the same ends in every set. It searches by cosine of codes, we as an index of
codes does; search is held to sentence-transformers in tests/torch.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

import pyarrow as pa
import torch
from mteb.models import CompressionWrapper
from mteb.types import OutputDType

from benchmark.metrics.quantization import floats, quantised, ranges_of
from benchmark.models.derived import Derivation, DerivedModel
from benchmark.protocols import Embeddings, Identity, Request
from tests.oracle import harness
from tests.oracle.comparing import assert_equal
from tests.oracle.harness import LookupEncoder, make_task, ours, theirs
from tests.oracle.mteb_task import Parts
from tests.oracle.random_tables import PARTS, labelled, pairs, random_vectors
from tests.oracle.test_own_similarity import OurSimilarity

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]

NEIGHBOURS = "sklearn.neighbors.KNeighborsClassifier"
DTYPES = ["int8", "uint8", "binary"]


def wrapped(dtype: str) -> Any:
    """mteb's encoder of known vectors in its compression wrapper.

    With our similarity of pairs: among bits many are equal, and torch's sums split them.
    """
    return lambda vectors, similarity: CompressionWrapper(
        OurSimilarity(vectors, similarity), OutputDType(dtype)
    )


def derived(dtype: str) -> Any:
    """Our embeddings of known vectors, in codes."""

    def made(vectors: Mapping[str, Any], similarity: str) -> Embeddings:
        model = DerivedModel(None, Identity("a/b", "1", "x/1"), Derivation(dtype=dtype))
        plan = {name: Request(pa.array([], pa.large_string())) for name in vectors}
        object.__setattr__(model, "base", Embeddings({}, similarity))
        return model.derive(Embeddings(vectors, similarity), plan)

    return made


def sts() -> tuple[str, str, Parts, dict[str, Any]]:
    """Pairs with scores."""
    parts = {part: pairs("/".join(part), rows=300, seed=7, gold="score") for part in PARTS[:2]}
    return "sts", "cosine_spearman", parts, {}


def pair_classification() -> tuple[str, str, Parts, dict[str, Any]]:
    """Pairs with labels."""
    parts = {part: pairs("/".join(part), rows=300, seed=8, gold="label") for part in PARTS[:2]}
    return "pair_classification", "max_ap", parts, {}


def bitext() -> tuple[str, str, Parts, dict[str, Any]]:
    """Pairs without anything."""
    parts = {part: pairs("/".join(part), rows=200, seed=9, gold="none") for part in PARTS[:2]}
    return "bitext", "f1", parts, {}


def classification() -> tuple[str, str, Parts, dict[str, Any]]:
    """Labels to learn from many examples, so that every sample reaches the ends of the ranges.

    By neighbours: a logistic regression of such large numbers stops before it is done, at a place
    that depends on the last digit of its sums.
    """
    parts: Parts = {
        (split, subset): {
            "rows": labelled(f"{subset} {split}", rows=200, seed=1, labels=["a", "b", "d"]),
            "train": labelled(f"{subset} train", rows=400, seed=2, labels=["a", "b", "d"]),
        }
        for split, subset in PARTS[:1]
    }
    options = {"n_experiments": 3, "samples_per_label": 100}
    return "classification", "accuracy", parts, {**options, "estimator": NEIGHBOURS}


def clustering() -> tuple[str, str, Parts, dict[str, Any]]:
    """Labels to find."""
    parts = {
        part: {"rows": labelled("/".join(part), rows=200, seed=3, labels=["a", "b", "c"])}
        for part in PARTS[:1]
    }
    small = {"n_clusters": 3, "max_documents_per_cluster": 100, "k_mean_batch_size": 64}
    return "clustering", "v_measure", parts, {**small, "max_document_to_embed": "all"}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [sts, pair_classification, bitext, classification, clustering])
def test_scores_of_codes(make: Any, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The default of mteb's wrapper, and ours, on the same vectors."""
    kind, main_score, parts, options = make()
    task = make_task(kind, parts, main_score, options)
    vectors = random_vectors(parts)
    ends = {text: np.clip(vector, -0.6, 0.6) for text, vector in vectors.items()}
    similarity = "cosine" if dtype == "binary" else "dot"
    monkeypatch.setattr(harness, "LookupEncoder", wrapped(dtype))
    expected = theirs(task, parts, ends, similarity)
    monkeypatch.setattr(harness, "Embeddings", derived(dtype))

    assert_equal(expected, ours(task, parts, ends, similarity))


@pytest.mark.parametrize("dtype", ["float16", *DTYPES])
def test_codes_are_mtebs(dtype: str) -> None:
    """The same numbers of the same vectors, calibrated by themselves."""
    drawn = np.random.default_rng(0).standard_normal((500, 37)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wrapper = CompressionWrapper(LookupEncoder({}, "cosine"), OutputDType(dtype))
        expected = wrapper._quantize_embeddings(torch.from_numpy(drawn)).float().numpy()
    found = floats(quantised(drawn, dtype, ranges_of([drawn])), dtype, 37)

    assert expected.tolist() == found.tolist()

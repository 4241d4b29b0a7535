"""mteb's own text mock tasks, run by mteb and, on the same rows and vectors, by us."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from mteb._create_dataloaders import _retrieval_texts
from mteb.abstasks import AbsTask
from mteb.mocks import mock_tasks
from mteb.types import PromptType
from threadpoolctl import threadpool_limits

from benchmark.catalog import load_kind
from tests.oracle.comparing import assert_equal
from tests.oracle.harness import LookupEncoder, make_task, ours
from tests.oracle.mteb_task import Tables

pytestmark = pytest.mark.oracle

KIND = {
    "BitextMining": "bitext",
    "Classification": "classification",
    "Clustering": "clustering",
    "InstructionReranking": "reranking",  # the mocks have no changed documents
    "InstructionRetrieval": "retrieval",
    "MultilabelClassification": "multilabel_classification",
    "PairClassification": "pair_classification",
    "Regression": "regression",
    "Reranking": "reranking",
    "Retrieval": "retrieval",
    "STS": "sts",
    "Summarization": "summarization",
    "ZeroShotClassification": "zero_shot_classification",
}
MOCKS = {
    name: mock
    for name, mock in vars(mock_tasks).items()
    if inspect.isclass(mock)
    and issubclass(mock, AbsTask)
    and mock.metadata.modalities == ["text"]
    and name != "MockAggregatedTask"  # see test_aggregate.py
}


class HashedVectors(dict[str, NDArray[Any]]):
    """A normal vector for any text, seeded by the text."""

    def __missing__(self, text: str) -> NDArray[Any]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        self[text] = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
        return self[text]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", sorted(MOCKS))
def test_mock(name: str) -> None:
    """Every number that mteb writes for the mock."""
    instance: Any = MOCKS[name]()
    instance.load_data()
    if hasattr(instance, "convert_v1_dataset_format_to_v2"):
        instance.convert_v1_dataset_format_to_v2(num_proc=None)
    kind = KIND[instance.metadata.type]
    parts = {
        (split, subset): _tables(instance, kind, split, subset)
        for split in instance.eval_splits
        for subset in instance.hf_subsets
    }
    task = make_task(kind, parts, instance.metadata.main_score, _options(instance, kind))
    vectors = HashedVectors()
    expected: dict[tuple[str, str], Any] = {}
    with threadpool_limits(1):
        for split in instance.eval_splits:
            for subset in instance.hf_subsets:
                found = instance.evaluate(
                    LookupEncoder(vectors, "cosine"),
                    split,
                    subsets_to_run=[subset],
                    encode_kwargs={"batch_size": 8},
                )
                expected[split, subset] = found[subset]

    assert_equal(expected, ours(task, parts, vectors))


def _options(instance: Any, kind: str) -> dict[str, Any]:
    """The mock's attributes that our kind knows by the same name."""
    found = {
        name: getattr(instance, name)
        for name in load_kind(kind).OPTIONS
        if getattr(instance, name, None) is not None
    }
    sizes = {"max_document_to_embed", "max_fraction_of_documents_to_embed"}
    if kind == "clustering" and not sizes & found.keys():
        found["max_document_to_embed"] = "all"
    if "k_values" in found:
        found["k_values"] = list(found["k_values"])
    return found


def _tables(instance: Any, kind: str, split: str, subset: str) -> Tables:
    data = instance.dataset
    if getattr(instance, "parallel_subsets", False):
        first, second = subset.split("-")
        rows = data[split]
        return {"rows": pa.table({"sentence1": rows[first][:], "sentence2": rows[second][:]})}
    here = data.get(subset, data)
    if kind in ("retrieval", "reranking"):
        return _collection(here[split])
    if kind == "summarization":
        return _summaries(here[split].to_list())
    tables = {"rows": _renamed(here[split].to_dict(), kind)}
    if kind in ("classification", "multilabel_classification", "regression"):
        tables["train"] = _renamed(here["train"].to_dict(), kind)
    if kind == "zero_shot_classification":
        described = instance.get_candidate_labels()
        strings = isinstance(here[split]["label"][0], str)
        labels = described if strings else list(range(len(described)))
        tables["candidates"] = pa.table({"label": labels, "text": described})
    return tables


def _renamed(columns: Mapping[str, list[Any]], kind: str) -> pa.Table:
    names = {"sentences": "text", "labels": "label"}
    renamed = {names.get(name, name): values for name, values in columns.items()}
    if kind == "pair_classification":
        renamed["label"] = [float(label) for label in renamed["label"]]
    return pa.table(renamed)


def _collection(data: Mapping[str, Any]) -> Tables:
    judged = [
        {"query-id": query, "corpus-id": document, "score": float(score)}
        for query, documents in data["relevant_docs"].items()
        for document, score in documents.items()
    ]
    tables = {
        "corpus": pa.table(
            {
                "id": data["corpus"]["id"][:],
                "text": _retrieval_texts(data["corpus"], PromptType.document)[:],
            }
        ),
        "queries": pa.table(
            {
                "id": data["queries"]["id"][:],
                "text": _retrieval_texts(data["queries"], PromptType.query)[:],
            }
        ),
        "qrels": pa.Table.from_pylist(judged),
    }
    if data["top_ranked"] is not None:
        ranked = [
            {"query-id": query, "corpus-id": document}
            for query, documents in data["top_ranked"].items()
            for document in documents
        ]
        tables["top_ranked"] = pa.Table.from_pylist(ranked)
    return tables


def _summaries(rows: list[dict[str, Any]]) -> Tables:
    machine = [
        {"text-id": str(number), "text": text, "score": float(score)}
        for number, row in enumerate(rows)
        for text, score in zip(row["machine_summaries"], row["relevance"], strict=True)
    ]
    human = [
        {"text-id": str(number), "text": text}
        for number, row in enumerate(rows)
        for text in row["human_summaries"]
    ]
    return {"rows": pa.Table.from_pylist(machine), "references": pa.Table.from_pylist(human)}

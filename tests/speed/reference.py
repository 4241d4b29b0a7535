"""Run mteb on one workload: ``reference.py WORKLOAD FOLDER`` prints its main score.

The task class has its data in memory, wrapped without a copy from the files that EmbedMark reads.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mteb
import pyarrow as pa
from datasets import Dataset, DatasetDict
from encoder import encode
from mteb.abstasks import (
    AbsTaskBitextMining,
    AbsTaskClassification,
    AbsTaskClustering,
    AbsTaskMultilabelClassification,
    AbsTaskPairClassification,
    AbsTaskRetrieval,
    AbsTaskSTS,
    AbsTaskSummarization,
    AbsTaskZeroShotClassification,
)
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.models.model_meta import ModelMeta, ScoringFunction
from mteb.similarity_functions import select_pairwise_similarity, select_similarity
from workloads import WORKLOADS, Workload, read, task_name

BASES: dict[str, tuple[type, str]] = {
    "sts": (AbsTaskSTS, "STS"),
    "pair_classification": (AbsTaskPairClassification, "PairClassification"),
    "classification": (AbsTaskClassification, "Classification"),
    "clustering": (AbsTaskClustering, "Clustering"),
    "bitext": (AbsTaskBitextMining, "BitextMining"),
    "retrieval": (AbsTaskRetrieval, "Retrieval"),
    "reranking": (AbsTaskRetrieval, "Reranking"),
    "multilabel_classification": (AbsTaskMultilabelClassification, "MultilabelClassification"),
    "summarization": (AbsTaskSummarization, "Summarization"),
    "zero_shot_classification": (AbsTaskZeroShotClassification, "ZeroShotClassification"),
}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "clustering": {"input_column_name": "text", "label_column_name": "label"},
    "pair_classification": {"label_column_name": "label"},
    "zero_shot_classification": {"input_column_name": "text", "label_column_name": "label"},
    "summarization": {"min_score": 0, "max_score": 5},
}


class Lookup:
    """The encoder as mteb calls it."""

    def __init__(self) -> None:
        self.mteb_model_meta = ModelMeta.create_empty()

    def encode(self, inputs: Any, **_: Any) -> Any:
        return encode([text for batch in inputs for text in batch["text"]])

    def similarity(self, a: Any, b: Any) -> Any:
        return select_similarity(a, b, ScoringFunction.COSINE)

    def similarity_pairwise(self, a: Any, b: Any) -> Any:
        return select_pairwise_similarity(a, b, ScoringFunction.COSINE)


def make_task(workload: Workload, folder: Path) -> Any:
    """mteb's task of a workload, its data loaded."""
    base, type_ = BASES[workload.kind]
    metadata = TaskMetadata(
        name=task_name(workload),
        type=type_,
        main_score=workload.main_score,
        description="data in memory",
        reference="https://github.com/embeddings-benchmark/mteb",
        dataset={"path": "NA", "revision": "NA"},
        category="t2t",
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        date=("2022-12-22", "2022-12-22"),
        dialect=[],
        domains=[],
        task_subtypes=[],
        license="cc-by-4.0",
        annotations_creators="derived",
        modalities=["text"],
        sample_creation="found",
        bibtex_citation="",
    )
    attributes = {
        "metadata": metadata,
        "load_data": lambda self, **_: None,
        **ATTRIBUTES.get(workload.kind, {}),
        **workload.options,
    }
    tables = read(workload, folder)
    if workload.kind == "zero_shot_classification":
        described = tables["candidates"].column("text").to_pylist()
        attributes["get_candidate_labels"] = lambda _: described
    task = type(task_name(workload), (base,), attributes)()
    task.dataset = dataset_of(tables)
    task.data_loaded = True
    return task


def dataset_of(tables: dict[str, pa.Table]) -> Any:
    """The tables as mteb's tasks hold them."""
    if "corpus" in tables:
        return {"default": {"test": retrieval_of(tables)}}
    if "references" in tables:
        return DatasetDict({"test": summaries_of(tables)})
    names = {"rows": "test"}
    return DatasetDict({names.get(name, name): Dataset(table) for name, table in tables.items()})


def retrieval_of(tables: dict[str, pa.Table]) -> dict[str, Any]:
    """Corpus, queries, judgements and candidates."""
    judged: dict[str, dict[str, int]] = {}
    for row in tables["qrels"].to_pylist():
        judged.setdefault(row["query-id"], {})[row["corpus-id"]] = row["score"]
    ranked: dict[str, list[str]] = {}
    for row in tables["top_ranked"].to_pylist() if "top_ranked" in tables else []:
        ranked.setdefault(row["query-id"], []).append(row["corpus-id"])
    return {
        "corpus": Dataset(tables["corpus"]),
        "queries": Dataset(tables["queries"]),
        "relevant_docs": judged,
        "top_ranked": ranked or None,
    }


def summaries_of(tables: dict[str, pa.Table]) -> Dataset:
    """One row a text, with lists of its summaries."""
    texts: dict[str, dict[str, Any]] = {}
    for row in tables["rows"].to_pylist():
        empty = {"text": "", "human_summaries": [], "machine_summaries": [], "relevance": []}
        found = texts.setdefault(row["text-id"], empty)
        found["machine_summaries"].append(row["text"])
        found["relevance"].append(row["score"])
    for row in tables["references"].to_pylist():
        texts[row["text-id"]]["human_summaries"].append(row["text"])
    return Dataset.from_list(list(texts.values()))


def main() -> int:
    """Evaluate as a user would, without mteb's result cache and progress bars."""
    workload, folder = WORKLOADS[sys.argv[1]], Path(sys.argv[2])
    results = mteb.evaluate(
        Lookup(), make_task(workload, folder), cache=None, show_progress_bar=False
    )
    print(f"score {results.task_results[0].get_score()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Run mteb on one workload: ``reference.py WORKLOAD FOLDER`` prints its main score.

The task class has its data in memory, wrapped without a copy from the files that EmbedMark reads.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mteb
from datasets import Dataset, DatasetDict
from encoder import encode
from mteb.abstasks import (
    AbsTaskBitextMining,
    AbsTaskClassification,
    AbsTaskClustering,
    AbsTaskPairClassification,
    AbsTaskRetrieval,
    AbsTaskSTS,
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
}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "clustering": {"input_column_name": "text", "label_column_name": "label"},
    "pair_classification": {"label_column_name": "label"},
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
    task = type(task_name(workload), (base,), attributes)()
    tables = read(workload, folder)
    if "corpus" in tables:
        judged: dict[str, dict[str, int]] = {}
        for row in tables["qrels"].to_pylist():
            judged.setdefault(row["query-id"], {})[row["corpus-id"]] = row["score"]
        split = {
            "corpus": Dataset(tables["corpus"]),
            "queries": Dataset(tables["queries"]),
            "relevant_docs": judged,
            "top_ranked": None,
        }
        task.dataset = {"default": {"test": split}}
    else:
        names = {"rows": "test"}
        task.dataset = DatasetDict(
            {names.get(name, name): Dataset(table) for name, table in tables.items()}
        )
    task.data_loaded = True
    return task


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

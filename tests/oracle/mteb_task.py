"""mteb's own task on data in memory: its class, attributes and tables, from ours."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pyarrow as pa
from datasets import Dataset, DatasetDict
from mteb._evaluators.retrieval_metrics import evaluate_p_mrr_change
from mteb.abstasks import (
    AbsTaskBitextMining,
    AbsTaskClassification,
    AbsTaskClustering,
    AbsTaskClusteringLegacy,
    AbsTaskMultilabelClassification,
    AbsTaskPairClassification,
    AbsTaskRegression,
    AbsTaskRetrieval,
    AbsTaskSTS,
    AbsTaskSummarization,
    AbsTaskZeroShotClassification,
)
from mteb.abstasks.task_metadata import TaskMetadata

from benchmark.catalog import load_kind
from benchmark.task import Task

Tables = Mapping[str, pa.Table]
Parts = Mapping[tuple[str, str], Tables]
"""(split, subset) -> tables."""

_BASE: Mapping[str, type] = {
    "sts": AbsTaskSTS,
    "pair_classification": AbsTaskPairClassification,
    "classification": AbsTaskClassification,
    "multilabel_classification": AbsTaskMultilabelClassification,
    "regression": AbsTaskRegression,
    "clustering": AbsTaskClustering,
    "clustering_legacy": AbsTaskClusteringLegacy,
    "bitext": AbsTaskBitextMining,
    "retrieval": AbsTaskRetrieval,
    "instruction_retrieval": AbsTaskRetrieval,
    "long_context": AbsTaskRetrieval,
    "reranking": AbsTaskRetrieval,
    "instruction_reranking": AbsTaskRetrieval,
    "summarization": AbsTaskSummarization,
    "zero_shot_classification": AbsTaskZeroShotClassification,
}
RETRIEVAL = (
    "retrieval",
    "instruction_retrieval",
    "long_context",
    "reranking",
    "instruction_reranking",
)


def mteb_task(task: Task, parts: Parts) -> Any:
    """The task, loaded; one subset is none for mteb, as it has them."""
    kind: Any = load_kind(task.kind)
    single = set(task.subsets) == {"default"}
    languages = ["eng-Latn"] if single else {name: ["eng-Latn"] for name in task.subsets}
    metadata = TaskMetadata(
        name=task.name,
        type=kind.TASK_TYPE,
        main_score=task.main_score,
        description="data in memory",
        reference="https://github.com/embeddings-benchmark/mteb",
        dataset={"path": "NA", "revision": "NA"},
        category="t2t",
        eval_splits=list(task.splits),
        eval_langs=languages,
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
    attributes: dict[str, Any] = {"metadata": metadata, **_attributes(task.kind, task.options)}
    if task.kind == "zero_shot_classification":
        candidates = next(iter(parts.values()))["candidates"].column("text").to_pylist()
        attributes["get_candidate_labels"] = lambda _: candidates
    if task.kind == "instruction_reranking":
        attributes["task_specific_scores"] = _p_mrr(parts)
    instance = type("Memory", (_BASE[task.kind],), attributes)()
    data: dict[str, Any] = {}
    for subset in task.subsets:
        data[subset] = {}
        for split in task.splits:
            data[subset].update(_mteb_data(task.kind, split, parts[split, subset]))
        if task.kind not in RETRIEVAL:
            data[subset] = DatasetDict(data[subset])
    instance.dataset = data["default"] if single and task.kind not in RETRIEVAL else data
    instance.data_loaded = True
    return instance


def _attributes(kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(options)
    if kind == "clustering":
        attributes.update(input_column_name="text", label_column_name="label")
        number = options.get("max_document_to_embed", 0)
        attributes["max_document_to_embed"] = None if number in (0, "all") else number
        if number:
            attributes["max_fraction_of_documents_to_embed"] = None
        attributes["max_depth"] = options.get("max_depth") or None
    if kind in ("pair_classification", "zero_shot_classification"):
        attributes["label_column_name"] = "label"
    if kind == "zero_shot_classification":
        attributes["input_column_name"] = "text"
    if kind == "summarization":
        attributes.update(min_score=0, max_score=5)
    if "estimator" in attributes:
        parameters = dict(attributes.pop("estimator_parameters", {}))
        for key, value in parameters.items():
            if isinstance(value, str) and value.startswith("sklearn."):
                parameters[key] = _class_of(value)()
        attributes["evaluator_model"] = _class_of(attributes.pop("estimator"))(**parameters)
    if "cross_validation" in attributes:
        attributes["is_cross_validation"] = attributes.pop("cross_validation")
    attributes.pop("upstream_defects", None)  # ours
    if attributes.get("max_eval_samples") == "all":
        attributes["max_eval_samples"] = None
    return attributes


def _class_of(name: str) -> Any:
    module, _, short = name.rpartition(".")
    return getattr(import_module(module), short)


def _mteb_data(kind: str, split: str, tables: Tables) -> dict[str, Any]:
    if kind in RETRIEVAL:
        return {split: _mteb_retrieval(tables)}
    if kind == "summarization":
        return {split: _mteb_summaries(tables)}
    if kind == "clustering_legacy":
        return {split: _mteb_sets(tables)}
    if kind == "zero_shot_classification":
        known = tables["candidates"].column("label").to_pylist()
        rows = tables["rows"].to_pydict()
        labels = [known.index(label) for label in rows["label"]]
        return {split: Dataset.from_dict({"text": rows["text"], "label": labels})}
    data = {split: Dataset.from_dict(tables["rows"].to_pydict())}
    if "train" in tables and kind in ("classification", "multilabel_classification", "regression"):
        data["train"] = Dataset.from_dict(tables["train"].to_pydict())
    return data


def _p_mrr(parts: Parts) -> Any:
    """What mteb's FollowIR tasks do, with the changed documents in memory."""

    def scores(task: Any, _: Any, qrels: Any, results: Any, hf_split: str, hf_subset: str) -> Any:
        changed: dict[str, list[str]] = {}
        for row in parts[hf_split, hf_subset]["changed"].to_pylist():
            changed.setdefault(row["query-id"], []).append(row["corpus-id"])
        return evaluate_p_mrr_change(qrels, results, changed, task.k_values)

    return scores


def _mteb_sets(tables: Tables) -> Dataset:
    """One row a set, with lists of its texts and labels."""
    sets: dict[str, dict[str, list[Any]]] = {}
    for row in tables["rows"].to_pylist():
        found = sets.setdefault(row["set"], {"sentences": [], "labels": []})
        found["sentences"].append(row["text"])
        found["labels"].append(row["label"])
    return Dataset.from_list(list(sets.values()))


def _mteb_summaries(tables: Tables) -> Dataset:
    """One row a text, with lists of its human and machine summaries and their scores."""
    texts: dict[str, dict[str, Any]] = {}
    for row in tables["rows"].to_pylist():
        empty = {"text": "", "human_summaries": [], "machine_summaries": [], "relevance": []}
        found = texts.setdefault(row["text-id"], empty)
        found["machine_summaries"].append(row["text"])
        found["relevance"].append(row["score"])
    for row in tables["references"].to_pylist():
        texts[row["text-id"]]["human_summaries"].append(row["text"])
    return Dataset.from_list(list(texts.values()))


def _mteb_retrieval(tables: Tables) -> dict[str, Any]:
    judged: dict[str, dict[str, int]] = {}
    for row in tables["qrels"].to_pylist():
        judged.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row.get("score", 1))
    ranked: dict[str, list[str]] | None = {} if "top_ranked" in tables else None
    for row in tables["top_ranked"].to_pylist() if ranked is not None else []:
        ranked.setdefault(row["query-id"], []).append(row["corpus-id"])
    return {
        "corpus": Dataset.from_dict(tables["corpus"].to_pydict()),
        "queries": Dataset.from_dict(tables["queries"].to_pydict()),
        "relevant_docs": judged,
        "top_ranked": ranked,
    }

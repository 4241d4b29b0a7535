"""Score the same vectors with mteb and with EmbedMark, and compare everything that mteb writes."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
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
from mteb.models.model_meta import ModelMeta, ScoringFunction
from mteb.similarity_functions import select_pairwise_similarity, select_similarity
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmark.catalog import load_kind
from benchmark.protocols import Embeddings
from benchmark.task import Source, Task
from tests.oracle.recording import (
    Found,
    constant_scores,
    label_names,
    our_predictions,
    record,
    their_predictions,
    without_nauc,
)

Tables = Mapping[str, pa.Table]
Parts = Mapping[tuple[str, str], Tables]
"""(split, subset) -> tables."""

EXACT, ROUNDED = 1e-6, 1.1e-5
"""mteb rounds the means of trec_eval's metrics to five decimals."""

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
_RETRIEVAL = (
    "retrieval",
    "instruction_retrieval",
    "long_context",
    "reranking",
    "instruction_reranking",
)


class LookupEncoder:
    """An mteb encoder that knows the vector of every text."""

    def __init__(self, vectors: Mapping[str, NDArray[Any]], similarity: str) -> None:
        self.vectors = vectors
        self.function = ScoringFunction(similarity)
        self.mteb_model_meta = ModelMeta.create_empty()

    def encode(self, inputs: Any, **_: Any) -> NDArray[Any]:
        texts = [text for batch in inputs for text in batch["text"]]
        return np.stack([self.vectors[text] for text in texts])

    def similarity(self, a: Any, b: Any) -> Any:
        return select_similarity(a, b, self.function)

    def similarity_pairwise(self, a: Any, b: Any) -> Any:
        return select_pairwise_similarity(a, b, self.function)


def make_task(kind: str, parts: Parts, main_score: str, options: Mapping[str, Any]) -> Task:
    """Our task for data in memory."""
    splits = tuple(dict.fromkeys(split for split, _ in parts))
    subsets = {subset: ("eng-Latn",) for _, subset in parts}
    return Task(
        name="Memory",
        kind=kind,
        main_score=main_score,
        source=Source("files", {}, Path()),
        splits=splits,
        subsets=MappingProxyType(subsets),
        columns={},
        options=MappingProxyType(dict(options)),
        prompt={},
    )


def ours(
    task: Task,
    parts: Parts,
    vectors: Mapping[str, NDArray[Any]],
    similarity: str = "cosine",
    only: Sequence[tuple[str, str]] | None = None,
) -> Found:
    """Our metrics of every part; ``only`` evaluates some and still draws for all."""
    kind: Any = load_kind(task.kind)
    draws = random.Random(42)
    scores, labels, constants = Found(), {}, {}
    scores.task, scores.vectors = task, getattr(vectors, "name", "random")
    for split in task.splits:
        for subset in task.subsets:
            tables = parts[split, subset]
            data = kind.read(tables, task, draws)
            if only is not None and (split, subset) not in only:
                continue
            encoded = {
                name: np.stack([vectors[text] for text in request.texts.to_pylist()])
                for name, request in kind.plan(data, task).items()
            }
            embeddings = Embeddings(encoded, similarity)
            with our_predictions(kind) as predicted, constant_scores() as constant:
                scores[split, subset] = dict(kind.evaluate(data, embeddings, task).metrics)
            constants[split, subset] = constant
            if task.kind == "classification":
                names = label_names(tables)
                labels[split, subset] = [[names[code] for code in row] for row in predicted]
    scores.labels, scores.constant = labels, constants
    return scores


def theirs(
    task: Task,
    parts: Parts,
    vectors: Mapping[str, NDArray[Any]],
    similarity: str = "cosine",
    only: Sequence[tuple[str, str]] | None = None,
) -> Found:
    """mteb's metrics of every part, or ``only`` of some, in the order of ``mteb.evaluate``."""
    instance = _mteb_task(task, parts)
    encoder = LookupEncoder(vectors, similarity)
    scores, labels = Found(), {}
    with threadpool_limits(1), warnings.catch_warnings(), their_predictions() as predicted:
        warnings.simplefilter("ignore")  # what mteb warns of is not ours to mend
        for split in task.splits:
            for subset in task.subsets:
                if only is not None and (split, subset) not in only:
                    continue
                found = instance.evaluate(
                    encoder, split, subsets_to_run=[subset], encode_kwargs={"batch_size": 512}
                )
                scores[split, subset] = found[subset]
                labels[split, subset] = list(predicted)
                predicted.clear()
    scores.labels = labels
    return scores


def differences(
    expected: Mapping[str, Any], actual: Mapping[str, Any], path: str = ""
) -> dict[str, float]:
    """Absolute difference by name of everything that mteb wrote; a missing value is infinite."""
    found: dict[str, float] = {}
    for name, value in expected.items():
        if name in ("main_score", "hf_subset", "languages"):
            continue
        here = f"{path}{name}"
        found.update(_compare(value, actual.get(name, _ABSENT), here))
    return found


def assert_equal(
    expected: Mapping[tuple[str, str], Mapping[str, Any]],
    actual: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    rounded: bool = False,
    allowed: Mapping[str, float] | None = None,
) -> None:
    """Every number within its tolerance; ``allowed`` loosens those whose name fits a pattern."""
    assert expected.keys() == actual.keys()
    bad = {}
    for part, metrics in expected.items():
        found = differences(metrics, actual[part])
        limits = {name: _limit(name, rounded) for name in found}
        loose = {
            name: max(limit, *(allowed[p] for p in allowed if fnmatch(name, p)))
            for name, limit in limits.items()
            if allowed and any(fnmatch(name, pattern) for pattern in allowed)
        }
        # Where no nAUC exists mteb divides one rounding error by another.
        undefined = without_nauc(actual, part)
        for name in found:
            if name.split(".")[-1] in undefined and math.isnan(_at(actual[part], name)):
                loose[name] = math.inf
        wrong = {n: d for n, d in found.items() if not d <= loose.get(n, limits[n])}
        bad.update({(part, name): difference for name, difference in wrong.items()})
        cut = {name for name, limit in limits.items() if limit == ROUNDED}
        record(part, expected, actual, found, rounded=cut, loose=set(loose), passed=not wrong)
    assert bad == {}, sorted(bad.items(), key=lambda each: -each[1])[:8]


def _at(metrics: Mapping[str, Any], name: str) -> float:
    """The value of a name such as ``og.ndcg_at_1``."""
    first, _, rest = name.partition(".")
    return _at(metrics[first], rest) if rest else float(metrics[first])


def _limit(name: str, rounded: bool) -> float:
    last = name.split(".")[-1]
    mean = last.split("_at_")[0] in ("ndcg", "map", "recall", "precision", "hit_rate")
    return ROUNDED if rounded and (mean or last == "accuracy") else EXACT


_ABSENT = object()


def _compare(expected: Any, actual: Any, name: str) -> dict[str, float]:
    if actual is _ABSENT:
        return {name: math.inf}
    if isinstance(expected, Mapping):
        return differences(expected, actual, f"{name}.")
    if isinstance(expected, list):
        if len(expected) != len(actual):
            return {name: math.inf}
        found: dict[str, float] = {}
        for number, (left, right) in enumerate(zip(expected, actual, strict=True)):
            found.update(_compare(left, right, f"{name}.{number}"))
        return found
    if expected is None or actual is None:
        return {name: 0.0 if expected is actual else math.inf}
    if math.isnan(expected) or math.isnan(actual):
        return {name: 0.0 if math.isnan(expected) and math.isnan(actual) else math.inf}
    return {name: abs(float(expected) - float(actual))}


def _mteb_task(task: Task, parts: Parts) -> Any:
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
        if task.kind not in _RETRIEVAL:
            data[subset] = DatasetDict(data[subset])
    instance.dataset = data["default"] if single and task.kind not in _RETRIEVAL else data
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
        module, _, name = attributes.pop("estimator").rpartition(".")
        parameters = dict(attributes.pop("estimator_parameters", {}))
        if parameters.get("estimator") == "sklearn.linear_model.LogisticRegression":
            parameters["estimator"] = LogisticRegression()
        attributes["evaluator_model"] = getattr(import_module(module), name)(**parameters)
    if "cross_validation" in attributes:
        attributes["is_cross_validation"] = attributes.pop("cross_validation")
    if attributes.get("max_eval_samples") == "all":
        attributes["max_eval_samples"] = None
    return attributes


def _mteb_data(kind: str, split: str, tables: Tables) -> dict[str, Any]:
    if kind in _RETRIEVAL:
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

"""The content of a task file that says what mteb's registry says of a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark.errors import UsageError

_KINDS: Mapping[str, str] = {
    "AbsTaskBitextMining": "bitext",
    "AbsTaskClassification": "classification",
    "AbsTaskClustering": "clustering",
    "AbsTaskClusteringLegacy": "clustering_legacy",
    "AbsTaskMultilabelClassification": "multilabel_classification",
    "AbsTaskPairClassification": "pair_classification",
    "AbsTaskRegression": "regression",
    "AbsTaskRetrieval": "retrieval",
    "AbsTaskSTS": "sts",
    "AbsTaskSummarization": "summarization",
    "AbsTaskAggregate": "aggregate",
}
_RANKED: Mapping[str, str] = {
    "Reranking": "reranking",
    "InstructionRetrieval": "instruction_retrieval",
    "InstructionReranking": "instruction_reranking",
}
_TYPES = {  # of kinds that tasks of another type may be
    "retrieval": "Retrieval",
    "reranking": "Reranking",
    "multilabel_classification": "MultilabelClassification",
}
RANKED = ("retrieval", *_RANKED.values())
# Attributes of mteb's classes, by our option's name.
_OPTIONS: Mapping[str, str] = {
    "samples_per_label": "samples_per_label",
    "n_experiments": "n_experiments",
    "n_samples": "n_samples",
    "n_splits": "n_splits",
    "train_split": "train_split",
    "is_cross_validation": "cross_validation",
    "k_values": "k_values",
    "ignore_identical_ids": "ignore_identical_ids",
    "skip_first_result": "skip_first_result",
    "min_score": "min_score",
    "max_score": "max_score",
    "max_eval_samples": "max_eval_samples",
    "max_documents_per_cluster": "max_documents_per_cluster",
    "n_clusters": "n_clusters",
    "k_mean_batch_size": "k_mean_batch_size",
    "max_depth": "max_depth",
    "parallel_subsets": "parallel",
    "gold": "gold",
}
_SPREAD = ("max_document_to_embed", "max_fraction_of_documents_to_embed")
# The columns that each kind reads: our field, mteb's attribute, mteb's default.
_TEXT_AND_LABEL = {"text": ("input_column_name", "text"), "label": ("label_column_name", "label")}
_SETS = {"text": ("input_column_name", "sentences"), "label": ("label_column_name", "labels")}
_COLUMNS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "classification": _TEXT_AND_LABEL,
    "multilabel_classification": _TEXT_AND_LABEL,
    "regression": {
        "text": ("input_column_name", "text"),
        "value": ("label_column_name", "value"),
    },
    "clustering": _SETS,
    "clustering_legacy": _SETS,
    "pair_classification": {
        "sentence1": ("input1_column_name", "sentence1"),
        "sentence2": ("input2_column_name", "sentence2"),
        "label": ("label_column_name", "labels"),
    },
}
_USUAL = {("text", "text"), ("label", "label"), ("value", "value")}  # what is read unless said
_USUAL |= {("sentence1", "sentence1"), ("sentence2", "sentence2")}
_OLD_SUMMARIES = "DeprecatedSummarizationEvaluator"
_SUBQUERIES = "max_over_subqueries_"
_OWN = "its score is computed by code of its own ({}), which only mteb runs"
_LOADING = {"load_data", "dataset_transform", "fast_load"}
_WORDS = {"financial": "finance"}


def kind_of(facts: Mapping[str, Any]) -> str:
    """The name of our kind; UsageError for a class of mteb's that is none of ours."""
    if facts["base"] not in _KINDS:
        raise UsageError(f"is a {facts['base']} of mteb, which is no kind of task here")
    kind = _KINDS[facts["base"]]
    if kind != "retrieval":
        return kind
    # What the data hold decides, where mteb's code makes them: some rerankings search all
    # documents, and some retrievals have candidates.
    plain = {True: "reranking", False: "retrieval"}.get(facts["candidates"])
    if plain and facts["type"] in ("Retrieval", "Reranking"):
        return plain
    return _RANKED.get(facts["type"], kind)


def is_declarative(facts: Mapping[str, Any]) -> bool:
    """Whether what the registry says is all there is to reading the data."""
    if facts["conversations"]:
        return False  # whose turns mteb joins to a text
    plain = {"path", "revision"}
    if facts["base"] != "AbsTaskRetrieval" and not isinstance(facts["languages"], dict):
        plain.add("name")
    return (
        set(facts["dataset"]) <= plain and not _LOADING & set(facts["code"]) and not _merged(facts)
    )


def content_of(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of the task file, in their order; UsageError for what cannot be said in one."""
    try:
        return _content(name, facts)
    except UsageError as error:
        raise UsageError(f"task 'mteb:{name}': {error}") from None


def _content(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    kind = kind_of(facts)
    content: dict[str, Any] = {"kind": kind, "main_score": facts["main_score"]}
    if _TYPES.get(kind, facts["type"]) != facts["type"]:
        content["task_type"] = facts["type"]
    languages = facts["languages"]
    if not isinstance(languages, dict):
        content["languages"] = list(languages)
    domains = [_WORDS.get(domain.lower(), domain.lower()) for domain in facts["domains"]]
    if domains:
        content["domains"] = list(dict.fromkeys(domains))
    content["license"] = facts["license"] or "not specified"
    if facts["reference"]:
        content["reference"] = facts["reference"]
    if facts["splits"] != ["test"]:
        content["splits"] = list(facts["splits"])
    if kind == "aggregate":
        return content | {"source": {"tasks": list(facts["parts"])}}
    options = _options(kind, facts)
    content["source"] = _source(name, facts)
    tables = {
        "columns": _columns(kind, facts),
        "subsets": languages if isinstance(languages, dict) else {},
        "options": options,
        "prompt": _prompt(kind, facts["prompt"]),
    }
    return content | {key: table for key, table in tables.items() if table}


def _source(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    dataset = facts["dataset"]
    if not is_declarative(facts):
        return {"mteb": name, "revision": dataset["revision"]}
    source = {"hub": dataset["path"], "revision": dataset["revision"]}
    if "name" in dataset:
        source["config"] = dataset["name"]
    if facts["attributes"].get("fast_loading"):
        source["subset_column"] = "lang"
    return source


def _merged(facts: Mapping[str, Any]) -> bool:
    """Whether all languages are columns of one table, which each class loads in its own way."""
    return bool(facts["attributes"].get("parallel_subsets"))


def _columns(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """``[columns]``, wherever mteb's name is not the first that is looked for."""
    told = facts["attributes"]
    if kind == "sts" and "column_names" in told:
        first, second = told["column_names"]
        return {"sentence1": first, "sentence2": second}
    found = {
        field: told.get(attribute, usual)
        for field, (attribute, usual) in _COLUMNS.get(kind, {}).items()
    }
    if not all(isinstance(column, str) for column in found.values()):
        raise UsageError("reads several columns at once, which is not for text alone")
    return {field: column for field, column in found.items() if (field, column) not in _USUAL}


def _options(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """``[options]``; UsageError where an attribute or code changes a score in a way we lack."""
    told = dict(facts["attributes"])
    for known in ("fast_loading", *(name for name, _ in _COLUMNS.get(kind, {}).values())):
        told.pop(known, None)
    if kind == "sts":
        told.pop("column_names", None)
    options = _spread(told)
    if kind in ("sts", "summarization") and {"min_score", "max_score"} & set(told):
        told = {"min_score": 0, "max_score": 5, **told}
    if _OLD_SUMMARIES in str(told.get("evaluator")):
        del told["evaluator"]
        options["average_p_values"] = True
    if facts["main_score"].startswith(_SUBQUERIES):
        options["max_over_subqueries"] = True
    elif facts["main_score"] in ("robustness_at_10", "paired_accuracy"):
        raise UsageError(_OWN.format(facts["main_score"]))
    for attribute, value in told.items():
        if attribute not in _OPTIONS or value == "computed":
            raise UsageError(_OWN.format(attribute))
        if attribute == "max_eval_samples" and value is None:
            value = "all"
        if value is not None:
            options[_OPTIONS[attribute]] = value
    code = set(facts["code"]) - _LOADING - {"task_specific_scores"}
    if code:
        raise UsageError(_OWN.format(", ".join(sorted(code))))
    return options


def _spread(told: dict[str, Any]) -> dict[str, Any]:
    """How many documents a clustering embeds; the attributes are taken out of ``told``."""
    number, share = (told.pop(name, "usual") for name in _SPREAD)
    if isinstance(number, int):
        return {_SPREAD[0]: number}
    if share is None:
        return {_SPREAD[0]: "all"}
    return {} if share == "usual" else {_SPREAD[1]: share}


def _prompt(kind: str, prompt: Any) -> dict[str, str]:
    if isinstance(prompt, str):
        return {"query": prompt, "document": prompt} if kind in RANKED else {"text": prompt}
    return {role: text for role, text in (prompt or {}).items() if text}

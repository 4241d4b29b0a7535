"""Result files from before mteb 1.11, brought into the layout since, as mteb 2.26.24 does.

Source: ``TaskResult._convert_from_before_v1_11_0`` in mteb's ``results/task_result.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmark._version import REFERENCE
from benchmark.errors import ResultError
from benchmark.results.mteb_tasks import KnownTask, known_task

# Tables of metrics in a split, which are no subsets; and the names that they have since.
_TABLES = frozenset({"v_measures", "cos_sim", "euclidean", "manhattan", "dot", "max"})
_RENAMED = {
    "cos_sim": "cosine",
    "manhattan": "manhattan",
    "euclidean": "euclidean",
    "dot": "dot",
    "max": "max",
    "similarity": "similarity",
}
_FRENCH_ONLY = ("MLSUMClusteringP2P", "MLSUMClusteringS2S")
_FRENCH_VERSIONS = ("1.1.2.dev0", "1.1.3.dev0")


def converted(content: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The content of an old file as mteb writes it since 1.11.

    The main score is that of the task, by name. Raises ResultError for a task that mteb 2.26.24
    does not know, and for what is no table where one is due.
    """
    name = str(content["mteb_dataset_name"])
    task = known_task(name)
    if task is None:
        raise ResultError(
            f"{where}: from before mteb 1.11, of a task whose main score mteb {REFERENCE} does not"
            " know; delete it and measure again"
        )
    version = content.get("mteb_version", "mteb version not available")
    top = ("dataset_revision", "mteb_dataset_name", "mteb_version")
    by_split = {key: value for key, value in content.items() if key not in top}
    if not all(isinstance(value, dict) for value in by_split.values()):
        raise _damaged(where)
    seconds = 0.0
    for split, scores in by_split.items():
        by_split[split] = scores = dict(scores)
        taken = scores.pop("evaluation_time", 0)
        seconds += taken if isinstance(taken, int | float) else 0
    has_subsets = any(
        isinstance(value, dict)
        for scores in by_split.values()
        for key, value in scores.items()
        if key not in _TABLES
    )
    if not has_subsets:
        by_split = {split: {"default": scores} for split, scores in by_split.items()}
    _rename_subsets(task.name, str(version), by_split)
    return {
        "dataset_revision": content.get("dataset_revision", "dataset revision not available"),
        "task_name": task.name,
        "mteb_version": version,
        "evaluation_time": seconds,
        "scores": {
            split: [_entry(subset, scores, task, where) for subset, scores in subsets.items()]
            for split, subsets in by_split.items()
        },
    }


def _entry(subset: str, scores: Any, task: KnownTask, where: str) -> dict[str, Any]:
    if not isinstance(scores, dict):
        raise _damaged(where)
    entry = {key: value for key, value in scores.items() if key not in _RENAMED}
    for old, new in _RENAMED.items():
        table = scores.get(old)
        if table is None:
            continue
        if not isinstance(table, dict):
            raise _damaged(where)
        entry |= {f"{new}_{key}": value for key, value in table.items()}
    entry.setdefault("main_score", entry.get(task.main_score))
    languages = task.languages.get(subset)
    if languages is None:
        languages = tuple(dict.fromkeys(code for ls in task.languages.values() for code in ls))
    return {**entry, "hf_subset": subset, "languages": list(languages)}


def _rename_subsets(task: str, version: str, by_split: dict[str, Any]) -> None:
    """Subsets that were called otherwise then."""
    test = by_split.get("test", {})
    if task in _FRENCH_ONLY and version in _FRENCH_VERSIONS and "default" in test:
        test["fr"] = test.pop("default")
    if task == "XPQARetrieval" and "fr" in test:
        test["fra-fra"] = test.pop("fr")


def _damaged(where: str) -> ResultError:
    return ResultError(
        f"{where}: from before mteb 1.11, with something else where scores are due; delete it and"
        " measure again"
    )

"""Task and suite files against mteb's own metadata: the same data, splits, subsets and options."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from benchmark.catalog import data_folder, find_choices, load_kind, load_task, task_files
from benchmark.task import DEFAULT_SUBSET, Task

mteb = pytest.importorskip("mteb")

pytestmark = pytest.mark.oracle

FILES = task_files([data_folder("tasks")])
TASKS = {name: load_task(path, files=FILES) for name, path in FILES.items()}
SUITES = ("MTEB(eng, v2)", "MTEB(eng, v1)", "MTEB(cmn, v1)", "BEIR", "LongEmbed", "CoIR")
# Attributes of mteb's classes that change a number, by our option's name.
ATTRIBUTES = {
    "samples_per_label": "samples_per_label",
    "n_experiments": "n_experiments",
    "train_split": "train_split",
    "cross_validation": "is_cross_validation",
    "k_values": "k_values",
    "ignore_identical_ids": "ignore_identical_ids",
    "skip_first_result": "skip_first_result",
    "min_score": "min_score",
    "max_score": "max_score",
    "max_eval_samples": "max_eval_samples",
    "max_documents_per_cluster": "max_documents_per_cluster",
    "n_clusters": "n_clusters",
    "k_mean_batch_size": "k_mean_batch_size",
    "parallel": "parallel_subsets",
}
# What mteb's class does in code, and the file says in [select] or [options]: tested elsewhere.
IN_CODE = {
    "StackExchangeClustering.v2": "max_document_to_embed",  # set after the draw of 2,048
}


def theirs(name: str) -> Any:
    """A task of mteb by name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mteb.get_task(name)


def in_mteb() -> list[Task]:
    """The tasks whose name is one of mteb's."""
    from mteb.get_tasks import _TASKS_REGISTRY

    return [task for name, task in TASKS.items() if name in _TASKS_REGISTRY]


EACH = pytest.mark.parametrize("task", in_mteb(), ids=lambda task: task.name)


@EACH
def test_a_file_says_what_mteb_says(task: Task) -> None:
    """Type, data, splits, subsets with their languages in order, main score, and prompts."""
    metadata = theirs(task.name).metadata
    languages = metadata.eval_langs
    subsets = languages if isinstance(languages, dict) else {DEFAULT_SUBSET: languages}

    assert task.main_score == metadata.main_score
    assert list(task.splits) == list(metadata.eval_splits)
    assert [(key, list(codes)) for key, codes in task.subsets.items()] == list(subsets.items())
    if task.kind == "aggregate":
        assert [part.name for part in task.parts] == [
            part.metadata.name for part in theirs(task.name).metadata.tasks
        ]
        return
    assert load_kind(task.kind).TASK_TYPE == metadata.type
    source = task.source.settings
    assert source["hub"] == metadata.dataset["path"]
    assert source["revision"] == metadata.dataset["revision"]
    assert task.license == (metadata.license or "not specified")
    prompt = metadata.prompt or {}
    told = {prompt} if isinstance(prompt, str) else set(dict(prompt).values()) - {None}
    assert set(task.prompt.values()) == told


@EACH
def test_a_file_has_mtebs_options(task: Task) -> None:
    """Every attribute of the class that changes a number, whether the file names it or not."""
    if task.kind == "aggregate":
        return
    known: dict[str, Any] = dict(load_kind(task.kind).OPTIONS)
    found = {**known, **task.options}
    task_of_mteb = theirs(task.name)
    for option, attribute in ATTRIBUTES.items():
        if option in known and hasattr(task_of_mteb, attribute):
            expected = getattr(task_of_mteb, attribute)
            expected = list(expected) if isinstance(expected, tuple) else expected
            expected = "all" if option == "max_eval_samples" and expected is None else expected
            assert found[option] == expected, option
    if "max_document_to_embed" in known and task.name not in IN_CODE:
        most = task_of_mteb.max_document_to_embed
        assert (found["max_document_to_embed"] or None) == most
        share = task_of_mteb.max_fraction_of_documents_to_embed
        assert found["max_fraction_of_documents_to_embed"] == share
    assert (source_of_subsets(task) == "lang") == bool(getattr(task_of_mteb, "fast_loading", 0))


def source_of_subsets(task: Task) -> object:
    """The column that holds the subset of each row, if any."""
    return task.source.settings.get("subset_column")


@EACH
def test_descriptions_are_our_own(task: Task) -> None:
    """No sentence of mteb's is copied."""
    ours, other = task.description.strip(), theirs(task.name).metadata.description.strip()

    assert ours not in other
    assert other not in ours or not other


@pytest.mark.parametrize("title", SUITES)
def test_a_suite_is_mtebs_benchmark(title: str) -> None:
    """The same tasks, and of each the same splits and subsets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        benchmark = mteb.get_benchmark(title)
    expected = {
        task.metadata.name: (set(task.eval_splits), set(task.hf_subsets))
        for task in benchmark.tasks
    }
    found = {
        choice.task.name: (
            set(choice.splits or choice.task.splits),
            set(choice.subsets or choice.task.subsets),
        )
        for choice in find_choices([title])
    }

    assert found == expected


def test_hindi_and_marathi_tasks_are_picked_by_language() -> None:
    """Of each task the subsets that mteb counts for one of the two languages, or the whole."""
    for choice in find_choices(["hindi-marathi"]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            chosen = mteb.get_task(choice.task.name, languages=["hin", "mar"])
        assert set(choice.subsets or choice.task.subsets) == set(chosen.hf_subsets)


def test_finmteb_takes_no_name_of_mteb() -> None:
    """Where mteb has a task of the name, ours is named apart."""
    from mteb.get_tasks import _TASKS_REGISTRY

    for choice in find_choices(["FinMTEB"]):
        bare, _, apart = choice.task.name.partition(".finmteb")
        assert choice.task.name not in _TASKS_REGISTRY
        assert (bare in _TASKS_REGISTRY) == choice.task.name.endswith(".finmteb"), apart

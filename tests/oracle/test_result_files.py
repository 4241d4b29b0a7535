"""Result files in and out, against the loader of mteb 2.26.24."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import mteb
import pytest
from mteb.results import TaskResult as Reference

from benchmark.results.export import export_tree
from benchmark.results.load import read_results
from benchmark.results.task_result import TaskResult, read_content

pytestmark = pytest.mark.oracle

PUBLISHED = Path(__file__).parents[2].parent / "shared" / "public_results" / "results"
WriteResult = Callable[..., Path]
Scores = dict[tuple[str, str, str, str, str], float | None]

_STS = {"pearson": 0.25, "spearman": 0.5}
_PAIRS = {"ap": 0.75, "accuracy": 0.5, "f1": 0.625}
OLD: dict[str, Mapping[str, Any]] = {
    "sts": {
        "mteb_dataset_name": "STS12",
        "dataset_revision": "a0d554a64d88156834ff5ae9920b964011b16384",
        "mteb_version": "1.0.3",
        "test": {"cos_sim": _STS, "euclidean": _STS, "manhattan": _STS, "evaluation_time": 2.5},
    },
    "sts in languages": {
        "mteb_dataset_name": "STS17",
        "mteb_version": "1.1.0",
        "test": {"en-de": {"cos_sim": _STS}, "ko-ko": {"cos_sim": _STS}, "evaluation_time": 3},
    },
    "pairs": {
        "mteb_dataset_name": "TwitterURLCorpus",
        "mteb_version": "1.2.0",
        "test": {"cos_sim": _PAIRS, "dot": _PAIRS, "max": _PAIRS, "evaluation_time": 1.0},
    },
    "retrieval, two splits": {
        "mteb_dataset_name": "NFCorpus",
        "mteb_version": "1.0.0.dev0",
        "dev": {"map_at_1": 0.1, "ndcg_at_10": 0.25, "evaluation_time": 1.0},
        "test": {"map_at_1": 0.1, "ndcg_at_10": 0.5, "evaluation_time": 1.5},
    },
    "clustering": {
        "mteb_dataset_name": "ArxivClusteringP2P",
        "mteb_version": "1.10.2",
        "test": {"v_measure": 0.5, "v_measures": {"Level 0": [0.5, 0.25]}, "v_measure_std": 0.1},
    },
    "classification in languages": {
        "mteb_dataset_name": "MassiveIntentClassification",
        "mteb_version": "1.1.1",
        "test": {
            "en": {"accuracy": 0.75, "f1": 0.5, "accuracy_stderr": 0.01},
            "af": {"accuracy": 0.5, "f1": 0.5},
            "evaluation_time": 10.0,
        },
        "validation": {"en": {"accuracy": 0.25}},
    },
    "an own main score": {
        "mteb_dataset_name": "Banking77Classification",
        "mteb_version": "1.5.0",
        "test": {"accuracy": 0.75, "main_score": 0.5},
    },
    "no main score": {
        "mteb_dataset_name": "Banking77Classification",
        "mteb_version": "1.5.0",
        "test": {"f1": 0.75},
    },
    "no version, other capitals": {
        "mteb_dataset_name": "biosses",
        "test": {"cos_sim": _STS},
    },
    "renamed": {
        "mteb_dataset_name": "CMedQAv1",
        "mteb_version": "1.1.0",
        "test": {"map": 0.5, "mrr": 0.75},
    },
    "gone": {
        "mteb_dataset_name": "ScalaNbClassification",
        "mteb_version": "1.1.0",
        "test": {"accuracy": 0.5},
    },
    "French only": {
        "mteb_dataset_name": "MLSUMClusteringP2P",
        "mteb_version": "1.1.2.dev0",
        "test": {"v_measure": 0.5},
    },
    "a renamed subset": {
        "mteb_dataset_name": "XPQARetrieval",
        "mteb_version": "1.8.0",
        "test": {"fr": {"ndcg_at_10": 0.5}},
    },
    "a similarity of its own": {
        "mteb_dataset_name": "STS13",
        "mteb_version": "1.10.0",
        "test": {"default": {"similarity": _STS, "cos_sim": _STS}},
    },
}


@pytest.mark.filterwarnings("ignore:Main score .* not found")
@pytest.mark.parametrize("name", OLD)
def test_a_file_from_before_1_11_is_converted_as_mteb_does(name: str, tmp_path: Path) -> None:
    """Every split, subset, metric, language and the main score."""
    path = tmp_path / f"{OLD[name]['mteb_dataset_name']}.json"
    path.write_text(json.dumps(OLD[name]), "utf-8")
    theirs = Reference.from_disk(path).to_dict()
    ours, _ = read_content(path)

    for rows in theirs["scores"].values():
        for row in rows:
            del row["mteb_version"]
    for key in ("task_name", "dataset_revision", "mteb_version", "evaluation_time", "scores"):
        assert theirs[key] == ours[key], key


def loaded(folder: Path) -> Scores:
    """All main scores that mteb's loader finds below a cache; NaN and null are None."""
    cache = mteb.ResultCache(cache_path=folder)
    results = cache.load_results(
        require_model_meta=False,
        include_remote=False,
        validate_and_filter=False,
        load_experiments="match_name",
    )
    return {
        (model.model_name, model.model_revision or "", task.task_name, split, row["hf_subset"]): (
            None
            if row["main_score"] is None or math.isnan(row["main_score"])
            else row["main_score"]
        )
        for model in results
        if model.experiment_name is None
        for task in model.task_results
        for split, rows in task.scores.items()
        for row in rows
    }


def scores_of(results: list[TaskResult]) -> Scores:
    """The main scores that we read, without experiments."""
    return {
        (result.model, result.revision, result.task, entry.split, entry.subset): entry.main_score
        for result in results
        if not result.slug
        for entry in result.entries
    }


def published(folder: Path, models: int) -> None:
    """Link the published results of some models into a cache."""
    if not PUBLISHED.is_dir():
        pytest.skip("the published results are absent")
    folder.mkdir(parents=True)
    for model in sorted(PUBLISHED.iterdir())[:models]:
        (folder / model.name).symlink_to(model)


def test_a_published_tree_is_read_as_mteb_reads_it(tmp_path: Path) -> None:
    """Models, revisions, tasks, splits, subsets and main scores of 12 models."""
    published(tmp_path / "results", 12)
    names = [folder.name for folder in (tmp_path / "results").iterdir()]
    results, problems = read_results(PUBLISHED)
    ours = [result for result in results if result.model.replace("/", "__") in names]

    assert [] == problems
    assert loaded(tmp_path) == scores_of(ours)


def test_an_exported_tree_is_read_by_mteb(tmp_path: Path, write_result: WriteResult) -> None:
    """Ours, an experiment, old files and published ones; what fails has no score there either."""
    write_result("org/ours", "STS12", {"test/default": 0.25})
    write_result("org/ours", "STS17", {"test/en-de": 0.125, "test/ko-ko": None})
    write_result("org/ours", "STS12", 0.75, slug="dim_64")
    source = tmp_path / "results"
    for content in OLD.values():
        path = (
            source / "org__old" / "no_revision_available" / f"{content['mteb_dataset_name']}.json"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), "utf-8")
    results, _ = read_results(source)
    if PUBLISHED.is_dir():
        found, _ = read_results(PUBLISHED, {"STS22.v2", "ArguAna", "TwitterSemEval2015"})
        results += found
    done = export_tree(results, tmp_path / "cache" / "results")

    assert ((), len(results), 0) == (done.problems, done.files, done.main_scores_only)
    assert scores_of(results) == loaded(tmp_path / "cache")
    again, problems = read_results(tmp_path / "cache")
    assert scores_of(results) == scores_of(again)
    assert len(problems) == sum(
        entry.main_score is None and not result.measured
        for result in results
        for entry in result.entries
    )
    experiments = mteb.ResultCache(cache_path=tmp_path / "cache").load_results(
        models=["org/ours"], include_remote=False, load_experiments="match_name"
    )
    assert [0.75] == [
        task.scores["test"][0]["main_score"]
        for model in experiments
        if model.experiment_name
        for task in model.task_results
    ]


def test_main_scores_alone_are_read_by_mteb(tmp_path: Path, write_result: WriteResult) -> None:
    """An export from an index whose files are gone."""
    from benchmark.results.load import import_results

    path = write_result("org/ours", "STS12", 0.25)
    import_results(tmp_path / "results", tmp_path / "i")
    path.unlink()
    results, _ = read_results(tmp_path / "i")
    done = export_tree(results, tmp_path / "cache" / "results")

    assert (1, 1, ()) == (done.files, done.main_scores_only, done.problems)
    assert {("org/ours", "1", "STS12", "test", "default"): 0.25} == loaded(tmp_path / "cache")

"""Reading a tree of result files, ours and mteb's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import ResultError, UsageError
from benchmark.results.load import read_results
from benchmark.results.task_result import locate, read_result_file

WriteResult = Callable[..., Path]

THEIRS: dict[str, Any] = {
    "dataset_revision": "abc",
    "task_name": "A",
    "mteb_version": "1.18.0",
    "scores": {
        "test": [
            {"main_score": 0.5, "hf_subset": "de", "languages": ["deu-Latn"], "accuracy": 0.5},
            {"main_score": float("nan"), "hf_subset": "en", "languages": ["eng-Latn"]},
        ]
    },
    "evaluation_time": 1.0,
    "kg_co2_emissions": None,
}


def write(path: Path, content: Any) -> Path:
    """Write a file as another harness would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_a_result_of_ours(tmp_path: Path, write_result: WriteResult) -> None:
    """What a run wrote is read back: identity, digests, scores, seconds of all stages."""
    path = write_result("org/model", "A", {"test/de": 0.25, "test/en": None}, slug="dim_64")
    (result,), problems = read_results(tmp_path / "results")

    assert [] == problems
    assert result.measured
    assert path == result.path
    assert ("org/model", "1", "dim_64", "A") == (
        result.model,
        result.revision,
        result.slug,
        result.task,
    )
    assert ("sts", "cosine_spearman", "1", "digest of A", 1785806998.5) == (
        result.kind,
        result.main_score_name,
        result.protocol,
        result.task_digest,
        result.date,
    )
    assert [("de", 0.25, ""), ("en", None, "constant vectors")] == [
        (entry.subset, entry.main_score, entry.error) for entry in result.entries
    ]
    assert [(10, "sha256:same", 1.5, ("eng-Latn",))] * 2 == [
        (entry.examples, entry.fingerprint, entry.seconds, entry.languages)
        for entry in result.entries
    ]


def test_a_result_of_mteb(tmp_path: Path) -> None:
    """Without our key the folders name model and revision; NaN is no score, which is said."""
    write(tmp_path / "org__model" / "rev" / "A.json", THEIRS)
    write(tmp_path / "org__model" / "rev" / "model_meta.json", {"name": "org/model"})
    (result,), problems = read_results(tmp_path)

    path = tmp_path / "org__model" / "rev" / "A.json"
    why = "the main score is not finite for split 'test' and subset 'en'; it counts as failed"
    assert [f"{path}: {why}"] == problems
    assert not result.measured
    assert ("org/model", "rev", "", "1.18.0", "abc") == (
        result.model,
        result.revision,
        result.slug,
        result.mteb_version,
        result.dataset_revision,
    )
    assert [("de", 0.5), ("en", None)] == [(e.subset, e.main_score) for e in result.entries]


def test_only_the_tasks_asked_for_are_opened(tmp_path: Path, write_result: WriteResult) -> None:
    """A broken file of another task is not met."""
    write_result("org/model", "A", 0.5)
    write(tmp_path / "results" / "org__model" / "1" / "B.json", "{")
    results, problems = read_results(tmp_path / "results", {"A"})

    assert ["A"] == [result.task for result in results]
    assert [] == problems


def test_names_that_a_file_system_does_not_take(tmp_path: Path, write_result: WriteResult) -> None:
    """A task with other characters in its name is found under the file name it was given."""
    write_result("org/model", "Long (256)", 0.5)
    (result,), problems = read_results(tmp_path / "results", {"Long (256)"})

    assert ("Long (256)", []) == (result.task, problems)


def test_set_aside_results_are_not_read(tmp_path: Path, write_result: WriteResult) -> None:
    """What a newer measurement replaced lies under history/ and counts no more."""
    write_result("org/model", "A", 0.1, task_digest="older")
    write_result("org/model", "A", 0.5)
    results, _ = read_results(tmp_path / "results")

    assert [0.5] == [entry.main_score for result in results for entry in result.entries]
    assert list((tmp_path / "results").rglob("history/*.json"))


def test_results_come_in_the_order_of_their_paths(
    tmp_path: Path, write_result: WriteResult
) -> None:
    """However they were written."""
    for model, task in (("b/b", "A"), ("a/a", "B"), ("a/a", "A")):
        write_result(model, task, 0.5)
    results, _ = read_results(tmp_path / "results")

    assert [("a/a", "A"), ("a/a", "B"), ("b/b", "A")] == [(r.model, r.task) for r in results]


def test_no_folder(tmp_path: Path) -> None:
    """A missing folder is a usage error that says how to make one."""
    with pytest.raises(
        UsageError, match="no such folder of results; make one with 'embedmark run'"
    ):
        read_results(tmp_path / "none")


def two_entries() -> dict[str, Any]:
    """A file that scores one subset twice."""
    twice = [{"main_score": 0.1, "hf_subset": "en"}, {"main_score": 0.2, "hf_subset": "en"}]
    return {**THEIRS, "scores": {"test": twice}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not valid JSON"),
        pytest.param("[" * 100_000, "not valid JSON", id="deep nesting"),
        ("[]", "has no 'scores' by split"),
        ({"task_name": "A"}, "has no 'scores' by split"),
        ({"test": {"accuracy": 0.5}, "mteb_version": "1.1.0"}, "has no 'scores' by split"),
        ({**THEIRS, "scores": []}, "has no 'scores' by split"),
        ({**THEIRS, "scores": {"test": {"main_score": 1}}}, "'test' is no list of tables"),
        ({**THEIRS, "scores": {"test": [0.5]}}, "'test' is no list of tables"),
        ({**THEIRS, "task_name": "B"}, "holds the task 'B'; rename the file to B.json"),
        (two_entries(), "two entries for split 'test' and subset 'en'; delete one"),
    ],
)
def test_a_malformed_file_is_named_and_the_others_are_read(
    tmp_path: Path, write_result: WriteResult, content: Any, message: str
) -> None:
    """One line a file, with its path; nothing else is lost."""
    write_result("org/model", "Other", 0.5)
    path = write(tmp_path / "results" / "org__model" / "1" / "A.json", content)
    results, (problem,) = read_results(tmp_path / "results")

    assert ["Other"] == [result.task for result in results]
    assert problem.startswith(f"{path}: ")
    assert message in problem
    assert "\n" not in problem


@pytest.mark.parametrize("score", ["0.5", True, None, [0.5], {"value": 0.5}, 10**400])
def test_what_is_no_number_is_no_score(tmp_path: Path, score: Any) -> None:
    """Text, true, null and the like are never taken for a score."""
    content = {**THEIRS, "scores": {"test": [{"main_score": score, "hf_subset": "en"}]}}
    path = write(tmp_path / "A.json", content)

    assert [None] == [entry.main_score for entry in read_result_file(path, "m", "r").entries]


def test_a_key_of_ours_that_is_damaged(tmp_path: Path) -> None:
    """Whatever stands where our details should be, the scores are read and nothing raises."""
    damaged = {**THEIRS, "embedmark": {"model": 3, "subsets": [1], "cost": "x", "limit": "y"}}
    result = read_result_file(write(tmp_path / "A.json", damaged), "m", "r")

    assert ("m", "r", True, None) == (result.model, result.revision, result.measured, result.limit)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/r/org__model/1/A.json", ("org/model", "1", "")),
        ("/r/org__model/1/experiments/dim_64/A.json", ("org/model", "1", "dim_64")),
        ("/A.json", ("", "/", "")),
    ],
)
def test_where_a_file_lies(path: str, expected: tuple[str, str, str]) -> None:
    """Model, revision and experiment by the folders; no layout is no error."""
    assert expected == locate(Path(path))


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """The system's reason is in the message."""
    with pytest.raises(ResultError, match=r"A\.json: cannot be read"):
        read_result_file(tmp_path / "A.json", "m", "r")

"""Result files: where they lie, written whole, kept in history, merged only when alike."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import ResultError
from benchmark.protocols import Identity
from benchmark.results import store
from benchmark.results.record import Part, Result, from_json, to_json
from benchmark.results.store import limited_root, read_result, result_path, save_result

IDENTITY = Identity("org/model", "abc", "st/1")


def part(subset: str = "default", score: float | None = 0.5, fingerprint: str = "sha256:1") -> Part:
    """A measured part."""
    return Part(
        split="test",
        subset=subset,
        languages=("eng-Latn",),
        metrics={"spearman": 0.5, "scores_per_experiment": [{"f1": 0.25}]},
        main_score=score,
        examples=7,
        fingerprint=fingerprint,
        warnings={"empty_text": 2},
        seconds={"read": 0.1, "encode": 0.2, "evaluate": 0.3},
    )


def result(*parts: Part, digest: str = "d1", identity: Identity = IDENTITY) -> Result:
    """A result of these parts."""
    return Result(
        task="Mine",
        kind="sts",
        main_score_name="spearman",
        task_digest=digest,
        identity=identity,
        parts={p.key: p for p in parts},
        date=1.5,
    )


def test_a_result_survives_its_file(tmp_path: Path) -> None:
    """What is written is what is read."""
    expected = result(part(), part("de"))

    path = save_result(tmp_path, expected)

    assert tmp_path / "org__model" / "abc" / "Mine.json" == path
    assert expected == read_result(path)


def test_the_layout_is_mtebs(tmp_path: Path) -> None:
    """mteb's keys stand at the top, ours under one key of its own."""
    content = json.loads(save_result(tmp_path, result(part())).read_text("utf-8"))

    assert {"main_score": 0.5, "hf_subset": "default", "languages": ["eng-Latn"]}.items() <= (
        content["scores"]["test"][0].items()
    )
    assert content["mteb_version"].startswith("2.26.24+embedmark.")
    assert pytest.approx(0.6) == content["evaluation_time"]
    assert ["dataset_revision", "task_name", "mteb_version", "scores", "evaluation_time",
            "kg_co2_emissions", "date", "embedmark"] == list(content)  # fmt: skip


def test_a_score_that_is_not_a_number_is_null(tmp_path: Path) -> None:
    """NaN and infinity have no JSON; null stands for them."""
    odd = replace(part(score=None), metrics={"spearman": float("nan")}, error="not a number")

    content = json.loads(save_result(tmp_path, result(odd)).read_text("utf-8"))

    assert content["scores"]["test"][0]["spearman"] is None
    assert content["scores"]["test"][0]["main_score"] is None


def test_parts_measured_alike_are_merged(tmp_path: Path) -> None:
    """A run of one subset keeps the others."""
    save_result(tmp_path, result(part("de")))

    path = save_result(tmp_path, result(part("fr", 0.7)))

    found = read_result(path)
    assert found is not None
    assert {"test/de": 0.5, "test/fr": 0.7} == {k: p.main_score for k, p in found.parts.items()}


@pytest.mark.parametrize(
    "other",
    [result(part(), digest="d2"), result(part(fingerprint="sha256:2"))],
    ids=["task", "data"],
)
def test_a_result_of_something_else_is_kept_in_history(tmp_path: Path, other: Result) -> None:
    """Another task file or other data never overwrites silently."""
    old = save_result(tmp_path, result(part())).read_bytes()

    path = save_result(tmp_path, other)

    (kept,) = (path.parent / "history").glob("Mine.*.json")
    assert old == kept.read_bytes()
    assert other == read_result(path)


def test_a_damaged_file_is_moved_away_not_lost(tmp_path: Path) -> None:
    """What cannot be read is kept in history, and the new result is written."""
    path = save_result(tmp_path, result(part()))
    path.write_text('{"scores": {"te')
    with pytest.raises(ResultError, match="not readable as JSON"):
        read_result(path)

    save_result(tmp_path, result(part(score=0.9)))

    assert 1 == len(list((path.parent / "history").iterdir()))
    found = read_result(path)
    assert found is not None
    assert found.parts["test/default"].main_score == 0.9


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk in mid-write loses the new result, never the old one."""
    path = save_result(tmp_path, result(part()))
    old = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(ResultError, match=r"cannot be written \(No space left on device\)"):
        save_result(tmp_path, result(part(score=0.1)))

    assert old == path.read_bytes()
    assert ["Mine.json", "model_meta.json"] == sorted(p.name for p in path.parent.iterdir())


def test_options_that_change_numbers_have_a_folder_of_their_own() -> None:
    """As mteb lays experiments out."""
    identity = Identity("a/b", "1", "st/1", {"dim": 64}, "dim_64")

    path = result_path(Path("r"), identity, "T")

    assert "r/a__b/1/experiments/dim_64/T.json" == path.as_posix()


@given(st.text(min_size=1), st.text(min_size=1), st.text(min_size=1))
def test_no_name_leaves_the_results_folder(name: str, revision: str, task: str) -> None:
    """Whatever a model or task is called, its file lies three levels below the root."""
    path = result_path(Path("r"), Identity(name, revision, "st/1", {}, ""), task)

    assert ("r", 4) == (path.parts[0], len(path.parts))
    assert ".." not in path.parts


def test_limited_results_lie_in_a_tree_of_their_own() -> None:
    """They can never be mixed with full ones, nor with those of another limit."""
    assert Path("out/results") == limited_root(Path("out/results"), None)
    assert Path("out/results-limited/10") == limited_root(Path("out/results"), 10)


@pytest.mark.parametrize("content", [None, [], {}, {"embedmark": 1}, {"scores": {}}])
def test_json_of_another_shape_is_one_line(content: object) -> None:
    """Not ours, or damaged: named, with the way out."""
    with pytest.raises(ResultError, match=r"^x\.json: not a result of EmbedMark, or damaged"):
        from_json(content, "x.json")


def test_two_runs_differ_in_nothing_but_cost_and_date() -> None:
    """Everything that time changes lies under three keys."""
    slow = replace(part(), seconds={"read": 9.0, "encode": 9.0, "evaluate": 9.0})
    one, two = to_json(result(part())), to_json(replace(result(slow), date=2.0))

    for content in (one, two):
        del content["evaluation_time"], content["date"], content["embedmark"]["cost"]

    assert one == two

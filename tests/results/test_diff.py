"""Ten causes of a gap, each planted in real runs and named first; and what the command prints.

The second run of each has another version of a library, another commit and another device too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.analysis.causes import CAUSES, Pair, explain
from benchmark.analysis.moves import moves_of
from benchmark.cli import main
from benchmark.differences import Gap, gaps_between
from benchmark.kinds import retrieval
from benchmark.kinds.judgements import id_ranks
from benchmark.models.derived import Derivation, derive
from benchmark.results.manifest import manifests_of
from benchmark.results.task_result import TaskResult, locate, read_result_file
from tests.results.planted import Model, measured, pairs, write_pairs, write_retrieval

Change = Callable[[Any], Any]
PROMPTED = Model(prompts={"query": "find : ", "document": ""}, max_tokens=40)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Change:
    """Tells the runs that follow of another machine, with other packages."""

    def change(model: Model) -> Model:
        found = {"python": "3.99.0", "packages": {"numpy": "0.1"}, "commit": "f" * 40}
        monkeypatch.setattr(
            "benchmark.results.new.environment", lambda device: {**found, "device": device}
        )
        return replace(model, device="mps")

    return change


def gap_of(a: TaskResult, b: TaskResult) -> Gap:
    """The only gap of two results."""
    (gap,), problems = gaps_between([a], [b], ("a", "b"))
    assert [] == problems
    return gap


MODELS: dict[str, tuple[str, Model, Callable[[Model], Any]]] = {
    "other prompt": (
        "another prompt",
        PROMPTED,
        lambda model: replace(model, prompts={"query": "word1 word2 : "}),
    ),
    "no prompt": ("another prompt", PROMPTED, lambda model: replace(model, prompts={})),
    "role": (
        "prompt on another role",
        PROMPTED,
        lambda model: replace(model, prompts={"document": "find : "}),
    ),
    "truncation": ("truncation", Model(), lambda model: replace(model, max_tokens=4)),
    "pooling": ("pooling", Model(), lambda model: replace(model, pooling="cls")),
    "dtype": (
        "size or type of vectors",
        Model(),
        lambda model: derive(model, Derivation(dtype="binary"), "planted"),
    ),
    "dim": (
        "size or type of vectors",
        Model(),
        lambda model: derive(model, Derivation(dim=6), "planted"),
    ),
    "weights": ("other weights", Model(), lambda model: replace(model, seed=1)),
    "model": ("another model", Model(), lambda model: replace(model, seed=1, name="org/other")),
}


@pytest.mark.parametrize("name", MODELS)
def test_what_the_model_was_told_is_named_first(
    name: str, tmp_path: Path, elsewhere: Change
) -> None:
    """Above the versions, the commit and the device that differ too."""
    expected, model, change = MODELS[name]
    task = write_retrieval(tmp_path)
    first = measured(model, task, tmp_path / "a")

    gap = gap_of(first, measured(change(elsewhere(model)), task, tmp_path / "b"))

    assert expected == gap.causes[0].cause
    assert gap.gap
    others = [difference.cause for difference in gap.causes]
    assert {"our own code", "versions of libraries", "device"} <= set(others)


def test_truncation_leaves_short_examples_alone(tmp_path: Path, elsewhere: Change) -> None:
    """Two of three pairs have six words, and the same digits on both sides: that is evidence."""
    task = write_pairs(tmp_path, pairs())
    first = measured(Model(), task, tmp_path / "a")

    gap = gap_of(first, measured(elsewhere(Model(max_tokens=8)), task, tmp_path / "b"))

    assert ("truncation", True) == (gap.causes[0].cause, gap.causes[0].evidence.fits)
    assert "67%" in gap.causes[0].evidence.said


def test_half_precision_moves_all_a_little(tmp_path: Path, elsewhere: Change) -> None:
    """Named first, with what speaks for it; a cause that moves more is contradicted by that."""
    task = write_pairs(tmp_path, pairs())
    first = measured(Model(), task, tmp_path / "a")

    gap = gap_of(first, measured(elsewhere(Model(precision="float16")), task, tmp_path / "b"))

    assert ("type of weights", True) == (gap.causes[0].cause, gap.causes[0].evidence.fits)
    assert gap.moves is not None
    assert (gap.moves.equal or 0) < 0.5
    assert 0 < (gap.moves.shift or 0) < 0.01


def test_other_data_is_named_first(tmp_path: Path, elsewhere: Change) -> None:
    """Before other weights: scores on other data say nothing about these."""
    rows = pairs()
    first = measured(Model(), write_pairs(tmp_path / "old", rows), tmp_path / "a")
    mended = [row if number % 4 else {**row, "score": 0.5} for number, row in enumerate(rows)]
    task = write_pairs(tmp_path / "new", mended)

    gap = gap_of(first, measured(elsewhere(Model(seed=1)), task, tmp_path / "b"))

    assert ["other data", "other weights"] == [each.cause for each in gap.causes][:2]
    assert ["fingerprint"] == list(gap.causes[0].values)


def test_another_commit_of_the_same_content_comes_last(tmp_path: Path) -> None:
    """What the data are called matters less than what they hold."""
    task = write_pairs(tmp_path, pairs())
    first = measured(Model(), task, tmp_path / "a")
    second = measured(replace(Model(), pooling="cls"), task, tmp_path / "b")
    for result, commit in ((first, "a" * 40), (second, "b" * 40)):
        rewrite(result, lambda content, c=commit: content.update(dataset_revision=c))

    gap = gap_of(*map(again, (first, second)))

    assert ["pooling", "other data"] == [each.cause for each in gap.causes]
    assert gap.causes[1].evidence.fits is False


def test_dropped_duplicates_are_told_from_other_data(tmp_path: Path, elsewhere: Change) -> None:
    """Both sides have the same pairs, and one of them five of these twice."""
    rows = pairs()
    first = measured(Model(), write_pairs(tmp_path / "old", [*rows[:5], *rows]), tmp_path / "a")
    second = measured(elsewhere(Model()), write_pairs(tmp_path / "new", rows), tmp_path / "b")

    gap = gap_of(first, second)

    assert "dropped duplicates" == gap.causes[0].cause
    assert (65, 60) == gap.causes[0].values["examples"]
    assert "other data" not in [each.cause for each in gap.causes]


def test_dropped_duplicates_of_a_corpus(tmp_path: Path, elsewhere: Change) -> None:
    """The results count them among their warnings."""
    first = measured(Model(), write_retrieval(tmp_path / "old", copies=20), tmp_path / "a")
    task = write_retrieval(tmp_path / "new", copies=20, drop=True)

    gap = gap_of(first, measured(elsewhere(Model()), task, tmp_path / "b"))

    assert "dropped duplicates" == gap.causes[0].cause
    assert "20 and 0 duplicates" in gap.causes[0].evidence.said
    assert (gap.gap or 0) > 0.01


def test_records_that_many_share_tell_no_copies() -> None:
    """Labels and right answers are as distinct in half of the examples as in all."""
    label = np.arange(40) % 2
    right = {"label": label, "predicted": np.stack([label] * 3, axis=1)}
    half = {name: values[:20] for name, values in right.items()}

    moves = moves_of(right, half, same_data=False)

    assert moves is not None
    assert not moves.copies


def test_fewer_examples_are_no_dropped_duplicates(tmp_path: Path) -> None:
    """Of which none stood twice."""
    first = measured(Model(), write_pairs(tmp_path / "old", pairs()), tmp_path / "a")
    second = measured(Model(), write_pairs(tmp_path / "new", pairs()[:50]), tmp_path / "b")

    assert "other data" == gap_of(first, second).causes[0].cause


def test_the_order_of_ties_is_named_first(
    tmp_path: Path, elsewhere: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under another protocol, the same documents stand in another order where they score alike."""
    task = write_retrieval(tmp_path, copies=30)
    first = measured(Model(), task, tmp_path / "a")
    monkeypatch.setattr(retrieval, "id_ranks", lambda ids: len(ids) - 1 - id_ranks(ids))
    second = measured(elsewhere(Model()), task, tmp_path / "b")
    rewrite(second, lambda content: content["embedmark"].update(protocol="0"))

    gap = gap_of(first, again(second))

    assert "order of equal scores" == gap.causes[0].cause
    assert "over all orders of equal scores" in gap.causes[0].evidence.said
    assert abs(gap.gap or 0) > 0.01


def test_another_protocol_without_other_orders_is_called_that(tmp_path: Path) -> None:
    """Other documents are found: no tie explains it."""
    task = write_retrieval(tmp_path)
    first = measured(Model(), task, tmp_path / "a")
    second = measured(Model(pooling="cls"), task, tmp_path / "b")
    rewrite(second, lambda content: content["embedmark"].update(protocol="0"))

    assert ["another protocol", "pooling"] == [
        each.cause for each in gap_of(first, again(second)).causes
    ]


def imported(folder: Path, version: str, score: float, **keys: Any) -> TaskResult:
    """A result file as mteb writes it."""
    path = folder / "org__model" / f"{0:040x}" / "Small.json"
    path.parent.mkdir(parents=True)
    entry = {"main_score": score, "hf_subset": "default", "languages": ["eng-Latn"]}
    content = {"dataset_revision": "c" * 40, "task_name": "Small", "mteb_version": version,
               "scores": {"test": [entry]}, "evaluation_time": 1.0, **keys}  # fmt: skip
    path.write_text(json.dumps(content))
    return read_result_file(path, *locate(path))


def test_another_mteb_version_is_named_first(tmp_path: Path) -> None:
    """Of two imported results, and of ours against one; what mteb's say nothing of is listed."""
    old = imported(tmp_path / "old", "1.34.7", 0.5)
    new = imported(tmp_path / "new", "2.26.24", 0.6)
    ours = measured(Model(), write_retrieval(tmp_path / "task"), tmp_path / "a")

    assert ["another mteb version"] == [each.cause for each in gap_of(old, new).causes]
    gap = gap_of(ours, old)
    assert ["another mteb version", "another harness"] == [each.cause for each in gap.causes]
    assert {"another prompt", "truncation", "pooling", "type of weights"} <= set(gap.unsaid)
    assert "another mteb version" not in [each.cause for each in gap_of(ours, new).causes]


def test_a_limit_that_cuts_nothing_explains_nothing(tmp_path: Path) -> None:
    """Other weights come first, since no text has so many words."""
    task = write_retrieval(tmp_path)
    first = measured(Model(), task, tmp_path / "a")
    second = measured(Model(max_tokens=50, seed=1), task, tmp_path / "b")

    gap = gap_of(first, second)

    assert ["other weights", "truncation"] == [each.cause for each in gap.causes]
    assert "no text was cut" in gap.causes[1].evidence.said


def test_a_setting_comes_before_the_digest_that_covers_it(tmp_path: Path) -> None:
    """A folder's digest is of its settings too, and these explain the gap."""
    task = write_retrieval(tmp_path)
    first = measured(Model(name="local/one"), task, tmp_path / "a")
    second = measured(Model(name="local/two", seed=1, pooling="cls"), task, tmp_path / "b")

    assert ["pooling", "other weights"] == [each.cause for each in gap_of(first, second).causes]


def test_equal_results_have_no_cause(tmp_path: Path) -> None:
    """Two runs of one model on one task, with the same batches."""
    task = write_pairs(tmp_path, pairs())
    results = [measured(Model(), task, tmp_path / name) for name in "ab"]

    gap = gap_of(results[0], results[1])

    assert ((), (), 0.0) == (gap.causes, gap.unsaid, gap.gap)


def test_examples_are_paired_by_id(tmp_path: Path) -> None:
    """Queries in another order move nothing."""
    first = measured(Model(), write_retrieval(tmp_path / "old"), tmp_path / "a")
    task = write_retrieval(tmp_path / "new")
    queries = task.with_suffix("") / "queries.jsonl"
    queries.write_text("\n".join(reversed(queries.read_text().splitlines())))

    moves = gap_of(first, measured(Model(), task, tmp_path / "b")).moves

    assert moves is not None
    assert (30, (0, 0)) == (len(moves.first), moves.only)
    assert not np.any(moves.moved)


def test_every_fact_shows_some_cause(tmp_path: Path) -> None:
    """Nothing that differs is left unsaid."""
    result = measured(Model(), write_retrieval(tmp_path), tmp_path / "a")
    (manifest,) = manifests_of(result).values()

    named = {name for name in manifest.facts if any(cause.of(name) for cause in CAUSES)}
    assert set(manifest.facts) == named


def test_the_page_lists_the_causes_in_their_order() -> None:
    """As the command does."""
    page = Path(__file__).parents[2] / "docs" / "differences.md"
    table = page.read_text("utf-8").split("| cause | facts |")[1].split("\n\n")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines()[2:]]

    assert list(dict.fromkeys(cause.name for cause in CAUSES)) == rows


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"kind": "sts", "similarity": "cosine"}, False),
        ({"kind": "sts", "similarity": "dot"}, None),
        ({"kind": "classification", "similarity": "cosine"}, None),
    ],
    ids=lambda value: str(value),
)
def test_lengths_explain_nothing_of_cosines(facts: dict[str, str], expected: bool | None) -> None:
    """A classifier sees them, and so does a dot product."""
    a, b = {**facts, "normalize": True}, {**facts, "normalize": False}

    (found,) = explain(Pair(a, b, {"normalize": (True, False)}))

    assert ("normalisation", expected) == (found.cause, found.evidence.fits)


def test_prompts_that_mteb_knows_alone_are_not_compared(tmp_path: Path) -> None:
    """What stands in such a result is what mteb was told, not what it put before a text."""
    task = write_retrieval(tmp_path)
    first = measured(Model(), task, tmp_path / "a")
    second = measured(PROMPTED, task, tmp_path / "b")
    rewrite(second, lambda content: content["embedmark"]["model"].update(adapter="mteb/1"))

    gap = gap_of(first, again(second))

    assert ["another adapter", "truncation"] == [each.cause for each in gap.causes]
    assert ("another prompt",) == gap.unsaid


def test_several_parts_are_told_together(capsys: pytest.CaptureFixture[str]) -> None:
    """A line a cause, with the number of parts that it was found in."""
    folder = Path(__file__).parents[2] / "results"
    models = ("wordllama", "embedmark/tfidf")

    assert 0 == main(["results", "diff", *models, "--results", str(folder), "-t", "EmojiNames"])

    (line,) = (ln for ln in capsys.readouterr().out.splitlines() if ln.startswith("another model"))
    assert "7 of 7" in line


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Two results, in the folder of the task that they are of."""
    monkeypatch.chdir(tmp_path)
    task = write_pairs(tmp_path, pairs())
    results = [
        measured(Model(), task, tmp_path / "a"),
        measured(Model(seed=1), task, tmp_path / "b"),
    ]
    return str(results[0].path), str(results[1].path)


def test_the_command_shows_causes_and_examples(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a text unless asked; the exit code says that nothing failed."""
    assert 0 == main(["results", "diff", *two, "--examples", "3"])
    out = capsys.readouterr().out
    assert "other weights" in out
    assert "word1" not in out

    assert 0 == main(["results", "diff", *two, "-t", "Small.toml", "--texts"])
    assert "word1" in capsys.readouterr().out


def test_json(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that the table shows, with whole digests."""
    assert 0 == main(["results", "diff", *two, "--json", "--examples", "2"])

    found = json.loads(capsys.readouterr().out)
    assert {"a": two[0], "b": two[1]}.items() <= found.items()
    (part,) = found["parts"]
    assert {"cause": "other weights", "a": {"revision": f"{0:040x}"}}.items() <= (
        part["causes"][0].items()
    )
    assert part["gap"] == part["b"] - part["a"]
    assert {"both": 60, "only_a": 0, "only_b": 0}.items() <= part["examples"].items()
    first, second = found["examples"]
    assert abs(first["moved"]) >= abs(second["moved"]) > 0
    assert "texts" not in first


def test_what_cannot_be_compared_is_a_usage_error(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another task, a task that one lacks, and two results of one task."""
    other = Path(two[1]).with_name("Other.json")
    content = json.loads(Path(two[1]).read_text())
    other.write_text(json.dumps({**content, "task_name": "Other"}))
    assert 2 == main(["results", "diff", two[0], str(other)])
    assert "share no task (Small; Other)" in capsys.readouterr().err

    other.unlink()
    assert 2 == main(["results", "diff", two[0], two[1], "-t", "Another"])
    both = tmp_path / "both"
    for number, path in enumerate(map(Path, two)):
        target = both / "org__model" / str(number)
        target.mkdir(parents=True)
        (target / path.name).write_bytes(path.read_bytes())
    assert 2 == main(["results", "diff", two[0], "org/model", "--results", str(both)])
    assert "2 results of Small" in capsys.readouterr().err


def test_damaged_records_are_named_and_the_rest_is_shown(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Causes need no examples."""
    (Path(two[1]).parent / "samples" / "Small.parquet").write_bytes(b"PAR1")

    assert 1 == main(["results", "diff", *two])

    out, err = capsys.readouterr()
    assert "damaged" in err
    assert "other weights" in out


def test_a_result_is_compared_with_the_one_that_it_replaced(
    two: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the task file changed, the old result lies in history."""
    task = Path("Small.toml")
    task.write_text(task.read_text().replace("cosine_spearman", "cosine_pearson"))
    path = measured(Model(), task, Path("a")).path
    (old,) = (path.parent / "history").glob("*.json")

    assert 0 == main(["results", "diff", str(old), str(path), "--json"])

    (part,) = json.loads(capsys.readouterr().out)["parts"]
    assert "another measure" == part["causes"][0]["cause"]


def rewrite(result: TaskResult, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a result file says."""
    content = json.loads(result.path.read_text())
    change(content)
    result.path.write_text(json.dumps(content))


def again(result: TaskResult) -> TaskResult:
    """Read a result again."""
    return read_result_file(result.path, *locate(result.path))

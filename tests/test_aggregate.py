"""Aggregates: the mean of other tasks' scores, in the run, in results and on boards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.aggregate import chosen_subsets, counted_kind, mean_of_parts
from benchmark.catalog import Choice, expanded, find_choices, load_task
from benchmark.cli import main
from benchmark.errors import TaskFileError
from benchmark.evaluation import evaluate
from benchmark.run import RunSettings, run

PART = """kind = "sts"
main_score = "cosine_spearman"
splits = ["test", "dev"]
[source]
files = "{name}"
[subsets]
en = ["eng-Latn"]
de = ["deu-Latn"]
"""
WHOLE = """kind = "aggregate"
main_score = "cosine_spearman"
[source]
tasks = ["One", "Two"]
"""
MODEL = """import numpy as np


def encode(texts):
    return np.array([[len(t) % 7 + 1, len(t) % 5, 1] for t in texts], np.float32)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two tasks of two subsets and splits, their aggregate, and a model."""
    draws = np.random.default_rng(5)
    for name in ("One", "Two"):
        (tmp_path / f"{name}.toml").write_text(PART.format(name=name), "utf-8")
        for subset in ("en", "de"):
            for split in ("test", "dev"):
                rows = [
                    {"sentence1": "a" * a, "sentence2": "b" * b, "score": float(c)}
                    for a, b, c in draws.integers(1, 40, (12, 3))
                ]
                path = tmp_path / name / subset / f"{split}.jsonl"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (tmp_path / "Whole.toml").write_text(WHOLE, "utf-8")
    (tmp_path / "model.py").write_text(MODEL, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    """The rows that the command prints as JSON."""
    main(["run", "model.py", *arguments, "--json"])
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["results"]
    return found


def score(rows: list[dict[str, Any]], task: str, split: str, subset: str) -> float:
    """The main score of one row."""
    (found,) = [
        row for row in rows if (row["task"], row["split"], row["subset"]) == (task, split, subset)
    ]
    value: float = found["main_score"]
    return value


def test_the_mean_over_parts(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of each part's mean over its subsets; the parts run before, once, and have their rows."""
    rows = rows_of(capsys, "-t", "Whole.toml", "One.toml")

    means = [
        np.mean([score(rows, name, "test", subset) for subset in ("en", "de")])
        for name in ("One", "Two")
    ]
    assert ["One"] * 4 + ["Two"] * 2 + ["Whole"] == [row["task"] for row in rows]
    assert float(np.mean(means)) == pytest.approx(
        score(rows, "Whole", "test", "default"), abs=1e-15
    )


def test_parts_count_through_the_aggregate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The summary's mean takes those that were asked for themselves."""
    rows = rows_of(capsys, "-t", "Whole.toml", "Two.toml")
    main(["run", "model.py", "-t", "Whole.toml", "Two.toml"])

    out = capsys.readouterr().out
    two = np.mean([row["main_score"] for row in rows if row["task"] == "Two"])
    mean = np.mean([two, score(rows, "Whole", "test", "default")])
    assert {"One"} == {row["task"] for row in rows if row["part_of"] == "Whole"}
    assert f" {100 * mean:.2f} " in next(x for x in out.splitlines() if x.startswith("mean over"))
    assert "- One " in out
    assert "- part of the aggregate below it, and counted there only." in out.splitlines()


def test_a_language_chooses_subsets(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only these run; so do subsets that are named."""
    text = WHOLE.replace("[source]", 'languages = ["deu-Latn"]\nsplits = ["dev"]\n[source]')
    (folder / "Whole.toml").write_text(text, "utf-8")
    rows = rows_of(capsys, "-t", "Whole.toml")
    (folder / "Whole.toml").write_text(
        WHOLE.replace("[source]", 'splits = ["dev"]\n[source]\nsubsets = ["de"]'), "utf-8"
    )
    again = rows_of(capsys, "-t", "Whole.toml")

    expected = np.mean([score(rows, name, "dev", "de") for name in ("One", "Two")])
    assert 3 == len(rows) == len(again)
    assert {float(expected)} == {score(found, "Whole", "dev", "default") for found in (rows, again)}


def test_a_subset_may_count_less_than_another(folder: Path) -> None:
    """A part with one subset weighs as much as one with two."""
    text = PART.format(name="Two").replace('de = ["deu-Latn"]\n', "")
    (folder / "Two.toml").write_text(text, "utf-8")
    task = load_task(folder / "Whole.toml")
    scores = {("One", "test", "en"): 0.0, ("One", "test", "de"): 0.5, ("Two", "test", "en"): 1.0}

    assert 0.625 == mean_of_parts(task, "test", scores)
    assert [("en", "de"), ("en",)] == [chosen_subsets(task, part) for part in task.parts]
    assert ("eng-Latn", "deu-Latn") == task.languages
    assert "sts" == counted_kind(task)


def test_different_main_scores_are_mixed_on_purpose_only(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the name that says so."""
    text = PART.format(name="Two").replace("cosine_spearman", "cosine_pearson")
    (folder / "Two.toml").write_text(text, "utf-8")
    (folder / "Whole.toml").write_text(WHOLE.replace("cosine_spearman", "main_score"), "utf-8")

    first, second = (rows_of(capsys, "-t", "Whole.toml") for _ in "ab")

    mean = np.mean([score(first, name, "test", s) for name in ("One", "Two") for s in ("en", "de")])
    assert float(mean) == pytest.approx(score(first, "Whole", "test", "default"), abs=1e-15)
    assert ("reused", first[-1]["main_score"]) == (second[-1]["status"], second[-1]["main_score"])


def test_the_result_is_saved_and_reused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In mteb's layout; a second run leaves the file as it is."""
    first = rows_of(capsys, "-t", "Whole.toml")
    (path,) = folder.glob("results/*/*/Whole.json")
    before = path.read_bytes()
    second = rows_of(capsys, "-t", "Whole.toml")

    found = json.loads(before)
    (entry,) = found["scores"]["test"]
    value = score(first, "Whole", "test", "default")
    assert {
        "cosine_spearman": value,
        "main_score": value,
        "hf_subset": "default",
        "languages": ["eng-Latn", "deu-Latn"],
    } == entry
    assert ("Whole", "aggregate") == (found["task_name"], found["embedmark"]["kind"])
    assert before == path.read_bytes()
    assert {"reused"} == {row["status"] for row in second}
    assert str(path.relative_to(folder)) == second[-1]["path"]


def test_a_changed_part_makes_another_aggregate(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its digest covers its parts', its fingerprint their data's."""
    before = load_task(folder / "Whole.toml").digest
    first = rows_of(capsys, "-t", "Whole.toml")
    path = folder / "Two/en/test.jsonl"
    path.write_text("\n".join(path.read_text("utf-8").splitlines()[:9]) + "\n", "utf-8")
    second = rows_of(capsys, "-t", "Whole.toml")
    with (folder / "Two.toml").open("a", encoding="utf-8") as file:
        file.write("[options]\nmax_score = 4.0\n")

    assert before != load_task(folder / "Whole.toml").digest
    assert "measured" == second[-1]["status"]
    assert first[-1]["main_score"] != second[-1]["main_score"]
    assert 1 == len(list(folder.glob("results/*/*/history/Whole.*.json")))


def test_a_part_without_a_score_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The aggregate fails, the other parts are saved; once mended, only what lacks is measured."""
    path = folder / "Two/de/test.jsonl"
    whole = path.read_text("utf-8")
    path.write_text(whole.replace('"sentence2"', '"other"'), "utf-8")

    assert 1 == main(["run", "model.py", "-t", "Whole.toml"])
    error = capsys.readouterr().err
    path.write_text(whole, "utf-8")
    rows = rows_of(capsys, "-t", "Whole.toml")

    expected = "model.py on Whole: no score of Two (test/de); mend what failed there"
    assert f"failed: {expected}" in error.splitlines()
    assert ["reused", "reused", "reused", "measured", "measured"] == [r["status"] for r in rows]


def test_a_model_that_only_ranks_has_no_row(folder: Path) -> None:
    """As for the parts themselves."""
    pytest.importorskip("bm25s")

    assert 0 == len(run(["bm25"], find_choices(["Whole.toml"]), RunSettings()))


def test_without_output_it_is_computed_all_the_same(folder: Path) -> None:
    """In Python nothing needs to be saved."""
    rows = list(evaluate("model.py", load_task(folder / "Whole.toml")))

    assert ("Whole", "measured", None) == (rows[-1].task, rows[-1].status, rows[-1].path)
    assert 5 == len(rows)


def test_choices_are_joined(folder: Path) -> None:
    """A part that is asked for beside its aggregate runs with all that both need."""
    one, whole = load_task(folder / "One.toml"), load_task(folder / "Whole.toml")
    part = Choice(one, ("dev",), ("en",))

    first, second, third = expanded([part, Choice(whole)])

    assert Choice(one, ("test", "dev"), ("en", "de")) == first
    assert ["Two", "Whole"] == [second.task.name, third.task.name]
    assert ("test",) == second.splits


def test_commands_know_aggregates(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Check reads the parts' data, plan counts them, show names them, a filter finds them."""
    assert 0 == main(["tasks", "check", "Whole.toml"])
    assert 0 == main(["tasks", "show", "Whole.toml", "--json"])
    out = capsys.readouterr().out.partition("\n")[2]
    assert 0 == main(["run", "random", "-t", "Whole.toml", "--plan", "--json"])
    plan = json.loads(capsys.readouterr().out)["tasks"]
    assert 0 == main(["run", "random", "-t", "Whole.toml", "--kind", "sts", "--plan"])
    (folder / "Two/de/test.jsonl").unlink()
    assert 1 == main(["tasks", "check", "Whole.toml"])

    assert ["One", "Two"] == json.loads(out)["tasks"][0]["parts"]
    assert ["One", "Two"] == [row["task"] for row in plan]


def test_a_board_counts_it_as_one_task(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the kind of its parts."""
    (folder / "tasks/suites").mkdir(parents=True)
    for name in ("One", "Two"):
        text = (folder / f"{name}.toml").read_text("utf-8")
        (folder / name).rename(folder / "tasks" / name)
        (folder / f"tasks/{name}.toml").write_text(text, "utf-8")
    (folder / "tasks/Whole.toml").write_text(WHOLE, "utf-8")
    (folder / "tasks/suites/mine.toml").write_text('title = "Mine"\ntasks = ["Whole"]\n', "utf-8")
    (folder / "board.toml").write_text('title = "Mine"\nsuite = "mine"\n', "utf-8")
    rows = rows_of(capsys, "-t", "mine")

    assert 0 == main(["leaderboard", "build", "board.toml", "--out", "tables"])

    (row,) = json.loads((folder / "tables/board.json").read_text("utf-8"))["models"]
    assert {"Whole": score(rows, "Whole", "test", "default")} == row["scores"]
    assert ["sts"] == list(row["kinds"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('[source]\ntasks = ["One", "Two"]', 'languages = ["x"]\n[source]\nfiles = "One"'),
            'Whole.toml:4: an aggregate has [source] with tasks = ["One", "Two"]',
        ),
        (
            ('"aggregate"', '"sts"'),
            "Whole.toml:3: 'tasks' is the source of kind \"aggregate\", not of a sts",
        ),
        (
            ('"Two"', '"Tow"'),
            "Whole.toml:4: the part 'Tow': no task is named 'Tow'; did you mean 'Two'?",
        ),
        (
            ('"Two"', '"Whole"'),
            ("Whole.toml:4: the part 'Whole': is an aggregate too; name its parts instead"),
        ),
        (('"Two"', '"One"'), "Whole.toml:4: 'tasks' names 'One' twice; name it once"),
        (
            ("cosine_spearman", "cosine_pearson"),
            (
                "Whole.toml:4: the part 'One' has the main score cosine_spearman, not "
                'cosine_pearson; main_score = "main_score" takes the mean of different ones'
            ),
        ),
        (
            ("[source]", 'splits = ["validation"]\n[source]'),
            ("Whole.toml:3: the part 'One' has no split 'validation'; known: dev, test"),
        ),
        (
            ("[source]", 'languages = ["fra-Latn"]\n[source]'),
            (
                "Whole.toml:5: the part 'One' has no subset that is asked for; change subsets of "
                "[source], or languages"
            ),
        ),
        (
            ("[source]", '[subsets]\nen = ["eng-Latn"]\n[source]'),
            (
                "Whole.toml:3: an aggregate has one score; name its parts' subsets as subsets of "
                "[source]"
            ),
        ),
        (
            ("[source]", "[options]\nseed = 1\n[source]"),
            "Whole.toml:3: an aggregate has no options; its parts have theirs",
        ),
    ],
)
def test_what_an_aggregate_cannot_be(change: tuple[str, str], message: str, folder: Path) -> None:
    """Said with its line before anything runs."""
    Path("Whole.toml").write_text(WHOLE.replace(*change), "utf-8")

    with pytest.raises(TaskFileError) as caught:
        load_task(Path("Whole.toml"), files={name: Path(f"{name}.toml") for name in ("One", "Two")})

    assert message == str(caught.value)

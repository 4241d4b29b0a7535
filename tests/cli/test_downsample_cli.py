"""``embedmark downsample`` over a made suite and made results."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.catalog import find_choices
from benchmark.cli import main
from benchmark.downsample.mini import read_mini
from benchmark.downsample.predicting import predict_one
from benchmark.suite import parse_suite

TASKS = [f"Made{n}" for n in range(6)]
TASK = """kind = "{kind}"
main_score = "{score}"
languages = ["{language}"]
[source]
files = "data"
"""


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here does not hang on a thousand resamples."""
    monkeypatch.setattr("benchmark.downsample.report._RESAMPLES", 30)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six tasks of two kinds, a suite with their sizes, and 40 models' results."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks/suites").mkdir(parents=True)
    for n, name in enumerate(TASKS):
        kind, score = (("sts", "cosine_spearman"), ("retrieval", "ndcg_at_10"))[n % 2]
        language = "deu-Latn" if name == "Made3" else "eng-Latn"
        text = TASK.format(kind=kind, score=score, language=language)
        (tmp_path / f"tasks/{name}.toml").write_text(text, "utf-8")
    sizes = "\n".join(f"{name} = {1000 * 3**n}" for n, name in enumerate(TASKS))
    (tmp_path / "tasks/suites/made.toml").write_text(
        f'title = "Made"\ntasks = {json.dumps(TASKS)}\n\n[characters]\n{sizes}\n', "utf-8"
    )
    write_results(tmp_path / "published", range(40))
    return tmp_path


def write_results(root: Path, models: range, tasks: list[str] = TASKS) -> None:
    """One ability behind all tasks, in mteb's layout."""
    for model in models:
        draws = np.random.default_rng(model)
        ability = draws.normal()
        folder = root / f"org{model // 2}__m{model}" / "r1"
        folder.mkdir(parents=True)
        for name in tasks:
            score = 0.6 + 0.07 * ability + 0.01 * draws.normal()
            entry = {"hf_subset": "default", "languages": [], "main_score": score}
            content = {
                "task_name": name,
                "dataset_revision": "1",
                "mteb_version": "2.26.24",
                "scores": {"test": [entry]},
            }
            (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")


def made(*more: str) -> int:
    """The command with the suite and its results."""
    common = ["--suite", "made", "--results", "published"]
    return main(["downsample", "tasks", *common, *more, "-o", "mini.toml"])


def test_a_smaller_suite_is_written_and_runs(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within its cost, a task of each kind, with picture, fit and quality; and ``run`` knows it."""
    assert 0 == made("--cost", "20%")
    out = capsys.readouterr().out
    suite = parse_suite(here / "mini.toml")
    kinds = {name: n % 2 for n, name in enumerate(TASKS)}
    sizes = {name: 1000 * 3**n for n, name in enumerate(TASKS)}

    assert {0, 1} == {kinds[name] for name in suite.task_names}
    assert sum(sizes[name] for name in suite.task_names) <= 0.2 * sum(sizes.values())
    assert suite.downsampled["suite"] == "made"
    assert (here / "mini.toml").read_text("utf-8").splitlines()[0] == (
        "# embedmark downsample tasks --suite made --results published --cost 20% -o mini.toml"
    )
    assert 40 == suite.downsampled["fitted_on"]
    assert 0.9 < suite.downsampled["quality"]["spearman"] <= 1
    assert (here / "mini.svg").is_file()
    assert (here / "mini.fit.json").is_file()
    assert all(name in out for name in TASKS)
    chosen = [choice.task.name for choice in find_choices(["mini.toml"])]
    assert list(suite.task_names) == chosen


@pytest.mark.parametrize("method", ["elimination", "random", "cheapest"])
def test_other_methods(here: Path, method: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each by its name, and named in the file."""
    assert 0 == made("--keep", "3", "--method", method, "--json")
    content = json.loads(capsys.readouterr().out)

    assert method == content["method"] == parse_suite(here / "mini.toml").downsampled["method"]
    assert 3 == len(content["tasks"])


def test_constraints_are_kept(here: Path) -> None:
    """A language keeps a task, one stays, one goes."""
    assert 0 == made("--keep", "3", "--language", "deu", "--stay", "Made0", "--drop", "Made5")
    suite = parse_suite(here / "mini.toml")

    assert {"Made0", "Made3"} < set(suite.task_names)
    assert "Made5" not in suite.task_names


def test_the_report(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On other models: the figures the file promises, by makers seen and new, and a picture."""
    assert 0 == made("--cost", "20%")
    write_results(here / "others", range(36, 70))
    capsys.readouterr()
    asked = ["downsample", "report", "mini.toml", "--results", "others"]

    assert 0 == main([*asked, "--json", "--picture", "scatter.svg"])
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    names = (
        "models tasks cost_share spearman kendall mae top20_spearman coverage90 interval_width "
        "interval_score self_correlation seen new"
    )
    assert set(names.split()) <= set(content)
    assert (34, 4, 30) == (
        content["models"],
        content["seen"]["models"],
        content["new"]["models"],
    )
    assert content["spearman"] > 0.9
    assert content["coverage90"] > 0.7
    assert (here / "scatter.svg").is_file()
    for part in (content, content["seen"], content["new"]):
        for name in names.split()[3:10]:
            low, high = part["intervals"][name]
            assert low <= part[name] <= high or "interval" in name
    assert 4 == content["in_the_fit"]
    assert {"sts", "retrieval"} == set(content["kinds"])
    assert content["borda"]["spearman"] > 0.8

    assert 0 == main(asked)
    assert "rank correlation" in capsys.readouterr().out


def test_incomplete_models_are_left_out(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have no truth to compare with; the note says how many."""
    assert 0 == made("--cost", "20%")
    write_results(here / "others", range(50, 60))
    write_results(here / "others", range(60, 63), TASKS[:4])
    capsys.readouterr()

    assert 0 == main(["downsample", "report", "mini.toml", "--results", "others", "--json"])
    out, err = capsys.readouterr()
    assert 10 == json.loads(out)["models"]
    assert "3 of 13 models lack a task of Made" in err


def few_models(here: Path) -> None:
    """Leave nine."""
    for folder in sorted((here / "published").iterdir())[9:]:
        for file in folder.rglob("*.json"):
            file.unlink()


def incomplete(here: Path) -> None:
    """Leave nine with all tasks."""
    for folder in sorted((here / "published").iterdir())[9:]:
        (folder / "r1" / "Made4.json").unlink()


def unmeasured(here: Path) -> None:
    """Leave one task without any score."""
    for file in (here / "published").rglob("Made4.json"):
        file.unlink()


def no_sizes(here: Path) -> None:
    """Leave out what the suite says of its tasks' sizes."""
    suite = here / "tasks/suites/made.toml"
    suite.write_text(suite.read_text("utf-8").partition("[characters]")[0], "utf-8")


def nothing(here: Path) -> None:
    """Leave all as it is."""


@pytest.mark.parametrize(
    ("spoil", "more", "message"),
    [
        (few_models, ["--cost", "20%"], "9 models have scores on this suite"),
        (incomplete, ["--cost", "20%"], "9 of 40 models have all scores on this suite"),
        (unmeasured, ["--cost", "20%"], "no model has a score on Made4"),
        (no_sizes, ["--cost", "20%"], "nothing tells how many characters Made0, Made1, Made2"),
        (nothing, ["--cost", "0.1%"], "fits no choice that keeps the constraints; the cheapest"),
        (nothing, ["--keep", "1"], "a cost of 1 tasks fits no choice"),
        (nothing, ["--cost", "120%"], "--cost '120%' is no share"),
        (nothing, ["--cost", "much"], "--cost 'much' is no share"),
        (nothing, [], "how much may it cost?"),
        (nothing, ["--cost", "20%", "--stay", "Made9"], "the suite has no task 'Made9'"),
        (
            nothing,
            ["--cost", "50%", "--stay", "Made1", "--drop", "Made1"],
            "Made1 cannot both stay and go",
        ),
        (nothing, ["--cost", "50%", "--language", "fra"], "has the language 'fra'"),
        (nothing, ["--time", "2h"], "--time and --model go together"),
        (nothing, ["--cost", "20%", "--costs", "none.tsv"], "none.tsv: cannot be read"),
    ],
)
def test_what_cannot_be_chosen_is_said_in_one_line(
    here: Path,
    spoil: Callable[[Path], None],
    more: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code 2, one line, and no file."""
    spoil(here)

    assert 2 == made(*more)
    notes = capsys.readouterr().err.splitlines()
    line = notes.pop()
    assert all(note.startswith("note: ") for note in notes)
    assert line.startswith("embedmark: error: ")
    assert message in line
    assert not (here / "mini.toml").exists()


def test_one_revision_a_model_is_fitted_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The one with most tasks; the other is flagged, and its scores are nowhere."""
    other = here / "published/org0__m0/r2"
    other.mkdir()
    content = json.loads((here / "published/org0__m0/r1/Made0.json").read_text("utf-8"))
    content["scores"]["test"][0]["main_score"] = 0.0123
    (other / "Made0.json").write_text(json.dumps(content), "utf-8")

    assert 0 == made("--cost", "20%")
    assert "another of org0/m0 was left aside" in capsys.readouterr().err
    (model,) = [m for m in read_mini(here / "mini.toml").table.models if m == "org0/m0"]
    table = read_mini(here / "mini.toml").table
    row = table.models.index(model)
    assert ("r1",) == table.revisions[row]
    assert table.scores[row].min() > 10


def test_few_families_are_held_out_model_by_model(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One maker's models alone: intervals of a width that is measured, and a note of what for."""
    for folder in sorted((here / "published").iterdir()):
        folder.rename(folder.with_name(f"one__{folder.name.partition('__')[2]}"))

    assert 0 == made("--cost", "20%")
    assert "the models are of 1 families" in capsys.readouterr().err
    assert read_mini(here / "mini.toml").widths.mean > 0.3


def test_a_changed_task_file_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The fit is of other tasks then; the task and both digests are named."""
    assert 0 == made("--cost", "20%")
    task = here / "tasks/Made2.toml"
    task.write_text(task.read_text("utf-8").replace("eng-Latn", "fra-Latn"), "utf-8")
    capsys.readouterr()

    assert 2 == main(["downsample", "report", "mini.toml", "--results", "published"])
    assert "the task file of Made2 changed since" in capsys.readouterr().err


def test_costs_of_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They replace what the suite states; a bad line is named."""
    lines = "".join(f"{name}\t{10 if name == 'Made5' else 1000}\n" for name in TASKS)
    (here / "costs.tsv").write_text("task\tcharacters\n" + lines, "utf-8")

    assert 0 == made("--cost", "30%", "--costs", "costs.tsv")
    assert "Made5" in parse_suite(here / "mini.toml").task_names

    (here / "costs.tsv").write_text("task\tcharacters\nMade0\tmany\n", "utf-8")
    assert 2 == made("--cost", "30%", "--costs", "costs.tsv")
    assert "costs.tsv:2: needs the columns" in capsys.readouterr().err


def runnable(here: Path) -> None:
    """Give every task the same few rows, and keep two models' scores apart from the fit."""
    from benchmark.catalog import load_task

    for n, name in enumerate(TASKS):
        (here / "tasks/data").mkdir(exist_ok=True)
        text = TASK.format(kind="sts", score="cosine_spearman", language="eng-Latn")
        (here / f"tasks/{name}.toml").write_text(text + f"# {n}\n", "utf-8")
    rows = "".join(
        json.dumps({"sentence1": f"a b {n}", "sentence2": f"a c {n % 3}", "score": n % 5}) + "\n"
        for n in range(12)
    )
    (here / "tasks/data/test.jsonl").write_text(rows, "utf-8")
    assert load_task(here / "tasks/Made0.toml").kind == "sts"


def test_a_run_of_a_smaller_suite_predicts_the_whole(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Apart from the measured scores, by name, with intervals; in JSON and as a table."""
    runnable(here)
    assert 0 == made("--keep", "2")
    asked_for: list[str] = []

    def predict(mini: Any, measured: Any, model: str) -> dict[str, Any]:
        asked_for.append(model)
        return predict_one(mini, measured, model)

    monkeypatch.setattr("benchmark.downsample.predicting.predict_one", predict)
    capsys.readouterr()
    asked = ["run", "random", "-t", "mini.toml", "--no-cache", "-o", "out"]

    assert 0 == main([*asked, "--json"])
    content = json.loads(capsys.readouterr().out)
    (predicted,) = content["predicted"]
    assert 2 == len({row["task"] for row in content["results"]})
    assert 4 == len(predicted["tasks"])
    assert ("random", ["embedmark/random"]) == (predicted["model"], asked_for)  # not the URI
    for told in (predicted["mean"], predicted["kinds"]["sts"], *predicted["tasks"].values()):
        assert told["low"] < told["predicted"] < told["high"]

    assert 0 == main(asked)
    out = capsys.readouterr().out
    assert "predicted mean" in out
    assert "not measured: no board shows it" in out


@pytest.mark.parametrize(
    "narrowed", [["--limit", "5"], ["--split", "test"], ["--language", "eng-Latn"]]
)
def test_nothing_is_predicted_from_parts_of_tasks(
    here: Path, capsys: pytest.CaptureFixture[str], narrowed: list[str]
) -> None:
    """Their scores are not those that the fit knows; that is said."""
    runnable(here)
    assert 0 == made("--keep", "2")
    capsys.readouterr()

    asked = ["run", "random", "-t", "mini.toml", "--no-cache", "-o", "out", "--json"]
    assert 0 == main([*asked, *narrowed])
    told = capsys.readouterr()
    assert "predicted" not in json.loads(told.out)
    assert "nothing is told of whole tasks or suites" in told.err


def test_a_run_refuses_a_smaller_suite_of_other_task_files(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is measured."""
    runnable(here)
    assert 0 == made("--keep", "2")
    changed = parse_suite(here / "mini.toml").task_names[0]
    task = here / f"tasks/{changed}.toml"
    task.write_text(task.read_text("utf-8").replace("eng-Latn", "fra-Latn"), "utf-8")
    capsys.readouterr()

    assert 2 == main(["run", "random", "-t", "mini.toml", "--no-cache", "-o", "out"])
    assert f"the task file of {changed} changed since" in capsys.readouterr().err
    assert not (here / "out").exists()

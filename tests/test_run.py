"""Running models on tasks: what is reused, what a failure stops, what is saved."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark
from benchmark.catalog import Choice, load_task
from benchmark.cli import main
from benchmark.models.table import Settings
from benchmark.results.frame import Row
from benchmark.run import RunSettings, Silent, run

PAIRS = [
    ("a cat", "a dog", 1.0),
    ("red car", "red car", 5.0),
    ("one two three", "four", 0.5),
    ("green", "greens", 4.0),
]
MODEL = """
import numpy as np
def encode(texts):
    return np.array([[len(t), t.count("e"), t.count("r"), 1] for t in texts], dtype="float32")
"""


def write_pairs(folder: Path, name: str, rows: Sequence[tuple[str, str, float]] = PAIRS) -> Path:
    """An STS task of these rows; its data lies beside it."""
    data = folder / f"{name}_data"
    data.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(dict(zip(("sentence1", "sentence2", "score"), r, strict=True))) for r in rows
    ]
    (data / "test.jsonl").write_text("\n".join(lines))
    path = folder / f"{name}.toml"
    path.write_text(
        f'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        f'[source]\nfiles = "{name}_data"\n'
    )
    return path


class Notes(Silent):
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, message: str) -> None:
        """Keep it."""
        self.notes.append(message)


def go(
    models: Sequence[Any], paths: Sequence[Path], output: Path, **options: Any
) -> tuple[list[Row], list[str]]:
    """Run, with the vectors kept beside the results."""
    listener = Notes()
    settings = RunSettings(output=output, cache=output / "cache", model=Settings(), **options)
    found = run(models, [Choice(load_task(path)) for path in paths], settings, listener)
    return list(found), listener.notes


@pytest.fixture
def model(tmp_path: Path) -> str:
    """A model file of the user's."""
    path = tmp_path / "mine.py"
    path.write_text(MODEL)
    return str(path)


def test_a_second_run_reuses_everything(tmp_path: Path, model: str) -> None:
    """The same score, the seconds of the measurement, and no new file."""
    task = write_pairs(tmp_path, "Pairs")
    first, _ = go([model], [task], tmp_path / "out")

    second, notes = go([model], [task], tmp_path / "out")

    assert (["measured"], ["reused"]) == ([r.status for r in first], [r.status for r in second])
    assert first[0].main_score == second[0].main_score
    assert (first[0].seconds, first[0].path) == (second[0].seconds, second[0].path)
    expected = (
        f"{model}: reused, since its file is unchanged; if it loads anything that changes, set "
        "revision in it or run with --fresh"
    )
    assert [expected] == notes


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: write_pairs(f, "Pairs", [*PAIRS[:3], ("x", "y", 2.0)]), "the data changed"),
        (
            lambda f: (f / "Pairs.toml").write_text(
                (f / "Pairs.toml").read_text().replace("cosine_spearman", "cosine_pearson")
            ),
            "the task file changed",
        ),
    ],
    ids=["data", "task"],
)
def test_what_changed_is_measured_again_and_said(
    tmp_path: Path, model: str, change: Any, reason: str
) -> None:
    """The old result goes to history, and a note says why it was not reused."""
    task = write_pairs(tmp_path, "Pairs")
    first, _ = go([model], [task], tmp_path / "out")
    change(tmp_path)

    second, notes = go([model], [task], tmp_path / "out")

    assert "measured" == second[0].status
    assert any(reason in note for note in notes)
    assert 1 == len(list((Path(str(first[0].path)).parent / "history").glob("*.json")))


def test_an_object_is_measured_every_time(tmp_path: Path) -> None:
    """Nothing tells it from another of its class, whose result goes to history."""

    class Seeded:
        def __init__(self, seed: int) -> None:
            self.seed = seed

        def encode(self, texts: Sequence[str]) -> np.ndarray:
            return np.random.default_rng(self.seed).normal(size=(len(texts), 4))

    task = write_pairs(tmp_path, "Pairs")
    first, _ = go([Seeded(1)], [task], tmp_path / "out")
    second, notes = go([Seeded(2)], [task], tmp_path / "out")

    assert ("measured", "measured") == (first[0].status, second[0].status)
    assert first[0].main_score != second[0].main_score
    assert any("nothing tells whether the model is still the same" in note for note in notes)


def test_a_description_does_not_measure_again(tmp_path: Path, model: str) -> None:
    """What no score depends on is not part of a task's digest."""
    task = write_pairs(tmp_path, "Pairs")
    go([model], [task], tmp_path / "out")
    task.write_text('description = "new words"\n' + task.read_text())

    second, _ = go([model], [task], tmp_path / "out")

    assert "reused" == second[0].status


def test_fresh_measures_again(tmp_path: Path, model: str) -> None:
    """And overwrites, since it measures the same thing."""
    task = write_pairs(tmp_path, "Pairs")
    first, _ = go([model], [task], tmp_path / "out")

    second, _ = go([model], [task], tmp_path / "out", fresh=True)

    assert "measured" == second[0].status
    assert not (Path(str(first[0].path)).parent / "history").exists()


def test_a_failing_task_stops_no_other(tmp_path: Path, model: str) -> None:
    """One row with nulls and its error; the others are measured and saved."""
    broken = write_pairs(tmp_path, "Broken", [("a", "b", float("nan"))])
    fine = write_pairs(tmp_path, "Fine")

    rows, _ = go([model], [broken, fine], tmp_path / "out")

    assert ["failed", "measured"] == [row.status for row in rows]
    assert rows[0].main_score is None
    assert rows[0].error is not None
    assert "Broken" in rows[0].error
    assert Path(str(rows[1].path)).is_file()


def test_a_failing_model_stops_no_other(tmp_path: Path, model: str) -> None:
    """Neither one that does not load nor one that fails in the middle."""
    bad = tmp_path / "bad.py"
    bad.write_text("def encode(texts): raise RuntimeError(texts[0])\n")
    task = write_pairs(tmp_path, "Pairs")

    rows, _ = go(["absent.py", str(bad), model], [task], tmp_path / "out")

    assert ["failed", "failed", "measured"] == [row.status for row in rows]
    assert "no such file" in str(rows[0].error)
    assert "RuntimeError" in str(rows[1].error)


def test_a_model_whose_file_changed_is_another_model(tmp_path: Path, model: str) -> None:
    """Neither its results nor its vectors are those of the old bytes."""
    task = write_pairs(tmp_path, "Pairs")
    first, _ = go([model], [task], tmp_path / "out")
    Path(model).write_text(MODEL.replace("len(t)", "-len(t)"))

    second, _ = go([model], [task], tmp_path / "out")

    assert "measured" == second[0].status
    assert first[0].path != second[0].path


def test_an_interrupt_saves_what_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C during the second task leaves the first one's result, whole."""
    monkeypatch.setattr("benchmark.jobs._WINDOW_BYTES", 1)  # a window for each task
    first = write_pairs(tmp_path, "First")
    second = write_pairs(tmp_path, "Second", [(f"{a}!", f"{b}!", n) for a, b, n in PAIRS])

    class Stops:
        calls = 0

        def encode(self, texts: list[str]) -> Any:
            type(self).calls += 1
            if type(self).calls > 1:
                raise KeyboardInterrupt
            return np.array([[len(t), 1.0] for t in texts], np.float32)

    with pytest.raises(KeyboardInterrupt):
        go([Stops()], [first, second], tmp_path / "out")

    names = sorted(p.name for p in (tmp_path / "out").rglob("*.json"))
    assert ["First.json", "model_meta.json"] == names


def test_limited_results_never_meet_full_ones(tmp_path: Path, model: str) -> None:
    """A tree of their own; a full run after it measures."""
    task = write_pairs(tmp_path, "Pairs")
    limited, _ = go([model], [task], tmp_path / "out", limit=3)

    full, _ = go([model], [task], tmp_path / "out")

    assert (3, 4) == (limited[0].examples, full[0].examples)
    assert "measured" == full[0].status
    assert (tmp_path / "out-limited" / "3") in Path(str(limited[0].path)).parents


def test_a_score_that_is_undefined_counts_as_nothing(tmp_path: Path) -> None:
    """Constant vectors have no correlation: 0, recorded as degenerate, and said."""
    task = write_pairs(tmp_path, "Pairs")

    rows, notes = go(["constant"], [task], tmp_path / "out")

    content = json.loads(Path(str(rows[0].path)).read_text())
    assert 0.0 == rows[0].main_score
    assert "cosine_spearman" in content["embedmark"]["subsets"]["test/default"]["degenerate"]
    assert any("undefined on constant similarities and counted as 0: " in note for note in notes)


def test_a_ranker_is_left_out_where_nothing_is_ranked(tmp_path: Path) -> None:
    """BM25 gives no vectors; that is no failure, and it is said."""
    pytest.importorskip("bm25s")
    task = write_pairs(tmp_path, "Pairs")

    rows, notes = go(["bm25"], [task], tmp_path / "out")

    assert [] == rows
    assert ["bm25 ranks documents only; Pairs (sts) is left out"] == notes


def test_from_python_with_any_object(tmp_path: Path) -> None:
    """Five lines: an object with encode, a task, a frame."""

    class Mine:
        def encode(self, texts: list[str]) -> Any:
            return np.array([[len(t), t.count("e"), 1.0] for t in texts])

    results = benchmark.evaluate(Mine(), str(write_pairs(tmp_path, "Pairs")), cache=tmp_path / "c")

    frame = results.to_frame()
    assert ["measured"] == frame["status"].tolist()
    assert "local/Mine" == frame["model"][0]
    assert frame["path"][0] is None
    assert 4 == frame["examples"][0]


@pytest.mark.parametrize("model", [3, object(), None])
def test_what_is_no_model_is_refused(tmp_path: Path, model: Any) -> None:
    """With what a model must be."""
    with pytest.raises(benchmark.errors.UsageError, match=r"must be a URI or have encode\(texts\)"):
        benchmark.evaluate(model, str(write_pairs(tmp_path, "Pairs")), cache=tmp_path / "c")


def test_the_command_prints_one_object(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--json``: nothing else on stdout, one row a model, task, split and subset."""
    task = write_pairs(tmp_path, "Pairs")
    arguments = ["run", model, "absent.py", "-t", str(task), "-o", str(tmp_path / "out"), "--json"]

    code = main([*arguments, "--cache", str(tmp_path / "cache")])

    content = json.loads(capsys.readouterr().out)
    assert 1 == code
    assert ["measured", "failed"] == [row["status"] for row in content["results"]]
    assert {"model", "task", "kind", "split", "subset", "main_score_name", "main_score", "status",
            "seconds", "path", "error"} <= set(content["results"][0])  # fmt: skip
    assert content["results"][1]["main_score"] is None


def test_the_command_prints_a_table_and_a_sentence(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scores side by side; the list of failures goes to stderr."""
    fine, broken = write_pairs(tmp_path, "Fine"), write_pairs(tmp_path, "Broken", [])
    arguments = ["run", model, "random", "-t", str(fine), str(broken)]

    code = main([*arguments, "-o", str(tmp_path / "out"), "--no-cache"])

    printed = capsys.readouterr()
    assert 1 == code
    assert ["Fine", "sts", "cosine_spearman", "4"] == printed.out.splitlines()[2].split()[:4]
    assert "failed" in printed.out
    assert "1 missing" in printed.out
    assert "2 of 4 failed" in printed.err
    assert "Traceback" not in printed.err


def test_a_plan_runs_nothing(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Sizes, and not one file written."""
    task = write_pairs(tmp_path, "Pairs")

    code = main(["run", model, "-t", str(task), "-o", str(tmp_path / "out"), "--plan", "--json"])

    content = json.loads(capsys.readouterr().out)
    assert 0 == code
    assert not (tmp_path / "out").exists()
    # Eight texts; "red car" stands on both sides of its pair.
    assert (8, 7) == (content["tasks"][0]["texts"], content["tasks"][0]["unique_texts"])


def test_a_model_after_the_tasks_is_told_where_to_go(capsys: pytest.CaptureFixture[str]) -> None:
    """``-t`` takes every name that follows it."""
    code = main(["run", "-t", "LeeNewsSimilarity", "wordllama?dim=64"])

    assert 2 == code
    assert "'wordllama?dim=64' after -t is a model, not a task; put models before -t" in (
        capsys.readouterr().err
    )


def test_weights_beside_an_unchanged_file(tmp_path: Path) -> None:
    """A file that loads weights from elsewhere: ``revision`` or ``--fresh`` sees that they changed.

    Without either the result is reused, and a note says so.
    """
    weights = tmp_path / "weights.txt"
    file = tmp_path / "loads.py"
    body = (
        "import pathlib\nimport numpy as np\n"
        f"scale = float(pathlib.Path({str(weights)!r}).read_text())\n"
        "def encode(texts):\n"
        "    return np.array([[np.sin(scale * len(t)), np.cos(scale * len(t))] for t in texts])\n"
    )
    task = write_pairs(tmp_path, "Pairs")
    scores = []
    for fresh, revision in ((False, "a"), (True, "a"), (False, "b")):
        weights.write_text({0: "1", 1: "-3", 2: "7"}[len(scores)])
        file.write_text(body + f"revision = {revision!r}\n")
        rows, _ = go([str(file)], [task], tmp_path / "out", fresh=fresh)
        assert "measured" == rows[0].status
        content = json.loads(Path(str(rows[0].path)).read_text())
        scores.append(content["scores"]["test"][0]["cosine_pearson"])

    assert 3 == len(set(scores))


def test_two_tasks_of_one_name_are_refused(tmp_path: Path, model: str) -> None:
    """From Python two files of one name can meet; neither is dropped, nor scored for the other."""
    one = write_pairs(tmp_path / "one", "Same")
    two = write_pairs(tmp_path / "two", "Same", [(a, b, 6 - score) for a, b, score in PAIRS])

    for tasks in ([str(one), str(two)], [load_task(one), load_task(two)]):
        with pytest.raises(benchmark.errors.TaskFileError) as caught:
            benchmark.evaluate(model, tasks, cache=tmp_path / "c")
        assert f"two tasks are named 'Same': {one} and {two}; rename one of them" == str(
            caught.value
        )


def test_one_task_named_twice_is_one(tmp_path: Path, model: str) -> None:
    """By path and as a parsed task, it is measured once."""
    path = write_pairs(tmp_path, "Pairs")

    rows = benchmark.evaluate(model, [str(path), load_task(path)], cache=tmp_path / "c")

    assert ["Pairs"] == [row.task for row in rows]

"""embedmark compare: the starter suite's results, what does not pair, and what is bad input."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from benchmark.cli import main

STARTER = Path(__file__).parents[2] / "results"
TASKS = ("LeeLeadRetrieval", "LeeNewsSimilarity", "UsGaapSection")
WORDLLAMA, TFIDF = "wordllama__l2_supercat_256", "embedmark__tfidf"
KEYS = [
    "task", "kind", "n", "a", "b", "difference", "interval", "p", "p_corrected", "wins", "ties",
    "losses", "detectable",
]  # fmt: skip
Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three tasks of two models of the starter suite, in ./results."""
    monkeypatch.chdir(tmp_path)
    for model in (WORDLLAMA, TFIDF):
        (source,) = (STARTER / model).iterdir()
        target = tmp_path / "results" / model / source.name
        (target / "samples").mkdir(parents=True)
        for task in TASKS:
            shutil.copy(source / f"{task}.json", target)
            shutil.copy(source / f"samples/{task}.parquet", target / "samples")
    return tmp_path / "results"


def edit(results: Path, change: Edit, model: str = TFIDF, task: str = TASKS[0]) -> None:
    """Change the JSON of a result file."""
    (path,) = (results / model).rglob(f"{task}.json")
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


def compared(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any, str]:
    """The code, the object on stdout and what stderr says."""
    capsys.readouterr()
    code = main(["compare", *options, "--json"])
    shown = capsys.readouterr()
    return code, json.loads(shown.out), shown.err


def test_the_starter_suite_has_a_verdict_a_task(capsys: pytest.CaptureFixture[str]) -> None:
    """Every number there, in the form that is promised, and nobody called equal."""
    code, found, _ = compared(capsys, "wordllama", "tfidf", "--results", str(STARTER))

    assert (0, 16) == (code, len(found["tasks"]))
    assert ["tasks", "suite", "verdict"] == list(found)
    for row in found["tasks"]:
        assert KEYS == list(row)
        low, high = row["interval"]
        assert row["difference"] == row["a"] - row["b"]
        assert low < row["difference"] < high
        assert row["p"] <= row["p_corrected"]
        assert row["n"] == row["wins"] + row["ties"] + row["losses"]
        assert (row["p"] <= 0.05) == (low > 0 or high < 0)
    assert 16 == found["suite"]["these_tasks"]["tasks"]
    assert found["suite"]["tasks_like_these"]["interval"] != found["suite"]["these_tasks"]
    assert found["verdict"].startswith("wordllama leads on 6 of 16 tasks, tfidf on 5, on 5 of them")
    assert "equal" not in found["verdict"]


def test_three_models_are_lists_of_pairs(capsys: pytest.CaptureFixture[str]) -> None:
    """The p-values of all pairs are corrected together, and one sentence ranks them."""
    options = ("--results", str(STARTER), "--kind", "retrieval")
    code, found, note = compared(capsys, "wordllama", "tfidf", "bm25", *options)
    _, alone, _ = compared(capsys, "wordllama", "tfidf", *options)
    models = [["wordllama", "tfidf"], ["wordllama", "bm25"], ["tfidf", "bm25"]]

    assert (0, "") == (code, note)
    assert models == [each["models"] for each in found["tasks"]]
    assert models == [each["models"] for each in found["suite"]]
    for row, single in zip(found["tasks"][0]["tasks"], alone["tasks"], strict=True):
        assert row["p"] == single["p"]
        assert row["p_corrected"] >= single["p_corrected"]
    assert found["verdict"].startswith("bm25 has the highest mean; ")


def test_the_false_discovery_rate_is_milder(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Than any false alarm, on request."""
    _, strict, _ = compared(capsys, "wordllama", "tfidf")
    _, mild, _ = compared(capsys, "wordllama", "tfidf", "--correction", "fdr")
    corrected = [[row["p_corrected"] for row in found["tasks"]] for found in (strict, mild)]

    assert all(m <= s for s, m in zip(*corrected, strict=True))
    assert corrected[0] != corrected[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c["embedmark"].update(limit=100), "--limit differs (none, 100)"),
        (lambda c: c["embedmark"].update(protocol="0"), "protocol differs (1, 0)"),
        (lambda c: c["embedmark"].update(task_digest="f" * 64), "task digest differs"),
        (
            lambda c: c["embedmark"]["subsets"]["test/default"].update(fingerprint="sha256:00"),
            "data of test/default differ",
        ),
    ],
)
def test_what_is_not_of_the_same_is_refused(
    change: Edit, said: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line says which and why; the other tasks go on; the code is 1."""
    edit(copied, change)
    code, found, error = compared(capsys, "wordllama", "tfidf")

    assert 1 == code
    assert f"{TASKS[0]}: wordllama and tfidf are not compared: {said}" in error
    assert list(TASKS[1:]) == [row["task"] for row in found["tasks"]]
    assert len(found["suite"]["failed"]) == 1


def test_results_without_records_are_compared_over_tasks_only(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As older ones, and imported ones: no interval of a task, and it is said."""
    for task in TASKS:
        edit(copied, lambda c: c["embedmark"]["subsets"]["test/default"].pop("samples"), task=task)
    code, found, _ = compared(capsys, "wordllama", "tfidf")

    assert 0 == code
    assert {(None, None)} == {tuple(row["interval"]) for row in found["tasks"]}
    assert ["no records of examples"] == found["suite"]["notes"][TASKS[0]]
    assert found["suite"]["these_tasks"] is None
    assert 3 == found["suite"]["tasks_like_these"]["tasks"]
    assert found["verdict"].startswith("No task could be tested by its examples; over tasks like")


def test_a_damaged_file_of_records_is_named(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its scores stand, the other tasks have their tests, and the code is 1."""
    (path,) = (copied / TFIDF).rglob(f"{TASKS[0]}.parquet")
    path.write_bytes(b"nothing")
    code, found, error = compared(capsys, "wordllama", "tfidf")
    rows = {row["task"]: row for row in found["tasks"]}

    assert 1 == code
    assert "LeeLeadRetrieval.parquet: damaged" in error
    assert rows[TASKS[0]]["p"] is None
    assert rows[TASKS[1]]["p"] is not None
    assert [TASKS[0]] == found["suite"]["these_tasks"]["without"]


def test_a_failed_score_is_refused(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A null main score has nothing to compare."""
    edit(copied, lambda c: c["scores"]["test"][0].update(main_score=None))
    code, _, error = compared(capsys, "wordllama", "tfidf")

    assert 1 == code
    assert "no split and subset has a score of both" in error


def test_other_examples_pair_on_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run of --limit 12 against the whole: refused, or on the 12 queries that both have."""
    monkeypatch.chdir(tmp_path)
    Path("words").mkdir()
    words = [f"{a}{b}" for a in "abcdef" for b in "xyz"]
    for name, rows in {
        "corpus": [{"_id": f"d{w}", "text": f"{w} lies here"} for w in words],
        "queries": [{"_id": f"q{w}", "text": f"where is {w}"} for w in words],
        "qrels": [{"query-id": f"q{w}", "corpus-id": f"d{w}", "score": 1} for w in words],
    }.items():
        Path(f"words/{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    Path("words.toml").write_text(
        'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "words"\n',
        "utf-8",
    )
    assert 0 == main(["run", "tfidf", "-t", "words.toml", "--no-cache"])
    assert 0 == main(["run", "random", "-t", "words.toml", "--no-cache", "--limit", "12"])
    (limited,) = Path("results-limited").rglob("words.json")

    assert 1 == main(["compare", "tfidf", str(limited.parent)])
    assert "--limit differs (none, 12)" in capsys.readouterr().err
    code, found, _ = compared(capsys, "tfidf", str(limited.parent), "--intersect")
    assert (0, 12) == (code, found["tasks"][0]["n"])
    assert ["6 examples fell out"] == found["suite"]["notes"]["words"]


def test_markdown_and_plot(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names from files are escaped in both."""
    name = "a__<b|c&"
    (copied / TFIDF).rename(copied / name)
    for task in TASKS:
        rename: Edit = lambda c: c["embedmark"]["model"].update(name="a/<b|c&")  # noqa: E731
        edit(copied, rename, name, task)
    code = main(["compare", "wordllama", "a/<b|c&", "--markdown", "--plot", "plots/forest.svg"])
    shown, drawn = capsys.readouterr().out, Path("plots/forest.svg").read_text("utf-8")

    assert 0 == code
    assert "B is a/\\<b\\|c&." in shown
    assert "| LeeLeadRetrieval | 287 |" in shown
    assert "a/<b" not in drawn
    texts = [element.text for element in ET.fromstring(drawn).iter() if element.text]
    assert {*TASKS, "these tasks", "tasks like these", "a/<b|c& leads"} <= set(texts)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["wordllama"], "one model; name two or more"),
        (["wordllama", "wordlama"], "no results of 'wordlama'"),
        (["wordllama", "wordllama"], "named twice"),
        (["wordllama", "tfidf?unit=character"], "with these options; there are: no options"),
        (["wordllama", "tfidf", "-t", "STS12"], "no task has results of wordllama, tfidf"),
        (["wordllama", "tfidf", "--kind", "stss"], "unknown kind 'stss'"),
        (["wordllama", "tfidf", "--plot", "forest.png"], "is no .svg file"),
    ],
)
def test_usage(
    given: list[str], said: str, copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and the code is 2."""
    assert 2 == main(["compare", *given])
    assert said in capsys.readouterr().err


def test_revisions_and_experiments_have_names(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name with two revisions asks for one; options name an experiment; a folder is itself."""
    folder = copied / TFIDF / "1"
    shutil.copytree(folder, copied / TFIDF / "2")
    for path in (copied / TFIDF / "2").glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        content["embedmark"]["model"]["revision"] = "2"
        path.write_text(json.dumps(content), "utf-8")

    assert 2 == main(["compare", "tfidf", "wordllama"])
    assert "may be several revisions (1, 2); name one as 'name@revision'" in capsys.readouterr().err
    code, found, _ = compared(capsys, "tfidf@1", "embedmark/tfidf@2")
    assert (0, {1.0}) == (code, {row["p"] for row in found["tasks"]})
    code, found, _ = compared(capsys, "wordllama", str(folder))
    assert [0, "embedmark/tfidf@1"] == [code, found["suite"]["models"][1]]


def test_a_suite_asks_for_its_own_subsets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Results may hold more of a task than a suite does."""
    monkeypatch.chdir(tmp_path)
    Path("tasks/suites").mkdir(parents=True)
    suite = 'title = "One"\ntasks = [{ name = "EmojiNames", subsets = ["en-de"] }]\n'
    Path("tasks/suites/one.toml").write_text(suite, "utf-8")
    _, whole, _ = compared(
        capsys, "wordllama", "tfidf", "-t", "EmojiNames", "--results", str(STARTER)
    )
    _, part, _ = compared(capsys, "wordllama", "tfidf", "-t", "one", "--results", str(STARTER))

    assert [7000, 1000] == [found["tasks"][0]["n"] for found in (whole, part)]


def test_one_task_says_what_it_could_have_shown(
    copied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single task where the two cannot be told apart, and one where one leads."""
    _, apart, _ = compared(capsys, "wordllama", "tfidf", "-t", "LeeNewsSimilarity")
    _, level, _ = compared(capsys, "wordllama", "tfidf", "-t", "LeeLeadRetrieval")

    assert apart["verdict"].startswith("wordllama leads on LeeNewsSimilarity by 28.1 (")
    assert "cannot be told apart on LeeLeadRetrieval (287 examples)" in level["verdict"]
    assert "would have been found four times of five" in level["verdict"]


@pytest.mark.parametrize(
    ("tasks", "begins"),
    [
        (["LeeNewsSimilarity"], "No task could be tested by its examples; one data set tells"),
        (["DocstringPairs", "LeeLeadRetrieval"], "constant and random cannot be told apart on any"),
        (
            ["LeeNewsSimilarity", "LeeLeadRetrieval"],
            "constant and random cannot be told apart on the 1 task tested, by this data; over 1",
        ),
        (
            ["LeeNewsSimilarity", "UsGaapSection"],
            "random leads on 1 of 1 task tested; over 1 of these 2 tasks random leads by",
        ),
    ],
)
def test_the_verdict_of_few_tests(
    capsys: pytest.CaptureFixture[str], tasks: list[str], begins: str
) -> None:
    """Equal similarities have no test, which is not a want of records."""
    options = ("constant", "random", "--results", str(STARTER), "-t", *tasks)
    code, found, _ = compared(capsys, *options)

    assert 0 == code
    assert found["verdict"].startswith(begins)


def test_models_behind_the_best_are_told_apart_or_not(capsys: pytest.CaptureFixture[str]) -> None:
    """Two that are far from the best may still be level, and it is said."""
    models = ("constant", "random", "tfidf")
    _, found, _ = compared(capsys, *models, "--results", str(STARTER))

    assert found["verdict"].endswith("; constant and random cannot be told apart over these tasks.")


def test_equal_similarities_are_half_right(capsys: pytest.CaptureFixture[str]) -> None:
    """A model that says the same of all pairs wins about as often as one that guesses."""
    options = ("constant", "random", "-t", "UsGaapLineItemPairs", "--results", str(STARTER))
    _, found, _ = compared(capsys, *options)

    (row,) = found["tasks"]
    assert min(row["wins"], row["losses"]) > 0.45 * row["n"]


def test_tasks_of_one_data_set_tell_nothing_about_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Both are made of the same docstrings, and are one case of tasks like these."""
    options = ("-t", "DocstringModule", "DocstringPairs", "--results", str(STARTER))
    _, found, _ = compared(capsys, "wordllama", "tfidf", *options)

    assert found["suite"]["tasks_like_these"]["p"] is None
    assert found["suite"]["these_tasks"]["p"] < 0.05
    assert found["verdict"].endswith("; one data set tells nothing about others.")

"""Tasks and benchmarks of mteb by name, from a recorded index of a few of its facts; no mteb."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmark
from benchmark.catalog import Choice, find_choices, find_suite, load_task, task_files
from benchmark.cli import main
from benchmark.data.mteb import index
from benchmark.errors import BenchmarkError, MissingExtraError, UsageError
from benchmark.protocols import UNVERSIONED, Identity, Role
from benchmark.task import Task

RECORDED = Path(__file__).with_name("mteb_index.json")


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An mteb whose facts were made before, and an empty folder to work in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(index, "_installed", lambda: "2.26.24")
    index._read.cache_clear()
    folder = index.folder_of("2.26.24")
    folder.mkdir(parents=True)
    shutil.copy(RECORDED, folder / "index.json")
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder


def named(name: str) -> Task:
    """The task of mteb of this name."""
    (choice,) = find_choices([f"mteb:{name}"])
    return choice.task


@pytest.mark.parametrize(
    "name", ["STSBenchmark", "STS22", "Banking77Classification", "SciFact", "MindSmallReranking"]
)
def test_a_declared_task_is_that_of_the_projects_own_file(name: str) -> None:
    """So that results of one are those of the other."""
    files = task_files()
    found = named(name)

    assert found.name == name
    assert found.source.type == "hub"
    assert found.digest == load_task(files[name], files=files).digest


def test_columns_are_those_that_mteb_reads() -> None:
    """Also where a table may hold another one of a usual name."""
    assert named("AlloProfClusteringP2P.v2").columns == {"text": "sentences", "label": "labels"}
    pairs = {"sentence1": "query", "sentence2": "passage"}
    assert named("UkrSedUASmallSTSv1").columns == pairs
    assert not named("Banking77Classification").columns


def test_a_task_that_code_loads_names_itself() -> None:
    """With the revision that it read when the file was made."""
    task = named("SprintDuplicateQuestions")

    assert task.source.type == "mteb"
    assert task.source.settings["mteb"] == "SprintDuplicateQuestions"
    assert len(task.source.settings["revision"]) == 40
    assert task.prompt == {"text": "Retrieve duplicate questions from Sprint forum"}
    assert task.columns == {"label": "labels"}


def test_conversations_are_joined_by_mteb() -> None:
    """Though its metadata say all else of them."""
    assert named("FaithDial").source.type == "mteb"


@pytest.mark.parametrize(
    ("name", "kind", "options"),
    [
        ("AlloProfClusteringP2P.v2", "clustering", {"max_document_to_embed": 2556}),
        ("StackExchangeClustering.v2", "clustering", {"max_document_to_embed": "all"}),
        ("SummEval", "summarization", {"average_p_values": True}),
        ("BUCC", "bitext", {"gold": True}),
        ("ColDeRReranking", "reranking", {}),
        ("CodeRAGOnlineTutorials", "retrieval", {}),  # which mteb calls a reranking
        ("mFollowIR", "instruction_reranking", {}),
        ("Core17InstructionRetrieval", "instruction_reranking", {}),
        ("MindSmallReranking", "reranking", {"max_over_subqueries": True}),
        ("EmotionAnalysisPlus", "multilabel_classification", {"max_eval_samples": "all"}),
    ],
)
def test_kinds_and_options(name: str, kind: str, options: dict[str, object]) -> None:
    """What mteb's classes are and set, in words of our own."""
    task = named(name)

    assert task.kind == kind
    assert dict(task.options) == options


def test_an_aggregate_comes_with_its_parts() -> None:
    """In the order of mteb."""
    task = named("CQADupstackRetrieval")

    names = ["CQADupstackAndroidRetrieval", "CQADupstackEnglishRetrieval"]
    assert [part.name for part in task.parts] == names


@pytest.mark.parametrize("name", ["Small(eng, v1)", "mteb:Small(eng, v1)"])
def test_a_benchmark_has_its_own_subsets(name: str) -> None:
    """By its name alone where no suite has that."""
    choices = find_choices([name])

    found = {choice.task.name: choice.subsets for choice in choices}
    assert found == {"STS22": ("en",), "SciFact": (), "CQADupstackRetrieval": ()}
    assert find_suite("mteb:Small(eng, v1)").title == "Small(eng, v1)"


def test_a_suite_of_our_own_wins() -> None:
    """Unless mteb's is named as such."""
    assert len(find_choices(["MTEB(eng, v2)"])) == 41
    assert [choice.task.name for choice in find_choices(["mteb:MTEB(eng, v2)"])] == ["SciFact"]


def test_a_task_that_a_benchmark_names_twice_counts_once() -> None:
    """With all of its subsets."""
    (choice,) = find_choices(["mteb:Twice"])

    assert choice == Choice(choice.task, (), ("en", "de"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("STS23", "mteb 2.26.24 has no task or benchmark 'STS23'; did you mean 'STS22'?"),
        ("CIFAR10", "task 'mteb:CIFAR10' is of image; only tasks of text alone run here"),
        ("NevIR", "code of its own (paired_accuracy), which only mteb runs"),
        ("TERRa.V2", "code of its own (input1_prompt_type), which only mteb runs"),
        ("Pictures", "benchmark 'mteb:Pictures' cannot run here: task 'mteb:CIFAR10' is of image"),
    ],
)
def test_what_cannot_run_is_said_in_a_line(name: str, said: str) -> None:
    """With the nearest name, or why not."""
    with pytest.raises(UsageError) as caught:
        find_choices([f"mteb:{name}"])

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_name_that_nothing_has() -> None:
    """Is unknown as before, with or without mteb."""
    with pytest.raises(UsageError, match="no task or suite is named 'Nothing'"):
        find_choices(["Nothing"])


def test_without_mteb_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to run."""
    monkeypatch.setattr(index, "_installed", lambda: "")

    with pytest.raises(MissingExtraError, match=r"pip install 'embedmark\[mteb\]'"):
        find_choices(["mteb:STS22"])
    with pytest.raises(UsageError, match="no task or suite is named"):
        find_choices(["Small(eng, v1)"])


def test_facts_are_made_once_and_again_when_broken(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a process of its own, whose failure is one line."""
    calls = []

    def make(verb: str, target: Path) -> None:
        calls.append(verb)
        shutil.copy(RECORDED, target)

    monkeypatch.setattr(index, "run_child", make)
    (installed / "index.json").write_text('{"tasks": ')
    for _ in range(2):
        index._read.cache_clear()
        assert "STS22" in index.read_index("a test")["tasks"]

    assert calls == ["index"]
    assert json.loads((installed / "index.json").read_text("utf-8"))["benchmarks"]


def test_a_process_that_fails_is_one_line(tmp_path: Path) -> None:
    """Here the child lacks its own arguments' folder, as it would lack an mteb that works."""
    with pytest.raises(BenchmarkError, match="mteb failed in a process of its own") as caught:
        index.run_child("index", tmp_path / "no/folder/index.json")

    assert "\n" not in str(caught.value)


def test_list_from_mteb(capsys: pytest.CaptureFixture[str]) -> None:
    """What mteb lists, with the usual filters; what is left out is said apart."""
    assert main(["tasks", "list", "--from", "mteb", "--kind", "sts", "--json"]) == 0
    out, err = capsys.readouterr()
    rows = {row["name"]: row for row in json.loads(out)["tasks"]}

    assert set(rows) == {"UkrSedUASmallSTSv1"}  # mteb lists none that another one supersedes
    assert rows["UkrSedUASmallSTSv1"]["file"] == "mteb:UkrSedUASmallSTSv1"
    assert "left out: task 'mteb:NevIR'" in err

    assert main(["tasks", "list", "--from", "mteb", "-t", "Small(eng, v1)"]) == 0
    assert "CQADupstackRetrieval" in capsys.readouterr().out


def test_list_and_run_agree_on_digests(capsys: pytest.CaptureFixture[str]) -> None:
    """The task of the list is the one of the file."""
    assert main(["tasks", "list", "--from", "mteb", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["tasks"]

    assert {row["name"]: row["digest"] for row in rows} == {
        row["name"]: named(row["name"]).digest for row in rows
    }


def test_new_from_mteb(capsys: pytest.CaptureFixture[str]) -> None:
    """A file that is the same task; one that is there is not written over."""
    assert main(["tasks", "new", "--from-mteb", "STS22"]) == 0
    assert "wrote STS22.toml" in capsys.readouterr().out
    assert find_choices(["STS22.toml"])[0].task.digest == named("STS22").digest

    assert main(["tasks", "new", "--from-mteb", "mteb:STS22"]) == 2
    assert "STS22.toml: exists" in capsys.readouterr().err


def test_new_from_mteb_writes_the_parts_of_an_aggregate() -> None:
    """Beside it, where they are looked for."""
    assert main(["tasks", "new", "--from-mteb", "CQADupstackRetrieval"]) == 0

    names = {path.stem for path in Path().glob("*.toml")}
    assert names == {
        "CQADupstackRetrieval",
        "CQADupstackAndroidRetrieval",
        "CQADupstackEnglishRetrieval",
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["Name", "--from-mteb", "STS22"], "--from-mteb names the task and all of it"),
        (["Name"], "name the task and its folder"),
        ([], "name the task and its folder"),
    ],
)
def test_new_needs_one_of_two(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder, or a name of mteb."""
    assert main(["tasks", "new", *arguments]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mteb:NevIR", "mteb:Pictures", "mteb:MTEB(Retrieval w/Nothing)"])
def test_run_takes_names_of_mteb_for_tasks(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Though ``mteb:org/model`` is a model, which is told where it belongs."""
    assert main(["run", "random", "-t", name]) == 2
    assert "is a model" not in capsys.readouterr().err

    assert main(["run", "random", "-t", "mteb:org/model"]) == 2
    assert "'mteb:org/model' after -t is a model" in capsys.readouterr().err


def test_prompts_go_by_mtebs_type() -> None:
    """Where the data make it another kind: CodeRAG is called a reranking, and searches all."""
    assert named("CodeRAGOnlineTutorials").task_type == "Reranking"
    assert named("SciFact").task_type == ""


class Typed:
    """An encoder that remembers which types of task it is asked for a prompt of."""

    identity = Identity("test/typed", UNVERSIONED, "test/1")
    similarity = "cosine"

    def __init__(self) -> None:
        self.types: set[str] = set()

    def prompt_for(self, name: str, task_type: str, role: Role, prompts: Any) -> None:
        """No prompt."""
        self.types.add(task_type)

    def encode(self, texts: Any, *, role: Role = None, prompt: str | None = None) -> Any:
        """A vector that follows from the text's length."""
        return np.array([[1.0, len(text)] for text in texts], np.float32)


@pytest.mark.parametrize(
    ("line", "told"), [("", "STS"), ('task_type = "Retrieval"\n', "Retrieval")]
)
def test_a_model_is_told_the_type_of_the_file(line: str, told: str) -> None:
    """Else that of the kind."""
    Path("test.csv").write_text("sentence1,sentence2,score\na,bb,1\nccc,d,2\neeeee,ff,3\n")
    head = 'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
    Path("Typed.toml").write_text(f'{head}{line}[source]\nfiles = "."\n')
    model = Typed()

    benchmark.evaluate(model, "Typed.toml")

    assert model.types == {told}

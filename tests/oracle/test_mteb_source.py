"""Tasks of mteb run by name: data that its code makes, taken from it, score as they do in mteb.

Both sides fetch the same made-up rows from one local server. mteb scores in a process of its own;
our side reads the tables that another process hands back.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from benchmark.catalog import find_choices, load_kind, load_task
from benchmark.data.fingerprint import fingerprint
from benchmark.data.mteb.facts import content_of, is_declarative, kind_of
from benchmark.data.mteb.index import facts_of, read_index
from benchmark.data.mteb.source import load_ahead
from benchmark.data.sources import load_tables
from benchmark.errors import UsageError
from benchmark.prepare import chosen_parts
from tests.hub.client import point_at
from tests.hub.files import publish_at, write
from tests.hub.server import Hub, serving
from tests.oracle.comparing import DEVIATION, assert_equal
from tests.oracle.harness import ours
from tests.oracle.hub_sets import TASKS, HubTask
from tests.oracle.hub_vectors import HashVectors
from tests.oracle.test_hub_task_files import CASES as FILED
from tests.oracle.test_hub_task_files import Case, Data, content, words

pytestmark = pytest.mark.oracle

SCRIPT = Path(__file__).with_name("hub_reference.py")


def scored_pairs(draws: random.Random) -> Data:
    """Pairs in two languages, told apart by the column ``lang``; the score has another name."""
    return {
        ("default", split): {
            "sentence1": words(draws, 120),
            "sentence2": words(draws, 120),
            "similarity_score": [draws.randint(0, 20) / 4 for _ in range(120)],
            "lang": draws.choices(["de", "fr"], k=120),
        }
        for split in ("dev", "test")
    }


def columns(draws: random.Random) -> Data:
    """Sentences of three languages side by side."""
    names = ("ace_Arab", "bam_Latn", "dzo_Tibt")
    return {("default", "devtest"): {name: words(draws, 50) for name in names}}


def with_gold(draws: random.Random) -> Data:
    """Two lists of sentences of different length in a row, and which translate each other."""
    found: Data = {}
    for language in ("de-en", "ru-en"):
        first, second = (draws.sample(range(1, size + 1), 25) for size in (40, 60))
        found[language, "test"] = {
            "sentence1": [words(draws, 40)],
            "sentence2": [words(draws, 60)],
            "gold": [[list(pair) for pair in zip(first, second, strict=True)]],
        }
    return found


def emotions(draws: random.Random) -> Data:
    """Texts with none to three labels."""
    return {
        ("default", split): {
            "id": list(range(count)),
            "text": words(draws, count),
            "emotion_labels": [
                sorted(draws.sample(range(5), draws.randint(1, 3))) for _ in range(count)
            ],
        }
        for split, count in (("train", 120), ("test", 60))
    }


def titles(draws: random.Random) -> Data:
    """Titles with their fields, which mteb's code puts into ten sets."""
    count = 200
    table = {
        "hal_id": [str(number) for number in range(count)],
        "title": words(draws, count),
        "domain": draws.choices(["shs", "info", "sdv"], k=count),
    }
    return {("default", "test"): table}


def passages(draws: random.Random) -> Data:
    """Questions about passages in two languages, several a passage."""
    links = [f"https://example.org/{number % 12}" for number in range(40)]
    of_link: dict[str, dict[str, str]] = {"acm_Arab": {}, "eng_Latn": {}}
    found: Data = {}
    for language, known in of_link.items():
        for link in links:
            known.setdefault(link, f"{language} passage {draws.random()}")
        found[language, "test"] = {
            "link": links,
            "flores_passage": [known[link] for link in links],
            "question": words(draws, 40),
        }
    return found


def followed(draws: random.Random) -> Data:
    """FollowIR in three languages: instructions, candidates, and documents that they rule out."""
    found: Data = {}
    for language in ("fas", "rus", "zho"):
        documents = [f"{language}{number}" for number in range(30)]
        queries = [f"q{number}-{kind}" for number in range(5) for kind in ("og", "changed")]
        qrels: dict[str, list[Any]] = {"query-id": [], "corpus-id": [], "score": []}
        shown: dict[str, list[str]] = {}
        differ: dict[str, list[str]] = {}
        for number in range(5):
            candidates = draws.sample(documents, 10)
            for kind, good in (("og", candidates[:4]), ("changed", candidates[:2])):
                name = f"q{number}-{kind}"
                shown[name] = candidates
                for document in candidates:
                    row = (name, document, int(document in good))
                    for key, value in zip(qrels, row, strict=True):
                        qrels[key].append(value)
            differ[f"q{number}"] = candidates[2:4]
        texts = {"title": words(draws, 30), "text": words(draws, 30)}
        found[f"corpus-{language}", "corpus"] = {"_id": documents, **texts}
        found[f"queries-{language}", "queries"] = {"_id": queries, "text": words(draws, 10)}
        told = {"query-id": queries, "instruction": words(draws, 10)}
        found[f"instruction-{language}", "instruction"] = told
        found[f"default-{language}", "test"] = qrels
        for config, lists in (("top_ranked", shown), ("qrel_diff", differ)):
            listed = {"query-id": list(lists), "corpus-ids": list(lists.values())}
            found[f"{config}-{language}", config] = listed
    return found


# What mteb's code changes after it loaded, of each kind that has such a task; several languages.
MADE = (
    Case("STSBenchmarkMultilingualSTS", scored_pairs, ("de", "fr"), ("dev", "test")),
    Case("FloresBitextMining", columns, ("ace_Arab-bam_Latn", "ace_Arab-dzo_Tibt"), ("devtest",)),
    Case("BUCC", with_gold, ("de-en", "ru-en")),
    Case("EmitClassification", emotions),
    Case("HALClusteringS2S", titles),
    Case("BelebeleRetrieval", passages, ("acm_Arab-eng_Latn", "eng_Latn-acm_Arab")),
    Case("mFollowIR", followed, ("fas", "zho")),
)
DECLARED = [task for task in TASKS if task.kind != "long_context"]  # which mteb's code loads
COLDER = Case("ColDeRReranking", lambda draws: {}, ("foil", "answer_importance"))
TAKEN = ("IndicSentimentClassification", "StackExchangeClustering.v2", "TwitterSemEval2015")
CASES = (*MADE, COLDER, *(case for case in FILED if case.name in (*TAKEN, "LEMBQMSumRetrieval")))


@pytest.fixture(scope="module", autouse=True)
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A cache folder of this module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data sets of all cases, and those of declared tasks."""
    folder = tmp_path_factory.mktemp("hub")
    for case in CASES:
        place = folder / _place(facts_of(case.name))
        if case is COLDER:
            _write_choices(place)
        else:
            publish_at(place, content(case))
    for task in DECLARED:
        task.write(folder / task.folder)
    return folder


def _place(facts: Any) -> str:
    return f"{facts['dataset']['path']}/{facts['dataset']['revision']}"


def _write_choices(folder: Path) -> None:
    import pyarrow as pa

    draws = random.Random("choices")
    for subset in COLDER.subsets:
        names = ("query", "document_1", "document_2")
        write(folder / f"test/{subset}.jsonl", pa.table({name: words(draws, 20) for name in names}))


@pytest.fixture(scope="module")
def expected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """mteb's scores of all cases, by name."""
    room = tmp_path_factory.mktemp("reference")
    asked = [
        {"name": case.name, "subsets": list(case.subsets), "splits": list(case.splits)}
        for case in CASES
    ]
    (room / "asked.json").write_text(json.dumps(asked), "utf-8")
    with serving(root) as hub:
        environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(room / "home")}
        command = [sys.executable, str(SCRIPT), str(room / "asked.json"), str(room / "out.json")]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    found: dict[str, Any] = json.loads((room / "out.json").read_text("utf-8"))
    return found


@pytest.fixture
def hub(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The server, which this process and those that it starts are pointed at."""
    with serving(root) as served:
        point_at(served, tmp_path / "home/hub", monkeypatch)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
        yield served


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_task_that_code_loads_scores_as_in_mteb(
    case: Case, hub: Hub, expected: dict[str, Any]
) -> None:
    """Every number that mteb gives, from the tables that its own code made."""
    (choice,) = find_choices([f"mteb:{case.name}"])
    kept = {name: choice.task.subsets[name] for name in case.subsets or choice.task.subsets}
    task = replace(choice.task, subsets=MappingProxyType(kept), splits=case.splits)
    kind = load_kind(task.kind)
    theirs = expected[case.name]
    assert isinstance(theirs, dict), theirs

    read = [(split, subset) for split in task.splits for subset in task.subsets]
    load_ahead(task, kind, read)
    parts = {(split, subset): load_tables(task, kind, split, subset) for split, subset in read}

    assert task.source.type == "mteb"
    assert_equal(
        {tuple(key.split("/")): value for key, value in theirs.items()},
        ours(task, parts, HashVectors()),
        allowed=DEVIATION,
    )


def test_a_case_of_every_kind_that_code_loads() -> None:
    """The kinds of the cases are those of all tasks of text that mteb's code loads."""
    loaded = set()
    for facts in read_index("a test")["tasks"].values():
        if "type" in facts and facts["base"] != "AbsTaskAggregate" and not is_declarative(facts):
            loaded.add(kind_of(facts))

    assert {kind_of(facts_of(case.name)) for case in CASES} == loaded


@pytest.mark.parametrize("about", DECLARED, ids=lambda task: task.name)
def test_a_declared_task_reads_what_a_file_by_hand_reads(
    about: HubTask, hub: Hub, tmp_path: Path
) -> None:
    """The file that is made of mteb's facts has the data of the one that scores as mteb does."""
    path = tmp_path / f"{about.name}.toml"
    path.write_text(about.toml, "utf-8")
    by_hand = load_task(path)
    (choice,) = find_choices([f"mteb:{about.name}"])
    kind = load_kind(by_hand.kind)

    assert (choice.task.kind, choice.task.main_score) == (by_hand.kind, by_hand.main_score)
    assert {**kind.OPTIONS, **choice.task.options} == {**kind.OPTIONS, **by_hand.options}
    for split in by_hand.splits:
        for subset in by_hand.subsets:
            made = load_tables(choice.task, kind, split, subset)
            assert fingerprint(made) == fingerprint(load_tables(by_hand, kind, split, subset))


def test_the_command_runs_a_task_by_name(hub: Hub, tmp_path: Path) -> None:
    """With mteb's name and revision in the result, and no mteb in the process that measures."""
    code = (
        "import sys; from benchmark.cli import main; code = main(sys.argv[1:]); "
        "print(sorted({'mteb', 'datasets', 'torch'} & set(sys.modules))); sys.exit(code)"
    )
    command = [sys.executable, "-c", code, "run", "random", "-t", "mteb:ColDeRReranking"]
    done = subprocess.run(
        [*command, "--subset", *COLDER.subsets],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    (path,) = (tmp_path / "results").rglob("ColDeRReranking.json")
    result = json.loads(path.read_text("utf-8"))
    revision = facts_of("ColDeRReranking")["dataset"]["revision"]
    assert (result["task_name"], result["dataset_revision"]) == ("ColDeRReranking", revision)
    assert {row["hf_subset"] for row in result["scores"]["test"]} == set(COLDER.subsets)


def test_a_bundle_of_it_needs_no_mteb(hub: Hub, tmp_path: Path) -> None:
    """The tables that mteb's code made are packed, and score the same."""
    inherited = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    def run(*arguments: str, **environment: str) -> None:
        command = [sys.executable, "-m", "benchmark", *arguments]
        subprocess.run(command, check=True, cwd=tmp_path, env={**inherited, **environment})

    chosen = ("-t", "mteb:ColDeRReranking", "--subset", *COLDER.subsets)
    run("tasks", "bundle", *chosen, "-o", "colder.bundle")
    run("run", "random", *chosen, "-o", "direct")
    nothing = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "none")}
    run("run", "random", "--bundle", "colder.bundle", "-o", "packed", **nothing)

    found = []
    for folder in ("direct", "packed"):
        (path,) = (tmp_path / folder).rglob("ColDeRReranking.json")
        result = json.loads(path.read_text("utf-8"))
        rows = {row["hf_subset"]: row["main_score"] for row in result["scores"]["test"]}
        found.append((rows, result["dataset_revision"]))
    assert found[0] == found[1]


def test_the_command_without_network(tmp_path: Path) -> None:
    """One line, and exit 1."""
    command = [sys.executable, "-m", "benchmark", "run", "random", "-t", "mteb:BUCC"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": str(tmp_path / "home"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "mteb:BUCC: the data are not in the cache, and the hub is out of reach" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_task_of_text_has_a_file_or_a_reason() -> None:
    """All that mteb has becomes a task that loads, but for those that code of its own scores."""
    refused = {}
    for name, facts in read_index("a test")["tasks"].items():
        if "type" not in facts:
            continue
        try:
            content_of(name, facts)
        except UsageError as error:
            refused[name] = str(error)
            continue
        if not facts["parts"]:
            find_choices([f"mteb:{name}"])

    assert set(refused) == {"InstructIR", "NevIR", "StakeholderGrounding", "TERRa.V2"}
    assert all("code of its own" in reason for reason in refused.values())


def test_a_benchmark_counts_what_mteb_counts() -> None:
    """The tasks, splits and subsets of benchmarks of text, by name."""
    import mteb

    for title in ("MTEB(Europe, v1)", "MTEB(fra, v1)", "RTEB(fin, beta)"):
        theirs = {
            task.metadata.name: (set(task.eval_splits), set(task.hf_subsets))
            for task in mteb.get_benchmark(title).tasks
        }
        found: dict[str, tuple[set[str], set[str]]] = {}
        for choice in find_choices([title]):
            parts = list(chosen_parts(choice))
            found[choice.task.name] = {split for split, _ in parts}, {s for _, s in parts}
        assert found == theirs

"""The project's own task files beside mteb's tasks, where mteb changes the data by code.

Both fetch the same made-up rows from one local server: draws, levels, filters, joined sets,
requests of several queries and p-values must give mteb's scores.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from benchmark.catalog import data_folder, load_kind, load_task, task_files
from benchmark.data.sources import load_tables
from tests.hub.client import point_at
from tests.hub.files import Content, Place, publish_at
from tests.hub.server import serving
from tests.oracle.comparing import DEVIATION, ROUNDED, assert_equal
from tests.oracle.harness import ours
from tests.oracle.hub_vectors import HashVectors

pytestmark = pytest.mark.oracle

SCRIPT = Path(__file__).with_name("hub_reference.py")
FILES = task_files([data_folder("tasks")])
# As all means of rankings these are rounded to five decimals, and where no nAUC exists it is noise.
JOINED = {
    "max_over_subqueries_*": ROUNDED,
    "max_over_subqueries_nauc_precision_*": math.inf,
}
Data = dict[Place, dict[str, list[Any]]]


@dataclass(frozen=True)
class Case:
    """A task file, what its data set holds, and the parts to score."""

    name: str
    data: Callable[[random.Random], Data]
    subsets: tuple[str, ...] = ()
    splits: tuple[str, ...] = ("test",)


def words(draws: random.Random, count: int) -> list[str]:
    """Texts, nearly all distinct."""
    return [f"text {draws.randrange(10**9)}" for _ in range(count)]


def rows(
    draws: random.Random, count: int, labels: list[Any], text: str = "text", label: str = "label"
) -> dict[str, list[Any]]:
    """Texts with labels, the first labels more often."""
    weights = range(len(labels), 0, -1)
    return {text: words(draws, count), label: draws.choices(labels, weights, k=count)}


def labelled(*labels: Any, test: int = 300, train: int = 200, **columns: str) -> Any:
    """A training and a test set of the default config."""

    def data(draws: random.Random) -> Data:
        return {
            ("default", split): rows(draws, count, list(labels), **columns)
            for split, count in (("train", train), ("test", test))
        }

    return data


def by_language(*languages: str, labels: list[Any], **columns: str) -> Any:
    """A training and a test set of each language, told apart by the column ``lang``."""

    def data(draws: random.Random) -> Data:
        found: Data = {}
        for split, count in (("train", 120), ("test", 700)):
            table = rows(draws, count, labels, **columns)
            found["default", split] = {**table, "lang": draws.choices(languages, k=count)}
        return found

    return data


def by_config(*languages: str, labels: list[Any], count: int, **columns: str) -> Any:
    """A training and a test set of each language in a config of its own."""

    def data(draws: random.Random) -> Data:
        return {
            (language, split): rows(draws, number, labels, **columns)
            for language in languages
            for split, number in (("train", 120), ("test", count))
        }

    return data


def sets(*labels: str, sizes: tuple[int, ...]) -> Any:
    """A row a set: its sentences, its labels."""

    def data(draws: random.Random) -> Data:
        made = [rows(draws, size, list(labels), "sentences", "labels") for size in sizes]
        return {("default", "test"): {key: [one[key] for one in made] for key in made[0]}}

    return data


def pairs(split: str) -> Any:
    """Rows of two sentences and whether they are alike."""

    def data(draws: random.Random) -> Data:
        table = {"sent1": words(draws, 90), "sent2": words(draws, 90)}
        return {("default", split): {**table, "labels": draws.choices([0, 1], k=90)}}

    return data


def clicks(draws: random.Random) -> Data:
    """What readers were shown and clicked, with one to three queries a reader."""
    documents = [f"N{number}" for number in range(80)]
    queries: dict[str, list[str]] = {}
    qrels: dict[str, list[Any]] = {"query-id": [], "corpus-id": [], "score": []}
    for reader in range(30):
        shown = draws.sample(documents, 12)
        for number in range(draws.randint(1, 3)):
            name = f"impression_{reader}_{number}"
            queries[name] = shown
            for place, document in enumerate(shown):
                for key, value in zip(qrels, (name, document, int(place < 2)), strict=True):
                    qrels[key].append(value)
    return {
        ("corpus", "corpus"): {
            "_id": documents,
            "title": [""] * len(documents),
            "text": words(draws, len(documents)),
        },
        ("queries", "queries"): {"_id": list(queries), "text": words(draws, len(queries))},
        ("default", "test"): qrels,
        ("top_ranked", "test"): {
            "query-id": list(queries),
            "corpus-ids": list(queries.values()),
        },
    }


def summaries(draws: random.Random) -> Data:
    """Ten texts with eight machine summaries and three human ones."""
    return {
        ("default", "test"): {
            "text": words(draws, 10),
            "machine_summaries": [words(draws, 8) for _ in range(10)],
            "human_summaries": [words(draws, 3) for _ in range(10)],
            "relevance": [[draws.random() * 5 for _ in range(8)] for _ in range(10)],
        }
    }


def meetings(draws: random.Random) -> Data:
    """Three tables of the same columns in one config, which mteb loads all at once."""
    ids = [str(number) for number in range(25)]
    tables = {"corpus": ids, "queries": ids, "qrels": draws.sample(ids, 25)}
    return {
        ("qmsum", name): {"qid": ids, "doc_id": documents, "text": words(draws, 25)}
        for name, documents in tables.items()
    }


SITES = [f"site{number}" for number in range(12)]
CASES = (
    Case("ToxicConversationsClassification", labelled(0, 1, test=2600)),
    Case("LanguageClassification", labelled("ar", "bg", "de", test=2300, label="labels")),
    Case("HindiDiscourseClassification.v2", labelled(0, 1, 2, train=2400)),
    Case(
        "HinDialectClassification", labelled("anp", "awa", "bho", text="folksong", label="language")
    ),
    Case("TNews", labelled(*range(4), test=200), splits=("validation",)),
    Case(
        "IndicSentimentClassification",
        by_language(
            "hi", "mr", labels=["Negative", "Positive", None], text="INDIC REVIEW", label="LABEL"
        ),
        ("hi", "mr"),
    ),
    Case(
        "TweetSentimentClassification", by_language("hindi", "arabic", labels=[0, 1, 2]), ("hindi",)
    ),
    Case(
        "IndicNLPNewsClassification",
        by_config("mr", labels=["sports", "state"], count=2200, text="news", label="class"),
        ("mr",),
    ),
    Case("StackExchangeClustering.v2", sets(*SITES, sizes=(1200, 1300))),
    Case("StackExchangeClusteringP2P.v2", sets(*SITES, sizes=(900, 700))),
    Case(
        "ArXivHierarchicalClusteringS2S",
        sets("cs.CL", "cs.LG", "math.AG", "q-bio", sizes=(1500, 900)),
    ),
    Case("MedrxivClusteringS2S.v2", sets(*SITES, sizes=(800, 700))),
    Case("MedrxivClusteringS2S", sets(*SITES, sizes=(80, 70))),
    Case("TwitterSemEval2015", pairs("test")),
    Case("Ocnli", pairs("validation"), splits=("validation",)),
    Case("MindSmallReranking", clicks),
    Case("SummEval", summaries),
    Case("LEMBQMSumRetrieval", meetings),
)


def content(case: Case) -> dict[Place, Content]:
    """The rows of a case, the same every time."""
    found = case.data(random.Random(case.name))
    if case.name == "StackExchangeClusteringP2P.v2":  # a label that one text has
        found["default", "test"]["labels"][0][5] = "alone"
    if case.name == "TNews":
        found["default", "validation"] = found.pop(("default", "test"))
    return dict(found)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data sets of all cases."""
    folder = tmp_path_factory.mktemp("hub")
    for case in CASES:
        settings = load_task(FILES[case.name], files=FILES).source.settings
        publish_at(folder / settings["hub"] / settings["revision"], content(case))
    return folder


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
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.url,
            "HF_HOME": str(room / "home"),
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, str(SCRIPT), str(room / "asked.json"), str(room / "out.json")]
        subprocess.run(command, check=True, env=environment, capture_output=True)
    found: dict[str, Any] = json.loads((room / "out.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_file_scores_as_mtebs_task(
    case: Case,
    root: Path,
    expected: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every number that mteb gives, from our file as it stands in the project."""
    task = load_task(FILES[case.name], files=FILES)
    kept = {name: task.subsets[name] for name in case.subsets or task.subsets}
    task = replace(task, subsets=MappingProxyType(kept), splits=case.splits)
    kind = load_kind(task.kind)
    theirs = expected[case.name]
    assert isinstance(theirs, dict), theirs

    with serving(root) as hub:
        point_at(hub, tmp_path / "cache", monkeypatch)
        parts = {
            (split, subset): load_tables(task, kind, split, subset)
            for split in task.splits
            for subset in task.subsets
        }

    assert_equal(
        {tuple(key.split("/")): value for key, value in theirs.items()},
        ours(task, parts, HashVectors()),
        allowed=JOINED | DEVIATION,
    )

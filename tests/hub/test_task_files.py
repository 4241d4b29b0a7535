"""Task files of the project on small data sets that have the shape of their own on the hub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from benchmark.catalog import data_folder, find_choices, load_kind, load_task, task_files
from benchmark.cli import main
from benchmark.data.sources import read_tables
from benchmark.task import Task
from tests.hub.files import Content, Place, publish_at
from tests.hub.server import Hub

FILES = task_files([data_folder("tasks")])


def publish(hub: Hub, task: Task, tables: Mapping[Place, Content]) -> None:
    """Put a data set at the commit that a task names: a parquet file a config and split."""
    settings = task.source.settings
    publish_at(hub.root / settings["hub"] / settings["revision"], tables)


def read(task: Task, split: str, subset: str = "default") -> dict[str, pa.Table]:
    """The tables of a task; an error in what was read fails the test."""
    tables, findings = read_tables(task, load_kind(task.kind), split, subset)
    assert [found.message for found in findings if found.level == "error"] == []
    return tables


def task_of(name: str) -> Task:
    """A task of the project."""
    return load_task(FILES[name], files=FILES)


def texts(count: int, word: str = "text") -> list[str]:
    """Distinct texts."""
    return [f"{word} {number}" for number in range(count)]


def beir(count: int, split: str, prefix: str = "") -> dict[Place, dict[str, list[Any]]]:
    """A retrieval as mteb stores it: every query has the document of its number."""
    names = {"corpus": f"{prefix}corpus", "queries": f"{prefix}queries"}
    ids = {name: [f"{name[0]}{n}" for n in range(count)] for name in names}
    qrels = {"query-id": ids["queries"], "corpus-id": ids["corpus"], "score": [1] * count}
    return {
        (names["corpus"], "corpus"): {
            "_id": ids["corpus"],
            "title": [""] * count,
            "text": texts(count),
        },
        (names["queries"], "queries"): {"_id": ids["queries"], "text": texts(count, "query")},
        (f"{prefix}qrels" if prefix else "default", split): qrels,
    }


def labels(count: int) -> list[int]:
    """Two labels by turns."""
    return [number % 2 for number in range(count)]


def test_a_retrieval_of_finmteb(hub: Hub) -> None:
    """Its only split is called train."""
    task = task_of("TATQARetrieval")
    publish(hub, task, beir(4, "train"))

    tables = read(task, "train")

    assert {name: table.num_rows for name, table in tables.items()} == {
        "corpus": 4,
        "queries": 4,
        "qrels": 4,
    }


def test_a_classification_tested_on_what_trains_it(hub: Hub) -> None:
    """FinancialPhraseBank has one split, as its file says."""
    task = task_of("FinancialPhraseBankClassification")
    publish(hub, task, {("default", "train"): {"text": texts(6), "label": labels(6)}})

    tables = read(task, "train")

    assert tables["rows"].equals(tables["train"])


def test_a_sentence_is_a_text(hub: Hub) -> None:
    """FOMC's column is called sentence."""
    task = task_of("FOMCClassification")
    rows = {"sentence": texts(4), "label": labels(4)}
    publish(hub, task, {("default", "train"): rows, ("default", "test"): rows})

    assert read(task, "test")["rows"].column("text").to_pylist() == texts(4)


@pytest.mark.parametrize("nested", [True, False], ids=["lists", "rows"])
def test_pairs_of_headlines(hub: Hub, nested: bool) -> None:
    """As one row of lists, mteb's old form, or as rows."""
    task = task_of("HeadlineACPairClassification")
    rows: dict[str, list[Any]] = {
        "sent1": texts(3),
        "sent2": texts(3, "other"),
        "labels": [0, 1, 1],
    }
    shaped = {name: [values] for name, values in rows.items()} if nested else rows
    publish(hub, task, {("default", "test"): shaped})

    found = read(task, "test")["rows"]

    assert found.column("sentence2").to_pylist() == texts(3, "other")
    assert found.column("label").to_pylist() == [0, 1, 1]


def test_sets_to_cluster(hub: Hub) -> None:
    """A row is a set."""
    task = task_of("ComplaintsClustering")
    rows = {"sentences": [texts(4), texts(3, "more")], "labels": [list("abab"), list("xyx")]}
    publish(hub, task, {("default", "test"): rows})

    found = read(task, "test")["rows"]

    assert found.column("text").to_pylist() == [*texts(4), *texts(3, "more")]
    assert len(found.column("set").unique()) == 2


def test_labels_of_arxiv_are_levels(hub: Hub) -> None:
    """``cs.CL`` is a level and a level below; sets are joined, and 2,048 texts drawn of them."""
    task = task_of("ArXivHierarchicalClusteringS2S")
    sets = {
        "sentences": [texts(1200), texts(1200, "more")],
        "labels": [["cs.CL", "math.AG"] * 600] * 2,
    }
    publish(hub, task, {("default", "test"): sets})

    rows = read(task, "test")["rows"]

    assert rows.num_rows == 2048
    assert {tuple(levels) for levels in rows.column("label").to_pylist()} == {
        ("cs", "CL"),
        ("math", "AG"),
    }


def test_a_label_of_one_text_is_no_cluster(hub: Hub) -> None:
    """StackExchangeClusteringP2P.v2 leaves it out."""
    task = task_of("StackExchangeClusteringP2P.v2")
    rows = {"sentences": [texts(60), ["alone"]], "labels": [list("ab") * 30, ["c"]]}
    publish(hub, task, {("default", "test"): rows})

    assert read(task, "test")["rows"].column("text").to_pylist() == texts(60)


def test_a_summary_of_finmteb_is_a_pair(hub: Hub) -> None:
    """Ectsum's columns are text, summary and score."""
    task = task_of("Ectsum")
    rows = {"text": texts(2), "summary": texts(2, "sum"), "score": [1.0, 0.0]}
    publish(hub, task, {("default", "test"): rows})

    assert read(task, "test")["rows"].column("sentence2").to_pylist() == texts(2, "sum")


def test_a_reranking_stored_as_lists(hub: Hub) -> None:
    """A query, its positives and its negatives a row."""
    task = task_of("FiQA2018Reranking")
    rows = {"query": ["q", "r"], "positive": [["a"], ["b", "c"]], "negative": [["d"], ["e"]]}
    publish(hub, task, {("default", "test"): rows})

    tables = read(task, "test")

    assert (tables["top_ranked"].num_rows, tables["queries"].num_rows) == (5, 2)
    assert sum(tables["qrels"].column("score").to_pylist()) == 3


def test_needles_by_length(hub: Hub) -> None:
    """Each length of document has its rows in one table, told apart by a column."""
    task = task_of("LEMBNeedleRetrieval")
    lengths = [256, 512, 256]
    publish(
        hub,
        task,
        {
            ("needle", "corpus"): {
                "doc_id": ["a", "b", "c"],
                "text": texts(3),
                "context_length": lengths,
            },
            ("needle", "queries"): {
                "qid": ["1", "2", "3"],
                "text": texts(3, "query"),
                "context_length": lengths,
            },
            ("needle", "qrels"): {
                "qid": ["1", "2", "3"],
                "doc_id": ["a", "b", "c"],
                "context_length": lengths,
            },
        },
    )

    found = {split: read(task, split) for split in ("test_256", "test_512")}

    assert found["test_256"]["corpus"].column("id").to_pylist() == ["a", "c"]
    assert found["test_512"]["queries"].column("id").to_pylist() == ["2"]
    assert found["test_512"]["qrels"].num_rows == 1


def test_long_documents(hub: Hub) -> None:
    """QMSum's three tables are splits of one config, and its judgements have no score."""
    task = task_of("LEMBQMSumRetrieval")
    ids = ["1", "2"]
    publish(
        hub,
        task,
        {
            ("qmsum", "corpus"): {"doc_id": ids, "text": texts(2)},
            ("qmsum", "queries"): {"qid": ids, "text": texts(2, "query")},
            ("qmsum", "qrels"): {"qid": ids, "doc_id": ids},
        },
    )

    assert read(task, "test")["qrels"].column_names == ["query-id", "corpus-id"]


def test_a_subset_in_a_column(hub: Hub) -> None:
    """All languages of IndicSentiment are in one table; rows without a label are left out."""
    task = task_of("IndicSentimentClassification")
    rows = {
        "INDIC REVIEW": texts(6),
        "LABEL": ["Negative", "Positive", None, "Positive", "Negative", "Positive"],
        "lang": ["hi", "hi", "hi", "hi", "mr", "mr"],
    }
    publish(hub, task, {("default", "train"): rows, ("default", "test"): rows})

    assert read(task, "test", "hi")["rows"].column("text").to_pylist() == [
        "text 0",
        "text 1",
        "text 3",
    ]
    assert read(task, "test", "mr")["train"].num_rows == 2


def test_a_subset_in_a_config(hub: Hub) -> None:
    """Of MTOP a language is a config, of CodeSearchNet three."""
    mtop, code = task_of("MTOPDomainClassification"), task_of("CodeSearchNetCCRetrieval")
    rows = {"text": texts(4), "label": labels(4)}
    publish(hub, mtop, {("hi", split): rows for split in ("train", "validation", "test")})
    publish(hub, code, {**beir(3, "test", "go-"), **beir(5, "test", "ruby-")})

    assert read(mtop, "test", "hi")["train"].num_rows == 4
    assert read(code, "test", "ruby")["corpus"].num_rows == 5


def test_a_draw_of_the_texts_to_train_on(hub: Hub) -> None:
    """HindiDiscourse is tested whole and trained on 2,048."""
    task = task_of("HindiDiscourseClassification.v2")
    many = {"text": texts(3000), "label": labels(3000)}
    publish(hub, task, {("default", "train"): many, ("default", "test"): many})

    tables = read(task, "test")

    assert (tables["train"].num_rows, tables["rows"].num_rows) == (2048, 3000)


def small(task: Task) -> dict[Place, dict[str, list[Any]]]:
    """A data set in the shape that FinMTEB or LongEmbed has for this task, of a few texts."""
    if task.name.startswith("LEMB") and task.name != "LEMBPasskeyRetrieval":
        (config,) = {task.source.settings[table]["config"] for table in ("corpus", "qrels")}
        lengths = [split.rpartition("_")[2] for split in task.splits] * 2
        ids = [str(number) for number in range(len(lengths))]
        more = {"context_length": [int(x) for x in lengths]} if config == "needle" else {}
        return {
            (config, "corpus"): {"doc_id": ids, "text": texts(len(ids)), **more},
            (config, "queries"): {"qid": ids, "text": texts(len(ids), "query"), **more},
            (config, "qrels"): {"qid": ids, "doc_id": ids, **more},
        }
    if task.kind in ("retrieval", "long_context"):
        return {key: rows for split in task.splits for key, rows in by_split(split).items()}
    rows: dict[str, list[Any]] = {
        "classification": {"text": texts(8), "label": labels(8)},
        "clustering_legacy": {"sentences": [texts(8)], "labels": [labels(8)]},
        "pair_classification": {"sent1": texts(4), "sent2": texts(4, "b"), "labels": labels(4)},
        "reranking": {"query": ["q"], "positive": [["a"]], "negative": [["b", "c"]]},
        "sts": {"sentence1": texts(3), "sentence2": texts(3, "b"), "score": [0.0, 0.5, 1.0]},
    }[task.kind]
    rows = {task.columns.get(name, name): values for name, values in rows.items()}
    return {("default", split): rows for split in ("train", *task.splits)}


def by_split(split: str) -> dict[Place, dict[str, list[Any]]]:
    """A retrieval whose three tables all have this split."""
    return {(config, split): rows for (config, _), rows in beir(4, split).items()}


@pytest.mark.parametrize("suite", ["FinMTEB", "LongEmbed"])
def test_tasks_check_passes_on_a_suite(
    suite: str, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of its tasks, on small data in the shape of their own."""
    sets: dict[str, tuple[Task, dict[Place, dict[str, list[Any]]]]] = {}
    for choice in find_choices([suite]):
        name = choice.task.source.settings["hub"]
        sets.setdefault(name, (choice.task, {}))[1].update(small(choice.task))
    for task, tables in sets.values():
        publish(hub, task, tables)

    assert main(["tasks", "check", suite]) == 0
    assert f"ok: {suite}" in capsys.readouterr().out

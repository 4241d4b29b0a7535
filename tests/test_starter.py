"""The gates of the starter suite: chance scores chance, an oracle the ceiling, a model between.

Chance by kind: STS 0, counted and named as degenerate for constant vectors; retrieval the
expectation over the orders that ties allow; bitext an accuracy of 1/n; classification the share of
one class; pair classification the prevalence; clustering 0, for random vectors with the bias of a
small sample.
"""

from __future__ import annotations

import functools
import importlib.metadata
import math
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from benchmark.catalog import load_kind, load_task
from benchmark.data.sources import load_tables
from benchmark.encode import encode_plan
from benchmark.models.table import load_model
from benchmark.protocols import Embeddings, Kind, Plan, Scores, Tables
from benchmark.suite import parse_suite
from benchmark.task import Task

FOLDER = Path(__file__).parents[1] / "tasks"
SUITE = parse_suite(FOLDER / "suites" / "starter.toml")
PATHS = {path.stem: path for path in FOLDER.rglob("*.toml") if path.parent.name != "suites"}
TASKS = [load_task(PATHS[name]) for name in SUITE.task_names]
EACH = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
PACKAGES = ("edgartools", "emoji", "gensim", "networkx", "pycountry", "wordllama")
DEVIATIONS = 4.0  # standard deviations of chance that still count as chance


def missing() -> list[str]:
    """The packages of the starter extra that are not installed."""
    found = {distribution.metadata["Name"] for distribution in importlib.metadata.distributions()}
    return [name for name in PACKAGES if name not in found]


needs_starter = pytest.mark.skipif(
    bool(missing()), reason=f"the extra 'starter' is not installed: {', '.join(missing())}"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """One split and subset: its tables, what a model scored there, and what chance scores."""

    name: str
    tables: Tables
    scores: Scores
    chance: float
    spread: float
    """The standard deviation of what random vectors score; an upper bound where not exact."""


Encode = Callable[[Task, Kind, Tables, Plan], Embeddings]


@functools.cache
def tables_of(name: str, split: str, subset: str) -> Tables:
    """The checked tables, read once for all gates."""
    task = load_task(PATHS[name])
    return load_tables(task, load_kind(task.kind), split, subset)


def measure(task: Task, encode: Encode) -> Iterator[Measured]:
    """Evaluate every split and subset in declared order, as the runner does."""
    kind, draws = load_kind(task.kind), random.Random(42)
    for split in task.splits:
        for subset in task.subsets:
            tables = tables_of(task.name, split, subset)
            data = kind.read(tables, task, draws)
            embeddings = encode(task, kind, tables, kind.plan(data, task))
            scores = kind.evaluate(data, embeddings, task)
            yield Measured(f"{split}/{subset}", tables, scores, *chance(task, tables))


def chance(task: Task, tables: Tables) -> tuple[float, float]:
    """What vectors that know nothing score in the metric of ``gate_score``, and its deviation."""
    if task.kind in ("retrieval", "long_context"):
        return tied_ndcg(tables, int(task.main_score.rpartition("_")[2]))[:2]
    rows = tables["rows"]
    count = rows.num_rows
    if task.kind == "sts":
        return 0.0, 1 / math.sqrt(count)
    if task.kind == "bitext":
        return 1 / count, 1 / count  # as many hits as a Poisson variable of mean 1
    if task.kind == "clustering":
        return 0.0, clustering_bias(rows) / 2  # so that up to twice the bias counts as chance
    share = max(shares(rows)) if task.kind == "classification" else float(np.mean(labels(rows)))
    return share, math.sqrt(share * (1 - share) / count)


def gate_score(task: Task, scores: Scores) -> float:
    """The main score; for bitext the accuracy, whose chance is 1/n (its F1 is below it)."""
    return float(scores.metrics["accuracy" if task.kind == "bitext" else task.main_score])


def labels(rows: pa.Table) -> list[Any]:
    """The column ``label``."""
    found: list[Any] = rows["label"].to_pylist()
    return found


def shares(rows: pa.Table) -> list[float]:
    """The share of each label."""
    counts = np.unique(labels(rows), return_counts=True)[1]
    return [float(count) / rows.num_rows for count in counts]


def clustering_bias(rows: pa.Table) -> float:
    """The V-measure of k random clusters: mutual information is (k-1)^2/2n nats, not 0.

    Source: Miller, Note on the bias of information estimates (1955).
    """
    parts = shares(rows)
    entropy = -math.fsum(part * math.log(part) for part in parts)
    information = float(len(parts) - 1) ** 2 / (2 * int(rows.num_rows))
    return information / ((entropy + math.log(len(parts))) / 2)


def tied_ndcg(tables: Tables, k: int) -> tuple[float, float, float]:
    """nDCG@k over all orders: mean, and its deviation with one order a query and one for all."""
    relevant, count = gains(tables), tables["corpus"].num_rows
    discounts = 1 / np.log2(np.arange(2, k + 2))
    found = relevant.sum(axis=1)
    ideal = np.array([discounts[: int(min(number, k))].sum() for number in found])
    mean = float((found / count * discounts.sum() / ideal).mean())
    weight = (relevant / ideal[:, None]).mean(axis=0)
    squares = float((discounts**2).sum())
    each = float(((found / count * squares) / ideal**2).mean()) / len(found)
    return mean, math.sqrt(each), math.sqrt(squares) * float(weight.std())


def gains(tables: Tables) -> NDArray[np.float64]:
    """``(queries, corpus)``: 1 where the document is relevant, in the tables' row order."""
    places = {
        name: {row_id: row for row, row_id in enumerate(tables[name]["id"].to_pylist())}
        for name in ("queries", "corpus")
    }
    matrix = np.zeros((len(places["queries"]), len(places["corpus"])))
    for row in tables["qrels"].to_pylist():
        matrix[places["queries"][row["query-id"]], places["corpus"][row["corpus-id"]]] = 1.0
    return matrix


def by_model(uri: str) -> Encode:
    """Vectors of one of the project's models."""
    model = load_model(uri)

    def encode(task: Task, kind: Kind, tables: Tables, plan: Plan) -> Embeddings:
        return encode_plan(model, plan, task, kind.TASK_TYPE, cache=None).embeddings

    return encode


def oracle(task: Task, kind: Kind, tables: Tables, plan: Plan) -> Embeddings:
    """Vectors built from the labels, text by text where texts are unique, else row by row."""
    if task.kind in ("retrieval", "long_context"):
        relevant = gains(tables)
        return Embeddings(
            {
                "queries": relevant.astype(np.float32),
                "corpus": np.eye(relevant.shape[1], dtype=np.float32),
            }
        )
    rows = tables["rows"]
    if task.kind == "bitext":
        eye = np.eye(rows.num_rows, dtype=np.float32)
        return Embeddings({"sentence1": eye, "sentence2": eye})
    if task.kind == "pair_classification":
        first = np.array([[label, 1 - label] for label in labels(rows)], np.float32)
        second = np.tile(np.array([1, 0], np.float32), (rows.num_rows, 1))
        return Embeddings({"sentence1": first, "sentence2": second})
    if task.kind == "sts":
        return Embeddings(vectors_with_similarities(rows))
    known = {
        text: label
        for table in tables.values()
        for text, label in zip(*table.select(["text", "label"]).to_pydict().values(), strict=True)
    }
    codes = {label: code for code, label in enumerate(sorted(set(known.values())))}
    eye = np.eye(len(codes), dtype=np.float32)
    return Embeddings(
        {
            name: eye[[codes[known[text]] for text in request.texts.to_pylist()]]
            for name, request in plan.items()
        }
    )


def vectors_with_similarities(rows: pa.Table) -> dict[str, NDArray[np.float32]]:
    """Unit vectors whose cosines are the scores, all shrunk alike until such vectors exist."""
    pairs = rows.to_pylist()
    texts = sorted({row[side] for row in pairs for side in ("sentence1", "sentence2")})
    places = {text: place for place, text in enumerate(texts)}
    matrix = np.eye(len(texts))
    for row in pairs:
        first, second = places[row["sentence1"]], places[row["sentence2"]]
        matrix[first, second] = matrix[second, first] = row["score"]
    shift = max(0.0, 1e-6 - float(np.linalg.eigvalsh(matrix)[0]))
    vectors = np.linalg.cholesky(matrix + shift * np.eye(len(texts))).astype(np.float32)
    return {
        side: vectors[[places[row[side]] for row in pairs]] for side in ("sentence1", "sentence2")
    }


@EACH
@needs_starter
def test_constant_vectors_score_at_chance(task: Task) -> None:
    """Vectors that are all the same win nothing by the order of rows, ids or labels."""
    for part in measure(task, by_model("constant")):
        score = gate_score(task, part.scores)
        if task.kind == "sts":
            assert (0.0, True) == (score, task.main_score in part.scores.degenerate), part.name
        elif task.kind in ("retrieval", "long_context"):
            spread = tied_ndcg(part.tables, int(task.main_score.rpartition("_")[2]))[2]
            tolerance = DEVIATIONS * spread + 1e-9
            assert score == pytest.approx(part.chance, abs=tolerance), part.name
        else:
            assert score == pytest.approx(part.chance, abs=1e-9), part.name
            assert part.scores.metrics[task.main_score] <= score + 1e-9, part.name


@EACH
@needs_starter
def test_random_vectors_score_at_chance(task: Task) -> None:
    """On the mean of three draws; a clustering keeps the bias of its small sample."""
    runs = [list(measure(task, by_model(f"random?seed={seed}"))) for seed in range(3)]
    for parts in zip(*runs, strict=True):
        score = float(np.mean([gate_score(task, part.scores) for part in parts]))
        tolerance = DEVIATIONS * parts[0].spread
        assert score == pytest.approx(parts[0].chance, abs=tolerance), parts[0].name


@EACH
@needs_starter
def test_an_oracle_scores_at_the_ceiling(task: Task) -> None:
    """No row, label or judgement makes the best score unreachable."""
    # float32 breaks ties between equal human scores; mini-batch k-means may merge two clusters.
    ceiling = {"sts": 0.995, "clustering": 0.97}.get(task.kind, 1 - 1e-6)
    for part in measure(task, oracle):
        assert part.scores.metrics[task.main_score] >= ceiling, part.name


@EACH
@needs_starter
def test_tf_idf_is_told_from_random(task: Task) -> None:
    """In every split and subset, since each is a row of the table."""
    for part in measure(task, by_model("tfidf")):
        score = gate_score(task, part.scores)
        assert score > part.chance + DEVIATIONS * part.spread, part.name


@EACH
@needs_starter
def test_the_embedded_model_lies_clearly_between(task: Task) -> None:
    """A tenth to nine tenths of the way up; a task marked hard it fails at the longest texts."""
    parts = list(measure(task, by_model("wordllama")))
    heights = [(gate_score(task, part.scores) - part.chance) / (1 - part.chance) for part in parts]
    if task.hard:
        assert heights[0] > 0.1 > heights[-1]
        assert float(np.mean(heights)) < 0.2
    else:
        assert 0.1 < float(np.mean(heights)) < 0.9
        for part in parts:
            score = gate_score(task, part.scores)
            assert score > part.chance + DEVIATIONS * part.spread, part.name


@EACH
@needs_starter
def test_no_text_stands_twice(task: Task) -> None:
    """A repeated text has two right answers, or stands in training and test."""
    pairs = task.kind in ("sts", "pair_classification")
    for split in task.splits:
        for subset in task.subsets:
            tables = tables_of(task.name, split, subset)
            if pairs:
                keys = [tables["rows"].select(["sentence1", "sentence2"]).to_pylist()]
            elif task.kind == "bitext":
                keys = [tables["rows"][side].to_pylist() for side in ("sentence1", "sentence2")]
            elif "corpus" in tables:
                keys = [tables[name]["text"].to_pylist() for name in ("corpus", "queries")]
            else:
                keys = [[text for table in tables.values() for text in table["text"].to_pylist()]]
            for values in keys:
                assert len(values) == len({str(value) for value in values}), (split, subset)


@needs_starter
def test_no_package_is_imported_for_its_data() -> None:
    """Reading every task leaves the packages alone: importing them costs seconds, and runs code."""
    code = (
        "import sys; from benchmark.catalog import load_kind, load_task\n"
        "from pathlib import Path; from benchmark.data.sources import load_tables\n"
        "for path in sys.argv[1:]:\n"
        "    task = load_task(Path(path)); subset = next(iter(task.subsets))\n"
        "    load_tables(task, load_kind(task.kind), task.splits[0], subset)\n"
        "print(sorted({'edgar', 'emoji', 'gensim', 'networkx', 'pycountry'} & set(sys.modules)))"
    )
    paths = [str(PATHS[task.name]) for task in TASKS]

    done = subprocess.run(
        [sys.executable, "-c", code, *paths], cwd=FOLDER.parent, capture_output=True, text=True
    )

    assert ("[]\n", "") == (done.stdout, done.stderr)


@EACH
def test_a_task_says_where_it_comes_from(task: Task) -> None:
    """Licence, description, reference, domain and languages are written down."""
    assert task.license
    assert task.description.strip().endswith((".", "?"))
    assert task.reference.startswith("https://")
    assert task.domains
    assert all(len(code) == 8 and code[3] == "-" for code in task.languages)


def test_the_suite_is_broad() -> None:
    """Twelve tasks and more, every kind, finance, long texts and many languages."""
    kinds = {
        "retrieval",
        "long_context",
        "sts",
        "pair_classification",
        "classification",
        "clustering",
        "bitext",
    }

    assert len(TASKS) >= 12
    assert kinds == {task.kind for task in TASKS}
    assert sum("finance" in task.domains for task in TASKS) >= 2
    assert sum(task.kind == "long_context" for task in TASKS) >= 2
    assert len({language for task in TASKS for language in task.languages}) > 5


def test_groups_hold_what_they_say() -> None:
    """The group of finance is the tasks of that domain, and so on."""
    expected = {
        "finance": {task.name for task in TASKS if "finance" in task.domains},
        "multilingual": {task.name for task in TASKS if len(task.languages) > 1},
        "long_context": {task.name for task in TASKS if task.kind == "long_context"},
    }

    assert expected == {group: set(members) for group, members in SUITE.groups.items()}

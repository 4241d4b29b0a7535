"""Small conversions of public data sets from their own formats into the layouts that tasks read.

Each function writes below ``target`` and returns nothing; none of the data is part of this project.
"""

from __future__ import annotations

import json
import random
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
    path.write_text("".join(lines), "utf-8")


def write_beir(
    target: Path,
    corpus: Mapping[str, str],
    queries: Mapping[str, str],
    qrels: Iterable[tuple[str, str, int]],
) -> None:
    """Write corpus.jsonl, queries.jsonl and qrels/test.tsv as BEIR has them."""
    write_jsonl(target / "corpus.jsonl", ({"_id": i, "text": text} for i, text in corpus.items()))
    write_jsonl(target / "queries.jsonl", ({"_id": i, "text": text} for i, text in queries.items()))
    rows = [f"{query}\t{document}\t{score}\n" for query, document, score in qrels]
    (target / "qrels").mkdir(exist_ok=True)
    (target / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "".join(rows), "utf-8")


def read_smart(path: Path) -> dict[str, str]:
    """The texts (field .W) of a SMART collection by their .I numbers.

    Fields stand in the order .T .A .B .W; a marker that does not move forward is a stray line
    within a text (cran's documents 240, 576 and 578 have some) and is dropped.
    """
    texts: dict[str, list[str]] = {}
    number, field = "", " "
    for line in path.read_text("latin-1").splitlines():
        if match := re.fullmatch(r"\.I\s+(\d+)\s*", line):
            number, field = match[1], " "
            texts[number] = []
        elif re.fullmatch(r"\.[TABW]\s*", line):
            field = max(field, line[1], key=" TABW".find)
        elif field == "W":
            texts[number].append(line)
    return {number: " ".join(" ".join(lines).split()) for number, lines in texts.items()}


def smart_cran(source: Path, target: Path) -> None:
    """Cranfield: graded 1 (best) to 4, -1 for of no interest; queries are numbered by position."""
    queries = read_smart(source / "cran.qry").values()
    grades = {"1": 4, "2": 3, "3": 2, "4": 1, "-1": 0}
    judged = [line.split() for line in (source / "cranqrel").read_text().splitlines()]
    write_beir(
        target,
        read_smart(source / "cran.all.1400"),
        {str(number): text for number, text in enumerate(queries, 1)},
        ((query, document, grades[grade]) for query, document, grade in judged),
    )


def abstracts(source: Path, target: Path) -> None:
    """Cranfield's documents alone, a file each: nothing says what is asked for."""
    target.mkdir(parents=True)
    for number, text in read_smart(source / "cran.all.1400").items():
        (target / f"{number}.txt").write_text(text, "utf-8")


def smart_med(source: Path, target: Path) -> None:
    """Medline: every judged document is relevant."""
    judged = [line.split() for line in (source / "MED.REL").read_text().splitlines()]
    write_beir(
        target,
        read_smart(source / "MED.ALL"),
        read_smart(source / "MED.QRY"),
        ((query, document, 1) for query, _, document, _ in judged),
    )


def phrasebank(source: Path, target: Path) -> None:
    """Lines ``text@label`` after a byte-order mark; a seeded half each for training and test."""
    lines = (source / "Sentences_50Agree.txt").read_text("utf-8-sig").splitlines()
    rows = [dict(zip(("text", "label"), line.rsplit("@", 1), strict=True)) for line in lines]
    random.Random(42).shuffle(rows)
    write_jsonl(target / "train.jsonl", rows[: len(rows) // 2])
    write_jsonl(target / "test.jsonl", rows[len(rows) // 2 :])


SHORT_TEXTS: Mapping[str, str] = {
    "ag_news": "agnewsdataraw-8000",
    "biomedical": "biomedical/biomedical_true_text",
    "google_news": "T",
    "search_snippets": "search_snippets/search_snippets_true_text",
    "stackoverflow": "stackoverflow/stackoverflow_true_text",
}


def short_texts(source: Path, target: Path) -> None:
    """Lines ``label<tab>text``, some with a tab at the end: a subset each."""
    for name, file in SHORT_TEXTS.items():
        lines = _lines(source / "data" / file)
        pairs = (line.strip().split("\t", 1) for line in lines)
        rows = ({"text": text, "label": int(label)} for label, text in pairs)
        write_jsonl(target / name / "test.jsonl", rows)


def tatoeba(source: Path, target: Path) -> None:
    """Two files of lines a language pair, ``tatoeba.deu-eng.deu`` and ``.eng``: a subset each."""
    for english in sorted((source / "data/tatoeba/v1").glob("*.eng")):
        pair = english.name.split(".")[1]
        foreign = english.with_suffix(f".{pair.split('-')[0]}")
        both = zip(_lines(foreign), _lines(english), strict=True)
        rows = ({"sentence1": first, "sentence2": second} for first, second in both)
        write_jsonl(target / pair / "test.jsonl", rows)


def _lines(path: Path) -> list[str]:
    # Not splitlines(), which also splits at characters such as U+2028 within a sentence.
    return [line.strip() for line in path.read_text("utf-8").rstrip("\n").split("\n")]


def qmsum(source: Path, target: Path) -> None:
    """Meetings as documents of some 9,000 words, their specific questions as queries."""
    lines = (source / "data/ALL/jsonl/test.jsonl").read_text("utf-8").splitlines()
    meetings = [json.loads(line) for line in lines]
    asked = list(_questions(meetings))
    corpus = {
        str(number): " ".join(f"{turn['speaker']}: {turn['content']}" for turn in turns)
        for number, turns in enumerate(meeting["meeting_transcripts"] for meeting in meetings)
    }
    queries = {f"q{number}": query for number, (_, query) in enumerate(asked)}
    qrels = ((f"q{number}", meeting, 1) for number, (meeting, _) in enumerate(asked))
    write_beir(target, corpus, queries, qrels)


def _questions(meetings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for number, meeting in enumerate(meetings):
        for item in meeting["specific_query_list"]:
            yield str(number), item["query"]


def ectsum(source: Path, target: Path) -> None:
    """Earnings calls as documents, their summaries as queries (finance)."""
    folder = source / "data/final/test"
    calls = sorted((folder / "ects").glob("*.txt"))
    write_beir(
        target,
        {path.stem: path.read_text("utf-8") for path in calls},
        {path.stem: (folder / "gt_summaries" / path.name).read_text("utf-8") for path in calls},
        ((path.stem, path.stem, 1) for path in calls),
    )


def fomc(source: Path, target: Path) -> None:
    """Two workbooks of sentences, years and labels (finance): a training and a test set."""
    folder = source / "training_data/test-and-training"
    for split, part in (("train", "training_data"), ("test", "test_data")):
        (workbook,) = (folder / part).glob("*.xlsx")
        header, *rows = _sheet(workbook)
        named = (dict(zip(header, row, strict=True)) for row in rows)
        kept = ({"text": row["sentence"], "label": int(row["label"])} for row in named)
        write_jsonl(target / f"{split}.jsonl", kept)


def _sheet(workbook: Path) -> list[list[str]]:
    """The cells of a workbook's only sheet, whose texts stand in the cells themselves."""
    with zipfile.ZipFile(workbook) as archive:
        sheet = ET.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{space}row")]


def fiqa(source: Path, target: Path) -> None:
    """Questions on personal finance and the posts that answer them; the posts are these alone."""
    raw = source / "data/raw"
    answers = dict(line.split("\t", 1) for line in _lines(source / "retriever/test_answers.csv"))
    asked = [line.split("\t") for line in _lines(raw / "FiQA_train_question_final.tsv")[1:]]
    pairs = [line.split("\t")[1:] for line in _lines(raw / "FiQA_train_question_doc_final.tsv")[1:]]
    judged = [(query, answer, 1) for query, answer in pairs if answer in answers]
    known = {query for query, _, _ in judged}
    questions = {row[1]: row[2] for row in asked if row[1] in known}
    corpus = {name: " ".join(text.split()) for name, text in answers.items()}
    write_beir(target, corpus, questions, judged)


def tatqa(source: Path, target: Path) -> None:
    """Documents are a page's table, a line a row, and its paragraphs; queries its questions."""
    pages = json.loads((source / "dataset_raw/tatqa_dataset_test_gold.json").read_text("utf-8"))
    asked = [(page["table"]["uid"], item) for page in pages for item in page["questions"]]
    write_beir(
        target,
        {page["table"]["uid"]: _page(page) for page in pages},
        {item["uid"]: item["question"] for _, item in asked},
        ((item["uid"], page, 1) for page, item in asked),
    )


def _page(page: Mapping[str, Any]) -> str:
    rows = [" | ".join(row) for row in page["table"]["table"]]
    paragraphs = sorted(page["paragraphs"], key=lambda paragraph: paragraph["order"])
    return "\n".join([*rows, *(paragraph["text"] for paragraph in paragraphs)])


def financebench(source: Path, target: Path) -> None:
    """Questions about filings, and the passages that hold their evidence, each once."""
    lines = (source / "data/financebench_open_source.jsonl").read_text("utf-8").splitlines()
    asked = {item["financebench_id"]: item for item in map(json.loads, lines)}
    evidence = {
        name: [part["evidence_text"] for part in item["evidence"]] for name, item in asked.items()
    }
    texts = dict.fromkeys(text for parts in evidence.values() for text in parts)
    ids = {text: f"e{number}" for number, text in enumerate(texts)}
    write_beir(
        target,
        {name: text for text, name in ids.items()},
        {name: item["question"] for name, item in asked.items()},
        ((name, ids[text], 1) for name, parts in evidence.items() for text in parts),
    )


def chinese_pairs(source: Path, target: Path) -> None:
    """Lines of two sentences and a label with tabs between: AFQMC's dev set, LCQMC's test set."""
    name = "dev" if source.name == "AFQMC" else "test"
    rows = (line.split("\t") for line in _lines(source / f"{name}.txt"))
    write_jsonl(
        target / f"{name}.jsonl",
        ({"sentence1": one, "sentence2": two, "label": int(label)} for one, two, label in rows),
    )

"""Public data sets as tasks for the study of smaller tasks; none of the data is in this project."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.real import convert

SIB200 = ("eng_Latn", "deu_Latn", "tur_Latn")
TATOEBA = ("deu-eng", "fra-eng", "ita-eng", "fin-eng")


def cisi(source: Path, target: Path) -> None:
    """CISI: 1,460 documents, 76 of 112 queries are judged, each judgement a relevant one."""
    judged = [line.split() for line in (source / "CISI.REL").read_text("utf-8").splitlines()]
    convert.write_beir(
        target,
        convert.read_smart(source / "CISI.ALL"),
        convert.read_smart(source / "CISI.QRY"),
        ((row[0], row[1], 1) for row in judged if row),
    )


def cosqa(source: Path, target: Path) -> None:
    """500 questions, 6,267 Python functions, one right function a question."""
    base = source / "data/search"
    rows = json.loads((base / "cosqa-retrieval-test-500.json").read_text("utf-8"))
    codes = json.loads((base / "code_idx_map.txt").read_text("utf-8"))
    convert.write_beir(
        target,
        {str(number): code for code, number in codes.items()},
        {row["idx"]: row["doc"] for row in rows},
        ((row["idx"], str(row["retrieval_idx"]), 1) for row in rows),
    )


def xquad(source: Path, target: Path) -> None:
    """1,190 English questions, 240 paragraphs."""
    data = json.loads((source / "xquad.en.json").read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
    asked = {
        question["id"]: (question["question"], f"p{number}")
        for number, paragraph in enumerate(paragraphs)
        for question in paragraph["qas"]
    }
    convert.write_beir(
        target,
        {f"p{number}": each["context"] for number, each in enumerate(paragraphs)},
        {name: text for name, (text, _) in asked.items()},
        ((name, paragraph, 1) for name, (_, paragraph) in asked.items()),
    )


def banking77(source: Path, target: Path) -> None:
    """77 intents of bank customers: 10,003 training and 3,080 test questions."""
    for split in ("train", "test"):
        rows = _rows(source / "banking_data" / f"{split}.csv", ",")
        convert.write_jsonl(
            target / f"{split}.jsonl", ({"text": r["text"], "label": r["category"]} for r in rows)
        )


def sib200(source: Path, target: Path) -> None:
    """Sentences on seven topics in three languages: 701 to train on, 204 to test."""
    for language in SIB200:
        for split in ("train", "test"):
            rows = _rows(source / "data/annotated" / language / f"{split}.tsv", "\t")
            convert.write_jsonl(
                target / language / f"{split}.jsonl",
                ({"text": r["text"], "label": r["category"]} for r in rows),
            )


def tatoeba(source: Path, target: Path) -> None:
    """1,000 sentences in four languages and English."""
    convert.tatoeba(source, target)


def stsb(source: Path, target: Path) -> None:
    """1,379 pairs of English sentences, scored 0 to 5."""
    with (source / "data/stsb-en-test.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    convert.write_jsonl(
        target / "test.jsonl",
        ({"sentence1": a, "sentence2": b, "score": float(score)} for a, b, score in rows),
    )


_ENGLISH = 'languages = ["eng-Latn"]\n'
_SUBSETS: Mapping[str, str] = {
    "sib200": "\n[subsets]\n" + "".join(f'{n} = ["{n.replace("_", "-")}"]\n' for n in SIB200),
    "tatoeba": "\n[subsets]\n"
    + "".join(f'{n} = ["{n.split("-")[0]}-Latn", "eng-Latn"]\n' for n in TATOEBA),
    "short_texts": "\n[subsets]\n"
    + "".join(f'{name} = ["eng-Latn"]\n' for name in convert.SHORT_TEXTS),
}
_OPTIONS: Mapping[str, str] = {
    "short_texts": '\n[options]\nmax_document_to_embed = "all"\nmax_documents_per_cluster = 2000\n'
}
DATA: Mapping[str, tuple[str, str, str, Callable[[Path, Path], None]]] = {
    "cran": ("retrieval", "ndcg_at_10", "smart_collections/data/cran", convert.smart_cran),
    "cisi": ("retrieval", "ndcg_at_10", "smart_collections/data/cisi", cisi),
    "med": ("retrieval", "ndcg_at_10", "smart_collections/data/med", convert.smart_med),
    "cosqa": ("retrieval", "ndcg_at_10", "cosqa_retrieval", cosqa),
    "xquad": ("retrieval", "ndcg_at_10", "xquad", xquad),
    "banking77": ("classification", "accuracy", "banking77", banking77),
    "sib200": ("classification", "accuracy", "sib200", sib200),
    "short_texts": ("clustering", "v_measure", "short_text_clustering", convert.short_texts),
    "tatoeba": ("bitext", "f1", "tatoeba_laser", tatoeba),
    "stsb": ("sts", "cosine_spearman", "stsb_multi_mt", stsb),
}
"""By the task's name: its kind and score, the folder of its data, and how these are written."""


def write_task(source: Path, name: str, target: Path) -> Path:
    """Write one data set and its task file below ``target``, unless they are there; its path."""
    kind, score, folder, convert_data = DATA[name]
    path = target / f"{name}.toml"
    if not path.is_file():
        (target / name).mkdir(parents=True, exist_ok=True)
        convert_data(source / folder, target / name)
        head = f'kind = "{kind}"\nmain_score = "{score}"\n'
        head += "" if name in _SUBSETS else _ENGLISH
        text = f'{head}\n[source]\nfiles = "{name}"\n'
        path.write_text(text + _SUBSETS.get(name, "") + _OPTIONS.get(name, ""), "utf-8")
    return path


def _rows(path: Path, separator: str) -> list[dict[str, str]]:
    quoting = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=separator, quoting=quoting))

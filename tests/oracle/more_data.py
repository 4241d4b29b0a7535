"""More real data for the comparison: collections, candidate pools, Chinese pairs, clusterings."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from tests.oracle import real_data
from tests.oracle.mteb_task import Tables
from tests.oracle.real_data import folder

SEED = 42
OBJECTIVE = {
    "arguana": "Find the passage that argues against this one, on the same topic.",
    "clinical-trial": "Find clinical trials that this patient could take part in.",
    "relic": "Find the sentences of the novel that stand where the quotation was left out.",
    "wtb": "Find the book that the reader describes.",
}
"""Our own words for what a search in each of BIRCO's tasks wants."""


def drawn(table: pa.Table, rows: int) -> pa.Table:
    """At most so many rows of a table, drawn with one seed, in their order."""
    if table.num_rows <= rows:
        return table
    return table.take(sorted(random.Random(SEED).sample(range(table.num_rows), rows)))


def fewer(tables: Tables, rows: int) -> Tables:
    """The tables with at most so many ``rows``."""
    return {**tables, "rows": drawn(tables["rows"], rows)}


def fewer_queries(tables: Tables, queries: int) -> Tables:
    """Some of the queries with their judgements, and of a given pool only what they need."""
    chosen = drawn(tables["queries"], queries)
    kept = set(chosen.column("id").to_pylist())
    found = {**tables, "queries": chosen}
    for name in ("qrels", "top_ranked"):
        if name in tables:
            rows = [row for row in tables[name].to_pylist() if row["query-id"] in kept]
            found[name] = pa.Table.from_pylist(rows)
    if "top_ranked" in tables:
        needed = set(found["top_ranked"].column("corpus-id").to_pylist())
        rows = [row for row in tables["corpus"].to_pylist() if row["id"] in needed]
        found["corpus"] = pa.Table.from_pylist(rows)
    return found


def smart(name: str) -> Tables:
    """CISI (1,460 documents, 76 of 112 queries are judged) or MED (1,033 documents, 30 queries)."""
    base = folder("smart_collections") / "data" / name
    stem = name.upper()
    documents = real_data.records(base / f"{stem}.ALL")
    queries = real_data.records(base / f"{stem}.QRY")
    lines = [line.split() for line in (base / f"{stem}.REL").read_text("utf-8").splitlines()]
    # CISI: query, document; MED has a column between them, as trec_eval's qrels do.
    at = 1 if name == "cisi" else 2
    judged = [{"query-id": each[0], "corpus-id": each[at]} for each in lines if each]
    return {
        "corpus": _texts((ident, _joined(body, "TW")) for ident, body in documents),
        "queries": _texts((ident, _joined(body, "TW")) for ident, body in queries),
        "qrels": pa.Table.from_pylist(judged),
    }


def cosqa(codes: int) -> Tables:
    """500 questions and as many of 6,267 Python functions: the right ones and some others."""
    base = folder("cosqa_retrieval") / "data" / "search"
    rows = json.loads((base / "cosqa-retrieval-test-500.json").read_text("utf-8"))
    known = json.loads((base / "code_idx_map.txt").read_text("utf-8"))
    right = {str(row["retrieval_idx"]) for row in rows}
    others = [(str(number), code) for code, number in known.items() if str(number) not in right]
    others = random.Random(SEED).sample(others, codes - len(right))
    documents = [(str(n), code) for code, n in known.items() if str(n) in right] + others
    judged = [{"query-id": row["idx"], "corpus-id": str(row["retrieval_idx"])} for row in rows]
    return {
        "corpus": _texts(sorted(documents)),
        "queries": _texts((row["idx"], row["doc"]) for row in rows),
        "qrels": pa.Table.from_pylist(judged),
    }


def birco(name: str) -> Tables:
    """A pool of some 50 documents for each long query, graded, with one instruction for all."""
    data = json.loads((folder("birco") / "datasets" / name / "test_set.json").read_text("utf-8"))
    judged = [
        {"query-id": query, "corpus-id": document, "score": float(score)}
        for query, documents in data["qrel"].items()
        for document, score in documents.items()
    ]
    qrels = pa.Table.from_pylist(judged)
    queries = _texts(data["query"].items())
    return {
        "corpus": _texts(data["corpus"].items()),
        "queries": queries.append_column("instruction", [[OBJECTIVE[name]] * len(queries)]),
        "qrels": qrels,
        "top_ranked": qrels.select(["query-id", "corpus-id"]),
    }


def instruction_changed(found: Tables) -> Tables:
    """Each query twice: with the instruction, and told to leave out what was relevant."""
    rows = found["queries"].to_pylist()
    queries = [
        {"id": f"{row['id']}{ending}", "text": row["text"], "instruction": instruction}
        for row in rows
        for ending, instruction in (
            ("-og", row["instruction"]),
            ("-changed", f"{row['instruction']} Leave out what is known best."),
        )
    ]
    judged = found["qrels"].to_pylist()
    twice = [
        {**row, "query-id": f"{row['query-id']}{ending}"}
        for ending in ("-og", "-changed")
        for row in judged
    ]
    qrels = pa.Table.from_pylist(twice)
    changed = [
        {"query-id": row["query-id"], "corpus-id": row["corpus-id"]}
        for row in judged
        if row["score"] > 0
    ]
    return {
        "corpus": found["corpus"],
        "queries": pa.Table.from_pylist(queries),
        "qrels": qrels,
        "top_ranked": qrels.select(["query-id", "corpus-id"]),
        "changed": pa.Table.from_pylist(changed),
    }


def xquad(asked: str, read: str, questions: int) -> Tables:
    """Questions in one language, 240 paragraphs in another; both are parallel."""
    asking, reading = _paragraphs(asked), _paragraphs(read)
    corpus = [(f"p{number}", text) for number, (text, _) in enumerate(reading)]
    rows = [
        (question["id"], f"p{number}", question["question"])
        for number, (_, asked_here) in enumerate(asking)
        for question in asked_here
    ]
    chosen = sorted(random.Random(SEED).sample(rows, questions))
    return {
        "corpus": _texts(corpus),
        "queries": _texts((ident, text) for ident, _, text in chosen),
        "qrels": pa.Table.from_pylist(
            [{"query-id": ident, "corpus-id": paragraph} for ident, paragraph, _ in chosen]
        ),
    }


def sts(year: int) -> Tables:
    """All test files of one year's SemEval task; rows without a score are left out."""
    base = folder("sick_sts_mrpc_wang") / "data" / "sts" / "semeval-sts" / str(year)
    rows = []
    for path in sorted(base.glob("*.tsv")):
        for line in path.read_text("utf-8").splitlines():
            score, *texts = line.split("\t")
            if score.strip() and len(texts) >= 2:
                first, second = texts[:2]
                rows.append({"sentence1": first, "sentence2": second, "score": float(score)})
    return {"rows": pa.Table.from_pylist(rows)}


def chinese(name: str) -> Tables:
    """Chinese pairs; OCNLI's entailments against its contradictions, neutral ones left out."""
    path = {
        "AFQMC": "AFQMC/dev.txt",  # the tests of AFQMC and OCNLI have no labels
        "LCQMC": "LCQMC/test.txt",
        "OCNLI": "OCNLI/dev.txt",
        "PAWS-X": "PAWS-X/test_2k.tsv",
        "STS-B": "Chinese-STS-B/sts-b-test.txt",
    }[name]
    lines = (folder("csts_zh") / path).read_text("utf-8-sig").splitlines()
    gold = "score" if name == "STS-B" else "label"
    value = {"entailment": 1.0, "contradiction": 0.0}
    rows = []
    for line in lines[1 if name == "PAWS-X" else 0 :]:
        *_, first, second, label = line.split("\t")
        if name == "OCNLI" and label not in value:
            continue
        number = value[label] if name == "OCNLI" else float(label)
        rows.append({"sentence1": first, "sentence2": second, gold: number})
    return {"rows": pa.Table.from_pylist(rows)}


def short_texts(name: str) -> Tables:
    """Texts with the number of their topic: 20, 20, 8, 4 and 152 topics."""
    file = {
        "stackoverflow": "stackoverflow/stackoverflow_true_text",
        "biomedical": "biomedical/biomedical_true_text",
        "snippets": "search_snippets/search_snippets_true_text",
        "agnews": "agnewsdataraw-8000",
        "googlenews": "T",
    }[name]
    lines = (folder("short_text_clustering") / "data" / file).read_text("utf-8").splitlines()
    rows = [line.split("\t", 1) for line in lines if "\t" in line]
    texts, labels = [row[1].strip() for row in rows], [int(row[0]) for row in rows]
    return {"rows": pa.table({"text": texts, "label": labels})}


def in_sets(tables: Tables, size: int) -> Tables:
    """A clustering's rows as sets of one size, which are clustered apart."""
    rows = tables["rows"]
    names = [f"set {number // size}" for number in range(rows.num_rows)]
    return {"rows": rows.append_column("set", [names])}


def sib200_bitext(language: str) -> Tables:
    """204 sentences and their English originals, joined by their number."""
    base = folder("sib200") / "data" / "annotated"
    texts = {}
    for code in (language, "eng_Latn"):
        with (base / code / "test.tsv").open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
            texts[code] = {row["index_id"]: row["text"] for row in rows}
    both = sorted(texts[language].keys() & texts["eng_Latn"].keys(), key=int)
    first, second = ([texts[code][each] for each in both] for code in (language, "eng_Latn"))
    return {"rows": pa.table({"sentence1": first, "sentence2": second})}


def described(tables: Tables, descriptions: Mapping[Any, str]) -> Tables:
    """Rows to be classified by descriptions of their labels."""
    labels = list(descriptions)
    candidates = pa.table({"label": labels, "text": list(descriptions.values())})
    return {"rows": tables["rows"], "candidates": candidates}


def words_as_labels(tables: Tables) -> Tables:
    """The words of a label's name as several labels."""

    def words(table: pa.Table) -> Sequence[Any]:
        names = table.column("label").to_pylist()
        return pa.array([sorted(set(name.split("_"))) for name in names], pa.list_(pa.string()))

    return {name: table.set_column(1, "label", words(table)) for name, table in tables.items()}


def joined_pairs(tables: Tables, test: int) -> Tables:
    """The score of a pair as the value of both sentences joined; the last rows are the test."""
    rows = tables["rows"].to_pylist()
    texts = [f"{row['sentence1']} {row['sentence2']}" for row in rows]
    table = pa.table({"text": texts, "value": [row["score"] for row in rows]})
    train = table.num_rows - test
    return {"rows": table.slice(train), "train": table.slice(0, train)}


def meetings(queries: int) -> Tables:
    """Transcripts of QMSum's meetings, found by questions about them."""
    path = folder("qmsum") / "data" / "ALL" / "jsonl" / "test.jsonl"
    documents, asked, judged = [], [], []
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        record = json.loads(line)
        turns = (f"{turn['speaker']}: {turn['content']}" for turn in record["meeting_transcripts"])
        documents.append((f"m{number}", "\n".join(turns)))
        for place, each in enumerate(record["specific_query_list"]):
            asked.append((f"m{number}q{place}", each["query"]))
            judged.append({"query-id": f"m{number}q{place}", "corpus-id": f"m{number}"})
    tables = {
        "corpus": _texts(documents),
        "queries": _texts(asked),
        "qrels": pa.Table.from_pylist(judged),
    }
    return fewer_queries(tables, queries)


def _texts(rows: Iterable[tuple[str, str]]) -> pa.Table:
    """Ids and texts; mteb takes white space off both ends of a document itself."""
    pairs = [(ident, text.strip()) for ident, text in rows]
    return pa.table({"id": [pair[0] for pair in pairs], "text": [pair[1] for pair in pairs]})


def _joined(body: str, fields: str) -> str:
    return " ".join(real_data.field(body, name) for name in fields).strip()


def _paragraphs(language: str) -> list[tuple[str, list[Any]]]:
    data = json.loads((folder("xquad") / f"xquad.{language}.json").read_text("utf-8"))["data"]
    return [
        (paragraph["context"], paragraph["qas"])
        for article in data
        for paragraph in article["paragraphs"]
    ]

"""People's own data is recognised by names of files and columns, and a task is written of it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark.catalog import load_kind
from benchmark.cli import main
from benchmark.data.detect import Shape, detect
from benchmark.data.new_task import task_of_folder
from benchmark.errors import DataError, UsageError


def csv(*lines: str, times: int = 1) -> str:
    """Lines, the last one many times over with its number in place of ``#``."""
    rows = [lines[-1].replace("#", str(number)) for number in range(times)]
    return "".join(f"{line}\n" for line in [*lines[:-1], *rows])


def labelled(header: str = "text,label") -> str:
    """Texts of two labels."""
    return csv(header) + "".join(f"This is text {n} of them,{'ab'[n % 2]}\n" for n in range(20))


def pairs(header: str | None, third: str | None = "score", separator: str = ",") -> str:
    """Pairs with a graded score, a binary label or nothing."""
    lines = [header] if header else []
    for n in range(12):
        last = {"score": [f"{n % 5}.5"], "label": [str(n % 2)]}.get(third or "", [])
        lines.append(separator.join([f"A man does {n} things.", f"Someone does {n * 2}.", *last]))
    return "".join(f"{line}\n" for line in lines)


def beir(prefix: str = "") -> dict[str, str]:
    """A small retrieval."""
    corpus = [{"_id": f"d{n}", "title": "T", "text": f"text {n}"} for n in range(6)]
    queries = [{"_id": f"q{n}", "text": f"query {n}"} for n in range(3)]
    return {
        f"{prefix}corpus.jsonl": "".join(json.dumps(row) + "\n" for row in corpus),
        f"{prefix}queries.jsonl": "".join(json.dumps(row) + "\n" for row in queries),
    }


QRELS = csv("query-id\tcorpus-id\tscore", "q#\td#\t1", times=3)


@dataclass(frozen=True)
class Folder:
    """A folder's files, and what is recognised in them."""

    name: str
    files: Mapping[str, str | bytes]
    kind: str
    splits: tuple[str, ...] = ("test",)
    subsets: tuple[str, ...] = ()
    pattern: str = ""
    header: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    table: str = ""


TOP_RANKED = csv("query-id\tcorpus-id", "q#\td#", times=3)


def lines(*rows: Mapping[str, object]) -> str:
    """JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def versions() -> dict[str, str]:
    """Two queries before and after a change of their instructions."""
    names = [f"q{n}-{version}" for n in range(2) for version in ("og", "changed")]
    asked = [{"_id": name, "text": "query", "instruction": f"as {name}"} for name in names]
    pairs = [f"{name}\td{n}" for name in names for n in range(4)]
    return {
        "corpus.jsonl": beir()["corpus.jsonl"],
        "queries.jsonl": lines(*asked),
        "qrels.tsv": csv("query-id\tcorpus-id", *[f"{name}\td0" for name in names]),
        "top_ranked.tsv": csv("query-id\tcorpus-id", *pairs),
        "changed.tsv": csv("query-id\tcorpus-id", "q0\td1", "q1\td2"),
    }


LISTS = lines(*({"text": f"This is text {n}", "label": ["ab"[n % 2], "c"]} for n in range(20)))
RATED = csv("text,price", *(f"This is text {n} of them,{n * 1.5}" for n in range(20)))

FOLDERS = [
    Folder(
        "BEIR with candidates",
        beir() | {"qrels.tsv": QRELS, "top_ranked.tsv": TOP_RANKED},
        "reranking",
    ),
    Folder(
        "BEIR with candidates a split",
        beir() | {"qrels/dev.tsv": QRELS, "top_ranked/dev.tsv": TOP_RANKED},
        "reranking",
        splits=("dev",),
    ),
    Folder("BEIR with instructions that change", versions(), "instruction_reranking"),
    Folder(
        "BEIR with instructions",
        beir()
        | {
            "qrels.tsv": QRELS,
            "queries.jsonl": lines(
                *({"_id": f"q{n}", "text": f"query {n}", "instruction": "look"} for n in range(3))
            ),
        },
        "instruction_retrieval",
    ),
    Folder(
        "summaries beside human ones",
        {
            "test.csv": csv(
                "text-id,summary,score",
                *(f"t{n % 3},This is a summary {n} of it,{n // 3 + 1}" for n in range(12)),
            ),
            "references.csv": csv("text-id,text", "t#,Someone wrote this #", times=3),
        },
        "summarization",
        columns={"text": "summary"},
        table="rows",
    ),
    Folder(
        "texts beside described labels",
        {
            "reviews.csv": labelled("review,label"),
            "candidates.csv": csv("label,text", "a,The first sort", "b,The second sort"),
        },
        "zero_shot_classification",
        pattern="reviews.csv",
        columns={"text": "review"},
        table="rows",
    ),
    Folder(
        "texts and lists of labels, to learn from and to test on",
        {"train.jsonl": LISTS, "test.jsonl": LISTS},
        "multilabel_classification",
    ),
    Folder("texts and lists of labels", {"test.jsonl": LISTS}, "clustering"),
    Folder(
        "texts and numbers, to learn from and to test on",
        {"train.csv": RATED, "test.csv": RATED},
        "regression",
        columns={"value": "price"},
    ),
    Folder(
        "texts and labels, to learn from and to test on",
        {"train.csv": labelled(), "test.csv": labelled()},
        "classification",
    ),
    Folder(
        "the same under names of their own",
        {"train.csv": labelled("utterance,intent"), "test.csv": labelled("utterance,intent")},
        "classification",
        columns={"text": "utterance", "label": "intent"},
    ),
    Folder(
        "one file of texts and labels",
        {"reviews.csv": labelled()},
        "clustering",
        pattern="reviews.csv",
    ),
    Folder("one split of texts and labels", {"test.csv": labelled()}, "clustering"),
    Folder("scored pairs", {"test.csv": pairs("sentence1,sentence2,score")}, "sts"),
    Folder(
        "scored pairs under names of their own",
        {"test.tsv": pairs("left\tright\tsimilarity", separator="\t")},
        "sts",
        columns={"sentence1": "left", "sentence2": "right", "score": "similarity"},
    ),
    Folder(
        "pairs with a binary label",
        {"test.csv": pairs("sentence1,sentence2,label", "label")},
        "pair_classification",
    ),
    Folder("pairs alone", {"test.csv": pairs("sentence1,sentence2", None)}, "bitext"),
    Folder(
        "parallel texts",
        {"test.csv": pairs("English,German", None)},
        "bitext",
        columns={"sentence1": "English", "sentence2": "German"},
    ),
    Folder("BEIR", beir() | {"qrels/test.tsv": QRELS}, "retrieval"),
    Folder(
        "BEIR with several splits",
        beir() | {"qrels/test.tsv": QRELS, "qrels/train.tsv": QRELS, "qrels/dev.tsv": QRELS},
        "retrieval",
    ),
    Folder("BEIR without a folder of judgements", beir() | {"qrels.tsv": QRELS}, "retrieval"),
    Folder(
        "BEIR, a folder a language",
        beir("de/") | beir("en/") | {"de/qrels/test.tsv": QRELS, "en/qrels/test.tsv": QRELS},
        "retrieval",
        subsets=("de", "en"),
    ),
    Folder(
        "no header row",
        {"test.csv": pairs(None)},
        "sts",
        header=("sentence1", "sentence2", "score"),
    ),
    Folder(
        "no header row and no number",
        {"test.tsv": pairs(None, None, "\t")},
        "bitext",
        header=("sentence1", "sentence2"),
    ),
    Folder(
        "no header row, a column not used",
        {"test.csv": csv("main,it is number # of all,as you see at #,#.5", times=9)},
        "sts",
        header=("column1", "sentence1", "sentence2", "score"),
    ),
    Folder(
        "no header row, known by the repeated label",
        {"test.csv": labelled("good,a")},
        "clustering",
        header=("text", "label"),
    ),
    Folder(
        "a file a language and split",
        {f"stsb-{s}-{p}.csv": pairs(None) for s in ("de", "en") for p in ("test", "dev", "train")},
        "sts",
        subsets=("de", "en"),
        pattern="stsb-{subset}-{split}.csv",
        header=("sentence1", "sentence2", "score"),
    ),
    Folder(
        "a file a split under one name",
        {f"bank_{split}.csv": labelled() for split in ("train", "test")},
        "classification",
        pattern="bank_{split}.csv",
    ),
    Folder(
        "a file a language",
        {
            "de.csv": pairs("sentence1,sentence2,score"),
            "en.csv": pairs("sentence1,sentence2,score"),
        },
        "sts",
        subsets=("de", "en"),
        pattern="{subset}",
    ),
    Folder(
        "a folder a language",
        {f"{s}/{p}.csv": labelled() for s in ("de", "en") for p in ("train", "test")},
        "classification",
        subsets=("de", "en"),
    ),
    Folder(
        "compressed",
        {"test.csv.gz": gzip.compress(pairs("sentence1,sentence2,score").encode())},
        "sts",
    ),
    Folder(
        "development data alone",
        {"dev.csv": pairs("sentence1,sentence2,score")},
        "sts",
        splits=("dev",),
    ),
    Folder(
        "an index column, notes and hidden files beside it",
        {
            "test.csv": csv(",text,label")
            + "".join(f"{n},This is text {n},{'ab'[n % 2]}\n" for n in range(20)),
            "README.md": "#",
            "._test.csv": b"\xff\x00",
            ".cache/test.csv": "x",
        },
        "clustering",
    ),
]


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below a folder ``data``."""
    for name, content in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / "data"


def named(folder: Folder) -> str:
    """A folder's description as the test's id."""
    return folder.name


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_folder_is_recognised(folder: Folder, tmp_path: Path) -> None:
    """Kind, splits, subsets, names of files and of columns."""
    found = detect(write(tmp_path, folder.files))

    expected = Shape(
        folder.kind,
        folder.splits,
        folder.subsets,
        found.unused,
        folder.pattern,
        folder.header,
        folder.columns,
        folder.table,
        found.seen,
    )
    assert expected == found
    assert found.seen.startswith(f"data: read as {folder.kind} ")


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_the_written_file_passes_the_check_and_runs(
    folder: Folder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``tasks new``, ``tasks check`` and ``run``, with the file and with the folder alone."""
    write(tmp_path, folder.files)
    monkeypatch.chdir(tmp_path)

    assert 0 == main(["tasks", "new", "Mine", "--data", "data"])
    seen, wrote, then = capsys.readouterr().out.splitlines()
    assert 0 == main(["tasks", "check", "Mine.toml"])
    assert capsys.readouterr().out.splitlines()[-1].startswith("ok: Mine.toml")
    run = ["run", "random", "--no-cache", "--json"]
    assert 0 == main([*run, "-t", "Mine.toml", "-o", "one"])
    one = json.loads(capsys.readouterr().out)["results"]
    assert 0 == main([*run, "--data", "data", "-o", "two"])
    out, err = capsys.readouterr()
    two = json.loads(out)["results"]

    file = tmp_path / "Mine.toml"
    assert [f"wrote {file}", f"next: embedmark tasks check {file}"] == [wrote, then]
    assert f"note: {seen}" == err.splitlines()[0]
    kinds = {row["kind"] for row in (*one, *two)}
    assert {folder.kind} == kinds
    scores = [[row["main_score"] for row in rows] for rows in (one, two)]
    assert scores[0] == scores[1]
    assert len(folder.splits) * max(1, len(folder.subsets)) == len(one)


@pytest.mark.parametrize(
    ("kind", "files"),
    [
        ("clustering", {"train.csv": labelled(), "test.csv": labelled()}),
        ("bitext", {"test.csv": pairs("sentence1,sentence2,score")}),
        ("sts", {"test.csv": pairs("sentence1,sentence2,label", "label")}),
        ("long_context", beir() | {"qrels/test.tsv": QRELS}),
        ("retrieval", beir() | {"qrels.tsv": QRELS, "top_ranked.tsv": TOP_RANKED}),
        (
            "clustering_legacy",
            {"test.csv": labelled().replace(",", ",s1,").replace("s1", "set", 1)},
        ),
    ],
)
def test_a_kind_can_be_asked_for(kind: str, files: Mapping[str, str], tmp_path: Path) -> None:
    """Where the columns allow several."""
    folder = write(tmp_path, files)

    assert kind == detect(folder, kind).kind
    assert kind == task_of_folder(folder, kind, load_kind)[0].kind


@pytest.mark.parametrize(
    ("files", "kind", "message"),
    [
        (
            {"notes.md": "", "a/b.txt": ""},
            None,
            (
                "data: too little for any construction (seen: 1 .md, 1 .txt; 2 documents, 0 "
                "distinct, 0 passages); expected at least 2 different documents of some sentences "
                "or with titles"
            ),
        ),
        (
            {"a.png": b"", "b/c.bin": b""},
            None,
            (
                "data: no data of a known shape (found a.png, b); expected corpus, queries and "
                "qrels; <split>.jsonl/.csv/.tsv/.parquet with text and label, or sentence pairs; "
                "or documents (.txt, .md, .html, .htm, .pdf, rows of text)"
            ),
        ),
        (
            beir(),
            None,
            (
                "data: corpus and queries, but no qrels; add qrels/test.tsv with the columns "
                "query-id, corpus-id and score"
            ),
        ),
        (
            {"test.csv": labelled()},
            "classification",
            (
                "data: a classification needs train.* beside test.csv to learn from; add it, or "
                "use --kind clustering"
            ),
        ),
        (
            beir() | {"qrels.tsv": QRELS},
            "reranking",
            (
                "data: a reranking needs top_ranked.* beside corpus and queries, with the columns "
                "query-id and corpus-id; add it"
            ),
        ),
        (
            {"test.csv": labelled()},
            "multilabel_classification",
            (
                "data: a multilabel_classification needs train.* beside test.csv to learn from; "
                "add it"
            ),
        ),
        (
            {"test.csv": labelled()},
            "retrieval",
            (
                "data: too little for any construction (seen: 1 .csv; 20 documents, 20 distinct, "
                "20 passages); expected at least 2 different documents of some sentences or with "
                "titles"
            ),
        ),
        (
            {"test.csv": labelled()},
            "sts",
            (
                "test.csv: no column fits the field 'sentence1' of a sts (columns found: text, "
                "label); rename one or write the task file by hand"
            ),
        ),
        (
            {"test.csv": csv("id,text", "#,This is it #", times=9)},
            None,
            (
                "test.csv: no column fits the field 'label' of a clustering (columns found: id, "
                "text); rename one or write the task file by hand"
            ),
        ),
        (
            {"test.jsonl": "{"},
            None,
            "test.jsonl line 1: invalid JSON at column 2; mend the line",
        ),
    ],
)
def test_what_is_not_recognised_is_explained(
    files: Mapping[str, str], kind: str | None, message: str, tmp_path: Path
) -> None:
    """What was found, and what to do."""
    folder = write(tmp_path, files)

    with pytest.raises(DataError) as caught:
        detect(folder, kind)

    assert message == str(caught.value).replace(f"{tmp_path}/", "")


def test_no_folder_is_a_fault_of_the_command(tmp_path: Path) -> None:
    """Exit code 2."""
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        detect(tmp_path / "nowhere")

"""Every sort of bad input through the real command: one line that says where, what, what to do."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import benchmark
from benchmark import catalog
from benchmark.cli import main

Files = Mapping[str, str | bytes]

STS = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn"]
[source]
files = "data"
"""
RETRIEVAL = STS.replace('"sts"', '"retrieval"').replace("cosine_spearman", "ndcg_at_10")
CLASSIFICATION = STS.replace('"sts"', '"classification"').replace("cosine_spearman", "accuracy")
CLUSTERING = (
    STS.replace('"sts"', '"clustering"').replace("cosine_spearman", "v_measure")
    + '[options]\nmax_document_to_embed = "all"\n'
)


def jsonl(*rows: Mapping[str, object]) -> str:
    """Rows as a .jsonl file."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def pair(first: str, second: str, score: object) -> dict[str, object]:
    """One row of an sts."""
    return {"sentence1": first, "sentence2": second, "score": score}


PAIRS = jsonl(pair("a b", "a c", 4), pair("d e", "f g", 0.5), pair("h i", "h i", 5))
CORPUS = jsonl({"_id": "d1", "text": "one cat"}, {"_id": "d2", "text": "two dogs"})
QUERIES = jsonl({"_id": "q1", "text": "cats"}, {"_id": "q2", "text": "dogs"})
QRELS = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n"
BEIR = {
    "T.toml": RETRIEVAL,
    "data/corpus.jsonl": CORPUS,
    "data/queries.jsonl": QUERIES,
    "data/qrels/test.tsv": QRELS,
}
GOOD = {
    "Good.toml": STS.replace('"data"', '"good"'),
    "good/test.jsonl": PAIRS,
}


def labelled(**counts: int) -> str:
    """A .csv of texts, so many of each label."""
    rows = [f"text {label} {n},{label}" for label, count in counts.items() for n in range(count)]
    return "text,label\n" + "".join(f"{row}\n" for row in rows)


def parquet() -> bytes:
    """PAIRS as a parquet file."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([json.loads(line) for line in PAIRS.splitlines()]), sink)
    return sink.getvalue()


def zstd(data: bytes) -> bytes:
    """Zstandard-compressed bytes."""
    sink = io.BytesIO()
    with pa.CompressedOutputStream(pa.PythonFile(sink), "zstd") as stream:
        stream.write(data)
        stream.flush()
        return sink.getvalue()


@dataclass(frozen=True)
class Case:
    """Files, the lines that ``tasks check`` prints for them, and its exit code."""

    name: str
    files: Files
    lines: tuple[str, ...]
    code: int
    links: Mapping[str, str] = field(default_factory=dict)


def task_file(name: str, text: str, *lines: str, **files: str | bytes) -> Case:
    """A fault of the task file: exit 2."""
    return Case(name, {"T.toml": text, "data/test.jsonl": PAIRS, **files}, lines, 2)


def rows(name: str, text: str | bytes, *lines: str, ending: str = "jsonl") -> Case:
    """A fault of the rows of an sts: exit 1."""
    return Case(name, {"T.toml": STS, f"data/test.{ending}": text}, lines, 1)


def beir(name: str, *lines: str, code: int = 1, **changed: str) -> Case:
    """A fault of the files of a retrieval."""
    names = {"corpus": "data/corpus.jsonl", "queries": "data/queries.jsonl"}
    names["qrels"] = "data/qrels/test.tsv"
    return Case(name, BEIR | {names[key]: text for key, text in changed.items()}, lines, code)


METRICS = (
    "cosine_pearson, cosine_spearman, euclidean_pearson, euclidean_spearman, manhattan_pearson, "
    "manhattan_spearman, pearson, spearman"
)
KINDS = ", ".join(sorted([*catalog.KINDS, "aggregate"]))
DATA_ENDINGS = ".jsonl, .csv, .tsv or .parquet"

TASK_FILES = [
    task_file(
        "unknown key",
        STS.replace("languages", "langages"),
        "error: T.toml:3: unknown key 'langages'; did you mean 'languages'?",
    ),
    task_file(
        "unknown key in [source]",
        STS + 'patern = "{split}.jsonl"\n',
        "error: T.toml:6: unknown key 'patern' in [source]; did you mean 'pattern'?",
    ),
    task_file(
        "unknown key in [options]",
        STS + "[options]\nmin_scores = 0.0\n",
        "error: T.toml:7: unknown key 'min_scores' in [options] of a sts; did you mean "
        "'min_score'?",
    ),
    task_file(
        "unknown key in [columns]",
        STS + '[columns]\nsentence3 = "x"\n',
        "error: T.toml:7: unknown key 'sentence3' in [columns]; did you mean 'sentence2'?",
    ),
    task_file(
        "unknown key in [prompt]",
        STS + '[prompt]\nqueries = "x"\n',
        "error: T.toml:7: unknown key 'queries' in [prompt]; did you mean 'query'?",
    ),
    task_file(
        "wrong type",
        STS.replace('["eng-Latn"]', '"eng-Latn"'),
        "error: T.toml:3: 'languages' must be a list of strings, not a string",
    ),
    task_file(
        "wrong type of an item",
        STS.replace('["eng-Latn"]', '["eng-Latn", 3]'),
        "error: T.toml:3: 'languages' must be a list of strings, not a list with a number in it",
    ),
    task_file(
        "wrong type of an option",
        STS + '[options]\nmin_score = "0"\n',
        "error: T.toml:7: option 'min_score' must be a number (default 0.0), not '0'",
    ),
    task_file(
        "option below what makes sense",
        CLASSIFICATION + "[options]\nn_experiments = 0\n",
        "error: T.toml:7: option 'n_experiments' must be a whole number from 1 (default 10), not 0",
    ),
    task_file(
        "wrong type of a column",
        STS + "[columns]\nscore = 3\n",
        "error: T.toml:7: 'score' must be a string, not a number",
    ),
    task_file(
        "several columns for a number",
        STS + '[columns]\nscore = ["a", "b"]\n',
        "error: T.toml:7: 'score' must be a string, not a list",
    ),
    task_file(
        "missing key",
        STS.replace('main_score = "cosine_spearman"\n', ""),
        "error: T.toml: missing key 'main_score'; add it (a string)",
    ),
    task_file(
        "missing languages",
        STS.replace('languages = ["eng-Latn"]\n', ""),
        "error: T.toml: missing key 'languages'; add it, for example languages = [\"eng-Latn\"]",
    ),
    task_file(
        "missing source",
        STS.replace('[source]\nfiles = "data"\n', ""),
        "error: T.toml: missing key 'source'; add it (a table)",
    ),
    task_file(
        "a source of no type",
        STS.replace("files =", "file ="),
        "error: T.toml:4: [source] must name exactly one of hub, files, package, generate, "
        "documents, mteb, tasks, not file",
    ),
    task_file(
        "a source of two types",
        STS + 'generate = "passkey"\n',
        "error: T.toml:4: [source] must name exactly one of hub, files, package, generate, "
        "documents, mteb, tasks, not files and generate",
    ),
    task_file(
        "a package without a path",
        STS.replace('files = "data"', 'package = "gensim"\nreader = "lee_leads"'),
        "error: T.toml:4: [source] of a package needs 'path'; add it",
    ),
    task_file(
        "the same split twice",
        'splits = ["test", "test"]\n' + STS,
        "error: T.toml:1: 'splits' names 'test' twice; name it once",
    ),
    task_file(
        "unknown kind",
        STS.replace('"sts"', '"stss"'),
        "error: T.toml:1: unknown kind 'stss'; did you mean 'sts'?",
    ),
    task_file(
        "unknown kind like none",
        STS.replace('"sts"', '"poetry"'),
        f"error: T.toml:1: unknown kind 'poetry'; known: {KINDS}",
    ),
    task_file(
        "unknown metric",
        STS.replace("cosine_spearman", "cosine_spearmen"),
        "error: T.toml:2: unknown metric 'cosine_spearmen' as main_score of a sts; did you mean "
        "'cosine_spearman'?",
    ),
    task_file(
        "unknown metric like none",
        STS.replace("cosine_spearman", "bleu"),
        f"error: T.toml:2: unknown metric 'bleu' as main_score of a sts; known: {METRICS}",
    ),
    task_file(
        "invalid TOML",
        STS.replace('"sts"', '"sts'),
        "error: T.toml:1: invalid TOML: Illegal character '\\n' at column 12; mend the line",
    ),
    task_file(
        "not UTF-8",
        STS,
        "error: T.toml:3: not UTF-8; save the file as UTF-8",
        **{"T.toml": STS.replace("eng-Latn", "\xe9ng").encode("latin-1")},
    ),
    task_file(
        "a path above the folder",
        STS.replace('"data"', '"../data"'),
        "error: T.toml:5: '../data' leaves the folder of the task file; put the data beside the "
        "file",
    ),
    task_file(
        "a path that returns and leaves",
        STS.replace('"data"', '"data/../../data"'),
        "error: T.toml:5: 'data/../../data' leaves the folder of the task file; put the data "
        "beside the file",
    ),
    task_file(
        "an absolute path",
        STS.replace('"data"', '"/etc"'),
        "error: T.toml:5: '/etc' leaves the folder of the task file; put the data beside the file",
    ),
    task_file(
        "a pattern that leaves",
        STS + 'pattern = "../../{split}.jsonl"\n',
        "error: T.toml:6: '../../{split}.jsonl' leaves the folder of the task file; put the data "
        "beside the file",
    ),
    task_file(
        "unknown reader",
        STS.replace('files = "data"', 'package = "gensim"\npath = "x"\nreader = "lee_lead"'),
        "error: T.toml:7: unknown reader 'lee_lead'; did you mean 'lee_leads'?",
    ),
    task_file(
        "unknown generator",
        STS.replace('files = "data"', 'generate = "passkeys"'),
        "error: T.toml:5: unknown generator 'passkeys'; did you mean 'passkey'?",
    ),
    task_file(
        "extends a task that is not there",
        'extends = "Goood"\n',
        "error: T.toml:1: extends 'Goood': no task is named 'Goood'; known: ",
    ),
    task_file(
        "extends itself",
        'extends = "T"\n',
        "error: T.toml:1: extends 'T', which is itself; name another task",
    ),
    task_file(
        "extends two levels",
        'extends = "Middle"\n',
        "error: T.toml:1: extends 'Middle', which itself extends another task; name the task at "
        "the root instead",
        **{"Middle.toml": 'extends = "Good"\n'},
    ),
    task_file(
        "a broken base",
        'extends = "Middle"\n',
        "error: Middle.toml:3: unknown key 'langages'; did you mean 'languages'?",
        **{"Middle.toml": STS.replace("languages", "langages")},
    ),
    task_file(
        "a hook that is not there",
        'hook = "hook.py:tables"\n' + STS,
        "error: T.toml:1: hook 'hook.py:tables' must be FILE.py:FUNCTION with the file beside "
        "this one",
    ),
    task_file(
        "a separator of two characters",
        STS + 'separator = "||"\n',
        "error: T.toml:6: 'separator' must be one character, not '||'",
    ),
]

DATA = [
    Case(
        "missing folder",
        {"T.toml": STS},
        ("error: T: data: no such file or folder; check [source]",),
        1,
    ),
    Case(
        "missing file",
        {"T.toml": STS, "data/notes.md": ""},
        (
            (
                "error: T: data: no file for the rows of split 'test', subset 'default' (looked "
                f"for test/test, test with {DATA_ENDINGS}; found notes.md); add the file or set "
                "pattern in [source]"
            ),
        ),
        1,
    ),
    rows(
        "missing column",
        jsonl({"sentence1": "a", "sentence_2": "b", "gold": 1}),
        "error: T: data/test.jsonl: no column 'sentence2' for the field 'sentence2' (columns "
        "found: sentence1, sentence_2, gold; nearest: sentence_2); name it under [columns] in the "
        "task file",
        "error: T: data/test.jsonl: no column 'score' for the field 'score' (columns found: "
        "sentence1, sentence_2, gold); name it under [columns] in the task file",
    ),
    rows(
        "missing header",
        "A man rides a horse.,A person is on a horse.,4.2\nA dog.,A cat runs.,1.0\n",
        *(
            f"error: T: data/test.csv: no column '{name}' for the field '{name}' (columns found: "
            "3, whose names look like a row of data: set header in [source]); name it under "
            "[columns] in the task file"
            for name in ("sentence1", "sentence2", "score")
        ),
        ending="csv",
    ),
    rows(
        "wrong encoding",
        b"sentence1,sentence2,score\na,b,1\ncaf\xe9,b,2\n",
        "error: T: data/test.csv line 3: not utf-8 (byte 0xe9); save the file as UTF-8 or set "
        "encoding in [source]",
        ending="csv",
    ),
    Case(
        "unknown encoding",
        {"T.toml": STS + 'encoding = "utf-9"\n', "data/test.jsonl": PAIRS},
        (
            (
                "error: T: data/test.jsonl: unknown encoding 'utf-9'; use a Python codec name such "
                "as latin-1"
            ),
        ),
        1,
    ),
    rows(
        "a line that is no JSON",
        PAIRS + '{"sentence1" 3}\n',
        "error: T: data/test.jsonl line 4: invalid JSON at column 14; mend the line",
    ),
    rows(
        "every line that is no JSON",
        PAIRS + "x\n" + PAIRS + "[1]\n",
        "error: T: data/test.jsonl line 4: invalid JSON at column 1; mend the line",
        "error: T: data/test.jsonl line 8: not a JSON object; write one object a line",
    ),
    rows(
        "a line of JSON too deep",
        "[" * 100_000,
        "error: T: data/test.jsonl line 1: invalid JSON at column 1; mend the line",
    ),
    rows(
        "an empty file",
        "",
        "error: T: data/test.jsonl: empty file; write one JSON object a line",
    ),
    rows(
        "an empty csv",
        "",
        "error: T: data/test.csv: empty file; it needs a header row and data",
        ending="csv",
    ),
    rows(
        "a header and nothing else",
        "sentence1,sentence2,score\n",
        "error: T: data/test.csv: the table 'rows' has no rows; add data or fix the file name",
        ending="csv",
    ),
    rows(
        "too many fields",
        'sentence1,sentence2,score\n"a\nb",c,1\na,b,c,2\n',
        "error: T: data/test.csv line 4: 4 fields where the header has 3; quote or remove the "
        "separator",
        ending="csv",
    ),
    rows(
        "a quotation mark that nothing closes",
        'sentence1,sentence2,score\na,b,1\nc,"d,2\ne,f,3\n',
        "error: T: data/test.csv line 3: not valid csv; close the quotation marks, and double "
        "those inside a field",
        ending="csv",
    ),
    rows(
        "a column twice",
        "score,sentence1,score\n1,a,2\n",
        "error: T: data/test.csv: the header names a column twice; rename one",
        ending="csv",
    ),
    rows(
        "NaN and empty scores",
        '{"sentence1": "a", "sentence2": "b", "score": NaN}\n'
        + jsonl(pair("a", "b", 1), pair("a", "c", None), pair("a", "d", " "), pair("a", "e", 2)),
        "error: T: data/test.jsonl rows 1, 3, 4: the field 'score' is empty or NaN; drop the row "
        "or give it a value",
    ),
    rows(
        "scores that are no numbers",
        '{"sentence1": "a", "sentence2": "b", "score": Infinity}\n'
        + jsonl(*(pair("a", "b", score) for score in ("high", [1], 10**400, 1))),
        "error: T: data/test.jsonl rows 1, 2, 3 and 1 more: the field 'score' is not a finite "
        "number; mend it",
    ),
    rows(
        "one score for all",
        jsonl(pair("a", "b", 1), pair("c", "d", 1)),
        "error: T: data/test.jsonl: every pair has the same score; a correlation needs at least "
        "two different ones",
    ),
    rows(
        "a text that is null",
        jsonl(pair("a", "b", 1), {"sentence1": None, "sentence2": "c", "score": 2}),
        "error: T: data/test.jsonl row 2: the field 'sentence1' is missing or not a string; write "
        "a string",
    ),
    rows(
        "half a surrogate pair",
        PAIRS + '{"sentence1": "\\ud800", "sentence2": "b", "score": 1}\n',
        "error: T: data/test.jsonl row 4: the field 'sentence1' holds half a surrogate pair; write "
        "the whole character",
    ),
    Case(
        "fewer than two labels",
        {"T.toml": CLUSTERING, "data/test.csv": labelled(bank=5)},
        ("error: T: data/test.csv: fewer than two labels; add rows with another label",),
        1,
    ),
    Case(
        "fewer than two labels to train on",
        {
            "T.toml": CLASSIFICATION,
            "data/test.csv": labelled(bank=8),
            "data/train.csv": labelled(bank=8),
        },
        (
            (
                "error: T: data/train.csv: fewer than two labels to train on; add examples of "
                "another label"
            ),
        ),
        1,
    ),
    Case(
        "a row without a label",
        {"T.toml": CLUSTERING, "data/test.csv": labelled(bank=3, river=2) + "more text,\n"},
        (
            (
                "error: T: data/test.csv row 6: no 'label', or one that is no string or number; "
                "label the row or drop it"
            ),
        ),
        1,
    ),
    Case(
        "no training file",
        {"T.toml": CLASSIFICATION, "data/test.csv": labelled(bank=3, river=2)},
        (
            (
                "error: T: data: no file for the train of split 'train', subset 'default' (looked "
                f"for train/train, train with {DATA_ENDINGS}; found test.csv); add the file or set "
                "pattern in [source]"
            ),
        ),
        1,
    ),
    Case(
        "one file for two tables",
        {
            "T.toml": CLASSIFICATION.replace('"data"', '"all.csv"'),
            "all.csv": labelled(bank=3, river=2),
        },
        ("error: T: all.csv: one file holds no separate table 'train'; name a folder in [source]",),
        1,
    ),
    beir(
        "duplicate ids",
        "error: T: data/corpus.jsonl row 3: the id 'd1' is that of row 1 too; make ids unique",
        corpus=CORPUS + jsonl({"_id": "d1", "text": "another"}),
    ),
    beir(
        "a row without an id",
        "error: T: data/corpus.jsonl rows 3, 4, 5: no 'id', or one that is no string or number; "
        "give every row one",
        corpus=CORPUS
        + jsonl({"text": "x"}, {"_id": "", "text": "y"}, {"_id": {"z": "w"}, "text": "z"}),
    ),
    beir(
        "a judgement of an absent query",
        "error: T: data/qrels/test.tsv row 3: judges the query 'q9', which is absent; add the "
        "query or remove the judgement",
        qrels=QRELS + "q9\td1\t1\n",
    ),
    beir(
        "judgements of absent documents",
        "error: T: data/qrels/test.tsv row 3: judges the document 'd8', which is absent (2 rows "
        "in all); add the document or remove the judgement",
        qrels=QRELS + "q1\td8\t1\nq2\td9\t1\n",
    ),
    beir(
        "a corpus of zero rows",
        "error: T: data/corpus.jsonl: empty file; write one JSON object a line",
        corpus="",
    ),
    Case(
        "a corpus of a header alone",
        {k: v for k, v in BEIR.items() if "corpus" not in k} | {"data/corpus.csv": "_id,text\n"},
        (
            (
                "error: T: data/corpus.csv: the table 'corpus' has no rows; add data or fix the "
                "file name"
            ),
        ),
        1,
    ),
    Case(
        "a link that leaves the folder",
        {"inside/T.toml": STS, "secret/test.jsonl": PAIRS},
        (
            (
                "error: T: data/test.jsonl: leaves the folder of the task file (inside), by its "
                "path or by a link; put the data itself beside the task file"
            ),
        ),
        1,
        {"inside/data/test.jsonl": "secret/test.jsonl"},
    ),
    Case(
        "a linked folder that leaves",
        {"inside/T.toml": STS, "secret/test.jsonl": PAIRS},
        (
            (
                "error: T: data: leaves the folder of the task file (inside), by its path or by a "
                "link; put the data itself beside the task file"
            ),
        ),
        1,
        {"inside/data": "secret"},
    ),
    *(
        rows(
            f"an archive cut short: {ending}",
            whole[: len(whole) // 2],
            f"error: T: data/test.{ending}: {said}; copy or download it again",
            ending=ending,
        )
        for ending, whole, said in (
            ("jsonl.gz", gzip.compress(PAIRS.encode()), "the archive is cut short or damaged"),
            ("jsonl.zst", zstd(PAIRS.encode()), "the archive is cut short or damaged"),
            ("csv.zst", b"", "the archive is cut short or damaged"),
            ("csv.gz", b"", "the archive is cut short or damaged"),
            ("parquet", parquet(), "not a whole parquet file"),
            ("parquet.gz", gzip.compress(parquet()), "the archive is cut short or damaged"),
        )
    ),
    rows(
        "an archive that is none",
        PAIRS,
        "error: T: data/test.jsonl.gz: the archive is cut short or damaged; copy or download it "
        "again",
        ending="jsonl.gz",
    ),
]

TOLERATED = [
    rows(
        "an empty text",
        PAIRS + jsonl(pair("", "b", 1), pair("  ", "c", 2)),
        "warning: T: data/test.jsonl rows 4, 5: the field 'sentence1' is empty; it is evaluated as "
        "an empty text, remove the row if that is not meant",
        "ok: T.toml, 1 warning",
    ),
    beir(
        "a query without a relevant document",
        "warning: T: data/queries.jsonl row 3: the query 'q3' has no relevant document (2 rows in "
        "all); judge one, or remove the query (without any judgement it is not counted)",
        "ok: T.toml, 1 warning",
        queries=QUERIES + jsonl({"_id": "q3", "text": "x"}, {"_id": "q4", "text": "y"}),
        qrels=QRELS + "q4\td1\t0\n",
    ),
    Case(
        "a label with one example",
        {
            "T.toml": CLASSIFICATION,
            "data/test.csv": labelled(bank=2, river=2, hill=1).replace("text ", "other "),
            "data/train.csv": labelled(bank=8, river=8, hill=1),
        },
        (
            (
                "warning: T: data/train.csv row 17: the only example of its label; add examples, "
                "or remove the label"
            ),
            "ok: T.toml, 1 warning",
        ),
        0,
    ),
]


def write(files: Files, links: Mapping[str, str] = {}) -> None:
    """Write files, and links, below the working directory."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    for name, target in links.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).symlink_to(Path(target).resolve())


def command(*arguments: str) -> int:
    """Run the command in this process; argparse's own exit counts as its code."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return int(str(stop.code))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory with one good task in it."""
    monkeypatch.chdir(tmp_path)
    write(GOOD)
    return tmp_path


def named(case: Case) -> str:
    """A case's name as the test's id."""
    return case.name


def task_path(case: Case) -> str:
    """Where the case put its task file."""
    return next(name for name in case.files if name.endswith("T.toml"))


@pytest.mark.parametrize("case", [*TASK_FILES, *DATA], ids=named)
def test_check_says_where_what_and_what_to_do(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``tasks check`` reports every fault on a line of its own, and still checks the other task."""
    write(case.files, case.links)

    code = command("tasks", "check", task_path(case), "Good.toml")

    out, err = capsys.readouterr()
    said = err.splitlines()
    if case.lines[0].endswith("known: "):  # the project's own tasks follow
        said = [line[: len(case.lines[0])] for line in said]
    assert (list(case.lines), "ok: Good.toml\n", case.code) == (said, out, code)


@pytest.mark.parametrize("case", DATA, ids=named)
def test_run_reports_bad_data_and_goes_on(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A task with bad data is a failed row; the other is measured, and the exit code is 1."""
    write(case.files, case.links)

    code = command(
        "run", "random", "-t", task_path(case), "Good.toml", "--no-cache", "-o", "out", "--json"
    )

    out, err = capsys.readouterr()
    results = json.loads(out)["results"]
    first = case.lines[0].removeprefix("error: ")
    error = next(row["error"] for row in results if row["task"] == "T")
    assert [("T", "failed"), ("Good", "measured")] == [(r["task"], r["status"]) for r in results]
    assert error.partition(" (and ")[0] == first
    assert (1, True) == (code, f"failed: {error}\n" in err)
    assert "Traceback" not in err


@pytest.mark.parametrize("case", TASK_FILES, ids=named)
def test_run_refuses_a_bad_task_file(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing runs with a wrong task file: one line, exit 2, no result."""
    write(case.files, case.links)

    code = command("run", "random", "-t", "Good.toml", "T.toml", "-o", "out")

    out, err = capsys.readouterr()
    expected = f"embedmark: {case.lines[0]}"
    assert (2, "", False) == (code, out, Path("out").exists())
    assert [expected] == [line[: len(expected)] for line in err.splitlines()]


@pytest.mark.parametrize("case", TOLERATED, ids=named)
def test_what_the_field_tolerates_is_a_warning(
    case: Case, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``tasks check`` passes with a warning; a run notes it, and counts it in the result."""
    write(case.files)

    assert 0 == command("tasks", "check", "T.toml")
    assert list(case.lines) == capsys.readouterr().out.splitlines()

    assert 0 == command("run", "random", "-t", "T.toml", "--no-cache", "-o", "out")
    note = case.lines[0].removeprefix("warning: ")
    assert f"note: {note}" in capsys.readouterr().err.splitlines()
    (result,) = Path("out").rglob("T.json")
    counts = json.loads(result.read_text("utf-8"))["embedmark"]["subsets"]["test/default"]
    expected = {
        "an empty text": {"empty_text": 2},
        "a query without a relevant document": {
            "query_without_relevant": 1,  # q4, judged
            "query_without_judgement": 1,  # q3
            "k_beyond_corpus": 6,  # of the seven cut-offs, all but 1
        },
        "a label with one example": {"label_with_one_example": 1},
    }[case.name]
    assert expected == counts["warnings"]


def test_two_files_of_one_name_are_both_named(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same task name in two different files is an error that names both."""
    write({"one/T.toml": STS, "two/T.toml": STS + "# other\n"})

    code = command("tasks", "check", "one/T.toml", "two/T.toml")

    # Each is checked by its own path.
    assert 1 == code
    capsys.readouterr()
    code = command("run", "random", "-t", "one/T.toml", "two/T.toml", "-o", "out")
    expected = (
        "embedmark: error: two tasks are named 'T': one/T.toml and two/T.toml; rename one of them\n"
    )
    assert (2, expected) == (code, capsys.readouterr().err)


def test_a_task_of_the_user_may_not_take_a_name_of_the_project(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when the other file lies in ./tasks."""
    write({"tasks/LeeNewsSimilarity.toml": STS})

    code = command("tasks", "list")

    error = capsys.readouterr().err
    assert (2, 1) == (code, len(error.splitlines()))
    assert error.startswith("embedmark: error: two tasks are named 'LeeNewsSimilarity': /")
    assert error.endswith(
        "LeeNewsSimilarity.toml and tasks/LeeNewsSimilarity.toml; rename one of them\n"
    )


HOOKED = {
    "tasks/T.toml": 'hook = "hook.py:tables"\n' + STS,
    "tasks/data/test.jsonl": PAIRS,
    "tasks/hook.py": "def tables(tables):\n    return {'rows': tables['rows'].slice(0, 2)}\n",
}


def test_a_hook_runs_only_when_trusted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By name it is refused; by path, or with --trust, it runs."""
    write(HOOKED)

    code = command("tasks", "check", "T")

    expected = (
        "error: tasks/T.toml: the task runs code of its own (hook.py:tables); name the task by "
        "its path or add --trust to allow it"
    )
    assert (2, expected) == (code, capsys.readouterr().err.strip().replace("T: tasks", "tasks"))
    assert 0 == command("tasks", "check", "T", "--trust")
    assert 0 == command("tasks", "check", "tasks/T.toml")


def test_a_hook_that_fails_is_named_without_what_it_says(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the exception's type, since its message may quote the data."""
    write(HOOKED | {"tasks/hook.py": "def tables(tables):\n    raise ValueError('a b')\n"})

    code = command("tasks", "check", "tasks/T.toml")

    expected = (
        "error: tasks/T.toml: tasks/hook.py: the hook 'tables' failed (ValueError); run it alone "
        "to see why\n"
    )
    assert (1, expected) == (
        code,
        capsys.readouterr().err.replace("error: T:", "error: tasks/T.toml:"),
    )


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "return None",
            (
                "tasks/hook.py: the hook 'tables' returned no Arrow table 'rows'; return every "
                "table that it was given"
            ),
        ),
        (
            "return {'rows': tables['rows'].select(['sentence1', 'score'])}",
            (
                "data/test.jsonl: no column 'sentence2' for the field 'sentence2' (columns found: "
                "sentence1, score); name it under [columns] in the task file"
            ),
        ),
    ],
    ids=["nothing", "a column less"],
)
def test_what_a_hook_returns_is_checked_as_data(
    body: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A hook may change rows, and answers for what it returns."""
    write(HOOKED | {"tasks/hook.py": f"def tables(tables):\n    {body}\n"})

    code = command("tasks", "check", "tasks/T.toml", "Good.toml")

    out, err = capsys.readouterr()
    assert (1, "ok: Good.toml\n") == (code, out)
    assert message in err


USAGE = {
    "an unknown command": (("rnu",), "unknown command 'rnu'; did you mean 'run'?"),
    "an unknown task": (
        ("tasks", "show", "LeeNewsSimilarty"),
        "no task or suite is named 'LeeNewsSimilarty'; did you mean 'LeeNewsSimilarity'?",
    ),
    "an unknown kind to filter by": (
        ("tasks", "list", "--kind", "retreival"),
        "--kind: no kind 'retreival'; did you mean 'retrieval'?",
    ),
    "an unknown split": (
        ("run", "random", "-t", "Good.toml", "--split", "tets"),
        "--split: no split 'tets' in the tasks asked for; did you mean 'test'?",
    ),
    "an unknown subset": (
        ("run", "random", "-t", "Good.toml", "--subset", "defualt"),
        "--subset: no subset 'defualt' in the tasks asked for; did you mean 'default'?",
    ),
    "an unknown language": (
        ("run", "random", "-t", "Good.toml", "--language", "deu"),
        "--language: no language 'deu' in the tasks asked for; known: eng, eng-Latn",
    ),
    "an unknown domain": (
        ("run", "random", "-t", "Good.toml", "--domain", "finance"),
        "--domain: no domain 'finance' in the tasks asked for",
    ),
    "a task file that is not there": (
        ("run", "random", "-t", "nothing.toml"),
        "nothing.toml: no such file; check the path",
    ),
    "a folder without tasks": (
        ("run", "random", "-t", "good"),
        "good: no task file in this folder; name a .toml file",
    ),
    "data and a task": (
        ("run", "random", "-t", "Good.toml", "--data", "good"),
        "--data and -t exclude each other; give one of them",
    ),
    "no such data": (
        ("run", "random", "--data", "nowhere"),
        "nowhere: no such folder; name a folder with data files in it",
    ),
    "an unknown kind to write": (
        ("tasks", "new", "X", "--data", "good", "--kind", "stss"),
        "unknown kind 'stss'; did you mean 'sts'?",
    ),
    "a name that cannot be a task's": (
        ("tasks", "new", "my task", "--data", "good"),
        "my task.toml: the file's stem is the task's name; use letters, digits and . _ - ( ) +",
    ),
    "a name that is a path": (
        ("tasks", "new", "../X", "--data", "good"),
        "'../X': a name, not a path; the file is put beside good",
    ),
    "a name that is taken": (
        ("tasks", "new", "Good", "--data", "good"),
        "Good.toml: exists; choose another name or remove it first",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), USAGE.values(), ids=USAGE)
def test_wrong_usage_is_one_line_and_exit_2(
    arguments: tuple[str, ...], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nearest known name is suggested."""
    code = command(*arguments)

    out, err = capsys.readouterr()
    said = err.replace(f"{Path.cwd()}/", "")
    assert (2, "", f"embedmark: error: {message}\n") == (code, out, said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "--batchsize"), "unrecognized arguments: --batchsize"),
        (("run", "--limit", "0"), "argument --limit: '0' is no whole number from 1"),
        (("run", "--batch-size", "x"), "argument --batch-size: 'x' is no whole number from 1"),
    ],
)
def test_an_option_that_is_unknown_or_wrong(
    arguments: tuple[str, ...], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By argparse, with the usage before it."""
    code = command(*arguments)

    last = capsys.readouterr().err.splitlines()[-1]
    assert (2, f"embedmark run: error: {message}") == (code, last)


FAILING_MODELS = {
    "no such scheme": ("stt:x", "model 'stt:x': unknown scheme 'stt'; did you mean 'st'?"),
    "no such model": (
        "wordlama",
        "model 'wordlama': no scheme, file or folder of that name; did you mean 'wordllama'?",
    ),
    "no such option": (
        "random?dmi=3",
        "model 'random?dmi=3': 'random' has no option 'dmi'; did you mean 'dim'?",
    ),
    "an option of the wrong type": (
        "random?dim=x",
        "model 'random?dim=x': option dim must be of type whole number, not 'x'",
    ),
    "no such file": ("py:gone.py", "model 'py:gone.py': no such file; check the path"),
}


@pytest.mark.parametrize(("uri", "message"), FAILING_MODELS.values(), ids=FAILING_MODELS)
def test_a_model_that_is_not_there(
    uri: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The nearest known name is suggested; no traceback."""
    code = command("run", uri, "-t", "Good.toml", "--no-cache", "-o", "out")

    err = capsys.readouterr().err
    assert code in (1, 2)
    assert message in err
    assert "Traceback" not in err


MODELS = {
    "a shape that is wrong": (
        "return np.zeros((len(texts) + 1, 3), np.float32)",
        "local/m returned shape (6, 3) for 5 texts; return (n, d)",
    ),
    "one dimension": (
        "return np.zeros(len(texts), np.float32)",
        "local/m returned shape (5,) for 5 texts; return (n, d)",
    ),
    "vectors of strings": (
        "return [[text] for text in texts]",
        "local/m returned no numbers (text); return (n, d) float32 vectors of one width",
    ),
    "vectors of different lengths": (
        "return [[1.0] * (1 + n) for n in range(len(texts))]",
        (
            "local/m returned no numbers (lists of several lengths); return (n, d) float32 vectors "
            "of one width"
        ),
    ),
    "nothing": (
        "return None",
        "local/m returned no numbers (objects); return (n, d) float32 vectors of one width",
    ),
    "NaN": (
        "return np.array([[np.nan, 1.0] if 'f' in text else [1.0, 0.0] for text in texts])",
        (
            "local/m returned a NaN or infinite vector for row 2 of 'sentence2' (1 in its batch); "
            "check the model on that text"
        ),
    ),
    "an exception": (
        "raise ValueError(texts[0])",
        ("local/m failed (ValueError at m.py:3); encode one text with it by hand to see why"),
    ),
}


@pytest.mark.parametrize(("body", "message"), MODELS.values(), ids=MODELS)
def test_a_model_that_returns_what_it_must_not(
    body: str, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A failed row that says what came back; the other model is measured."""
    write({"m.py": f"import numpy as np\ndef encode(texts):\n    {body}\n"})

    code = command("run", "m.py", "random", "-t", "Good.toml", "--no-cache", "-o", "out", "--json")

    out, err = capsys.readouterr()
    failed, measured = json.loads(out)["results"]
    assert (1, f"m.py on Good: {message}") == (code, failed["error"])
    assert ("failed", "measured") == (failed["status"], measured["status"])
    assert f"failed: {failed['error']}" in err.splitlines()
    assert not list(Path("out").rglob("local__m/**/Good.json"))


def test_vectors_that_lack_texts(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Never a zero for a text without a vector: the row fails, and says how many are absent."""
    import numpy as np

    np.savez("v.npz", texts=np.array(["a b"]), vectors=np.ones((1, 4), np.float32))

    code = command("run", "v.npz", "-t", "Good.toml", "--no-cache", "-o", "out", "--json")

    (row,) = json.loads(capsys.readouterr().out)["results"]
    expected = (
        "v.npz on Good: local/v: 4 of 5 texts have no vector in the file (first: row 2 of "
        "'sentence1', row 3 of 'sentence1', row 1 of 'sentence2', ...); write one for each text "
        "that the task reads"
    )
    assert (1, expected) == (code, row["error"])


def test_a_model_whose_package_is_absent(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that installs it; the other model is measured."""
    monkeypatch.setitem(sys.modules, "bm25s", None)
    write(BEIR)

    code = command("run", "bm25", "random", "-t", "T.toml", "--no-cache", "-o", "out", "--json")

    failed, measured = json.loads(capsys.readouterr().out)["results"]
    assert (1, "failed", "measured") == (code, failed["status"], measured["status"])
    assert "needs the package 'bm25s'; run: pip install 'embedmark[" in failed["error"]


def test_data_whose_package_is_absent(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The task says what it needs, and the other task goes on."""
    absent = 'package = "no-such-package"\npath = "x"\nreader = "lee_leads"'
    write({"T.toml": STS.replace('files = "data"', absent)})

    code = command("tasks", "check", "T.toml", "Good.toml")

    expected = (
        "error: the task 'T' needs the package 'no-such-package'; run: pip install "
        "'embedmark[starter]'\n"
    )
    assert (2, ("ok: Good.toml\n", expected)) == (code, capsys.readouterr())


def test_one_bad_subset_leaves_the_others(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each split and subset is a row of its own."""
    subsets = '[subsets]\nde = ["deu-Latn"]\nen = ["eng-Latn"]\n'
    write({"T.toml": STS + subsets, "data/de/test.jsonl": "x\n", "data/en/test.jsonl": PAIRS})

    code = command("run", "random", "-t", "T.toml", "--no-cache", "-o", "out", "--json")

    out, err = capsys.readouterr()
    rows = json.loads(out)["results"]
    error = "T: data/de/test.jsonl line 1: invalid JSON at column 1; mend the line"
    assert [("de", "failed", error), ("en", "measured", None)] == [
        (row["subset"], row["status"], row["error"]) for row in rows
    ]
    assert (1, True) == (code, f"failed: {error}" in err.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("tasks", "check", "T.toml"), 1),
        (("run", "random", "-t", "T.toml", "--no-cache"), 1),
        (("tasks", "show", "T.toml"), 1),
        (("tasks", "check", "Broken.toml"), 2),
        (("run", "random", "-t", "Broken.toml"), 2),
        (("run", "--nonsense"), 2),
    ],
)
def test_the_installed_way_in_agrees(arguments: tuple[str, ...], code: int, here: Path) -> None:
    """``python -m benchmark`` leaves with the same codes, one line of error and no traceback."""
    write({"T.toml": STS, "data/test.jsonl": "x\n", "Broken.toml": "kind ="})

    done = subprocess.run(
        [sys.executable, "-m", "benchmark", *arguments],
        env={**os.environ, "PYTHONPATH": str(Path(benchmark.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert code == done.returncode
    assert "Traceback" not in done.stderr
    assert any("error" in line or "failed" in line for line in done.stderr.splitlines())


def test_two_models_of_one_identity(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Equal files that load what lies beside them: one would be given the other's vectors."""
    code = "import pathlib\ndef encode(texts):\n    n = float(pathlib.Path(__file__).parent.name)\n"
    code += "    return [[n, float(len(text)), 1.0] for text in texts]\n"
    write({"1/m.py": code, "2/m.py": code, "3/m.py": code + "revision = 'other'\n"})

    models = ("1/m.py", "2/m.py", "3/m.py", "1/m.py")
    status = command("run", *models, "-t", "Good.toml", "--cache", "cache", "--json")

    first, second, third, again = json.loads(capsys.readouterr().out)["results"]
    assert 1 == status
    assert (
        "2/m.py: another model of this run is local/m too, and what they load may differ; set "
        "revision in the file, or give it another name"
    ) == second["error"]
    assert ["measured", "measured", "reused"] == [row["status"] for row in (first, third, again)]


def test_two_objects_of_one_name(here: Path) -> None:
    """Their results would lie in one place; one object may be given twice."""

    class Model:
        def __init__(self, first: float) -> None:
            self.first = first

        def encode(self, texts: list[str]) -> list[list[float]]:
            return [[self.first, float(len(text))] for text in texts]

    one, other = Model(1.0), Model(2.0)

    found = list(
        benchmark.evaluate([one, other, one, "random"], "Good.toml", output="out", cache="c")
    )

    assert ["measured", "failed", "measured", "measured"] == [row.status for row in found]
    assert "local/Model: another model of this run is local/Model too" in str(found[1].error)


def test_an_object_that_compares_in_a_way_that_nobody_knows(here: Path) -> None:
    """Scored by another measure its score would be another model's; the next model goes on."""

    class Model:
        similarity = "manhattan"

        def encode(self, texts: list[str]) -> list[list[float]]:
            return [[1.0, float(len(text))] for text in texts]

    failed, measured = benchmark.evaluate([Model(), "random"], "Good.toml", cache="c")

    assert "similarity must be the word cosine, dot or euclidean" in str(failed.error)
    assert ("Model", "measured") == (failed.model, measured.status)

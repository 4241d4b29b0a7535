"""No text and no label of the data reaches an output: a secret is planted, then sought."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main

TEXT, LABEL = "zanzibarix", "quokkalabel"
SECRETS = (TEXT.encode(), LABEL.encode())
MAIN_SCORES = {
    "sts": "cosine_spearman",
    "pair_classification": "max_ap",
    "bitext": "f1",
    "classification": "accuracy",
    "clustering": "v_measure",
    "retrieval": "ndcg_at_10",
    "long_context": "ndcg_at_10",
}
Row = dict[str, Any]


def said(number: int, word: str = "is") -> str:
    """A text with the secret in it."""
    return f"The {TEXT} deal {word} number {number}, as we {word} told."


def labels(number: int) -> str:
    """One of two labels, both secret."""
    return f"{LABEL} {'AB'[number % 2]}"


def texts(count: int = 20) -> list[Row]:
    """Rows of labelled texts."""
    return [{"text": said(n, f"w{n % 2}"), "label": labels(n)} for n in range(count)]


def pairs(third: str, count: int = 10) -> list[Row]:
    """Rows of pairs with a score, a binary label, or nothing."""
    rows: list[Row] = [
        {"sentence1": said(n), "sentence2": said(n * 3, "was")} for n in range(count)
    ]
    for number, row in enumerate(rows):
        if third:
            row[third] = number if third == "score" else number % 2
    return rows


def pair(score: object) -> Row:
    """One more pair."""
    return {"sentence1": said(1), "sentence2": said(2), "score": score}


def beir() -> dict[str, str]:
    """A corpus, queries and judgements."""
    corpus = [{"_id": f"d{n}", "title": f"{TEXT} {n}", "text": said(n)} for n in range(8)]
    queries = [{"_id": f"q{n}", "text": said(n, "will")} for n in range(4)]
    qrels = "".join(f"q{n}\td{n}\t1\n" for n in range(4))
    return {
        "corpus.jsonl": jsonl(corpus),
        "queries.jsonl": jsonl(queries),
        "qrels/test.tsv": f"query-id\tcorpus-id\tscore\n{qrels}",
    }


def jsonl(rows: list[Row]) -> str:
    """Rows as .jsonl."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def table(rows: list[Row], *, header: bool = True) -> str:
    """Rows as .csv."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


WHOLE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "sts": ("sts", {"test.jsonl": jsonl(pairs("score"))}),
    "pair_classification": ("pair_classification", {"test.csv": table(pairs("label"))}),
    "bitext": ("bitext", {"test.csv": table(pairs(""))}),
    "classification": (
        "classification",
        {"test.csv": table(texts()), "train.jsonl": jsonl(texts())},
    ),
    "clustering": ("clustering", {"test.jsonl": jsonl(texts())}),
    "retrieval": ("retrieval", beir()),
    "long_context": ("long_context", beir()),
}
CORPUS = beir()["corpus.jsonl"]
SCORED = jsonl(pairs("score"))
TSV = beir()["qrels/test.tsv"]
BROKEN: Mapping[str, tuple[str, Mapping[str, str | bytes]]] = {
    "no_json": ("sts", {"test.jsonl": f'{SCORED}{{"sentence1": "{said(1)}", {TEXT}\n'}),
    "no_object": ("sts", {"test.jsonl": f'{SCORED}["{said(1)}"]\n"{said(2)}"\n'}),
    "text_as_number": ("sts", {"test.jsonl": jsonl([*pairs("score"), pair(said(3))])}),
    "no_score": ("sts", {"test.jsonl": jsonl([*pairs("score"), pair(None)])}),
    "same_score": ("sts", {"test.jsonl": jsonl([{**row, "score": 1} for row in pairs("score")])}),
    "no_column": ("sts", {"test.csv": table(pairs("label"))}),
    "no_header": ("sts", {"test.csv": table(pairs("score"), header=False)}),
    "no_header_bitext": ("bitext", {"test.tsv": f"{said(1)}\t{said(2)}\n" * 3}),
    "no_header_labels": ("clustering", {"test.csv": table(texts(), header=False)}),
    "label_as_header": ("clustering", {"test.csv": "zanzibarix,quokkalabel\n" * 9}),
    "header_twice": ("bitext", {"test.csv": f'"{said(1)}","{said(1)}"\n' * 3}),
    "many_fields": ("sts", {"test.csv": table(pairs("score")) + f"{said(1)},{said(2)},3,4\n"}),
    "open_quote": ("sts", {"test.csv": table(pairs("score")) + f'"{said(1)},{said(2)},3\n'}),
    "encoding": ("sts", {"test.csv": table(pairs("score")).encode() + f"{TEXT}é".encode("cp1252")}),
    "cut_gz": ("sts", {"test.jsonl.gz": SCORED.encode()}),
    "cut_zst": ("sts", {"test.jsonl.zst": SCORED.encode()}),
    "cut_parquet": ("sts", {"test.parquet": SCORED.encode()}),
    "surrogate": ("sts", {"test.jsonl": f'{SCORED}{{"sentence1": "{TEXT} \\ud800", "sentence2": '
                                        f'"{TEXT}", "score": 1}}\n'}),
    "null_text": ("bitext", {"test.jsonl": jsonl([{"sentence1": None, "sentence2": said(1)}])}),
    "list_text": ("bitext", {"test.jsonl": jsonl([{"sentence1": [TEXT], "sentence2": said(1)}])}),
    "one_label": ("clustering", {"test.jsonl": jsonl([
        {"text": said(n), "label": LABEL} for n in range(5)])}),
    "odd_label": ("clustering", {"test.jsonl": jsonl([
        {"text": said(1), "label": {LABEL: 1}}, {"text": said(2), "label": [[LABEL]]}])}),
    "binary_label": ("pair_classification", {"test.jsonl": jsonl([
        {**row, "label": LABEL} for row in pairs("label")])}),
    "three_labels": ("pair_classification", {"test.jsonl": jsonl([
        {**row, "label": 2 + n} for n, row in enumerate(pairs("label"))])}),
    "single_labels": ("classification", {
        "test.jsonl": jsonl([*texts(), {"text": said(1), "label": f"{LABEL} unseen"}]),
        "train.jsonl": jsonl([*texts(), {"text": said(1), "label": f"{LABEL} once"}])}),
    "one_train_label": ("classification", {"test.csv": table(texts()), "train.csv": table([
        {"text": said(n), "label": LABEL} for n in range(9)])}),
    "duplicate_id": ("retrieval", beir() | {"corpus.jsonl": CORPUS * 2}),
    "odd_id": ("retrieval", beir() | {"corpus.jsonl": CORPUS + jsonl([
        {"_id": {TEXT: said(1)}, "text": said(2)}])}),
    "absent": ("retrieval", beir() | {"qrels/test.tsv": f"{TSV}q9\td1\t1\nq1\td99\t1\n"}),
    "unjudged": ("retrieval", beir() | {"qrels/test.tsv": TSV.replace("q3\td3\t1\n", "")}),
    "same_documents": ("retrieval", beir() | {"corpus.jsonl": CORPUS + jsonl([
        {"_id": "again", "title": f"{TEXT} 1", "text": said(1)}])}),
    "text_for_a_score": ("retrieval", beir() | {"qrels/test.tsv": f"{TSV}q1\td1\t{TEXT}\n"}),
    "empty_corpus": ("retrieval", beir() | {"corpus.jsonl": ""}),
}  # fmt: skip

MODELS = {
    "quotes.py": "def encode(texts):\n    raise ValueError(f'cannot do {texts[0]} of {texts}')\n",
    "key_error.py": "def encode(texts):\n    return {}[texts[0]]\n",
    "returns_texts.py": "def encode(texts):\n    return [[text] for text in texts]\n",
    "nan.py": (
        "import numpy as np\n"
        "def encode(texts):\n"
        "    return np.full((len(texts), 4), np.nan, np.float32)\n"
    ),
    "bad_class.py": (
        "class Odd(Exception):\n"
        "    def __str__(self):\n"
        "        raise RuntimeError('worse')\n"
        "def encode(texts):\n"
        "    raise Odd(texts)\n"
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a task of every kind, every broken one, and models that fail."""
    monkeypatch.chdir(tmp_path)
    for name, (kind, files) in {**WHOLE, **BROKEN}.items():
        write_task(name, kind, files)
    for name, text in MODELS.items():
        Path(name).write_text(text, "utf-8")
    return tmp_path


def write_task(name: str, kind: str, files: Mapping[str, str | bytes]) -> None:
    """A task file and its data folder."""
    lines = [
        f'kind = "{kind}"',
        f'main_score = "{MAIN_SCORES[kind]}"',
        'languages = ["eng-Latn"]',
        "[source]",
        f'files = "{name}"',
        *(["[options]", 'max_document_to_embed = "all"'] if kind == "clustering" else []),
    ]
    Path("mine").mkdir(exist_ok=True)
    Path(f"mine/{name}.toml").write_text("\n".join(lines) + "\n", "utf-8")
    for file, content in files.items():
        path = Path("mine", name, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def written(*folders: str) -> Iterator[tuple[str, bytes]]:
    """The path and content of every file that the commands left behind."""
    for folder in folders:
        for path in Path(folder).rglob("*"):
            yield str(path), path.read_bytes() if path.is_file() else b""


def assert_silent(*outputs: bytes | str) -> None:
    """No output holds a secret, in either case of letters or as an escape."""
    for output in outputs:
        content = (output.encode() if isinstance(output, str) else output).lower()
        found = [secret for secret in SECRETS if secret in content]
        at = content.find(found[0]) if found else 0
        assert not found, content[max(0, at - 200) : at + 60]


def command(*arguments: str) -> int:
    """Run the command in this process."""
    try:
        return main(arguments)
    except SystemExit as stop:
        return int(str(stop.code))


def test_check_never_quotes_the_data(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``tasks check`` of whole and broken data, as lines and as JSON."""
    files = [str(path) for path in sorted(Path("mine").glob("*.toml"))]

    assert 1 == command("tasks", "check", *files)
    first = capsys.readouterr()
    assert 1 == command("tasks", "check", "--json", *files)
    second = capsys.readouterr()

    fine = {line.partition(",")[0] for line in first.out.splitlines()}  # perhaps with warnings
    assert {f"ok: mine/{name}.toml" for name in WHOLE} <= fine
    assert "Traceback" not in first.err + second.err
    assert_silent(first.out, first.err, second.out, second.err)


def test_statistics_show_no_text(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``tasks stats`` as tables, JSON and picture."""
    files = [f"mine/{name}.toml" for name in WHOLE]

    assert 0 == command("tasks", "stats", *files, "--picture", "lengths.svg")
    first = capsys.readouterr()
    assert 0 == command("tasks", "stats", *files, "--json")
    second = capsys.readouterr()

    assert_silent(first.out, first.err, second.out, second.err, Path("lengths.svg").read_text())


def test_a_run_leaves_no_text_behind(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout, stderr, results, samples and the cache, for good and bad tasks and models."""
    models = ["random", "tfidf", "bow", *MODELS]

    code = command("run", *models, "-t", "mine", "-o", "out", "--cache", "cache")
    shown = capsys.readouterr()
    again = command("run", *models, "-t", "mine", "-o", "out", "--cache", "cache", "--json")
    reused = capsys.readouterr()

    assert (1, 1) == (code, again)
    assert "Traceback" not in shown.err + reused.err
    measured = {path.stem for path in Path("out").rglob("*.json")}
    assert set(WHOLE) <= measured
    assert_silent(shown.out, shown.err, reused.out, reused.err)
    for path, content in written("out", "cache"):
        assert_silent(path, content)


def test_plans_limits_and_listings_are_silent(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--plan, --limit, ``results list`` and ``show``, and a board of the results."""
    command("run", "random", "-t", "mine", "--plan")
    command("run", "random", "-t", "mine", "--plan", "--json")
    command("run", "random", "tfidf", "-t", "mine", "--limit", "3", "-o", "out", "--no-cache")
    command("run", "random", "-t", "mine/sts.toml", "-o", "out", "--no-cache")
    Path("tasks/suites").mkdir(parents=True)
    Path("tasks/sts.toml").write_bytes(Path("mine/sts.toml").read_bytes())
    Path("tasks/suites/ours.toml").write_text('title = "Ours"\ntasks = ["sts"]\n', "utf-8")
    Path("board.toml").write_text('title = "Ours"\nsuite = "ours"\n', "utf-8")
    for read in (
        ("results", "list", "--results", "out"),
        ("results", "list", "--results", "out-limited", "--json"),
        ("results", "show", "out"),
        ("results", "show", "--json", "out"),
        ("results", "diff", "out", "out-limited/3/embedmark__random"),
        ("results", "diff", "out", "out-limited/3/embedmark__random", "--json"),
        ("leaderboard", "build", "board.toml", "--results", "out", "--out", "boards"),
    ):
        assert 0 == command(*read), capsys.readouterr().err

    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert_silent(out, err)
    assert list(Path("boards").iterdir())
    for name, content in written("out", "out-limited", "boards"):
        assert_silent(name, content)


@pytest.mark.parametrize("name", [*WHOLE, *BROKEN])
def test_looking_at_a_folder_is_silent(
    name: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``tasks new`` and ``run --data`` say names of columns, never a row."""
    command("tasks", "new", "Written", "--data", f"mine/{name}")
    command("run", "random", "--data", f"mine/{name}", "-o", "out", "--no-cache")

    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert_silent(out, err)
    for path in Path("mine").glob("Written.toml"):
        assert_silent(path.read_bytes())
    for written_path, content in written("out"):
        assert_silent(written_path, content)


def test_vectors_that_lack_a_text_do_not_name_it(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Numbers of rows stand for the texts."""
    import numpy as np

    np.savez("v.npz", texts=np.array([said(1)]), vectors=np.ones((1, 4), np.float32))

    assert 1 == command("run", "v.npz", "-t", "mine/sts.toml", "-o", "out", "--cache", "cache")

    out, err = capsys.readouterr()
    assert_silent(out, err)
    for path, content in written("out", "cache"):
        assert_silent(path, content)


def test_a_hook_that_quotes_a_text_is_not_repeated(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the type of its exception is."""
    hook = "def tables(tables):\n    raise ValueError(str(tables['rows'].to_pylist()))\n"
    Path("mine/hook.py").write_text(hook, "utf-8")
    task = Path("mine/sts.toml")
    task.write_text('hook = "hook.py:tables"\n' + task.read_text("utf-8"), "utf-8")

    assert 1 == command("tasks", "check", "mine/sts.toml")
    assert 1 == command("run", "random", "-t", "mine/sts.toml", "-o", "out", "--no-cache")

    out, err = capsys.readouterr()
    assert "(ValueError)" in err
    assert_silent(out, err)

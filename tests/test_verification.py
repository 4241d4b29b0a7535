"""embedmark results verify: planted changes are found, each where it is, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.analysis.agreement import VECTORS, compare_columns, compare_vectors
from benchmark.cache.store import ABOUT, VectorStore, text_keys
from benchmark.cli import main
from benchmark.results.samples import digest_of, read_samples, write_samples

HEAD = """kind = "{kind}"
main_score = "{score}"
languages = ["eng-Latn"]
[source]
files = "{name}"
"""
MODEL = """
from pathlib import Path
import numpy as np

def encode(texts):
    factor = float(Path("weights.txt").read_text())
    counts = [[text.count(c) ** factor for c in "abcdefghij"] for text in texts]
    return np.array(counts, np.float32) + 0.1
"""
WORDS = ["a bad cab", "head ache", "big cage", "dead beef", "a fig", "jade", "high", "cafe", "bee"]
CACHED = ("--cache", "cache")


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a model, a task of pairs and one of documents."""
    monkeypatch.chdir(tmp_path)
    Path("letters.py").write_text(MODEL, "utf-8")
    Path("weights.txt").write_text("1.0", "utf-8")
    texts = [f"{one} {other}" for one in WORDS for other in WORDS]
    pairs = [
        {"sentence1": text, "sentence2": texts[-1 - n], "score": n % 7}
        for n, text in enumerate(texts)
    ]
    write("pairs", "sts", "cosine_spearman", {"test": pairs})
    write(
        "docs", "retrieval", "ndcg_at_10",
        {
            "corpus": [{"_id": f"d{n}", "text": text} for n, text in enumerate(texts)],
            "queries": [{"_id": f"q{n}", "text": word} for n, word in enumerate(WORDS)],
            "qrels": [
                {"query-id": f"q{n}", "corpus-id": f"d{7 * n + 3}", "score": 1}
                for n in range(len(WORDS))
            ],
        },
    )  # fmt: skip


def write(name: str, kind: str, score: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    """A task file and its data."""
    Path(name).mkdir()
    Path(f"{name}.toml").write_text(HEAD.format(kind=kind, score=score, name=name), "utf-8")
    for table, rows in tables.items():
        Path(f"{name}/{table}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")


def measure(task: str, *options: str) -> Path:
    """Run the model and return the result file."""
    assert 0 == main(["run", "letters.py", "-t", f"{task}.toml", *(options or CACHED)])
    (path,) = Path("results").rglob(f"{task}.json")
    return path


def edit(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change what a result file says."""
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, dict[str, str]]]:
    """The exit code, the verdict, and each thing that was looked at with what is said of it."""

    def run(path: Path, *options: str) -> tuple[int, str, dict[str, str]]:
        capsys.readouterr()
        given = ["-t", "pairs.toml", "docs.toml", *(options or CACHED)]
        model = ["--model", "letters.py"]
        code = main(["results", "verify", str(path), "--json", *given, *model])
        (found,) = json.loads(capsys.readouterr().out)["results"]
        checks = {c["what"]: f"{c['verdict']} {c['message']}".strip() for c in found["checks"]}
        return code, found["verdict"], checks

    return run


@pytest.mark.parametrize("task", ["pairs", "docs"])
def test_untouched_is_identical(verify: Any, task: str) -> None:
    """All that there is to check was checked."""
    code, verdict, checks = verify(measure(task))

    assert (0, "identical") == (code, verdict)
    assert {"task", "data", "vectors", "scores", "examples"} == set(checks)
    assert checks["vectors"].endswith("encoded again; each as before")


def test_an_edited_score_is_named_with_both_values(verify: Any) -> None:
    """The metric and the main score, raised together."""
    path = measure("docs")

    def raised(content: dict[str, Any]) -> None:
        content["scores"]["test"][0] |= {"main_score": 0.99, "ndcg_at_10": 0.99}

    edit(path, raised)
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert checks["scores"].startswith("different main_score 0.99 in the file, 0.")
    assert "and the mean of its 9 examples 0." in checks["file"]
    assert checks["examples"].startswith("identical")


def test_a_main_score_that_is_not_its_metric_needs_no_model(verify: Any) -> None:
    """Nor a cache."""
    path = measure("docs", "--no-cache")
    edit(path, lambda content: content["scores"]["test"][0].update(main_score=0.99))
    code, verdict, checks = verify(path, "--no-cache")

    assert (1, "different") == (code, verdict)
    assert checks["file"].startswith("different")


def test_damaged_records_are_named_and_scores_still_verified(verify: Any) -> None:
    """Half a file."""
    path = measure("docs")
    records = path.parent / "samples/docs.parquet"
    records.write_bytes(records.read_bytes()[:50])
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert f"different {records}: damaged" in checks["records"]
    assert checks["scores"].startswith("identical")


def test_missing_records_are_not_checked(verify: Any) -> None:
    """Which says nothing against the score."""
    path = measure("docs")
    (path.parent / "samples/docs.parquet").unlink()
    code, verdict, checks = verify(path)

    assert (0, "identical") == (code, verdict)
    assert "not checked" in checks["records"]
    assert "examples" not in checks


@pytest.mark.parametrize("signed", [True, False])
def test_edited_records_are_found(verify: Any, signed: bool) -> None:
    """By their digest; where that was changed too, by what the examples are now."""
    path = measure("docs")
    records = path.parent / "samples/docs.parquet"
    details = json.loads(path.read_text("utf-8"))["embedmark"]["subsets"]["test/default"]
    known, _ = read_samples(records, {"test/default": details["samples"]})
    columns = {name: values.copy() for name, values in known["test/default"].items()}
    columns["value"][[2, 5]] = columns["value"][[5, 2]] + [0.25, -0.25]
    write_samples(records, {"test/default": columns})
    if signed:
        digest = digest_of(columns)

        def sign(content: dict[str, Any]) -> None:
            content["embedmark"]["subsets"]["test/default"]["samples"] = digest

        edit(path, sign)
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    if signed:
        assert "different value: 2 differ: q2, q5" == checks["examples"]
    else:
        assert "not the records of test/default that were scored" in checks["records"]


def test_changed_data_are_told_by_their_fingerprint(verify: Any) -> None:
    """Nothing is encoded of them."""
    path = measure("docs")
    queries = Path("docs/queries.jsonl")
    queries.write_text(queries.read_text("utf-8").replace("a fig", "a figure"), "utf-8")
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert checks["data"].startswith("different fingerprint ")
    assert {"task", "data"} == set(checks)


def test_a_changed_task_file_is_told(verify: Any) -> None:
    """Its digest is another."""
    path = measure("docs")
    file = Path("docs.toml")
    file.write_text(file.read_text("utf-8").replace("ndcg_at_10", "ndcg_at_5"), "utf-8")
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert {"task": "different the task file is not the one that it was measured with"} == checks


def test_changed_weights_are_found_by_encoding_again(verify: Any) -> None:
    """The model's file is the same, so only its vectors tell; the cached ones still score alike."""
    path = measure("docs")
    Path("weights.txt").write_text("1.5", "utf-8")
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert "encoded again; " in checks["vectors"]
    assert "of corpus differ by up to 0." in checks["vectors"]
    assert checks["scores"].startswith("identical")


def test_changed_weights_are_found_without_a_cache_where_pairs_tell(verify: Any) -> None:
    """A pair's similarity depends on its two texts alone; one percent are encoded, at least 32."""
    path = measure("pairs", "--no-cache")
    untouched = verify(path, "--no-cache")
    Path("weights.txt").write_text("1.5", "utf-8")
    code, verdict, checks = verify(path, "--no-cache")

    assert (0, "identical") == untouched[:2]
    assert "identical 32 pairs encoded again; each as before" == untouched[2]["similarities"]
    assert (1, "different") == (code, verdict)
    assert checks["similarities"].startswith("different 32 pairs encoded again; ")


def test_a_changed_model_file_is_another_model(verify: Any) -> None:
    """Its revision is a digest of it."""
    path = measure("docs")
    Path("letters.py").write_text(MODEL.replace("0.1", "0.2"), "utf-8")
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert checks["model"].startswith("different revision ")


def test_changed_vectors_in_the_cache_are_found(verify: Any) -> None:
    """Written by the cache's own writer, so that every record is whole."""
    path = measure("docs")
    for about in Path("cache").rglob(ABOUT):
        for segment in about.parent.iterdir():
            if segment != about:
                segment.unlink()
        store = VectorStore(about.parent)
        texts = [f"{one} {other}" for one in WORDS for other in WORDS] + WORDS
        store.append(text_keys(texts), np.random.default_rng(1).random((len(texts), 10), "f4"))
        store.close()
    code, verdict, checks = verify(path)

    assert (1, "different") == (code, verdict)
    assert checks["vectors"].startswith("different 41 encoded again; 9 of queries differ")
    assert checks["scores"].startswith("different main_score")


def test_without_the_cache_little_can_be_said_of_a_ranking(verify: Any) -> None:
    """Which is no success."""
    path = measure("docs")
    code, verdict, checks = verify(path, "--no-cache")

    assert (1, "not checked") == (code, verdict)
    assert "not checked 90 of 90 texts are not in the cache" in checks["scores"]
    assert not Path("nowhere").exists()
    assert "not checked" == verify(path, "--cache", "nowhere")[1]
    assert not Path("nowhere").exists()


def test_a_model_that_nothing_names_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """A file is run only when the user names it."""
    path = measure("docs")
    capsys.readouterr()

    assert 1 == main(["results", "verify", str(path), "-t", "docs.toml", *CACHED])
    assert "local/letters" in (told := capsys.readouterr().out)
    assert "its result does not say where it lies; name it with --model" in told


def test_models_of_all_texts_are_measured_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """tf-idf has no vector of a text alone; a folder of results is one command."""
    assert 0 == main(["run", "tfidf", "random", "-t", "docs.toml", *CACHED])
    capsys.readouterr()

    assert 0 == main(["results", "verify", "results", "-t", "docs.toml", *CACHED])
    out = capsys.readouterr().out
    assert "2 verified: 2 identical (tolerance: 1e-05 of a vector's length" in out


def test_imported_results_are_not_checked(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of theirs says how they were measured."""
    folder = Path("theirs/org__model/1")
    folder.mkdir(parents=True)
    scores = {"test": [{"hf_subset": "default", "languages": [], "main_score": 0.5}]}
    content = {"task_name": "STS12", "mteb_version": "2.26.24", "scores": scores}
    (folder / "STS12.json").write_text(json.dumps(content), "utf-8")

    assert 1 == main(["results", "verify", "theirs"])
    assert "imported" in capsys.readouterr().out
    assert 2 == main(["results", "verify", "nobody"])


def test_comparisons_have_a_tolerance_and_name_rows() -> None:
    """Of a vector's length, dense or sparse; NaN is equal to NaN alone."""
    import scipy.sparse as sp

    one = np.random.default_rng(3).normal(size=(6, 8)).astype(np.float32)
    near, far = one * np.float32(1 + VECTORS / 4), one.copy()
    far[4] *= 1.001
    values = np.array([0.5, np.nan, 1.0])

    assert "identical" == compare_vectors(one, one).verdict
    assert "within tolerance" == compare_vectors(near, one).verdict
    assert (4,) == compare_vectors(far, one).rows
    assert (4,) == compare_vectors(sp.csr_matrix(far), sp.csr_matrix(one)).rows
    assert "different" == compare_vectors(one[:, :4], one).verdict
    ((_, same),) = compare_columns({"value": values}, {"value": values})
    ((_, other),) = compare_columns({"value": values}, {"value": np.array([0.5, 0.5, 1.0])})
    assert ("identical", (1,)) == (same.verdict, other.rows)

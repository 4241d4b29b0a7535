"""Models made of models with weights: each part gives what sentence-transformers gives itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark import evaluate
from benchmark.models import load_model
from tests.models.test_composite import ranker_of
from tests.torch import making

pytest.importorskip("torch", reason="needs embedmark[torch]")
pytest.importorskip("bm25s", reason="needs embedmark[bm25]")
sentence_transformers: Any = pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.filterwarnings("ignore")

Made = Callable[[str], Path]
CORPUS, QUERIES = making.texts(30, 80, seed=3), making.texts(4, 6, seed=4)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """Four queries over thirty documents, some longer than the models read."""
    folder = tmp_path / "Words"
    (folder / "qrels").mkdir(parents=True)
    for name, sign, texts in (("corpus", "d", CORPUS), ("queries", "q", QUERIES)):
        rows = [{"_id": f"{sign}{n:02}", "text": text} for n, text in enumerate(texts)]
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    judged = [f"q{n:02}\td{7 * n:02}\t1" for n in range(4)]
    (folder / "qrels" / "test.tsv").write_text(
        "\n".join(["query-id\tcorpus-id\tscore", *judged, ""])
    )
    path = tmp_path / "Words.toml"
    path.write_text(
        'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "Words"\n'
    )
    return path


def part_of(output: Path) -> Any:
    """The only part of the only result."""
    (path,) = output.rglob("Words.json")
    return json.loads(path.read_text())["embedmark"]["subsets"]["test/default"]


def test_a_cross_encoder_scores_again_what_bm25_ranks_best(made: Made, task: Path) -> None:
    """BM25's first ten of each query, in the order and with the scores of ``predict``."""
    ranker = ranker_of(task)
    first = ranker.rank(load_model("bm25")).documents[:, :10]
    library = sentence_transformers.CrossEncoder(str(made("ce")), device="cpu")

    found = ranker.rank(load_model(f"two:(bm25)|(ce:{made('ce')})?k=10"))

    for row, query in enumerate(QUERIES):
        scores = library.predict([(query, CORPUS[n]) for n in first[row]], show_progress_bar=False)
        order = np.argsort(-scores, kind="stable")
        assert first[row, order].tolist() == found.documents[row].tolist()
        assert np.abs(scores[order] - found.scores[row]).max() < 1e-5
    assert found.scores.std() > 0.01


def ranks(scores: Any) -> Any:
    """Each document's place by falling score, from 1; equal scores by id descending."""
    order = np.lexsort((-np.arange(len(scores)), -scores))
    places = np.empty(len(scores))
    places[order] = np.arange(1, len(scores) + 1)
    return places


def test_bm25_and_splade_are_fused_by_rank(made: Made, task: Path) -> None:
    """1 / (60 + place) in BM25's ranking and in that of the library's own similarity."""
    ranker = ranker_of(task)
    bm25 = ranker.rank(load_model("bm25"))
    library = sentence_transformers.SparseEncoder(str(made("sparse")), device="cpu")
    similar = (
        library.similarity(library.encode_query(QUERIES), library.encode_document(CORPUS))
        .to_dense()
        .numpy()
    )

    found = ranker.rank(load_model(f"hybrid:(bm25)+(sparse:{made('sparse')})"))

    for row in range(len(QUERIES)):
        expected = 1 / (60 + ranks(similar[row]))
        places = bm25.documents[row]
        expected[places] += 1 / (60 + np.arange(1, len(places) + 1))
        assert np.abs(expected[found.documents[row]] - found.scores[row]).max() < 1e-7
        assert (np.diff(found.scores[row]) <= 0).all()
    assert similar.std() > 0.01


def test_pairs_are_counted_as_the_cross_encoder_reads_them(
    made: Made, task: Path, tmp_path: Path
) -> None:
    """Query, document and three special tokens; those over its 64 positions are cut."""
    (row,) = evaluate(
        f"two:(bm25)|(ce:{made('ce')})?k=10",
        str(task),
        output=tmp_path / "out",
        cache=tmp_path / "c",
    )

    assert row.error is None
    found = part_of(tmp_path / "out")["tokens"]
    first = ranker_of(task).rank(load_model("bm25")).documents[:, :10]
    lengths = [
        len(QUERIES[query].split()) + len(CORPUS[document].split()) + 3
        for query in range(4)
        for document in first[query]
    ]
    assert (40, sum(lengths), 64) == (found["texts"], found["count"], found["max_tokens"])
    assert sum(length > 64 for length in lengths) == found["truncated"] > 0


@pytest.mark.parametrize("scheme", ["sparse", "colbert"])
def test_other_vectors_are_encoded_once_too(
    scheme: str, made: Made, task: Path, tmp_path: Path
) -> None:
    """A second measurement reads sparse rows, and vectors of tokens, from the cache; same score."""
    uri = f"{scheme}:{made(scheme)}"
    first, second = (
        row
        for name in ("one", "two")
        for row in evaluate(uri, str(task), output=tmp_path / name, cache=tmp_path / "c")
    )

    assert first.error is None
    assert first.main_score == second.main_score
    assert 34 == held(tmp_path / "c")


def held(cache: Path) -> int:
    """How many vectors a cache holds."""
    from benchmark.cache.upkeep import holdings

    return sum(holding.vectors for holding in holdings(cache))

"""Every kind on random data with several splits and subsets: each of mteb's numbers agrees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

pytest.importorskip("mteb", reason="mteb is not installed; run nox -s oracle")

from tests.oracle.harness import (
    Parts,
    Tables,
    assert_equal,
    make_task,
    ours,
    theirs,
)
from tests.oracle.recording import NamedVectors

pytestmark = pytest.mark.oracle

PARTS = tuple((split, subset) for split in ("validation", "test") for subset in ("en", "de"))


def random_vectors(
    parts: Parts, *, dimensions: int = 12, values: str = "normal", seed: int = 0
) -> Mapping[str, NDArray[Any]]:
    """A vector for every text: normal, ``ties`` (few distinct), ``equal`` or ``line`` (1-d)."""
    texts = {
        text
        for tables in parts.values()
        for table in tables.values()
        for name in ("text", "sentence1", "sentence2")
        if name in table.column_names
        for text in table.column(name).to_pylist()
    }
    for tables in parts.values():
        queries = tables.get("queries")
        if queries is not None and "instruction" in queries.column_names:
            rows = queries.to_pylist()
            texts |= {f"{row['text']} {row['instruction']}" for row in rows}
    generator = np.random.default_rng(seed)
    made = {}
    for text in sorted(texts):
        if values == "ties":
            vector = generator.integers(-1, 2, 3)
        elif values == "equal":
            vector = np.ones(dimensions)
        elif values == "line":
            vector = generator.standard_normal(1)
        else:
            vector = generator.standard_normal(dimensions)
        made[text] = np.asarray(vector, dtype=np.float32)
    return NamedVectors(made, "random" if values == "normal" else "adversarial")


def pairs(part: str, *, rows: int, seed: int, gold: str) -> Tables:
    """Rows of two texts with a score or a binary label."""
    generator = np.random.default_rng(seed)
    values: Any = generator.integers(0, 11, rows) / 2 if gold == "score" else None
    if gold == "label":
        values = generator.integers(0, 2, rows).astype(float)
    table = {
        "sentence1": [f"{part} a{row}" for row in range(rows)],
        "sentence2": [f"{part} b{generator.integers(rows)}" for row in range(rows)],
    }
    if values is not None:
        table[gold] = values
    else:
        table["sentence2"] = [f"{part} b{row}" for row in range(rows)]
    return {"rows": pa.table(table)}


def labelled(part: str, *, rows: int, seed: int, labels: list[Any]) -> pa.Table:
    """Rows of a text and a label."""
    generator = np.random.default_rng(seed)
    drawn = [labels[at] for at in generator.integers(0, len(labels), rows)]
    return pa.table({"text": [f"{part} {row}" for row in range(rows)], "label": drawn})


def collection(
    part: str, *, documents: int, queries: int, seed: int, same_ids: bool = False
) -> Tables:
    """A corpus, queries and graded judgements; some queries have none or only zeros."""
    generator = np.random.default_rng(seed)
    query_ids = [f"d{row}" if same_ids else f"q{row}" for row in range(queries)]
    rows = [
        {
            "query-id": query_ids[query],
            "corpus-id": f"d{document}",
            "score": float(generator.integers(0, 4)) if query % 7 else 0.0,
        }
        for query in range(queries)
        if query % 5
        for document in generator.choice(documents, min(documents, 6), replace=False)
    ]
    return {
        "corpus": pa.table(
            {
                "id": [f"d{row}" for row in range(documents)],
                "text": [f"{part} document {row}" for row in range(documents)],
            }
        ),
        "queries": pa.table(
            {"id": query_ids, "text": [f"{part} query {row}" for row in range(queries)]}
        ),
        "qrels": pa.Table.from_pylist(rows),
    }


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "line"])
def test_sts(similarity: str, values: str) -> None:
    """Correlations of three similarities and of the model's own."""
    parts = {
        part: pairs("/".join(part), rows=200, seed=n, gold="score") for n, part in enumerate(PARTS)
    }
    task = make_task("sts", parts, "cosine_spearman", {})
    vectors = random_vectors(parts, values=values)
    # On a line every cosine is 1 or -1; torch's float32 sums split these ties at the last place.
    loose = {"spearman": 1.0, "cosine_*": 1.0, "pearson": 1e-4} if values == "line" else {}

    assert_equal(
        theirs(task, parts, vectors, similarity),
        ours(task, parts, vectors, similarity),
        allowed=loose,
    )


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_pair_classification(similarity: str, values: str) -> None:
    """Five similarities, five metrics each, and their maxima."""
    parts = {
        part: pairs("/".join(part), rows=200, seed=n, gold="label") for n, part in enumerate(PARTS)
    }
    task = make_task("pair_classification", parts, "max_ap", {})
    vectors = random_vectors(parts, values=values)

    assert_equal(theirs(task, parts, vectors, similarity), ours(task, parts, vectors, similarity))


@pytest.mark.parametrize("labels", [[0, 1], [3, 1, 2, 10], ["b", "a", "c"]])
def test_classification(labels: list[Any]) -> None:
    """Every metric of every experiment, and their means; binary labels have an ap."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, (split, subset) in enumerate(PARTS):
        train = labelled(f"{subset} train", rows=90, seed=len(subset), labels=labels)
        rows = labelled(f"{subset} {split}", rows=60, seed=n, labels=labels)
        parts[split, subset] = {"rows": rows, "train": train}
    task = make_task("classification", parts, "accuracy", {"n_experiments": 4})
    vectors = random_vectors(parts)

    assert_equal(theirs(task, parts, vectors), ours(task, parts, vectors))


@pytest.mark.parametrize(
    ("labels", "options"),
    [
        (["b", "a", "c"], {"max_fraction_of_documents_to_embed": 0.5}),
        ([3, 1, 2], {"max_document_to_embed": 80}),
        ([["x", "y"], ["x", "z"], ["w"]], {"max_document_to_embed": "all"}),
        ([[1, 5], [2, 6], [3], [2, 7]], {"max_document_to_embed": "all", "max_depth": 2}),
    ],
)
def test_clustering(labels: list[Any], options: dict[str, Any]) -> None:
    """Draws that run on through splits and subsets, several levels, both label types."""
    parts = {
        (split, subset): {
            "rows": labelled(f"{subset} {split}", rows=150 + n, seed=n, labels=labels)
        }
        for n, (split, subset) in enumerate(PARTS)
    }
    small = {"n_clusters": 3, "max_documents_per_cluster": 100, "k_mean_batch_size": 64}
    task = make_task("clustering", parts, "v_measure", {**small, **options})
    vectors = random_vectors(parts)

    assert_equal(theirs(task, parts, vectors), ours(task, parts, vectors))


def test_clustering_of_given_sets() -> None:
    """Sets of different sizes, one of them with a single label."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        rows = labelled("/".join(part), rows=300, seed=n, labels=["x", "y", "z"])
        sets = ["first"] * 120 + ["second"] * 170 + ["single"] * 10
        names = [*rows.column("label").to_pylist()[:290], *["x"] * 10]
        parts[part] = {"rows": pa.table({"set": sets, "text": rows.column("text"), "label": names})}
    task = make_task("clustering_legacy", parts, "v_measure", {})
    vectors = random_vectors(parts)

    assert_equal(theirs(task, parts, vectors), ours(task, parts, vectors))


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "line"])
def test_bitext(similarity: str, values: str) -> None:
    """The nearest second sentence by the model's own similarity."""
    parts = {
        part: pairs("/".join(part), rows=150, seed=n, gold="none") for n, part in enumerate(PARTS)
    }
    task = make_task("bitext", parts, "f1", {})
    vectors = random_vectors(parts, values=values)
    if values == "line" and similarity == "cosine":
        pytest.skip("all cosines are equal; mteb's torch.topk picks among ties at will")

    assert_equal(theirs(task, parts, vectors, similarity), ours(task, parts, vectors, similarity))


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
@pytest.mark.parametrize("same_ids", [False, True])
def test_retrieval(similarity: str, values: str, same_ids: bool) -> None:
    """All metrics at all k and all nAUC; ties by document id; the query's own id left out."""
    parts = {
        part: collection("/".join(part), documents=120, queries=40, seed=n, same_ids=same_ids)
        for n, part in enumerate(PARTS)
    }
    task = make_task("retrieval", parts, "ndcg_at_10", {"ignore_identical_ids": same_ids})
    vectors = random_vectors(parts, values=values)
    # Queries with the same scores have the same deviation; mteb sums it in heap order, so that it
    # differs in the last place there and the nAUC orders queries at will.
    loose = {"nauc_*_std": 1.0} if values == "ties" else {}

    assert_equal(
        theirs(task, parts, vectors, similarity),
        ours(task, parts, vectors, similarity),
        rounded=True,
        allowed=loose,
    )


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_reranking(similarity: str, values: str) -> None:
    """Given candidates, more for some queries than for others, and none for one."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        found = collection("/".join(part), documents=90, queries=30, seed=n)
        generator = np.random.default_rng(n)
        ranked = [
            {"query-id": query, "corpus-id": f"d{document}"}
            for query in found["queries"].column("id").to_pylist()
            for document in generator.choice(90, generator.integers(1, 40), replace=False)
            if query != "q3"
        ]
        parts[part] = {**found, "top_ranked": pa.Table.from_pylist(ranked)}
    task = make_task("reranking", parts, "map_at_1000", {})
    vectors = random_vectors(parts, values=values)
    loose = {"nauc_*_std": 1.0} if values == "ties" else {}

    assert_equal(
        theirs(task, parts, vectors, similarity),
        ours(task, parts, vectors, similarity),
        rounded=True,
        allowed=loose,
    )


@pytest.mark.parametrize("values", ["normal", "ties", "equal"])
def test_instruction_reranking(values: str) -> None:
    """p-MRR, and every score of all queries and of both halves."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        found = collection("/".join(part), documents=60, queries=24, seed=n)
        pairs = [f"p{row // 2}{('-og', '-changed')[row % 2]}" for row in range(24)]
        renamed = dict(zip(found["queries"].column("id").to_pylist(), pairs, strict=True))
        generator = np.random.default_rng(n)
        ranked = [
            {"query-id": query, "corpus-id": f"d{document}"}
            for query in pairs
            for document in generator.choice(60, 30, replace=False)
        ]
        changed = [
            {"query-id": f"p{pair}", "corpus-id": f"d{document}"}
            for pair in range(12)
            for document in generator.choice(60, 3, replace=False)
        ]
        judged = found["qrels"].to_pylist()
        parts[part] = {
            "corpus": found["corpus"],
            "queries": pa.table(
                {
                    "id": pairs,
                    "text": found["queries"].column("text"),
                    "instruction": [f"find {query}" for query in pairs],
                }
            ),
            "qrels": pa.Table.from_pylist(
                [{**row, "query-id": renamed[row["query-id"]]} for row in judged]
            ),
            "top_ranked": pa.Table.from_pylist(ranked),
            "changed": pa.Table.from_pylist(changed),
        }
    task = make_task("instruction_reranking", parts, "p-MRR", {})
    vectors = random_vectors(parts, values=values)
    loose = {"*nauc_*_std": 1.0} if values == "ties" else {}

    assert_equal(
        theirs(task, parts, vectors), ours(task, parts, vectors), rounded=True, allowed=loose
    )


@pytest.mark.parametrize("similarity", ["cosine", "dot"])
def test_summarization(similarity: str) -> None:
    """The closest human summary; texts whose scores are all equal are skipped.

    mteb fails on a euclidean similarity here: torch.cdist takes no single vectors.
    """
    parts: dict[tuple[str, str], Tables] = {}
    for n, part in enumerate(PARTS):
        generator = np.random.default_rng(n)
        machine = [
            {
                "text-id": f"t{text}",
                "text": f"{part} machine {text} {system}",
                "score": float(generator.integers(1, 6)) if text else 3.0,
            }
            for text in range(12)
            for system in range(6)
        ]
        human = [
            {"text-id": f"t{text}", "text": f"{part} human {text} {writer}"}
            for text in range(12)
            for writer in range(1 + text % 4)
        ]
        parts[part] = {
            "rows": pa.Table.from_pylist(machine),
            "references": pa.Table.from_pylist(human),
        }
    task = make_task("summarization", parts, "cosine_spearman", {})
    vectors = random_vectors(parts)

    assert_equal(theirs(task, parts, vectors, similarity), ours(task, parts, vectors, similarity))


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
@pytest.mark.parametrize("labels", [["b", "a"], ["b", "a", "c"]])
def test_zero_shot(similarity: str, labels: list[str]) -> None:
    """The nearest description, in a text subclass of mteb's image task."""
    candidates = pa.table({"label": labels, "text": [f"about {label}" for label in labels]})
    parts: dict[tuple[str, str], Tables] = {
        part: {
            "rows": labelled("/".join(part), rows=80, seed=n, labels=labels),
            "candidates": candidates,
        }
        for n, part in enumerate(PARTS)
    }
    task = make_task("zero_shot_classification", parts, "accuracy", {})
    vectors = random_vectors(parts)

    assert_equal(theirs(task, parts, vectors, similarity), ours(task, parts, vectors, similarity))


@pytest.mark.parametrize("kind", ["clustering", "classification"])
def test_subsets_alone_equal_subsets_together(kind: str) -> None:
    """The last subset scores the same when the others are only drawn for, as in a full mteb run."""
    parts: dict[tuple[str, str], Tables] = {}
    for n, (split, subset) in enumerate(PARTS):
        rows = labelled(f"{subset} {split}", rows=120, seed=n, labels=[0, 1, 2])
        parts[split, subset] = {
            "rows": rows,
            "train": labelled(f"{subset} train", rows=60, seed=9, labels=[0, 1, 2]),
        }
    small = {"n_clusters": 3, "max_documents_per_cluster": 80, "n_experiments": 3}
    task = make_task(kind, parts, load_main_score(kind), small)
    vectors = random_vectors(parts)
    expected = theirs(task, parts, vectors)

    for part in PARTS:
        alone = ours(task, parts, vectors, only=[part])
        assert_equal({part: expected[part]}, alone)


def load_main_score(kind: str) -> str:
    """The kind's usual main score."""
    from benchmark.catalog import load_kind

    return load_kind(kind).MAIN_SCORE

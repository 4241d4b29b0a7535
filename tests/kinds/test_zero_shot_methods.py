"""Zero-shot classification by keywords and by documents, and labels described in the task file."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from benchmark.kinds import zero_shot_classification
from benchmark.kinds.label_vectors import document_vectors, keyword_vectors
from tests.kinds.kinds_help import findings, make_task, score, table

NEAR = {
    "similarity_threshold": 1.0,
    "min_documents": 1,
    "max_documents": 0,
    "remove_outliers": False,
}
TEXTS = np.array([[4.0, 0.0], [3.0, 1.0], [0.0, 2.0], [1.0, 5.0]])
AXES = np.eye(2, dtype=np.float32)


def rows(labels: list[Any]) -> dict[str, Any]:
    """Texts named by their place."""
    return {"rows": table(text=[f"text {n}" for n in range(len(labels))], label=labels)}


def test_labels_of_the_task_file_stand_sorted() -> None:
    """Descriptions as strings or in a table; the texts are compared in that order."""
    labels = {"b": "about b", "a": {"description": "about a"}}
    data = zero_shot_classification.read(
        rows(["b", "a"]), make_task("zero_shot_classification", labels=labels), random.Random(42)
    )

    assert data.candidates.to_pylist() == ["about a", "about b"]
    assert data.labels.tolist() == [1, 0]


def test_numbers_as_labels_of_the_task_file() -> None:
    """A key of TOML is a string; it stands for the number."""
    found = score(
        "zero_shot_classification",
        rows([1, 0]),
        {"candidates": AXES, "text": AXES[::-1]},
        labels={"0": "zero", "1": "one"},
    )

    assert found.metrics["accuracy"] == 1.0


def test_keywords_by_hand() -> None:
    """The mean of (1, 0) and (0, 3) is nearer to (1, 2) than (1, 0) is."""
    options: dict[str, Any] = {"labels": {"a": ["x"], "b": ["y", "z"]}, "method": "keywords"}
    vectors = {"candidates": [[1, 0], [1, 0], [0, 3]], "text": [[1, 2], [2, 0]]}
    found = score("zero_shot_classification", rows(["b", "a"]), vectors, **options)

    assert found.metrics["accuracy"] == 1.0
    assert found.metrics["ap"] == 1.0


def test_keywords_of_a_table() -> None:
    """A column of lists, or of single words."""
    data = {**rows(["b"]), "candidates": table(label=["a", "b"], keywords=[["x"], ["y", "z"]])}
    read = zero_shot_classification.read(
        data, make_task("zero_shot_classification", method="keywords"), random.Random(42)
    )

    assert read.candidates.to_pylist() == ["x", "y", "z"]
    assert read.owner.tolist() == [0, 1, 1]


def test_documents_by_hand() -> None:
    """The nearest text of each label stands for it: (4, 0) and (0, 2)."""
    found = document_vectors(AXES, TEXTS, NEAR)

    assert found.tolist() == [[4, 0], [0, 2]]


@pytest.mark.parametrize(
    ("options", "first"),
    [
        ({"min_documents": 2}, [3.5, 0.5]),
        ({"similarity_threshold": 0.9}, [3.5, 0.5]),
        ({"similarity_threshold": 0.9, "max_documents": 1}, [4.0, 0.0]),
        ({"similarity_threshold": 0.99, "min_documents": 2}, [3.5, 0.5]),
        ({"similarity_threshold": -1.0}, [2.0, 2.0]),
        ({"min_documents": 9}, [2.0, 2.0]),
    ],
)
def test_bounds_on_documents(options: dict[str, Any], first: list[float]) -> None:
    """Cosines to (1, 0) are 1, .9487, 0 and .1961."""
    assert document_vectors(AXES, TEXTS, {**NEAR, **options})[0].tolist() == first


def test_equally_near_documents_stand_in_their_order() -> None:
    """The first of two texts in one direction is taken."""
    texts = np.array([[0.0, 1.0], [2.0, 0.0], [8.0, 0.0]])

    assert document_vectors(AXES[:1], texts, NEAR).tolist() == [[2, 0]]


def test_outliers_are_removed() -> None:
    """One far text among many close ones does not move the mean."""
    close = np.random.default_rng(0).normal([1, 1], 0.01, (30, 2))
    texts = np.vstack([close, [[90.0, 80.0]]])
    options = {**NEAR, "similarity_threshold": 0.5}
    with_it = document_vectors(np.ones((1, 2), np.float32), texts, options)
    without = document_vectors(
        np.ones((1, 2), np.float32), texts, {**options, "remove_outliers": True}
    )

    assert with_it[0, 0] > 3
    assert without[0] == pytest.approx([1, 1], abs=0.02)


def test_one_document_is_no_outlier() -> None:
    """There is nothing to compare it with."""
    assert document_vectors(AXES, TEXTS, {**NEAR, "remove_outliers": True}).tolist() == [
        [4, 0],
        [0, 2],
    ]


def test_documents_from_vectors_to_score() -> None:
    """Keywords, then documents, then labels; dense and sparse alike."""
    sparse = pytest.importorskip("scipy.sparse")
    options: dict[str, Any] = {
        "labels": {"a": ["x"], "b": ["y"]},
        "method": "documents",
        "similarity_threshold": 0.9,
    }
    labels = rows(["a", "a", "b", "b"])
    dense = score(
        "zero_shot_classification", labels, {"candidates": AXES, "text": TEXTS}, **options
    )
    rare = {
        "candidates": sparse.csr_matrix(AXES),
        "text": sparse.csr_matrix(TEXTS.astype(np.float32)),
    }

    assert dense.metrics["accuracy"] == 1.0
    assert score("zero_shot_classification", labels, rare, **options).metrics == dense.metrics


def test_ap_of_the_first_and_third_label() -> None:
    """Of labels 0 and 2 the third is positive: its texts are first and third by similarity."""
    data = {**rows(["a", "c", "c"]), "candidates": table(label=list("abc"), text=list("xyz"))}
    vectors = {"candidates": np.eye(3), "text": [[1, 0, 1], [0, 0, 1], [1, 0, 0.5]]}

    assert score("zero_shot_classification", data, vectors).metrics["ap"] == pytest.approx(
        (1 + 2 / 3) / 2
    )


def test_means_of_keywords_are_not_scaled() -> None:
    """A longer vector counts more, as in Lbl2Vec."""
    found = keyword_vectors(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([0, 0]))

    assert found.tolist() == [[0.5, 1.5]]


@pytest.mark.parametrize(
    ("options", "key", "message"),
    [
        ({"method": "keyword"}, "method", "unknown method 'keyword'; did you mean 'keywords'?"),
        (
            {"min_documents": 5, "max_documents": 2},
            "max_documents",
            "option 'max_documents' is 2, below min_documents 5",
        ),
        (
            {"labels": {"a": 1}},
            "a",
            (
                "label 'a' must be a string (its description), a list of strings (its keywords), "
                "or a table of description and keywords"
            ),
        ),
        (
            {"labels": {"a": ["x"]}},
            "a",
            "label 'a' has no description, which method \"description\" compares with; add it",
        ),
        (
            {"labels": {"a": "about a"}, "method": "documents"},
            "a",
            "label 'a' has no keywords, which method \"documents\" compares with; add them",
        ),
    ],
)
def test_a_wrong_option(options: dict[str, Any], key: str, message: str) -> None:
    """The key, and what to write instead."""
    assert zero_shot_classification.problems_of(
        make_task("zero_shot_classification", **options)
    ) == [(key, message)]


def test_checks() -> None:
    """Nothing described, a column missing, a label twice, no keywords, and ap of three labels."""
    known = table(label=["a", "a"], keywords=[["x"], []])
    described = {"a": "about a", "b": "about b", "c": "about c"}
    bare = findings("zero_shot_classification", rows(["a"]))
    missing = findings("zero_shot_classification", {**rows(["a"]), "candidates": known})
    found = findings(
        "zero_shot_classification", {**rows(["a"]), "candidates": known}, method="keywords"
    )
    three = findings("zero_shot_classification", rows(["a", "b", "c"]), labels=described)

    assert bare["no_candidates"].message == (
        "small.csv: no label is described; add [options.labels] or a table of candidates"
    )
    assert missing["missing_column"].message == (
        "small.csv: no column 'text', which method \"description\" compares with; add it, or name "
        "it under [columns] in the task file"
    )
    assert found["duplicate_label"].message.startswith("small.csv row 2: ")
    assert found["no_keywords"].message == "small.csv row 2: no keywords; add at least one"
    assert three == {}
    task = make_task("zero_shot_classification", main_score="ap", labels=described)
    (odd,) = zero_shot_classification.check(rows(["a", "b", "c"]), task)
    assert odd.message == "small.csv: 3 labels, and ap is that of two; choose another main_score"

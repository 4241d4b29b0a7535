"""STS, pair classification and bitext: by hand, degenerate, and wrong data."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.errors import ModelError
from benchmark.kinds import bitext, pair_classification, sts
from tests.kinds.kinds_help import findings, score, table

PAIRS = {"sentence1": ["a", "b", "c"], "sentence2": ["d", "e", "f"]}
STS = {"rows": table(**PAIRS, score=[0.0, 5.0, 2.5])}
LABELLED = {"rows": table(**PAIRS, label=[1.0, 0.0, 1.0])}
FIRST = [[1, 0], [1, 0], [1, 0]]


def test_sts_by_hand() -> None:
    """Cosines 0 1 .7071 and distances 2 0 1 stand in the order of the scores 0 5 2.5."""
    found = score("sts", STS, {"sentence1": FIRST, "sentence2": [[0, 1], [1, 0], [1, 1]]})

    assert found.metrics["cosine_spearman"] == pytest.approx(1.0)
    assert found.metrics["manhattan_spearman"] == pytest.approx(1.0)
    assert found.examples == 3
    assert tuple(found.metrics) == sts.METRICS


def test_sts_of_constant_vectors_is_degenerate() -> None:
    """All similarities equal: 0, and every correlation is named."""
    found = score("sts", STS, {"sentence1": FIRST, "sentence2": FIRST})

    assert set(found.metrics.values()) == {0.0}
    assert found.degenerate == sts.METRICS


def test_pair_classification_by_hand() -> None:
    """Cosines 1, 0, .7071 for duplicate, other, duplicate: all right at a threshold between."""
    found = score(
        "pair_classification",
        LABELLED,
        {"sentence1": FIRST, "sentence2": [[1, 0], [0, 1], [1, 1]]},
    )

    assert found.metrics["cosine_ap"] == 1.0
    assert found.metrics["cosine_accuracy"] == 1.0
    assert found.metrics["max_f1"] == 1.0
    assert set(found.metrics) == set(pair_classification.METRICS)


def test_pair_classification_of_constant_vectors_is_the_prevalence() -> None:
    """Two of three pairs are duplicates."""
    found = score("pair_classification", LABELLED, {"sentence1": FIRST, "sentence2": FIRST})

    assert found.metrics["max_ap"] == pytest.approx(2 / 3)
    assert found.metrics["max_accuracy"] == 0.0


def test_bitext_by_hand() -> None:
    """Rows 0 and 1 both find translation 0, row 2 its own.

    F1 of each row: 2 * 1 / (1 + 2), 0, and 1.
    """
    vectors = {"sentence1": [[1, 0], [1, 0.1], [0, 1]], "sentence2": [[1, 0], [-1, 0], [0, 1]]}
    found = score("bitext", {"rows": table(**PAIRS)}, vectors)

    assert found.metrics["accuracy"] == pytest.approx(2 / 3)
    assert found.metrics["precision"] == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert found.metrics["f1"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert found.samples["f1"].tolist() == pytest.approx([2 / 3, 0, 1])
    assert tuple(found.metrics) == bitext.METRICS


def test_bitext_of_constant_vectors_is_chance() -> None:
    """Every row takes the first translation, so one of n is right."""
    found = score("bitext", {"rows": table(**PAIRS)}, {"sentence1": FIRST, "sentence2": FIRST})

    assert found.metrics["accuracy"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("kind", ["sts", "pair_classification", "bitext"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_vector_that_is_not_finite_is_named(kind: str, value: float) -> None:
    """The request and the row, and nothing of the text."""
    tables = {"rows": table(**PAIRS, score=[0.0, 1.0, 2.0], label=[1.0, 0.0, 1.0])}
    vectors = {"sentence1": FIRST, "sentence2": [[1, 0], [value, 0], [1, 1]]}

    with pytest.raises(ModelError, match=r"^request 'sentence2' row 2: the vector holds NaN"):
        score(kind, tables, vectors)


def test_wrong_number_of_vectors() -> None:
    """Two vectors for three texts."""
    vectors = {"sentence1": FIRST[:2], "sentence2": FIRST}

    with pytest.raises(ModelError, match=r"request 'sentence1': .* \(2, 2\) for 3 texts"):
        score("sts", STS, vectors)


def test_different_widths() -> None:
    """The two requests must have vectors of one length."""
    vectors = {"sentence1": FIRST, "sentence2": [[1.0]] * 3}

    with pytest.raises(ModelError, match="2 dimensions and 'sentence2' has 1"):
        score("sts", STS, vectors)


@pytest.mark.parametrize("kind", ["sts", "pair_classification", "bitext"])
def test_sparse_vectors(kind: str) -> None:
    """CSR rows score as the same rows in an array."""
    sparse = pytest.importorskip("scipy.sparse")
    tables = {"rows": table(**PAIRS, score=[0.0, 1.0, 2.0], label=[1.0, 0.0, 1.0])}
    dense = {"sentence1": [[1, 2], [0, 1], [1, 0]], "sentence2": [[1, 0], [3, 1], [0, 2]]}
    rows = {name: sparse.csr_matrix(np.array(v, np.float32)) for name, v in dense.items()}
    expected = score(kind, tables, dense).metrics

    assert score(kind, tables, rows).metrics == pytest.approx(expected, abs=1e-6)


def test_checks_of_sts() -> None:
    """One score for all pairs has no correlation; no rows have nothing."""
    same = {"rows": table(**PAIRS, score=[1.0, 1.0, 1.0])}

    assert findings("sts", same)["constant_score"].level == "error"
    assert findings("sts", {"rows": STS["rows"].slice(0, 0)})["empty_rows"].level == "error"
    assert findings("sts", STS) == {}


def test_checks_of_pair_labels() -> None:
    """Labels are 0 and 1, and both occur."""
    wrong = findings("pair_classification", {"rows": table(**PAIRS, label=[1.0, 2.0, 3.0])})
    single = findings("pair_classification", {"rows": table(**PAIRS, label=[1.0, 1.0, 1.0])})

    assert wrong["label_not_binary"].count == 2
    assert wrong["label_not_binary"].message == (
        "small.csv row 2: the label is not 0 or 1 (2 rows in all); "
        "write 1 for a duplicate and 0 for none"
    )
    assert (
        single["one_class"].message == "small.csv: every label is 1; add pairs of the other label"
    )


def test_checks_of_bitext() -> None:
    """A second sentence that occurs twice is a warning with its row."""
    rows = {"rows": table(sentence1=["a", "b"], sentence2=["secret", "secret"])}
    found = findings("bitext", rows)["duplicate_sentence2"]

    assert found.level == "warning"
    assert found.message.startswith("small.csv row 2: ")
    assert "secret" not in found.message

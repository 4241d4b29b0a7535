"""The option ``upstream_defects``: each number that it moves, by scikit-learn or by hand."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.catalog import KINDS, load_kind, load_task
from benchmark.errors import MissingExtraError, TaskFileError
from benchmark.kinds import classification
from benchmark.kinds.defects import NAME
from benchmark.kinds.estimators import confidence
from benchmark.metrics import torch_order
from tests.kinds.kinds_help import make_task, score, table

MENDED = {NAME: "none"}
DRAWS = np.random.default_rng(5)
TRAIN, TEST = DRAWS.standard_normal((40, 6)), DRAWS.standard_normal((30, 6))
NOISY = (TEST @ np.ones(6) + DRAWS.standard_normal(30) > 0).astype(int).tolist()
LABELS = (TRAIN @ np.ones(6) > 0).astype(int).tolist()


def labelled(labels: list[Any], name: str) -> Any:
    """A text for each label."""
    return table(text=[f"{name} {n}" for n in range(len(labels))], label=labels)


def pairs(**columns: Any) -> Any:
    """Three pairs: of two zero vectors, of one, and of none."""
    return {"rows": table(sentence1=["a", "b", "c"], sentence2=["d", "e", "f"], **columns)}


ZEROS = {
    "sentence1": [[0, 0], [0, 0], [1, 0]],
    "sentence2": [[0, 0], [0, 3], [1, 1]],
}


def test_the_kinds_without_such_a_defect_refuse_the_option() -> None:
    """Where it would change nothing it is an unknown option."""
    without = {kind for kind in KINDS if NAME not in load_kind(kind).OPTIONS}

    assert without == {"clustering", "clustering_legacy", "zero_shot_classification"}


@pytest.mark.parametrize("word", ["some", "all", "none", "every", True])
def test_it_is_one_of_three_words_and_part_of_the_digest(tmp_path: Path, word: object) -> None:
    """A task with the option never shares a result with one without."""
    head = 'kind = "sts"\nmain_score = "pearson"\nlanguages = ["eng-Latn"]\n[source]\nfiles = "x"\n'
    plain, other = tmp_path / "one" / "T.toml", tmp_path / "two" / "T.toml"
    for path, text in ((plain, ""), (other, f"[options]\n{NAME} = {str(word).lower()!r}\n")):
        path.parent.mkdir()
        path.write_text(head + (text.replace("'true'", "true")), "utf-8")
    if word in ("some", "all", "none"):
        assert load_task(plain).digest != load_task(other).digest
    else:
        with pytest.raises(TaskFileError, match=r"7: .*must be one of some, all, none \(default"):
            load_task(other)


def test_average_precision_by_confidence() -> None:
    """Of the default classifier's probabilities, and of a decision function."""
    metrics = pytest.importorskip("sklearn.metrics")
    linear = pytest.importorskip("sklearn.linear_model")
    data = {"rows": labelled(NOISY, "test"), "train": labelled(LABELS, "train")}
    for name, ranked in (("LogisticRegression", "predict_proba"), ("SGDClassifier", "decision")):
        options = {"estimator": f"sklearn.linear_model.{name}", "samples_per_label": 99}
        vectors = {"train": TRAIN, "test": TEST}
        kept = score("classification", data, vectors, n_experiments=1, **options)
        found = score("classification", data, vectors, n_experiments=1, **options, **MENDED)
        order = np.random.RandomState(42).permutation(40)
        fitted = getattr(linear, name)(random_state=42)
        fitted.fit(TRAIN[order].astype(np.float32), np.array(LABELS)[order])
        given = TEST.astype(np.float32)
        scores = (
            fitted.predict_proba(given)[:, 1]
            if ranked == "predict_proba"
            else fitted.decision_function(given)
        )

        assert found.metrics["ap"] == pytest.approx(metrics.average_precision_score(NOISY, scores))
        assert found.metrics["ap"] > kept.metrics["ap"]
        assert found.metrics["accuracy"] == kept.metrics["accuracy"]


def test_confidence_of_a_label_among_three_and_of_an_unseen_one() -> None:
    """A column of the decision function; 0 for a label that was never trained on."""
    linear = pytest.importorskip("sklearn.linear_model")
    fitted = linear.RidgeClassifier().fit(TRAIN, np.arange(40) % 3)

    expected = fitted.decision_function(TEST)[:, 2]
    assert confidence(fitted, TEST, 2).tolist() == expected.tolist()
    assert confidence(fitted, TEST, 7).tolist() == [0.0] * 30


def test_the_last_row_of_a_longer_fold_can_be_drawn() -> None:
    """Of 7 rows the second of two folds trains on 4: with mteb's order the last is left out."""
    data = {"rows": labelled(["a", "b", "a", "b", "a", "b", "a"], "row")}
    options: dict[str, Any] = {"cross_validation": True, "n_splits": 2, "samples_per_label": 9}

    def drawn(**more: Any) -> int:
        task = make_task("classification", **options, **more)
        read = classification.read(data, task, random.Random(42))
        return len(read.experiments[1].train)

    assert (3, 4) == (drawn(), drawn(**MENDED))


def test_labels_ranked_by_votes_and_the_share_that_is_right() -> None:
    """One test text: three of five neighbours have a, two b, and none c."""
    data = {
        "rows": labelled([["b"], ["c"]], "test"),
        "train": labelled([["a", "b"], ["a", "b"], ["a"], ["d"], ["d"]], "train"),
    }
    vectors = {"train": np.eye(5), "test": [[0] * 5, [1] * 5]}
    kept = score("multilabel_classification", data, vectors).metrics
    found = score("multilabel_classification", data, vectors, **MENDED).metrics

    # The labels of the test are b and c. Nothing is predicted: by 0 and 1 both tie; by votes b is
    # first where it is right, and c last where it is.
    assert kept["lrap"] == 0.5
    assert found["lrap"] == (1 + 0.5) / 2
    assert kept["hamming"] == 0.0
    assert found["hamming"] == 0.5


@pytest.mark.filterwarnings("ignore")  # nine iterations are few
@pytest.mark.parametrize("name", ["tree.DecisionTreeClassifier", "neural_network.MLPClassifier"])
def test_any_estimator_ranks_labels_by_its_probabilities(name: str) -> None:
    """A list of arrays, one a label, and one array of all labels."""
    metrics = pytest.importorskip("sklearn.metrics")
    module, _, short = name.partition(".")
    lists = [[["x"], ["y"], ["x", "y"], ["z"]][n % 4] for n in range(40)]
    truth = np.array([[int(label in each) for label in "xyz"] for each in lists])
    data = {"rows": labelled(lists[:30], "test"), "train": labelled(lists, "train")}
    parameters = {"max_depth": 2} if module == "tree" else {"max_iter": 9}
    options: dict[str, Any] = {"estimator": f"sklearn.{name}", "estimator_parameters": parameters}
    options |= {"n_experiments": 1, "samples_per_label": 99}
    vectors = {"train": TRAIN, "test": TEST}
    kept = score("multilabel_classification", data, vectors, **options).metrics
    found = score("multilabel_classification", data, vectors, **options, **MENDED).metrics
    order = np.arange(40)
    np.random.default_rng(42).shuffle(order)
    fitted = getattr(pytest.importorskip(f"sklearn.{module}"), short)(**parameters, random_state=42)
    fitted.fit(TRAIN[order].astype(np.float32), truth[order])
    given = fitted.predict_proba(TEST.astype(np.float32))
    scores = np.stack([each[:, 1] for each in given], axis=1) if module == "tree" else given
    expected = metrics.label_ranking_average_precision_score(truth[:30], scores)
    loss = metrics.hamming_loss(truth[:30], fitted.predict(TEST.astype(np.float32)))

    assert found["lrap"] == pytest.approx(expected)
    assert found["hamming"] == pytest.approx(1 - loss)
    assert found["lrap"] != kept["lrap"]
    assert found["accuracy"] == kept["accuracy"]


def test_a_regression_in_float64() -> None:
    """Its explained variance is that of float64 to the last places."""
    linear = pytest.importorskip("sklearn.linear_model")
    values = (TRAIN @ np.arange(6) + 1e4).tolist()
    rows = (TEST @ np.arange(6) + 1e4 + TEST[:, 0] ** 2).tolist()
    data = {
        "rows": table(text=[f"test {n}" for n in range(30)], value=rows),
        "train": table(text=[f"train {n}" for n in range(40)], value=values),
    }
    vectors = {"train": TRAIN, "test": TEST}
    kept = score("regression", data, vectors).metrics["r2"]
    found = score("regression", data, vectors, **MENDED).metrics["r2"]
    train, test = (each.astype(np.float32).astype(np.float64) for each in (TRAIN, TEST))
    expected = linear.LinearRegression().fit(train, values).score(test, rows)

    assert found == pytest.approx(expected, abs=1e-12)
    assert kept != pytest.approx(expected, abs=1e-9)


def test_zero_vectors_have_cosine_0() -> None:
    """The scores rise with 1, 0.5 and 0.7 by scikit-learn's cosines, and with 0, 0 and 0.7."""
    data = pairs(score=[2.0, 0.0, 1.0])
    kept = score("sts", data, ZEROS).metrics
    found = score("sts", data, ZEROS, **MENDED).metrics

    assert kept["cosine_spearman"] == pytest.approx(1)
    assert found["cosine_spearman"] == found["spearman"] == kept["spearman"]
    assert found["cosine_spearman"] == pytest.approx(0, abs=1e-12)


def test_zero_vectors_have_cosine_0_in_pairs_too() -> None:
    """The duplicate is the pair of zero vectors: the first by the one cosine, tied by the other."""
    data = pairs(label=[1, 0, 0])

    assert score("pair_classification", data, ZEROS).metrics["cosine_ap"] == 1.0
    mended = score("pair_classification", data, ZEROS, **MENDED).metrics
    assert mended["cosine_ap"] == mended["similarity_ap"] == pytest.approx(1 / 3)


def test_torch_is_asked_for_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, the error says what to install."""
    monkeypatch.setitem(__import__("sys").modules, "torch", None)

    with pytest.raises(
        MissingExtraError, match=r'upstream_defects = "all" needs .*embedmark.torch'
    ):
        torch_order.torch_nearest(np.eye(2), np.eye(2), similarity="cosine")
    with pytest.raises(MissingExtraError):
        score("sts", pairs(score=[2.0, 0.0, 1.0]), ZEROS, **{NAME: "all"})


def test_means_are_rounded_to_five_decimals() -> None:
    """One of three queries finds its document; torch is not needed to judge a run."""
    from benchmark.kinds import retrieval
    from benchmark.protocols import Run

    names = ["a", "b", "c"]
    tables = {
        "corpus": table(id=names, text=names),
        "queries": table(id=names, text=names),
        "qrels": table(**{"query-id": names, "corpus-id": names}),
    }
    run = Run(np.array([[0], [0], [0]], np.int32), np.ones((3, 1), np.float32))
    for word, expected in (("some", 1 / 3), ("all", 0.33333)):
        task = make_task("retrieval", **{NAME: word})
        data = retrieval.read(tables, task, random.Random(42))
        found = retrieval.judge(data, run, task).metrics
        assert found["recall_at_1"] == found["accuracy"] == expected
        assert found["mrr_at_1"] == 1 / 3

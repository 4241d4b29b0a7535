"""Classification: a logistic regression on a few examples of each label, repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    in_threads,
    label_codes,
    options_of,
    same_width,
    vectors_of,
)
from benchmark.metrics.classification import label_average_precision, label_metrics
from benchmark.protocols import Finding, Request, Scores
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables, Vectors
    from benchmark.task import Task

TASK_TYPE = "Classification"
TABLES = {
    "rows": {"text": "text", "label": "label"},
    "train": {"text": "text", "label": "label"},
}
METRICS = (
    "accuracy",
    "f1",
    "f1_weighted",
    "precision",
    "precision_weighted",
    "recall",
    "recall_weighted",
    "ap",
    "ap_weighted",
)
MAIN_SCORE = "accuracy"
OPTIONS: dict[str, Any] = {
    "samples_per_label": 8,
    "n_experiments": 10,
    "train_split": "train",
    "seed": 42,
}


@dataclass(frozen=True, slots=True)
class ClassificationData:
    """Test texts, the train texts that any experiment uses, and which ones each uses.

    ``experiments`` are positions in ``train``, in drawn order. ``positive`` is the label whose
    average precision is reported, or None unless exactly two labels occur in the test.
    """

    train: pa.Array
    test: pa.Array
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]
    experiments: tuple[NDArray[np.int64], ...]
    positive: int | None


def read(tables: Tables, task: Task, draws: random.Random) -> ClassificationData:
    """Draw the train rows of every experiment as mteb does; ``draws`` is not used.

    Each experiment shuffles the order of the one before it with the same seed, and takes the first
    ``samples_per_label`` rows of each label.
    """
    options = options_of(task, OPTIONS)
    rows, train = tables["rows"], tables["train"]
    (test_labels, train_labels), labels = label_codes(column(rows, "label"), column(train, "label"))
    drawn = _draw(
        train_labels,
        samples=int(options["samples_per_label"]),
        experiments=int(options["n_experiments"]),
        seed=int(options["seed"]),
    )
    union = np.unique(np.concatenate(drawn))
    return ClassificationData(
        train=column(train, "text").take(_arrow(union)),
        test=column(rows, "text"),
        train_labels=train_labels[union],
        test_labels=test_labels,
        experiments=tuple(np.searchsorted(union, part) for part in drawn),
        positive=_positive(test_labels, labels),
    )


def plan(data: ClassificationData, task: Task) -> Plan:
    """Only the train rows that are used, and all test rows, without a role."""
    return {"train": Request(data.train), "test": Request(data.test)}


def evaluate(data: ClassificationData, embeddings: Embeddings, task: Task) -> Scores:
    """Means over the experiments, and each experiment's own scores.

    ``ap`` and ``ap_weighted`` are NaN unless the test has exactly two labels; they rank by the
    predicted label, as mteb does. ``samples`` holds, for accuracy, how often each text was right.
    """
    train = vectors_of(embeddings, "train", len(data.train))
    test = vectors_of(embeddings, "test", len(data.test))
    same_width(embeddings, "train", "test")
    seed = int(options_of(task, OPTIONS)["seed"])

    def predict(rows: NDArray[np.int64]) -> NDArray[np.int64]:
        return _predict(train[rows], data.train_labels[rows], test, seed)

    predictions = in_threads(predict, data.experiments)
    scores = [_scores(data, predicted) for predicted in predictions]
    right = np.mean([predicted == data.test_labels for predicted in predictions], axis=0)
    metrics: dict[str, Any] = {
        name: float(np.mean([score[name] for score in scores]))
        if scores[0][name] is not None
        else float("nan")
        for name in METRICS
    }
    samples = {"accuracy": right} if task.main_score == "accuracy" else {}
    return Scores(
        {**metrics, "scores_per_experiment": scores}, examples=len(data.test), samples=samples
    )


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, fewer than two labels. Warnings: labels with one or too few examples."""
    found = empty_tables(tables)
    train, rows = tables["train"], tables["rows"]
    if train.num_rows == 0 or rows.num_rows == 0:
        return found
    (codes, tested), labels = label_codes(column(train, "label"), column(rows, "label"))
    counts = np.bincount(codes, minlength=len(labels))
    if (counts > 0).sum() < 2:
        message = "fewer than two labels to train on; add examples of another label"
        found.append(Finding("error", "one_label", f"{source_of(train)}: {message}"))
    single = np.flatnonzero(counts[codes] == 1)
    if len(single):
        what, action = "the only example of its label", "add examples, or remove the label"
        found.append(finding_at("warning", "label_with_one_example", train, single, what, action))
    wanted = int(options_of(task, OPTIONS)["samples_per_label"])
    few = np.flatnonzero((counts[codes] > 1) & (counts[codes] < wanted))
    if len(few):
        what = f"its label has {counts[codes[few[0]]]} examples, fewer than {wanted}"
        action = "all of them are used; add examples or lower samples_per_label"
        found.append(finding_at("warning", "label_with_few_examples", train, few, what, action))
    unseen = np.flatnonzero(counts[tested] == 0)
    if len(unseen):
        what, action = "no train example has its label", "it can never be right; add train examples"
        found.append(finding_at("warning", "label_not_in_train", rows, unseen, what, action))
    return found


def _draw(
    labels: NDArray[np.int64], *, samples: int, experiments: int, seed: int
) -> list[NDArray[np.int64]]:
    order = np.arange(len(labels))
    drawn = []
    for _ in range(experiments):
        np.random.RandomState(seed).shuffle(order)  # the same seed again, on the last order
        shuffled = labels[order]
        grouped = np.argsort(shuffled, kind="stable")
        counts = np.bincount(shuffled)
        position = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
        drawn.append(order[np.sort(grouped[position < samples])])
    return drawn


def _predict(
    train: Vectors, labels: NDArray[np.int64], test: Vectors, seed: int
) -> NDArray[np.int64]:
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(max_iter=100, random_state=seed).fit(train, labels)
    predicted: NDArray[np.int64] = classifier.predict(test)
    return predicted


def _scores(data: ClassificationData, predicted: NDArray[np.int64]) -> dict[str, float | None]:
    ap = None
    if data.positive is not None:
        ap = label_average_precision(data.test_labels, predicted, positive=data.positive)
    return {**label_metrics(data.test_labels, predicted), "ap": ap, "ap_weighted": ap}


def _positive(test_labels: NDArray[np.int64], labels: list[Any]) -> int | None:
    """The code of the positive of two test labels: 1 where it occurs, else the greater."""
    present = np.unique(test_labels)
    if len(present) != 2:
        return None
    ones = [code for code in present if labels[code] == 1]
    return int(ones[0] if ones else present[1])


def _arrow(indices: NDArray[np.int64]) -> pa.Array:
    import pyarrow as pa

    return pa.array(indices)

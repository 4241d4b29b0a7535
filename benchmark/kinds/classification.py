"""Classification: an estimator fitted on a few examples of each label, repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.kinds.common import (
    column,
    empty_tables,
    finding_at,
    label_codes,
    options_of,
)
from benchmark.kinds.defects import OPTION, defects_of
from benchmark.kinds.estimators import (
    confidence,
    estimator_problems,
    fit,
    make_estimator,
    predict,
)
from benchmark.kinds.experiments import (
    Experiment,
    added_by_text,
    check_folds,
    cross_validation_problems,
    means_of,
    predictions_of,
    run_each,
    runs_in_turn,
    take,
    too_few_for_folds,
    train_and_test,
)
from benchmark.kinds.records import shared_texts
from benchmark.kinds.sampling import folds, undersample
from benchmark.metrics.classification import label_average_precision, label_metrics
from benchmark.protocols import Finding, Request, Scores
from benchmark.stats.influence import average_precision_influence
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
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
    "cross_validation": False,
    "n_splits": 5,
    "estimator": "sklearn.linear_model.LogisticRegression",
    "estimator_parameters": {},
    "seed": 42,
    **OPTION,
}


@dataclass(frozen=True, slots=True)
class ClassificationData:
    """Train texts that some experiment uses, test texts, and which of them each experiment takes.

    In a cross-validation ``test`` is None: both are the same texts. ``one`` stands for the label 1,
    the positive one where a test has two labels; None when there is no such label.
    """

    train: pa.Array
    test: pa.Array | None
    train_labels: NDArray[np.int64]
    test_labels: NDArray[np.int64]
    experiments: tuple[Experiment, ...]
    one: int | None


def tables_of(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """A cross-validation needs no table of its own to train on."""
    return {"rows": TABLES["rows"]} if options.get("cross_validation") else TABLES


def problems_of(task: Task) -> list[tuple[str, str]]:
    """An unknown estimator or parameter; a cross-validation of a split that is not the train's."""
    problems = estimator_problems(task, OPTIONS, "classifier")
    return problems + cross_validation_problems(task, options_of(task, OPTIONS))


def read(tables: Tables, task: Task, draws: random.Random) -> ClassificationData:
    """Draw the train rows of every experiment as mteb does; ``draws`` is not used.

    Each experiment shuffles the order of the one before it with the same seed, and takes the first
    ``samples_per_label`` rows of each label. With ``cross_validation`` each of the ``n_splits``
    folds is an experiment whose train rows are drawn from the other folds; the order is that of
    the fold before it there too, so that the last row of a fold that is longer is never drawn, by a
    defect of mteb that ``upstream_defects`` "none" mends.
    """
    options = options_of(task, OPTIONS)
    rows = tables["rows"]
    if options["cross_validation"]:
        check_folds(rows, int(options["n_splits"]))
        (truth,), labels = label_codes(column(rows, "label"))
        experiments, texts = _draw_folds(truth, options), column(rows, "text")
        return ClassificationData(texts, None, truth, truth, experiments, _code_of_one(labels))
    train = tables["train"]
    (test_labels, train_labels), labels = label_codes(column(rows, "label"), column(train, "label"))
    order, samples = np.arange(len(train_labels)), int(options["samples_per_label"])
    drawn = [
        undersample(train_labels, order, samples=samples, seed=int(options["seed"]))
        for _ in range(int(options["n_experiments"]))
    ]
    union = np.unique(np.concatenate(drawn))
    return ClassificationData(
        train=take(column(train, "text"), union),
        test=column(rows, "text"),
        train_labels=train_labels[union],
        test_labels=test_labels,
        experiments=tuple(Experiment(np.searchsorted(union, part)) for part in drawn),
        one=_code_of_one(labels),
    )


def plan(data: ClassificationData, task: Task) -> Plan:
    """Only the train rows that are used, and all test rows, without a role."""
    requests = {"train": Request(data.train)}
    return requests if data.test is None else {**requests, "test": Request(data.test)}


def evaluate(data: ClassificationData, embeddings: Embeddings, task: Task) -> Scores:
    """Means over the experiments, and each experiment's own scores.

    ``ap`` and ``ap_weighted`` are of the experiments whose test has exactly two labels, NaN when
    none has; they rank by the predicted label, as mteb does, for the label 1 where it is one of the
    two, else the greater; with ``upstream_defects`` "none" by the estimator's confidence.
    ``samples`` holds labels, what each experiment predicted, for accuracy the share right, and for
    an average precision what each text adds to it, by its influence.
    """
    train, test = train_and_test(embeddings, len(data.train), data.test)
    defects = defects_of(task)
    estimator = make_estimator(options_of(task, OPTIONS), "classifier")
    again = runs_in_turn(estimator, defects)

    def run(experiment: Experiment) -> tuple[NDArray[np.int64], NDArray[Any]]:
        truth = data.train_labels[experiment.train]
        fitted = fit(estimator, train[experiment.train], truth, again=again)
        tested = test[experiment.test]
        predicted = predict(fitted, tested)
        if defects != "none":
            return predicted, predicted
        positive = _positive(data.test_labels[experiment.test], data.one)
        return predicted, confidence(fitted, tested, positive)

    outcomes = run_each(run, data.experiments, in_turn=again)
    scores: list[dict[str, float | None]] = []
    added: list[NDArray[np.float64]] = []
    right, tested = np.zeros(len(data.test_labels)), np.zeros(len(data.test_labels))
    for each, (predicted, ranked) in zip(data.experiments, outcomes, strict=True):
        truth = data.test_labels[each.test]
        ap = None
        if len(np.unique(truth)) == 2:
            positive = _positive(truth, data.one)
            ap = label_average_precision(truth, ranked, positive=positive)
            added.append(ap + average_precision_influence(truth == positive, ranked))
        scores.append({**label_metrics(truth, predicted), "ap": ap, "ap_weighted": ap})
        right[each.test] += predicted == truth
        tested[each.test] += 1
    metrics = means_of(scores, METRICS)
    kept = {"accuracy": right / tested} if task.main_score == "accuracy" else {}
    if task.main_score in ("ap", "ap_weighted") and len(added) == len(scores):
        by_draw = added_by_text(data.experiments, added, len(right))
        kept = {task.main_score: by_draw.mean(axis=1), "by_draw": by_draw}
    samples = {
        **kept,
        "label": data.test_labels,
        "predicted": predictions_of(data.experiments, [p for p, _ in outcomes], len(right)),
        **shared_texts(data.train if data.test is None else data.test),
    }
    return Scores(
        {**metrics, "scores_per_experiment": scores}, examples=len(right), samples=samples
    )


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, fewer than two labels to train on, in any fold too, fewer rows than folds.

    Warnings: labels with one or too few examples, test rows whose label is never trained on.
    mteb stops with a ValueError where there is an error here, and says nothing of the rest: it
    takes all examples of a label that has too few, and counts a label never seen as never right.
    """
    options = options_of(task, OPTIONS)
    if options["cross_validation"]:
        return _check_folds(tables["rows"], options)
    found = empty_tables(tables)
    train, rows = tables["train"], tables["rows"]
    if train.num_rows == 0 or rows.num_rows == 0:
        return found
    (codes, tested), labels = label_codes(column(train, "label"), column(rows, "label"))
    counts = np.bincount(codes, minlength=len(labels))
    if (counts > 0).sum() < 2:
        message = "fewer than two labels to train on; add examples of another label"
        found.append(Finding("error", "one_label", f"{source_of(train)}: {message}"))
    found += _check_examples(train, codes, int(options["samples_per_label"]))
    unseen = np.flatnonzero(counts[tested] == 0)
    if len(unseen):
        what, action = "no train example has its label", "it can never be right; add train examples"
        found.append(finding_at("warning", "label_not_in_train", rows, unseen, what, action))
    return found


def _check_examples(train: pa.Table, codes: NDArray[np.int64], wanted: int) -> list[Finding]:
    found = []
    counts = np.bincount(codes)
    single = np.flatnonzero(counts[codes] == 1)
    if len(single):
        what, action = "the only example of its label", "add examples, or remove the label"
        found.append(finding_at("warning", "label_with_one_example", train, single, what, action))
    few = np.flatnonzero((counts[codes] > 1) & (counts[codes] < wanted))
    if len(few):
        what = f"its label has {counts[codes[few[0]]]} examples, fewer than {wanted}"
        action = "all of them are used; add examples or lower samples_per_label"
        found.append(finding_at("warning", "label_with_few_examples", train, few, what, action))
    return found


def _check_folds(rows: pa.Table, options: Mapping[str, Any]) -> list[Finding]:
    found = too_few_for_folds(rows, int(options["n_splits"]))
    if found:
        return found
    (codes,), _ = label_codes(column(rows, "label"))
    for number, each in enumerate(_draw_folds(codes, options), 1):
        if len(np.unique(codes[each.train])) < 2:
            message = f"the train rows of fold {number} have fewer than two labels"
            action = "add examples of another label, or lower n_splits"
            found.append(Finding("error", "one_label", f"{source_of(rows)}: {message}; {action}"))
            return found
    return _check_examples(rows, codes, int(options["samples_per_label"]))


def _draw_folds(labels: NDArray[np.int64], options: Mapping[str, Any]) -> tuple[Experiment, ...]:
    seed, order = int(options["seed"]), np.empty(0, dtype=np.int64)
    experiments = []
    for train, test in folds(len(labels), splits=int(options["n_splits"]), seed=seed):
        if not len(order) or options["upstream_defects"] == "none":
            order = np.arange(len(train))
        drawn = undersample(
            labels[train], order, samples=int(options["samples_per_label"]), seed=seed
        )
        experiments.append(Experiment(train[drawn], test))
    return tuple(experiments)


def _positive(truth: NDArray[np.int64], one: int | None) -> int:
    """The label 1 where it is there, else the greatest."""
    return int(truth.max()) if one is None or one not in truth else one


def _code_of_one(labels: list[Any]) -> int | None:
    """Labels are all integers or all strings; True and 1.0 have become 1 when they were read."""
    return labels.index(1) if 1 in labels else None

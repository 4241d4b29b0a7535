"""Multilabel classification: neighbours among a few examples of each label, repeated."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError
from benchmark.kinds.common import column, empty_tables, finding_at, options_of
from benchmark.kinds.defects import OPTION, defects_of
from benchmark.kinds.estimators import estimator_problems, make_estimator
from benchmark.kinds.experiments import (
    Experiment,
    means_of,
    run_each,
    runs_in_turn,
    take,
    train_and_test,
)
from benchmark.kinds.label_sets import (
    ESTIMATOR,
    NEIGHBOURS,
    by_votes,
    certain_neighbours,
    predict_sets,
)
from benchmark.kinds.records import shared_texts
from benchmark.kinds.sampling import numpy_draws, undersample_lists
from benchmark.kinds.stratification import stratified_lists
from benchmark.metrics.multilabel import (
    label_ranking_average_precision,
    multilabel_metrics,
    per_text,
    share_of_labels_right,
)
from benchmark.protocols import Finding, Request, Scores
from benchmark.stats.influence import set_f1_influence
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "MultilabelClassification"
TABLES = {
    "rows": {"text": "text", "label": "label_lists"},
    "train": {"text": "text", "label": "label_lists"},
}
METRICS = ("accuracy", "f1", "lrap", "hamming")
MAIN_SCORE = "lrap"
RUNNING_DRAWS = True
"""One generator runs on through all splits and subsets, so each must be read to score the next."""
OPTIONS: dict[str, Any] = {
    "samples_per_label": 8,
    "n_experiments": 10,
    "max_eval_samples": 3000,
    "train_split": "train",
    "estimator": ESTIMATOR,
    "estimator_parameters": {},
    "seed": 42,
    **OPTION,
}


@dataclass(frozen=True, slots=True)
class MultilabelData:
    """Train texts that some experiment uses, test texts, and their labels as 0 and 1.

    ``train_labels`` and ``test_labels`` are ``(texts, labels)``; the labels are those of the test,
    so a train text may have none of them.
    """

    train: pa.Array
    test: pa.Array
    train_labels: NDArray[np.int8]
    test_labels: NDArray[np.int8]
    experiments: tuple[Experiment, ...]


def problems_of(task: Task) -> list[tuple[str, str]]:
    """An unknown estimator or parameter."""
    return estimator_problems(task, OPTIONS, "classifier")


def read(tables: Tables, task: Task, draws: random.Random) -> MultilabelData:
    """Draw the train rows of every experiment, and the test rows where there are too many.

    Each experiment shuffles all train rows with the numpy generator that runs on beside ``draws``,
    and takes a row when one of its labels has fewer than ``samples_per_label`` rows so far. A test
    of more than ``max_eval_samples`` rows ("all" for no limit) is cut by iterative stratification.
    Raises DataError when an experiment has fewer rows than neighbours, where mteb stops too.
    """
    options = options_of(task, OPTIONS)
    seed, rows, train = int(options["seed"]), tables["rows"], tables["train"]
    test_codes, train_codes = _codes(column(rows, "label"), column(train, "label"))
    generator, samples = numpy_draws(draws, seed), int(options["samples_per_label"])
    drawn = [
        undersample_lists(train_codes, samples=samples, generator=generator)
        for _ in range(int(options["n_experiments"]))
    ]
    _check_neighbours(train, min(map(len, drawn)), options)
    test, limit = column(rows, "text"), options["max_eval_samples"]
    if limit != "all" and len(test_codes) > int(limit):
        distinct = [sorted(set(codes)) for codes in test_codes]
        kept = stratified_lists(distinct, size=int(limit), seed=seed)
        test, test_codes = take(test, kept), [test_codes[row] for row in kept]
    tested = sorted({code for codes in test_codes for code in codes})
    union = np.unique(np.concatenate(drawn))
    return MultilabelData(
        train=take(column(train, "text"), union),
        test=test,
        train_labels=_indicator([train_codes[row] for row in union], tested),
        test_labels=_indicator(test_codes, tested),
        experiments=tuple(Experiment(np.searchsorted(union, part)) for part in drawn),
    )


def plan(data: MultilabelData, task: Task) -> Plan:
    """Only the train rows that are used, and the test rows, without a role."""
    return {"train": Request(data.train), "test": Request(data.test)}


def evaluate(data: MultilabelData, embeddings: Embeddings, task: Task) -> Scores:
    """Means over the experiments, and each experiment's own scores.

    ``lrap`` ranks labels by the estimator's probabilities when it is a ``MultiOutputClassifier``,
    else by the predicted 0 and 1, as mteb does. With ``upstream_defects`` "none" it ranks by any
    estimator's probabilities, and ``hamming``, a Jaccard index in mteb, is the share of labels
    predicted rightly. ``samples`` holds what each text adds to the main score, of F1 by its
    influence.
    """
    train, test = train_and_test(embeddings, len(data.train), data.test)
    options, defects = options_of(task, OPTIONS), defects_of(task)
    mended = defects == "none"

    def judged(
        predicted: NDArray[Any], scores: NDArray[Any]
    ) -> tuple[dict[str, float], NDArray[np.float64]]:
        found = multilabel_metrics(data.test_labels, predicted)
        if mended:
            found["hamming"] = share_of_labels_right(data.test_labels, predicted)
        found["lrap"] = label_ranking_average_precision(data.test_labels, scores)
        if task.main_score == "f1":  # no mean over texts: what each adds to it
            return found, found["f1"] + set_f1_influence(data.test_labels, predicted)
        by_text = per_text(task.main_score, data.test_labels, predicted, scores, mended=mended)
        return found, by_text

    near = certain_neighbours(options, data.experiments, train, test)
    if near is not None:
        results = []
        for experiment, rows in zip(data.experiments, near, strict=True):
            votes = data.train_labels[experiment.train][rows].sum(axis=1, dtype=np.float32)
            results.append(judged(*by_votes(votes, rows.shape[1], ranked=mended)))
    else:
        estimator = make_estimator(options, "classifier")

        def run(experiment: Experiment) -> tuple[dict[str, float], NDArray[np.float64]]:
            given, truth = train[experiment.train], data.train_labels[experiment.train]
            return judged(*predict_sets(estimator, given, truth, test, ranked=mended))

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # as many classes as rows: see label_sets
            alone = runs_in_turn(estimator, defects)
            results = run_each(run, data.experiments, in_turn=alone, anew=False)
    scores = [found for found, _ in results]
    values = np.stack([by_text for _, by_text in results], axis=1)
    samples = {
        task.main_score: values.mean(axis=1),
        "by_draw": values,
        **shared_texts(data.test),
    }
    metrics = {**means_of(scores, METRICS), "scores_per_experiment": scores}
    return Scores(metrics, examples=len(data.test), samples=samples)


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, no label in the test, fewer labelled train rows than neighbours.

    Warnings: rows without a label (never drawn for training, right in the test when nothing is
    predicted), labels with fewer train rows than ``samples_per_label`` (all are used), and test
    rows all of whose labels no train row has (never right). mteb says nothing of these.
    """
    options = options_of(task, OPTIONS)
    found = empty_tables(tables)
    if found:
        return found
    rows, train = tables["rows"], tables["train"]
    test_codes, train_codes = _codes(column(rows, "label"), column(train, "label"))
    if not any(test_codes):
        message = "no row has a label; label some"
        found.append(Finding("error", "no_labels", f"{source_of(rows)}: {message}"))
    try:
        _check_neighbours(train, sum(map(bool, train_codes)), options)
    except DataError as error:
        found.append(Finding("error", "too_few_rows", str(error)))
    for table, lists in ((rows, test_codes), (train, train_codes)):
        bare = np.flatnonzero([not codes for codes in lists])
        if len(bare):
            what, action = "no label", "it is counted as such; label it or drop it"
            found.append(finding_at("warning", "row_without_label", table, bare, what, action))
    counts = Counter(code for codes in train_codes for code in set(codes))
    wanted = int(options["samples_per_label"])
    few = np.flatnonzero([any(counts[code] < wanted for code in codes) for codes in train_codes])
    if len(few):
        what = f"one of its labels has fewer than {wanted} examples"
        action = "all of them are used; add examples or lower samples_per_label"
        found.append(finding_at("warning", "label_with_few_examples", train, few, what, action))
    unseen = np.flatnonzero(
        [bool(codes) and all(counts[code] == 0 for code in codes) for codes in test_codes]
    )
    if len(unseen):
        what = "no train example has any of its labels"
        action = "it can never be right; add train examples"
        found.append(finding_at("warning", "label_not_in_train", rows, unseen, what, action))
    return found


def _codes(*arrays: pa.Array) -> list[list[list[int]]]:
    """Each row's labels as integers from 0 in the labels' sorted order.

    Numbers in one table and strings in another are compared as strings.
    """
    lists = [
        [row if isinstance(row, list) else [row] for row in array.to_pylist()] for array in arrays
    ]
    labels = {label for rows in lists for row in rows for label in row}
    name: Any = str if len({type(label) for label in labels}) > 1 else lambda label: label
    code_of = {label: code for code, label in enumerate(sorted(set(map(name, labels))))}
    return [[[code_of[name(label)] for label in row] for row in rows] for rows in lists]


def _indicator(codes: list[list[int]], known: list[int]) -> NDArray[np.int8]:
    """A column of 0 and 1 for each known label; others are left out."""
    place = {code: at for at, code in enumerate(known)}
    matrix = np.zeros((len(codes), len(known)), dtype=np.int8)
    for row, found in enumerate(codes):
        matrix[row, [place[code] for code in found if code in place]] = 1
    return matrix


def _check_neighbours(train: pa.Table, rows: int, options: Mapping[str, Any]) -> None:
    if options["estimator"] != OPTIONS["estimator"]:
        return
    wanted = int(options["estimator_parameters"].get("n_neighbors", NEIGHBOURS))
    if rows < wanted:
        message = f"{rows} labelled train rows in an experiment, fewer than {wanted} neighbours"
        action = "add rows, raise samples_per_label, or lower n_neighbors in [options]"
        raise DataError(f"{source_of(train)}: {message}; {action}")

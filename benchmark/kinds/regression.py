"""Regression: an estimator fitted on the values of many texts, repeated on samples of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.draws import stratified_sample
from benchmark.errors import DataError
from benchmark.kinds.common import column, empty_tables, numbers, options_of
from benchmark.kinds.defects import OPTION, defects_of
from benchmark.kinds.estimators import estimator_problems, fit, make_estimator, predict
from benchmark.kinds.experiments import (
    Experiment,
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
from benchmark.kinds.sampling import folds, quantile_bins
from benchmark.metrics.regression import kendall_tau, regression_metrics
from benchmark.protocols import Finding, Request, Scores
from benchmark.tables import source_of

if TYPE_CHECKING:
    import random

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Plan, Tables
    from benchmark.task import Task

TASK_TYPE = "Regression"
TABLES = {
    "rows": {"text": "text", "value": "number"},
    "train": {"text": "text", "value": "number"},
}
METRICS = ("mse", "mae", "r2", "kendalltau", "rmse")
MAIN_SCORE = "kendalltau"
OPTIONS: dict[str, Any] = {
    "n_samples": 2048,
    "n_experiments": 10,
    "train_split": "train",
    "cross_validation": False,
    "n_splits": 5,
    "estimator": "sklearn.linear_model.LinearRegression",
    "estimator_parameters": {},
    "seed": 42,
    **OPTION,
}


@dataclass(frozen=True, slots=True)
class RegressionData:
    """Train texts that some experiment uses, test texts, their ``(n,)`` values, the experiments.

    In a cross-validation ``test`` is None: both are the same texts.
    """

    train: pa.Array
    test: pa.Array | None
    train_values: NDArray[np.float64]
    test_values: NDArray[np.float64]
    experiments: tuple[Experiment, ...]


def tables_of(options: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    """A cross-validation needs no table of its own to train on."""
    return {"rows": TABLES["rows"]} if options.get("cross_validation") else TABLES


def problems_of(task: Task) -> list[tuple[str, str]]:
    """An unknown estimator or parameter; a cross-validation of a split that is not the train's."""
    problems = estimator_problems(task, OPTIONS, "regressor")
    return problems + cross_validation_problems(task, options_of(task, OPTIONS))


def read(tables: Tables, task: Task, draws: random.Random) -> RegressionData:
    """Take all train rows in every experiment, or ``n_samples`` of them; ``draws`` is not used.

    More rows than ``n_samples`` are drawn in shares of their ten quantile bins, the experiment's
    number added to the seed, as mteb draws them. With ``cross_validation`` each of the ``n_splits``
    folds is an experiment. Raises DataError where the bins allow no such draw; mteb stops too.
    """
    options = options_of(task, OPTIONS)
    rows, table = tables["rows"], tables.get("train", tables["rows"])
    tested = numbers(rows, "value")
    if options["cross_validation"]:
        seed, splits = int(options["seed"]), int(options["n_splits"])
        check_folds(rows, splits)
        parts = [
            Experiment(train[_sample(rows, tested[train], number, options)], test)
            for number, (train, test) in enumerate(folds(len(tested), splits=splits, seed=seed))
        ]
        return RegressionData(column(rows, "text"), None, tested, tested, tuple(parts))
    values = numbers(table, "value")
    drawn = [
        _sample(table, values, number, options) for number in range(int(options["n_experiments"]))
    ]
    union = np.unique(np.concatenate(drawn))
    return RegressionData(
        train=take(column(table, "text"), union),
        test=column(rows, "text"),
        train_values=values[union],
        test_values=tested,
        experiments=tuple(Experiment(np.searchsorted(union, part)) for part in drawn),
    )


def plan(data: RegressionData, task: Task) -> Plan:
    """Only the train rows that are used, and all test rows, without a role."""
    requests = {"train": Request(data.train)}
    return requests if data.test is None else {**requests, "test": Request(data.test)}


def evaluate(data: RegressionData, embeddings: Embeddings, task: Task) -> Scores:
    """Means over the experiments, and each experiment's own scores.

    ``kendalltau`` is undefined where all predictions are equal; it counts 0 there and is named in
    ``degenerate``; with ``upstream_defects`` "all" it is NaN, as in mteb. Estimators are fitted on
    float32 vectors, as in mteb, and with "none" on float64 ones. Experiments on the same rows are
    fitted once. ``samples`` holds, for mae and mse, each text's mean error.
    """
    train, test = train_and_test(embeddings, len(data.train), data.test)
    defects = defects_of(task)
    if defects == "none":
        train, test = train.astype(np.float64), test.astype(np.float64)
    estimator = make_estimator(options_of(task, OPTIONS), "regressor")
    again = runs_in_turn(estimator, defects)

    def run(experiment: Experiment) -> NDArray[np.float64]:
        truth = data.train_values[experiment.train]
        fitted = fit(estimator, train[experiment.train], truth, again=again)
        return predict(fitted, test[experiment.test])

    whole = (
        not again
        and data.test is not None
        and all(np.array_equal(each.train, data.experiments[0].train) for each in data.experiments)
    )
    predictions = run_each(run, data.experiments[: 1 if whole else None], in_turn=again)
    different = predictions
    predictions = predictions * len(data.experiments) if whole else predictions
    scores: list[dict[str, float]] = []
    error, count = np.zeros(len(data.test_values)), np.zeros(len(data.test_values))
    undefined, keep = False, defects == "all"
    for each, predicted in zip(data.experiments, predictions, strict=True):
        truth = data.test_values[each.test]
        tau = kendall_tau(truth, predicted)
        undefined |= bool(np.isnan(tau))
        found = {
            **regression_metrics(truth, predicted),
            "kendalltau": tau if keep else float(np.nan_to_num(tau)),
        }
        scores.append({name: found[name] for name in METRICS})
        error[each.test] += np.abs(truth - predicted) ** (2 if task.main_score == "mse" else 1)
        count[each.test] += 1
    return Scores(
        {**means_of(scores, METRICS), "scores_per_experiment": scores},
        examples=len(data.test_values),
        degenerate=("kendalltau",) if undefined and not keep else (),
        samples={
            **({task.main_score: error / count} if task.main_score in ("mae", "mse") else {}),
            "truth": data.test_values,
            "predicted": predictions_of(data.experiments[: len(different)], different, len(error)),
            **shared_texts(data.train if data.test is None else data.test),
        },
    )


def check(tables: Tables, task: Task) -> list[Finding]:
    """Errors: no rows, one value for all test or train rows, fewer rows than two a fold.

    mteb stops without rows and with fewer than one a fold; with one value it writes R2 or
    correlations that do not exist, as 0, 1 or NaN.
    """
    options = options_of(task, OPTIONS)
    found = empty_tables(tables)
    if found:
        return found
    if options["cross_validation"]:
        # Explained variance and correlation need two values in each fold.
        found = too_few_for_folds(tables["rows"], int(options["n_splits"]), each=2)
        tables = {"rows": tables["rows"]}
    for table in tables.values():
        values = numbers(table, "value")
        if (values == values[0]).all():
            message = "every row has the same value; a regression needs at least two different ones"
            found.append(Finding("error", "constant_value", f"{source_of(table)}: {message}"))
    return found


def _sample(
    table: pa.Table, values: NDArray[np.float64], number: int, options: Mapping[str, Any]
) -> NDArray[np.int64]:
    """The rows of one experiment: all, or a draw in shares of their quantile bins."""
    size = int(options["n_samples"])
    if size >= len(values):
        return np.arange(len(values))
    try:
        bins = np.unique(quantile_bins(values), return_inverse=True)[1]
        return stratified_sample(bins, size=size, seed=int(options["seed"]) + number)
    except ValueError as error:
        message = f"{size} of {len(values)} rows cannot be drawn in shares of their values' bins"
        action = "raise n_samples in [options] so that all rows are used"
        raise DataError(f"{source_of(table)}: {message} ({error}); {action}") from None

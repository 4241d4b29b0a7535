"""What the kinds that fit an estimator again and again share: experiments, their vectors, means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.errors import DataError
from benchmark.kinds.common import in_threads, same_width, vectors_of
from benchmark.protocols import Finding
from benchmark.tables import source_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Embeddings, Vectors
    from benchmark.task import Task


_GLOBAL_SEED = 42  # mteb's, whatever the task's seed is


@dataclass(frozen=True, slots=True)
class Experiment:
    """One fit: positions among the train texts, in the order they are fitted in, and the test's."""

    train: NDArray[np.int64]
    test: NDArray[np.int64] | slice = field(default_factory=lambda: slice(None))


def train_and_test(
    embeddings: Embeddings, trained: int, test: pa.Array | None
) -> tuple[Vectors, Vectors]:
    """The checked vectors of the ``trained`` train texts and of the test's; the same for None."""
    train = vectors_of(embeddings, "train", trained)
    if test is None:
        return train, train
    tested = vectors_of(embeddings, "test", len(test))
    same_width(embeddings, "train", "test")
    return train, tested


def runs_in_turn(estimator: Any, defects: str) -> bool:
    """Whether experiments run one after the other, as an estimator's state demands in mteb.

    There one object is fitted again and again, which ``warm_start`` notices, and estimators inside
    another are not seeded. Both are defects, so it is so only when all of these are kept.
    """
    parameters = estimator.get_params()
    unseeded = any(key.endswith("__random_state") for key in parameters)
    return defects == "all" and (unseeded or bool(parameters.get("warm_start")))


def run_each(
    run: Callable[[Experiment], Any],
    experiments: Sequence[Experiment],
    *,
    in_turn: bool,
    anew: bool = True,
) -> list[Any]:
    """Every experiment's outcome, in order; a few at once, unless they run ``in_turn``.

    Then numpy's global generator, which unseeded estimators draw from, is seeded as in mteb: for
    each experiment, or, not ``anew``, for the first one.
    """
    if not in_turn:
        return in_threads(run, experiments)
    state, outcomes = np.random.get_state(), []  # noqa: NPY002  unseeded estimators draw from it
    try:
        for number, experiment in enumerate(experiments):
            if anew or number == 0:
                np.random.seed(_GLOBAL_SEED)  # noqa: NPY002
            outcomes.append(run(experiment))
    finally:
        np.random.set_state(state)  # noqa: NPY002
    return outcomes


def means_of(scores: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, float]:
    """The mean of each metric over the experiments that have it; NaN where none has, as in mteb.

    >>> means_of([{"accuracy": 1.0, "ap": None}, {"accuracy": 0.5, "ap": 0.25}], ["accuracy", "ap"])
    {'accuracy': 0.75, 'ap': 0.25}
    """
    means = {}
    for name in names:
        known = [score[name] for score in scores if score[name] is not None]
        means[name] = float(np.mean(known)) if known else float("nan")
    return means


def predictions_of(
    experiments: Sequence[Experiment], predicted: Sequence[NDArray[Any]], texts: int
) -> NDArray[Any]:
    """What was predicted of each text, ``(texts, draws)``: one draw in a cross-validation.

    A text that a cross-validation tests in no fold has 0.
    """
    whole = all(isinstance(each.test, slice) for each in experiments)
    if whole:
        return np.stack([np.asarray(values) for values in predicted], axis=1)
    found = np.zeros((texts, 1), dtype=np.asarray(predicted[0]).dtype)
    for each, values in zip(experiments, predicted, strict=True):
        found[each.test, 0] = values
    return found


def added_by_text(
    experiments: Sequence[Experiment], added: Sequence[NDArray[np.float64]], texts: int
) -> NDArray[np.float64]:
    """What each text adds to a mean over draws or folds, ``(texts, draws)``, of mean the score.

    A fold weighs the same whatever its size, so a text of a small one weighs more.
    """
    count = len(experiments)
    folds = not all(isinstance(each.test, slice) for each in experiments)
    weighted = [each * texts / (count * len(each)) if folds else each for each in added]
    return np.asarray(predictions_of(experiments, weighted, texts), np.float64)


def take(texts: pa.Array, rows: NDArray[np.int64]) -> pa.Array:
    """Some rows of a column."""
    import pyarrow as pa

    return texts.take(pa.array(rows))


def cross_validation_problems(task: Task, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A cross-validation evaluates the split that it trains on, and no other; mteb refuses too."""
    if not options["cross_validation"]:
        return []
    if int(options["n_splits"]) < 2:
        return [("n_splits", "option 'n_splits' must be a whole number from 2")]
    train = str(options["train_split"])
    if set(task.splits) == {train}:
        return []
    message = f'a cross-validation evaluates its train split only; set splits = ["{train}"], '
    return [("cross_validation", f"{message}or train_split in [options]")]


def check_folds(rows: pa.Table, splits: int) -> None:
    """Raise DataError when a table has fewer rows than folds, as after ``--limit``."""
    for finding in too_few_for_folds(rows, splits):
        raise DataError(finding.message)


def too_few_for_folds(rows: pa.Table, splits: int, *, each: int = 1) -> list[Finding]:
    """An error when a table has fewer rows than ``each`` for every fold."""
    if rows.num_rows >= splits * each:
        return []
    message = f"{rows.num_rows} rows for {splits} folds"
    message += f", which need {each} each" if each > 1 else ""
    action = "add rows, or lower n_splits in [options]"
    return [Finding("error", "too_few_rows", f"{source_of(rows)}: {message}; {action}")]

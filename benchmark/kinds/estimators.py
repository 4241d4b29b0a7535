"""The scikit-learn estimator that a task names in ``[options]``: checked, built, fitted."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from inspect import signature
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from benchmark.errors import ModelError, TaskFileError, nearest
from benchmark.kinds.defects import NAME as DEFECTS
from benchmark.metrics.similarity import is_sparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmark.protocols import Vectors
    from benchmark.task import Task

    Sort = Literal["classifier", "regressor"]
    Problem = tuple[str, str]

NAME, PARAMETERS = "estimator", "estimator_parameters"
_PUBLIC = re.compile(r"sklearn(\.[a-z][a-z0-9_]*)+\.[A-Z][A-Za-z0-9]*")


def estimator_problems(task: Task, defaults: Mapping[str, Any], sort: Sort) -> list[Problem]:
    """What is wrong with the task's estimator, as ``(key of the task file, message)``.

    The default is not looked at, so that scikit-learn is imported only for a task that names one.
    """
    if NAME not in task.options and PARAMETERS not in task.options:
        return []
    options = {**defaults, **task.options}
    try:
        make_estimator(options, sort)
    except _EstimatorError as problem:
        return [(problem.key, str(problem))]
    return []


def make_estimator(options: Mapping[str, Any], sort: Sort) -> Any:
    """A new estimator as ``options`` name it, with the task's seed wherever it takes one.

    With ``upstream_defects`` "all", as in mteb, an estimator inside another has no seed.

    ``estimator`` is the dotted name of a public scikit-learn class. A parameter whose value is such
    a name becomes that estimator (``estimator = "sklearn.svm.SVC"`` of a meta-estimator), and
    ``estimator__C`` sets a parameter inside it.
    """
    name, parameters = str(options[NAME]), dict(options[PARAMETERS])
    kind = _class_of(name, NAME)
    own = [key for key in signature(kind).parameters if key != "kwargs"]
    for key, value in parameters.items():
        if key.split("__")[0] not in own:
            raise _EstimatorError(key, f"{name} has no parameter '{key}'{nearest(key, own)}")
        if key.split("__")[-1] == "random_state":
            raise _EstimatorError(key, f"'{key}' is the task's seed; set seed in [options] instead")
        if isinstance(value, str) and value.startswith("sklearn."):
            parameters[key] = _class_of(value, key)()
    try:
        estimator = kind(**{key: value for key, value in parameters.items() if "__" not in key})
    except TypeError:
        needed = ", ".join(key for key in own if key not in parameters)
        message = f"{name} needs more parameters; set them in [options.{PARAMETERS}]"
        raise _EstimatorError(NAME, f"{message} (it has {needed})") from None
    known = estimator.get_params()
    for key, value in parameters.items():
        if key not in known:
            raise _EstimatorError(key, f"{name} has no parameter '{key}'{nearest(key, known)}")
        estimator.set_params(**{key: value})
    _check_sort(name, estimator, sort)
    _check_values(name, estimator)
    seeds = [key for key in known if key.split("__")[-1] == "random_state"]
    if options.get(DEFECTS) == "all":
        seeds = [key for key in seeds if "__" not in key]
    return estimator.set_params(**dict.fromkeys(seeds, int(options["seed"])))


def fit(estimator: Any, vectors: Vectors, truth: NDArray[Any], *, again: bool = False) -> Any:
    """A copy of the estimator, fitted; ModelError without any of the data when it cannot be.

    Each fit starts afresh, unless ``again`` fits the object itself once more.
    """
    from sklearn.base import clone

    try:
        return (estimator if again else clone(estimator)).fit(vectors, truth)
    except (TypeError, ValueError) as error:
        raise _cannot("be fitted", estimator, vectors, error) from error


def predict(fitted: Any, vectors: Vectors, *, probabilities: bool = False) -> NDArray[Any]:
    """What a fitted estimator predicts, or its class probabilities; ModelError when it cannot."""
    try:
        found = fitted.predict_proba(vectors) if probabilities else fitted.predict(vectors)
    except (TypeError, ValueError) as error:
        raise _cannot("predict", fitted, vectors, error) from error
    return np.asarray(found)


def confidence(fitted: Any, vectors: Vectors, label: int) -> NDArray[Any]:
    """How sure a fitted classifier is of a label, ``(n,)``; 0 of one that it has not seen.

    Its probability, or else its decision function, or else whether it is predicted.
    """
    place = np.flatnonzero(fitted.classes_ == label)
    if not len(place):
        return np.zeros(vectors.shape[0])
    if hasattr(fitted, "predict_proba"):
        return predict(fitted, vectors, probabilities=True)[:, place[0]]
    if not hasattr(fitted, "decision_function"):
        return cast("NDArray[Any]", predict(fitted, vectors) == label)
    found = np.asarray(fitted.decision_function(vectors))
    if found.ndim == 2:
        return found[:, place[0]]
    return found if place[0] else -found


def _cannot(what: str, estimator: Any, vectors: Vectors, error: Exception) -> ModelError:
    # Only the error's type: the message of a foreign error may quote the data.
    given = "sparse vectors" if is_sparse(vectors) else "vectors"
    return ModelError(
        f"the estimator {type(estimator).__name__} cannot {what} on {given} of shape "
        f"{vectors.shape} ({type(error).__name__}); choose another in [options]"
    )


class _EstimatorError(TaskFileError):
    """A key of the task file and what is wrong with its value."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def _class_of(name: str, key: str) -> Any:
    """The public estimator class of a dotted name below ``sklearn``."""
    module, _, short = name.rpartition(".")
    if not _PUBLIC.fullmatch(name):
        message = f"'{name}' names no public scikit-learn estimator; write one such as "
        raise _EstimatorError(key, f'{message}"sklearn.linear_model.LogisticRegression"')
    try:
        found = importlib.import_module(module)
    except ImportError:
        raise _EstimatorError(
            key, f"scikit-learn has no module '{module}'; check the name"
        ) from None
    public = [each for each in dir(found) if _is_estimator(getattr(found, each))]
    if short not in public:
        raise _EstimatorError(key, f"{module} has no estimator '{short}'{nearest(short, public)}")
    return getattr(found, short)


def _is_estimator(found: Any) -> bool:
    from sklearn.base import BaseEstimator

    return isinstance(found, type) and issubclass(found, BaseEstimator) and hasattr(found, "fit")


def _check_sort(name: str, estimator: Any, sort: Sort) -> None:
    from sklearn.base import is_classifier, is_regressor

    if not (is_classifier if sort == "classifier" else is_regressor)(estimator):
        raise _EstimatorError(NAME, f"{name} is no {sort}; name one that is")


def _check_values(name: str, estimator: Any) -> None:
    try:
        estimator._validate_params()
    except ValueError as error:  # it names the parameter, what it may be and what it got
        key = next((word for word in re.findall(r"'(\w+)'", str(error))), PARAMETERS)
        raise _EstimatorError(key, " ".join(str(error).split())) from None

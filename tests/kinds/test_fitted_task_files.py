"""Task files of the kinds that fit an estimator: read from files, and refused by line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark import evaluate
from benchmark.catalog import load_task
from benchmark.errors import TaskFileError

HEAD = 'languages = ["eng-Latn"]\n[source]\nfiles = "data"\n'


def encode(texts: list[str]) -> list[list[float]]:
    """Counts of three letters."""
    return [[float(text.count(letter)) for letter in "abc"] for text in texts]


def folder(path: Path, **tables: list[dict[str, Any]]) -> Path:
    """A folder of jsonl files beside the task file T.toml."""
    data = path / "data"
    data.mkdir()
    for name, rows in tables.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (data / f"{name}.jsonl").write_text(lines, "utf-8")
    return path / "T.toml"


def rows(count: int) -> list[dict[str, Any]]:
    """Texts of one letter each, with every sort of truth."""
    return [
        {
            "text": f"{'abc'[n % 3]} {n}",
            "label": "abc"[n % 3],
            "labels": [] if n == 4 else ["abc"[n % 3]],
            "value": float(n % 3),
        }
        for n in range(count)
    ]


def score(path: Path, content: str, **tables: list[dict[str, Any]]) -> float | None:
    """Write a task file and its data, and run it."""
    task = folder(path, **tables)
    task.write_text(content, "utf-8")

    class Letters:
        encode = staticmethod(encode)

    (row,) = evaluate(Letters(), str(task))
    return row.main_score


def test_multilabel_with_rows_without_a_label(tmp_path: Path) -> None:
    """An empty list is no fault: one b too many is predicted, an F1 of 4/5 beside two of 1."""
    content = 'kind = "multilabel_classification"\nmain_score = "f1"\n' + HEAD
    content += '[columns]\nlabel = "labels"\n'

    assert score(tmp_path, content, train=rows(30), test=rows(9)) == pytest.approx(2.8 / 3)


def test_regression(tmp_path: Path) -> None:
    """The letter tells the value."""
    content = 'kind = "regression"\nmain_score = "r2"\n' + HEAD

    assert score(tmp_path, content, train=rows(30), test=rows(9)) == pytest.approx(1.0)


def test_a_cross_validation_of_one_file(tmp_path: Path) -> None:
    """No table to train on is looked for."""
    content = 'kind = "classification"\nmain_score = "accuracy"\nsplits = ["train"]\n'
    content += 'languages = ["eng-Latn"]\n[source]\nfiles = "data/train.jsonl"\n[options]\n'
    content += 'cross_validation = true\nestimator = "sklearn.tree.DecisionTreeClassifier"\n'

    assert score(tmp_path, content, train=rows(30)) == 1.0


def test_zero_shot_by_keywords_of_the_task_file(tmp_path: Path) -> None:
    """No table of candidates is looked for."""
    content = 'kind = "zero_shot_classification"\nmain_score = "accuracy"\n' + HEAD
    content += '[options]\nmethod = "keywords"\n[options.labels]\na = ["aa", "a"]\nb = ["b"]\n'
    content += '[options.labels.c]\nkeywords = ["c"]\n'

    assert score(tmp_path, content, test=rows(9)) == 1.0


@pytest.mark.parametrize(
    ("kind", "options", "line", "message"),
    [
        (
            "classification",
            'estimator = "sklearn.svm.LinearSVCC"\n',
            7,
            "sklearn.svm has no estimator 'LinearSVCC'; did you mean 'LinearSVC'?",
        ),
        (
            "regression",
            "estimator_parameters = { fit_intercep = false }\n",
            None,
            (
                "sklearn.linear_model.LinearRegression has no parameter 'fit_intercep'; did you "
                "mean 'fit_intercept'?"
            ),
        ),
        (
            "classification",
            "cross_validation = true\n",
            7,
            (
                "a cross-validation evaluates its train split only; set splits = "
                '["train"], or train_split in [options]'
            ),
        ),
        ("classification", "n_splits = 0\n", 7, "option 'n_splits' must be a whole number from 1"),
        (
            "multilabel_classification",
            'max_eval_samples = "al"\n',
            7,
            "option 'max_eval_samples' must be a whole number from 1 (default 3000), not 'al'",
        ),
        (
            "zero_shot_classification",
            "labels = 3\n",
            7,
            "option 'labels' must be a table (default {}), not 3",
        ),
        (
            "zero_shot_classification",
            'method = "document"\n',
            7,
            "unknown method 'document'; did you mean 'documents'?",
        ),
    ],
)
def test_a_wrong_option_is_named_with_its_line(
    tmp_path: Path, kind: str, options: str, line: int | None, message: str
) -> None:
    """Before any data is read."""
    main_score = {"multilabel_classification": "f1", "regression": "r2"}.get(kind, "accuracy")
    task = tmp_path / "T.toml"
    content = f'kind = "{kind}"\nmain_score = "{main_score}"\n{HEAD}[options]\n{options}'
    task.write_text(content, "utf-8")
    with pytest.raises(TaskFileError) as caught:
        load_task(task)

    assert str(caught.value).startswith(f"{task}{f':{line}' if line else ''}: {message}")

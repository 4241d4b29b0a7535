"""The rows of a run as data frames."""

from __future__ import annotations

import math

import pytest

from benchmark.results.frame import Results, Row

pytest.importorskip("pandas")


def row(model: str, task: str, subset: str, score: float | None) -> Row:
    """A row with a score, or without one."""
    status = "failed" if score is None else "measured"
    return Row(model, task, "sts", "test", subset, "f1", score, status)  # type: ignore[arg-type]


RESULTS = Results(
    (
        row("b", "T", "en", 0.25),
        row("b", "T", "de", 0.75),
        row("b", "S", "en", None),
        row("a", "S", "en", 0.5),
    )
)


def test_long() -> None:
    """One row a split and subset, one column a field."""
    frame = RESULTS.to_frame()

    assert list(Row.__dataclass_fields__) == list(frame.columns)
    assert ["b", "b", "b", "a"] == list(frame["model"])


def test_wide() -> None:
    """One row a model, one column a task; the mean of its parts, NaN where one is missing."""
    frame = RESULTS.to_frame("wide")

    assert (["b", "a"], ["T", "S"], "model") == (
        list(frame.index),
        list(frame.columns),
        frame.index.name,
    )
    assert 0.5 == frame.loc["b", "T"] == frame.loc["a", "S"]
    assert math.isnan(frame.loc["b", "S"])
    assert math.isnan(frame.loc["a", "T"])
    assert frame.dtypes.eq(float).all()


def test_nothing() -> None:
    """No rows, no columns."""
    assert (0, 0) == Results(()).to_frame("wide").shape

"""Which rows of a task's tables count: levels, labels of one row, and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmark.catalog import load_task
from benchmark.data.select import select_rows
from benchmark.errors import DataError, TaskFileError
from benchmark.tables import source_of, with_source

TASK = """kind = "clustering"
main_score = "v_measure"
languages = ["eng-Latn"]
splits = ["test"]
[source]
files = "data"
[select]
"""


def write_task(folder: Path, select: str) -> Path:
    """A task file with this line under [select]."""
    path = folder / "Mine.toml"
    path.write_text(TASK + select, "utf-8")
    return path


def table(*labels: object) -> pa.Table:
    """A table of rows with these labels."""
    texts = [f"text {n}" for n in range(len(labels))]
    return with_source(pa.table({"text": texts, "label": list(labels)}), "made")


def test_labels_become_levels() -> None:
    """``a.b`` is of class a, and below it of class b."""
    found = select_rows({"rows": table("x.y", "x.z", "u")}, {"level_separator": "."})

    assert found["rows"].column("label").to_pylist() == [["x", "y"], ["x", "z"], ["u"]]
    assert source_of(found["rows"]) == "made"


def test_single_labels_are_dropped() -> None:
    """A label that one row has cannot be a cluster."""
    found = select_rows({"rows": table("a", "b", "a", "c")}, {"drop_single_labels": True})

    assert found["rows"].column("text").to_pylist() == ["text 0", "text 2"]


def test_a_sample_leaves_other_tables_and_small_ones() -> None:
    """Rows are drawn from the tables that are named, and only where there are more."""
    tables = {"rows": table(*"ab" * 10), "train": table(*"ab" * 10)}
    drawn = select_rows(tables, {"sample": {"rows": 8, "by": "label", "tables": ["train"]}})
    whole = select_rows(tables, {"sample": {"rows": 20}})

    assert drawn["rows"].num_rows == 20
    assert sorted(drawn["train"].column("label").to_pylist()) == list("aaaabbbb")
    assert whole["rows"].equals(tables["rows"])


def test_classes_stand_in_the_order_of_their_names() -> None:
    """Label 10 comes before 2, as mteb encodes labels: the draw depends on it."""
    numbers = np.repeat([2, 10], [30, 70])
    names = ["b" if value == 2 else "a" for value in numbers]
    settings = {"sample": {"rows": 20, "by": "label"}}
    first = select_rows({"rows": table(*numbers.tolist())}, settings)["rows"]
    second = select_rows({"rows": table(*names)}, settings)["rows"]

    assert first.column("text").equals(second.column("text"))


def test_a_class_of_one_row_cannot_be_drawn() -> None:
    """mteb stops there as well; the message names the file and what a class needs."""
    with pytest.raises(DataError, match="made: 4 rows cannot be drawn with each 'label'"):
        select_rows({"rows": table(*"aaaaab")}, {"sample": {"rows": 4, "by": "label"}})


@pytest.mark.parametrize(
    ("select", "message"),
    [
        ("sampl = {}", "Mine.toml:8: unknown key 'sampl' in .select.; did you mean 'sample'"),
        ("drop_single_labels = 1", "must be true or false"),
        ("sample = { by = 'label' }", "needs 'rows'"),
        ("sample = { rows = 5, by = 'labels' }", "unknown key 'labels' as 'by'"),
        ("sample = { rows = 5, tables = ['row'] }", "unknown key 'row' as a table"),
        ("sample = { size = 5 }", "unknown key 'size'"),
    ],
)
def test_a_wrong_select_is_named(tmp_path: Path, select: str, message: str) -> None:
    """File, line and the nearest key."""
    with pytest.raises(TaskFileError, match=message):
        load_task(write_task(tmp_path, select))


def test_what_is_selected_is_part_of_the_digest(tmp_path: Path) -> None:
    """A score depends on it."""
    one = load_task(write_task(tmp_path, "sample = { rows = 5 }")).digest
    other = load_task(write_task(tmp_path, "sample = { rows = 6 }")).digest

    assert one != other

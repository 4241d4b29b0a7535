"""Which rows of a task's tables count: filters, levels and draws."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmark.catalog import load_kind, load_task
from benchmark.data.select import select_rows
from benchmark.data.sources import load_tables
from benchmark.errors import DataError, TaskFileError
from benchmark.tables import source_of, with_source

TASK = """kind = "{kind}"
main_score = "{main_score}"
languages = ["eng-Latn"]
splits = ["test"]
[source]
files = "data"
[select]
"""


def write_task(folder: Path, select: str, kind: str = "clustering") -> Path:
    """A task of one file, whose rows have a text, a label and a place."""
    (folder / "data").mkdir(exist_ok=True)
    rows = [f'{{"text": "text {n}", "label": "{"abc"[n % 3]}", "n": {n % 2}}}' for n in range(12)]
    (folder / "data/test.jsonl").write_text("\n".join(rows), "utf-8")
    main_score = {"clustering": "v_measure", "retrieval": "ndcg_at_10"}[kind]
    path = folder / "Mine.toml"
    path.write_text(TASK.format(kind=kind, main_score=main_score) + select, "utf-8")
    return path


def labels_of(path: Path) -> list[object]:
    """The labels that are left."""
    task = load_task(path)
    rows = load_tables(task, load_kind(task.kind), "test", "default")["rows"]
    found: list[object] = rows.column("label").to_pylist()
    return found


def table(*labels: object) -> pa.Table:
    """A table of rows with these labels."""
    texts = [f"text {n}" for n in range(len(labels))]
    return with_source(pa.table({"text": texts, "label": list(labels)}), "made")


@pytest.mark.parametrize(
    ("select", "left"),
    [
        ('where = { n = "1" }', "bacbac"),
        ('where = { label = ["a", "c"] }', "acacacac"),
        ('where = { label = ["a", "b"], n = "0" }', "abab"),
        ('where = { absent = "a" }', "abcabcabcabc"),
    ],
)
def test_where_keeps_rows_of_a_value(tmp_path: Path, select: str, left: str) -> None:
    """Values are compared as strings; a table without the column stays whole."""
    option = '[options]\nmax_document_to_embed = "all"\n'

    assert labels_of(write_task(tmp_path, f"{select}\n{option}")) == list(left)


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
        ("wher = {}", "Mine.toml:8: unknown key 'wher' in .select.; did you mean 'where'"),
        ("where = { n = 1 }", "Mine.toml: 'n' must be a string"),
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

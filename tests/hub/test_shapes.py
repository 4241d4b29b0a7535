"""Rows with lists, as mteb's older data sets have them, become tables of our kinds."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from benchmark.data.hub_read import read_files
from benchmark.data.hub_shapes import (
    is_old_reranking,
    named_labels,
    only_where,
    pairs_of,
    reranking_of,
    rows_of,
    summaries_of,
    with_instructions,
)
from benchmark.errors import DataError
from tests.hub.files import write


def test_a_set_a_row() -> None:
    """A legacy clustering counts its sets; a clustering joins them."""
    table = pa.table({"sentences": [["a", "b"], [], ["c"]], "labels": [[1, 2], [], [3]]})

    found = rows_of("clustering_legacy", table, "x")

    assert {
        "set": [0, 0, 2],
        "sentences": ["a", "b", "c"],
        "labels": [1, 2, 3],
    } == found.to_pydict()
    joined = {"sentences": ["a", "b", "c"], "labels": [1, 2, 3]}
    assert joined == rows_of("clustering", table, "x").to_pydict()
    assert table.equals(rows_of("sts", table, "x"))


def test_pairs_in_one_row() -> None:
    """Only a single row is taken apart: several rows of lists are something else."""
    lists = {"sent1": [["a", "b"]], "sent2": [["c", "d"]], "labels": [[0, 1]]}

    found = rows_of("pair_classification", pa.table(lists), "x")

    assert {name: values[0] for name, values in lists.items()} == found.to_pydict()


def test_lists_of_different_lengths() -> None:
    """They cannot stand beside each other."""
    table = pa.table({"sentences": [["a", "b"]], "labels": [[1]]})

    with pytest.raises(DataError, match="x: lists in 'sentences' and 'labels' differ in length"):
        rows_of("clustering_legacy", table, "x")


def test_summaries() -> None:
    """A text's number names it; columns may have other names."""
    table = pa.table(
        {
            "text": ["t", "u"],
            "machine_summaries": [["a", "b"], ["c"]],
            "relevance": [[1.0, 2.0], [3.0]],
            "people": [["x"], ["y", "z"]],
        }
    )

    found = summaries_of(table, {"references": {"text": "people"}}, "x")

    rows = {"text-id": ["0", "0", "1"], "text": ["a", "b", "c"], "score": [1.0, 2.0, 3.0]}
    assert rows == found["rows"].to_pydict()
    assert {"text-id": ["0", "1", "1"], "people": ["x", "y", "z"]} == found[
        "references"
    ].to_pydict()
    with pytest.raises(DataError, match="no column 'human_summaries'; did you mean 'machine"):
        summaries_of(table, {}, "x")


def test_a_query_and_its_documents_a_row() -> None:
    """A query without a positive or a negative is left out; ids are those that mteb gives."""
    table = pa.table(
        {"query": ["p", "q"], "positive": [["a"], ["b"]], "negative": [[], ["c", "d"]]}
    )

    assert is_old_reranking(table)
    found = reranking_of(table, "test")

    ids = [
        "apositive_test_query0_00000",
        "negative_test_query0_00000",
        "negative_test_query0_00001",
    ]
    assert {"id": ids, "text": ["b", "c", "d"]} == found["corpus"].to_pydict()
    assert {"id": ["test_query0"], "text": ["q"]} == found["queries"].to_pydict()
    assert [1, 0, 0] == found["qrels"]["score"].to_pylist()
    assert ids == found["top_ranked"]["corpus-id"].to_pylist()


def test_candidates_instructions_and_rows_of_a_subset() -> None:
    """Lists of candidates, instructions by query, and the rows that have a value."""
    ranked = pa.table({"query-id": ["q", "r"], "corpus-ids": [["1", "2"], ["3"]]})
    queries = pa.table({"_id": [2, 1], "text": ["b", "a"]})
    told = pa.table({"query-id": ["1", "2"], "instruction": ["one", "two"]})

    assert ["q", "q", "r"] == pairs_of(ranked, "x")["query-id"].to_pylist()
    assert ["two", "one"] == with_instructions(queries, told, "x")["instruction"].to_pylist()
    assert ["b"] == only_where(queries, "_id", ["2"], "x")["text"].to_pylist()
    with pytest.raises(DataError, match="x: no row has '3' in the column '_id'"):
        only_where(queries, "_id", ["3"], "x")


def test_images_are_not_read(tmp_path: Path) -> None:
    """Columns of bytes and of structures are of no use to a text task."""
    table = pa.table({"text": ["a"], "image": [{"bytes": b"x"}], "raw": [b"x"], "list": [[1.0]]})
    path = tmp_path / "a.parquet"
    write(path, table)

    assert ["text", "list"] == read_files([path], ["a.parquet"], {}, "x").column_names


def test_labels_that_the_card_numbers() -> None:
    """Names become numbers in the card's order, where it has them all."""
    table = pa.table({"label": ["b", "a"], "other": ["a", "x"], "number": [5, 6]})
    names = {"names": {"0": "b", "1": "a"}}
    features = [
        {"name": name, "dtype": {"class_label": names}} for name in ("label", "other", "number")
    ]
    card = {"dataset_info": [{"config_name": "c", "features": features}]}

    assert {**table.to_pydict(), "label": [0, 1]} == named_labels(table, card, "c").to_pydict()
    assert table.equals(named_labels(table, card, "d"))
    assert table.equals(named_labels(table, {}, "c"))

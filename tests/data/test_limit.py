"""A limited task holds some of the examples, in their order, the same ones every time."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.limit import limit_tables


def rows(count: int) -> pa.Table:
    """A table of numbered rows."""
    return pa.table({"text": pa.array([f"text {n}" for n in range(count)], pa.large_string())})


def numbers(table: pa.Table) -> list[str]:
    """The texts of a table."""
    result: list[str] = table.column("text").to_pylist()
    return result


@settings(deadline=None)
@given(st.integers(0, 30), st.integers(1, 40), st.integers(0, 5))
def test_rows_are_a_subset_in_order_and_stable(count: int, limit: int, seed: int) -> None:
    """As many as asked for, no row twice."""
    whole = rows(count)

    kept = numbers(limit_tables({"rows": whole}, limit, seed)["rows"])

    assert min(count, limit) == len(kept)
    assert kept == [text for text in numbers(whole) if text in set(kept)]
    assert kept == numbers(limit_tables({"rows": whole}, limit, seed)["rows"])


def test_a_classification_keeps_its_training_pool() -> None:
    """Its draws are those of the whole task."""
    tables = {"rows": rows(9), "train": rows(20)}

    limited = limit_tables(tables, 4)

    assert (4, 20) == (limited["rows"].num_rows, limited["train"].num_rows)


@settings(deadline=None)
@given(st.sets(st.integers(0, 11)), st.integers(1, 14))
def test_a_retrieval_keeps_judged_queries_and_its_corpus(judged: set[int], limit: int) -> None:
    """Queries without a judgement are not drawn; judgements are those of the drawn queries."""
    order = sorted(judged)
    tables = {
        "corpus": pa.table({"id": ["d1", "d2"], "text": ["a", "b"]}),
        "queries": pa.table({"id": [f"q{n}" for n in range(12)], "text": ["x"] * 12}),
        "qrels": pa.table(
            {
                "query-id": pa.array([f"q{n}" for n in order for _ in "ab"], pa.string()),
                "corpus-id": pa.array(["d1", "d2"] * len(order), pa.string()),
            }
        ),
    }

    limited = limit_tables(tables, limit)

    ids = limited["queries"].column("id").to_pylist()
    assert tables["corpus"] is limited["corpus"]
    assert min(len(judged), limit) == len(ids)
    assert ids == [f"q{n}" for n in order if f"q{n}" in ids]
    expected = [name for name in ids for _ in "ab"]
    assert expected == limited["qrels"].column("query-id").to_pylist()


def test_the_draw_is_known() -> None:
    """It may not change unnoticed: a limited result is reused by its limit alone."""
    kept = numbers(limit_tables({"rows": rows(10)}, 4)["rows"])

    assert ["text 0", "text 1", "text 4", "text 9"] == kept

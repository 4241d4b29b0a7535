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


def ids(prefix: str, count: int) -> list[str]:
    """Numbered ids."""
    return [f"{prefix}{n}" for n in range(count)]


def candidates(queries: list[str]) -> dict[str, pa.Table]:
    """A reranking of nine documents; the candidates of the n-th query are the next three."""
    pairs = [(name, f"d{(n + k) % 9}") for n, name in enumerate(queries) for k in range(3)]
    named = [{"query-id": query, "corpus-id": document} for query, document in pairs]
    table = pa.Table.from_pylist(named)
    return {
        "corpus": pa.table({"id": ids("d", 9), "text": ["x"] * 9}),
        "queries": pa.table({"id": queries, "text": ["x"] * len(queries)}),
        "qrels": table,
        "top_ranked": table,
    }


def test_a_reranking_keeps_the_candidates_of_its_queries() -> None:
    """Documents that are no query's candidate cost time and change nothing."""
    limited = limit_tables(candidates(ids("q", 6)), 2)

    kept = limited["queries"].column("id").to_pylist()
    assert 2 == len(kept)
    assert kept == list(dict.fromkeys(limited["top_ranked"].column("query-id").to_pylist()))
    named = set(limited["top_ranked"].column("corpus-id").to_pylist())
    assert [name for name in ids("d", 9) if name in named] == (
        limited["corpus"].column("id").to_pylist()
    )


def test_both_versions_of_an_instruction_are_kept() -> None:
    """A changed instruction is compared with the original one."""
    queries = [f"q{n}-{version}" for n in range(5) for version in ("og", "changed")]
    changed = pa.table({"query-id": ids("q", 5), "corpus-id": ids("d", 5)})

    limited = limit_tables(candidates(queries) | {"changed": changed}, 2)

    names = limited["changed"].column("query-id").to_pylist()
    assert 2 == len(names)
    assert [f"{name}-{version}" for name in names for version in ("og", "changed")] == (
        limited["queries"].column("id").to_pylist()
    )


def test_summaries_of_a_text_stay_together() -> None:
    """A correlation is taken over all of them; human summaries are those of the texts kept."""
    of = [name for name in ids("t", 5) for _ in range(3)]
    tables = {
        "rows": pa.table({"text-id": of, "score": range(15)}),
        "references": pa.table({"text-id": ids("t", 5), "text": ["x"] * 5}),
    }

    limited = limit_tables(tables, 2)

    kept = limited["references"].column("text-id").to_pylist()
    assert 2 == len(kept)
    assert [name for name in kept for _ in range(3)] == (
        limited["rows"].column("text-id").to_pylist()
    )


def test_a_set_to_cluster_is_kept_whole() -> None:
    """A part of a set would be another clustering."""
    rows_of_sets = pa.table({"set": [str(n % 4) for n in range(20)], "label": range(20)})

    limited = limit_tables({"rows": rows_of_sets}, 3)["rows"]

    assert 15 == limited.num_rows
    assert 3 == len(limited.column("set").unique())


def test_the_draw_is_known() -> None:
    """It may not change unnoticed: a limited result is reused by its limit alone."""
    kept = numbers(limit_tables({"rows": rows(10)}, 4)["rows"])

    assert ["text 0", "text 1", "text 4", "text 9"] == kept

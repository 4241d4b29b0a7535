"""The shapes that mteb's tasks have on the hub, turned into the tables of our kinds.

Lists in a row become rows: sets to cluster, pairs stored in one row, summaries of a text, documents
around a query, candidates of a query (mteb 2.26.24, ``abstasks``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.errors import DataError, nearest

if TYPE_CHECKING:
    import pyarrow as pa

_OLD_RERANKING = ("query", "positive", "negative")
_SETS = ("text", "sentence", "sentences")  # columns of texts, which may hold lists
_SUMMARIES = {
    "rows": {"text": "machine_summaries", "score": "relevance"},
    "references": {"text": "human_summaries"},
}


def rows_of(kind: str, table: pa.Table, label: str) -> pa.Table:
    """The rows of a kind that is one table on the hub; those without lists stay as they are.

    A legacy clustering gets a column ``set``, the row that a text stood in. Raises DataError where
    lists beside each other differ in length.
    """
    if kind == "clustering_legacy" and "set" not in table.column_names and _lists(table):
        return _exploded(table, _lists(table), label, number="set")
    if kind == "pair_classification" and table.num_rows == 1 and _lists(table):
        return _exploded(table, _lists(table), label)
    if kind == "clustering" and not set(_lists(table)).isdisjoint(_SETS):
        return _exploded(table, _lists(table), label)  # sets that are clustered as one
    return table


def summaries_of(table: pa.Table, columns: Mapping[str, Any], label: str) -> dict[str, pa.Table]:
    """The rows and references of a summarization, whose texts are named by their row.

    ``columns`` may name the lists: ``rows.text``, ``rows.score``, ``references.text``.
    """
    import pyarrow as pa

    found = {}
    for key, fields in _SUMMARIES.items():
        named = columns.get(key, {}) if isinstance(columns.get(key), Mapping) else {}
        names = [named.get(field, usual) for field, usual in fields.items()]
        for name in names:
            _need(table, name, label)
        part = _exploded(table.select(names), names, label, number="text-id")
        ids = part.column("text-id").cast(pa.string())
        called = [named.get(field, field) for field in fields]
        found[key] = pa.table([ids, *part.columns[1:]], names=["text-id", *called])
    return found


def named_labels(table: pa.Table, card: Mapping[str, Any], config: str | None) -> pa.Table:
    """Labels written as names become the numbers that the card gives these, as datasets reads them.

    Files with types hold the numbers already. A column with a name that the card lacks stays as it
    is.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    for column, names in _class_names(card, config).items():
        if column not in table.column_names:
            continue
        values = table.column(column)
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            continue
        numbers = pc.index_in(values.cast(pa.string()), value_set=pa.array(names, pa.string()))
        if numbers.null_count == values.null_count:
            at = table.column_names.index(column)
            table = table.set_column(at, column, numbers.cast(pa.int64()))
    return table


def _class_names(card: Mapping[str, Any], config: str | None) -> dict[str, list[str]]:
    """The names of the classes by column, in the order of their numbers."""
    told = card.get("dataset_info", [])
    found: dict[str, list[str]] = {}
    for info in told if isinstance(told, list) else [told]:
        if not isinstance(info, Mapping) or info.get("config_name", "default") != config:
            continue
        for feature in info.get("features") or []:
            dtype = feature.get("dtype") if isinstance(feature, Mapping) else None
            classes = dtype.get("class_label") if isinstance(dtype, Mapping) else None
            names = classes.get("names") if isinstance(classes, Mapping) else None
            if isinstance(names, Mapping) and all(str(key).isdigit() for key in names):
                names = [names[key] for key in sorted(names, key=int)]
            if names and isinstance(names, list):
                found[str(feature.get("name"))] = [str(name) for name in names]
    return found


def is_old_reranking(table: pa.Table) -> bool:
    """Whether each row is a query with lists of its positive and negative documents."""
    return set(_OLD_RERANKING) <= set(table.column_names)


def reranking_of(table: pa.Table, split: str) -> dict[str, pa.Table]:
    """The four tables of a reranking, with the ids that mteb gives (``_process_example``).

    A row without a positive, or without a negative, is left out, and the rest are counted on.
    """
    import pyarrow as pa

    queries: list[dict[str, str]] = []
    texts, ids, owners, grades = [], [], [], []
    for row in table.select(list(_OLD_RERANKING)).to_pylist():
        if not row["positive"] or not row["negative"]:
            continue
        name = f"{split}_query{len(queries)}"
        queries.append({"id": name, "text": row["query"]})
        for key, start, grade in (("positive", "apositive", 1), ("negative", "negative", 0)):
            for number, text in enumerate(row[key]):
                texts.append(text)
                ids.append(f"{start}_{name}_{number:05d}")
                owners.append(name)
                grades.append(grade)
    pairs = {"query-id": owners, "corpus-id": ids}
    return {
        "corpus": pa.table({"id": ids, "text": pa.array(texts, pa.large_string())}),
        "queries": pa.Table.from_pylist(queries),
        "qrels": pa.table({**pairs, "score": grades}),
        "top_ranked": pa.table(pairs),
    }


def pairs_of(table: pa.Table, label: str) -> pa.Table:
    """``query-id`` and ``corpus-id``, where ``corpus-ids`` holds a list for each query."""
    if "corpus-ids" not in table.column_names:
        return table
    found = _exploded(table.select(["query-id", "corpus-ids"]), ["corpus-ids"], label)
    return found.rename_columns(["query-id", "corpus-id"])


def with_instructions(queries: pa.Table, instructions: pa.Table, label: str) -> pa.Table:
    """The queries with the column ``instruction`` of another table; each needs one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    name = next((name for name in ("_id", "id") if name in queries.column_names), "id")
    for table, column in ((queries, name), (instructions, "query-id")):
        _need(table, column, label)
    keys = instructions.column("query-id").cast(pa.string()).combine_chunks()
    ids = queries.column(name).cast(pa.string()).combine_chunks()
    at = pc.index_in(ids, value_set=keys)
    texts = instructions.column("instruction").combine_chunks().take(at)
    if "instruction" in queries.column_names:
        queries = queries.drop_columns(["instruction"])
    return queries.append_column("instruction", texts)


def only_where(table: pa.Table, column: str, values: Sequence[str], label: str) -> pa.Table:
    """The rows whose ``column`` has one of these values; DataError when there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    _need(table, column, label)
    wanted = pa.array(values, pa.string())
    found = table.filter(pc.is_in(table.column(column).cast(pa.string()), value_set=wanted))
    if not found.num_rows:
        shown = "' or '".join(values)
        raise DataError(f"{label}: no row has '{shown}' in the column '{column}'; check [source]")
    return found


def _need(table: pa.Table, column: str, label: str) -> None:
    if column not in table.column_names:
        known = [name for name in table.column_names if name.isprintable()]
        raise DataError(f"{label}: no column '{column}'{nearest(column, known)}")


def _lists(table: pa.Table) -> list[str]:
    import pyarrow.types as pt

    return [f.name for f in table.schema if pt.is_list(f.type) or pt.is_large_list(f.type)]


def _exploded(
    table: pa.Table, lists: Sequence[str], label: str, number: str | None = None
) -> pa.Table:
    """A row for each element of the lists beside the other columns; ``number`` is the old row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = {name: table.column(name).combine_chunks() for name in table.column_names}
    lengths = pc.fill_null(pc.list_value_length(columns[lists[0]]), 0)
    for name in lists[1:]:
        if not pc.fill_null(pc.list_value_length(columns[name]), 0).equals(lengths):
            raise DataError(f"{label}: lists in '{lists[0]}' and '{name}' differ in length")
    parents = pc.list_parent_indices(columns[lists[0]])
    found: dict[str, pa.Array] = {number: parents} if number else {}
    for name, values in columns.items():
        found[name] = pc.list_flatten(values) if name in lists else values.take(parents)
    return pa.table(found)

"""What can be wrong between a corpus, queries and judgements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmark.kinds.common import column, finding_at, repeated

if TYPE_CHECKING:
    import pyarrow as pa

    from benchmark.protocols import Finding, Tables


def check_judgements(tables: Tables) -> list[Finding]:
    """Judgements of absent queries or documents, queries without relevant ones, duplicates.

    mteb says nothing of a pair that is judged twice, and takes the last judgement.
    """
    import pyarrow.compute as pc

    corpus, queries, qrels = tables["corpus"], tables["queries"], tables["qrels"]
    found = []
    for name, known, code, noun in (
        ("query-id", queries, "absent_query", "query"),
        ("corpus-id", corpus, "absent_document", "document"),
    ):
        present = pc.is_in(column(qrels, name), value_set=column(known, "id"))
        rows = np.flatnonzero(~present.to_numpy(zero_copy_only=False))
        if len(rows):
            ident = qrels.column(name)[int(rows[0])].as_py()
            what = f"judges the {noun} '{ident}', which is absent"
            action = f"add the {noun} or remove the judgement"
            found.append(finding_at("error", code, qrels, rows, what, action))
    rows = repeated(_pairs(qrels))
    if len(rows):
        what, action = "this pair is judged in an earlier row too", "the last one counts; keep one"
        found.append(finding_at("warning", "repeated_judgement", qrels, rows, what, action))
    relevant = column(qrels, "query-id")
    if "score" in qrels.column_names:
        relevant = relevant.filter(pc.fill_null(pc.greater_equal(column(qrels, "score"), 1), True))
    has = pc.is_in(column(queries, "id"), value_set=relevant)
    rows = np.flatnonzero(~has.to_numpy(zero_copy_only=False))
    if len(rows):
        ident = queries.column("id")[int(rows[0])].as_py()
        what = f"the query '{ident}' has no relevant document"
        action = "judge one, or remove the query (without any judgement it is not counted)"
        found.append(finding_at("warning", "query_without_relevant", queries, rows, what, action))
    rows = repeated(column(corpus, "text"))
    if len(rows):
        what = f"the document '{_id(corpus, int(rows[0]))}' has the text of an earlier one"
        action = "equal documents tie, and only their ids order them; remove one or judge both"
        found.append(finding_at("warning", "duplicate_document", corpus, rows, what, action))
    return found


def _pairs(qrels: pa.Table) -> pa.Array:
    """A number for each judged pair."""
    import pyarrow as pa

    query, document = (
        column(qrels, name).dictionary_encode().indices.to_numpy().astype(np.int64)
        for name in ("query-id", "corpus-id")
    )
    return pa.array(query * (document.max(initial=0) + 1) + document)


def _id(table: pa.Table, row: int) -> str:
    return str(table.column("id")[row].as_py())

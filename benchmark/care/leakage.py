"""What of the answers the data give away: training texts in the test, queries among documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from benchmark.care.near import first_equal, first_near, text_hashes
from benchmark.kinds.common import column, finding_at
from benchmark.tables import source_of

if TYPE_CHECKING:
    import pyarrow as pa

    from benchmark.protocols import Finding, Tables


def find_leaks(
    tables: Tables, fields: Mapping[str, Mapping[str, str]], *, own_ids: bool = True
) -> list[Finding]:
    """Warnings of texts that stand in the training data too, and of queries that are documents.

    Equal means but for case and white space; nearly equal is what ``near.first_near`` says. Without
    ``own_ids`` a document may have the text of the query with its id, since it is not ranked for
    it. A query without a relevant document is the kind's own finding.
    """
    found: list[Finding] = []
    for table, others in (("rows", "train"), ("queries", "corpus")):
        if table in tables and others in tables:
            for field, kind in fields[table].items():
                both = all(field in tables[name].column_names for name in (table, others))
                if kind.rstrip("?") == "text" and both:
                    if others == "train":
                        found += _in_training(tables[table], tables[others], field)
                    else:
                        found += _in_corpus(tables[table], tables[others], field, own_ids)
    return found


def _in_training(table: pa.Table, others: pa.Table, field: str) -> list[Finding]:
    texts, known = column(table, field), column(others, field)
    hashes, theirs = text_hashes(texts), text_hashes(known)
    same = first_equal(hashes, theirs)
    rows = np.flatnonzero(same >= 0)
    where = source_of(others)
    found = []
    if len(rows):
        what = f"the field '{field}' stands in {where} row {int(same[rows[0]]) + 1} too"
        action = "a classifier knows the answer; take the rows out of one of them"
        found.append(finding_at("warning", "training_text", table, rows, what, action))
    # Equal ones need no second look, and each training text one.
    rest = np.flatnonzero(same < 0)
    first = np.sort(np.unique(theirs, return_index=True)[1])
    near = first_near(texts.take(rest), known.take(first))
    rows = rest[near >= 0]
    if len(rows):
        like = int(first[near[near >= 0][0]]) + 1
        what = f"the field '{field}' is nearly that of {where} row {like}"
        action = "a classifier all but knows the answer; see whether that is meant"
        found.append(finding_at("warning", "near_training_text", table, rows, what, action))
    return found


def _in_corpus(queries: pa.Table, corpus: pa.Table, field: str, own_ids: bool) -> list[Finding]:
    same = first_equal(text_hashes(column(queries, field)), text_hashes(column(corpus, field)))
    rows = np.flatnonzero(same >= 0)
    asked, found = (
        np.array(column(table, "id").take(at).to_pylist(), object)
        for table, at in ((queries, rows), (corpus, same[rows]))
    )
    if not own_ids:
        other = asked != found
        rows, asked, found = rows[other], asked[other], found[other]
    if not len(rows):
        return []
    what = f"the query '{asked[0]}' has the text of the document '{found[0]}'"
    action = "most models find that first; judge it relevant, or take it out of the corpus"
    return [finding_at("warning", "query_is_document", queries, rows, what, action)]

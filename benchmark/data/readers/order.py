"""Put rows and ids in an order drawn by a seed, and build the canonical tables."""

from __future__ import annotations

import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import pyarrow as pa

Row = TypeVar("Row")

SEED = 42


def seed_of(arguments: Mapping[str, Any]) -> int:
    """The seed of a task's ``[source.arguments]``, 42 unless it names one."""
    return int(arguments.get("seed", SEED))


def shuffled(rows: Iterable[Row], seed: int) -> list[Row]:
    """The rows in an order that depends on the seed and their number only.

    >>> shuffled("abcd", 1)
    ['d', 'a', 'c', 'b']
    """
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)
    return mixed


def shuffled_ids(count: int, prefix: str, seed: int) -> list[str]:
    """``count`` ids of equal length in a drawn order, so that ties by id carry no information.

    Queries and documents draw apart (the prefix is part of the seed): the n-th query's id says
    nothing about the n-th document's.

    >>> shuffled_ids(3, "d", 1)
    ['d1', 'd2', 'd0']
    """
    width = len(str(max(count - 1, 0)))
    ids = [f"{prefix}{number:0{width}d}" for number in range(count)]
    random.Random(f"{prefix} {seed}").shuffle(ids)
    return ids


def once(rows: Sequence[Row], *keys: Sequence[Hashable]) -> list[Row]:
    """The rows whose every key occurs once: a text that stands twice has no one right answer.

    >>> once([1, 2, 3], ["a", "b", "a"])
    [2]
    """
    counts: list[dict[Hashable, int]] = []
    for key in keys:
        count: dict[Hashable, int] = {}
        for value in key:
            count[value] = count.get(value, 0) + 1
        counts.append(count)
    return [
        row
        for position, row in enumerate(rows)
        if all(count[key[position]] == 1 for key, count in zip(keys, counts, strict=True))
    ]


def text_table(**columns: Sequence[Any]) -> pa.Table:
    """A table of string columns; a column of floats or whole numbers keeps its type."""
    return pa.table({name: pa.array(list(values)) for name, values in columns.items()})


def retrieval_tables(
    pairs: Sequence[tuple[str, Sequence[int]]], documents: Sequence[str], seed: int
) -> dict[str, pa.Table]:
    """Corpus, queries and qrels from documents and ``(query, indices of its documents)``.

    Every judgement is 1; ids and the order of the rows are drawn by the seed.
    """
    document_ids = shuffled_ids(len(documents), "d", seed)
    query_ids = shuffled_ids(len(pairs), "q", seed)
    judged = [
        (query_id, document_ids[index])
        for query_id, (_, indices) in zip(query_ids, pairs, strict=True)
        for index in indices
    ]
    corpus = sorted(zip(document_ids, documents, strict=True))
    queries = sorted(zip(query_ids, (text for text, _ in pairs), strict=True))
    judged.sort()
    return {
        "corpus": text_table(id=[row[0] for row in corpus], text=[row[1] for row in corpus]),
        "queries": text_table(id=[row[0] for row in queries], text=[row[1] for row in queries]),
        "qrels": pa.table(
            {
                "query-id": [row[0] for row in judged],
                "corpus-id": [row[1] for row in judged],
                "score": pa.array([1.0] * len(judged), pa.float64()),
            }
        ),
    }

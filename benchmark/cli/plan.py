"""``embedmark run --plan``: what would run, and its size."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.cli.output import print_json, print_table

if TYPE_CHECKING:
    from benchmark.catalog import Choice


def print_plan(models: Sequence[str], choices: Sequence[Choice], args: Namespace) -> int:
    """Read the data, encode nothing; 1 when a part cannot be read."""
    from benchmark.catalog import expanded
    from benchmark.models.table import SCHEMES
    from benchmark.models.uri import parse_uri

    for model in models:
        parse_uri(model, SCHEMES)
    rows, errors = [], []
    for choice in expanded(choices):
        if choice.task.parts:
            continue  # what an aggregate is made of stands before it
        row, failed = _row(choice, args)
        rows.append(row)
        errors += failed
    if args.json:
        print_json({"models": list(models), "tasks": rows, "errors": errors})
    else:
        columns = ["task", "kind", "parts", "texts", "unique texts", "characters"]
        total: list[Any] = [
            "total",
            "",
            *(sum(r[c.replace(" ", "_")] for r in rows) for c in columns[2:]),
        ]
        table = [[r[c.replace(" ", "_")] for c in columns] for r in rows]
        print_table(columns, [*table, total], right=set(columns[2:]))
        print()
        print(
            f"{' and '.join(models)} would encode these texts{' each' if len(models) > 1 else ''}, "
            "less what the cache holds. Nothing was run."
        )
    for error in errors:
        print(f"failed: {error}", file=sys.stderr)
    return 1 if errors else 0


def _row(choice: Choice, args: Namespace) -> tuple[dict[str, Any], list[str]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from benchmark.prepare import prepare

    prepared = prepare(choice, limit=args.limit)
    texts = unique = characters = 0
    for part in prepared.parts:
        groups: dict[Any, list[Any]] = {}
        for request in part.plan.values():
            column = request.texts.cast(pa.large_string())
            chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
            groups.setdefault(request.role, []).extend(chunks)
        for chunks in groups.values():
            whole = pa.chunked_array(chunks, pa.large_string())
            texts += len(whole)
            distinct = whole.unique()
            unique += len(distinct)
            characters += pc.sum(pc.utf8_length(distinct)).as_py() or 0
    row = {
        "task": choice.task.name,
        "kind": choice.task.kind,
        "parts": len(prepared.parts),
        "texts": texts,
        "unique_texts": unique,
        "characters": characters,
    }
    return row, [part.error for part in prepared.parts if part.error]

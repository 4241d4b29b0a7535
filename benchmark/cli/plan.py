"""``embedmark run --plan``: what would run, how large it is, and about what it would take."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark.cli.output import print_json, print_table

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.forecast.estimate import Forecast
    from benchmark.prepare import Prepared

_COUNTS = ("texts", "unique_texts", "characters")


def print_plan(
    models: Sequence[str], choices: Sequence[Choice], args: Namespace, begun: float
) -> int:
    """Read the data, let models that are here encode a few texts; 1 when something fails.

    Data of a hub that are not here are not fetched: their size is told instead of their counts.
    ``begun`` is when the command began: what it took until then, a run takes too.
    """
    from benchmark.catalog import expanded
    from benchmark.forecast.estimate import add, begin, finish
    from benchmark.models.table import Settings
    from benchmark.prepare import bytes_to_fetch, chosen_parts, prepare

    settings = Settings(args.batch_size, args.device, args.trust, args.price)
    before = time.perf_counter() - begun
    forecasts = begin(models, settings)
    for forecast in forecasts[:1]:
        forecast.start += before
    rows, errors = [], []
    for choice in expanded(choices):
        if choice.task.parts:
            continue  # what an aggregate is made of stands before it
        if size := bytes_to_fetch(choice):
            task, parts = choice.task, len(list(chosen_parts(choice)))
            unknown = dict.fromkeys(_COUNTS)
            facts = {"task": task.name, "kind": task.kind, "parts": parts}
            rows.append({**facts, **unknown, "bytes_to_fetch": size})
            continue
        prepared = prepare(choice, limit=args.limit)
        rows.append(_row(prepared))
        errors += [part.error for part in prepared.parts if part.error]
        lost = (line for part in prepared.parts for line in part.left_out)
        errors += [f"{prepared.task.name}: {line}" for line in dict.fromkeys(lost)]
        for forecast in forecasts:
            add(forecast, prepared)
    for forecast in forecasts:
        finish(forecast)
    errors += [forecast.failed for forecast in forecasts if forecast.failed]
    if args.json:
        told = [forecast.to_json() for forecast in forecasts]
        content = {"models": list(models), "tasks": rows, "forecasts": told, "errors": errors}
        print_json(content)
    else:
        _print_tasks(rows)
        print()
        _print_forecasts(forecasts)
    for error in errors:
        print(f"failed: {error}", file=sys.stderr)
    return 1 if errors else 0


def _print_tasks(rows: Sequence[dict[str, Any]]) -> None:
    columns = ["task", "kind", "parts", "texts", "unique texts", "characters"]
    total: list[Any] = [
        "total",
        "",
        *(sum(r[c.replace(" ", "_")] or 0 for r in rows) for c in columns[2:]),
    ]
    table = [[_shown(r[c.replace(" ", "_")]) for c in columns] for r in rows]
    print_table(columns, [*table, total], right=set(columns[2:]))
    absent = [row["bytes_to_fetch"] for row in rows if row["bytes_to_fetch"]]
    if absent:
        tasks = f"The data of {len(absent)} task{'s'[: len(absent) > 1]} are"
        print(
            f"\n{tasks} not here: {sum(absent) / 1e6:,.1f} MB to fetch, and texts that are not "
            "counted.\nA run fetches them, as embedmark tasks check does."
        )


def _shown(count: Any) -> Any:
    return "?" if count is None else count


def _print_forecasts(forecasts: Sequence[Forecast]) -> None:
    table = [
        [
            forecast.model,
            _prompts(forecast),
            "" if forecast.tokens is None else f"{forecast.tokens:,}",
            forecast.note if forecast.seconds is None else _duration(forecast.seconds),
            "" if forecast.cost is None else f"{forecast.cost:.4f}",
        ]
        for forecast in forecasts
    ]
    columns = ["model", "before texts", "tokens", "time", "cost"]
    print_table(columns, table, right={"tokens", "cost"})
    print()
    print(
        "Each model would encode these texts, less what the cache holds. Time and tokens are those "
        "of a few texts\ntimes the rest. Nothing was sent or saved."
    )


def _prompts(forecast: Forecast) -> str:
    """What stands before texts, by role; ``nothing`` where nothing does."""
    told = [
        f"{role}: {prompts[0]!r}" + (f" and {len(prompts) - 1} more" if len(prompts) > 1 else "")
        for role, prompts in forecast.prompts.items()
        if prompts
    ]
    return "; ".join(told) or ("nothing" if forecast.prompts else "")


def _duration(seconds: float) -> str:
    """About how long, for people.

    >>> _duration(0.2), _duration(95), _duration(5400)
    ('about 1 s', 'about 95 s', 'about 90 min')
    """
    if seconds < 100:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 6000 else f"about {seconds / 3600:.1f} h"


def _row(prepared: Prepared) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

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
    return {
        "task": prepared.task.name,
        "kind": prepared.task.kind,
        "parts": len(prepared.parts),
        "texts": texts,
        "unique_texts": unique,
        "characters": characters,
        "bytes_to_fetch": 0,
    }

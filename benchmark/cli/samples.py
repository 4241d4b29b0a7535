"""embedmark results samples: the examples that cost a score the most, with their texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_sources
from benchmark.errors import BenchmarkError, UsageError

if TYPE_CHECKING:
    from benchmark.prepare import PreparedPart
    from benchmark.results.task_result import TaskResult

_SHOWN = 80  # characters of a text in the table; --json has it whole
_LISTS = 10  # values of a list in the output


def add_samples(commands: Any) -> argparse.ArgumentParser:
    """Add the subcommand and its options."""
    text = "the examples that cost a score the most, with their texts from the task's data"
    parser: argparse.ArgumentParser = commands.add_parser("samples", help=text, description=text)
    parser.add_argument("task", metavar="TASK", help="a task's name, or the path of its file")
    parser.add_argument("target", metavar="MODEL|PATH", help="a model's name or a result file")
    parser.add_argument("--worst", type=int, default=20, metavar="N", help="how many (20)")
    parser.add_argument("--split", help="of this split only")
    parser.add_argument("--subset", help="of this subset only")
    parser.add_argument("--trust", action="store_true", help="let the task run code of its own")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    add_sources(parser)
    return parser


def run_samples(args: argparse.Namespace, found: list[TaskResult]) -> int:
    """Print them; 1 when the records of a part cannot be read (the others are printed)."""
    from benchmark.cli.output import print_json, print_table, visible
    from benchmark.results.samples import read_samples, samples_path

    if args.worst < 1:
        raise UsageError(f"--worst: '{args.worst}' is no whole number from 1")
    name = args.task.rpartition("/")[2].removesuffix(".toml")
    results = [result for result in found if result.task == name]
    if not results:
        known = ", ".join(sorted({result.task for result in found})[:5]) or "none"
        raise UsageError(f"no result of '{name}' by '{args.target}'; there are: {known}")
    code = 0
    rows: list[dict[str, Any]] = []
    for result in results:
        digests = {f"{e.split}/{e.subset}": e.samples for e in result.entries if _wanted(e, args)}
        if not any(digests.values()):
            note = "no records of examples; they were not kept when it was measured, or imported"
            print(f"{visible(result.path)}: {note}; run it with --fresh", file=sys.stderr)
            code = 1
            continue
        samples, problems = read_samples(samples_path(result.path), digests)
        for problem in problems:
            print(visible(problem), file=sys.stderr)
            code = 1
        parts = parts_of(args.task, result, args.trust)
        for key, columns in samples.items():
            rows += _rows(result.model, key, columns, parts.get(key))
    rows = sorted(rows, key=lambda row: -float(row["loss"]))[: args.worst]
    if args.json:
        print_json({"samples": rows})
        return code
    names = list(dict.fromkeys(name for row in rows for name in row["texts"]))
    several = len({row["split"] + row["subset"] for row in rows}) > 1
    columns_shown = [*(["split", "subset"] if several else []), "example", "loss", *names]
    shown = [
        [
            *([row["split"], row["subset"]] if several else []),
            row["id"] or row["row"],
            f"{row['loss']:.3f}",
            *(cut(row["texts"].get(name, "")) for name in names),
        ]
        for row in rows
    ]
    print_table(columns_shown, shown, right={"loss"})
    return code


def _wanted(entry: Any, args: argparse.Namespace) -> bool:
    return args.split in (None, entry.split) and args.subset in (None, entry.subset)


def _rows(
    model: str, key: str, samples: Mapping[str, Any], part: PreparedPart | None
) -> Iterator[dict[str, Any]]:
    from benchmark.analysis.examples import TEXT, loss_of, texts_of

    kept = {name: values for name, values in samples.items() if name.startswith(TEXT)}
    texts = texts_of(part.plan, samples) if part else kept
    split, subset = key.split("/", 1)
    loss = loss_of(samples)
    for example in (-loss).argsort(kind="stable"):
        numbers = {
            name: _plain(values[example])
            for name, values in samples.items()
            if name not in ("id", "row") and not name.startswith(("times_", TEXT))
        }
        yield {
            "model": model,
            "split": split,
            "subset": subset,
            "row": int(samples["row"][example]) if "row" in samples else int(example),
            "id": str(samples["id"][example]) if "id" in samples else "",
            "loss": float(loss[example]),
            "record": numbers,
            "texts": {
                name.removeprefix(TEXT): str(values[example]) for name, values in texts.items()
            },
        }


def _plain(value: Any) -> Any:
    from benchmark.results.record import plain

    found = plain(value)
    return found[:_LISTS] if isinstance(found, list) else found


def parts_of(task: str, result: TaskResult, trust: bool) -> dict[str, PreparedPart]:
    """The task's data by part, where they can be read and are those that were scored."""
    from benchmark.catalog import find_choices
    from benchmark.cli.output import visible
    from benchmark.prepare import prepare

    try:
        (choice,) = find_choices([task], trust=trust)
        prepared = prepare(choice, limit=result.limit)
    except (BenchmarkError, ValueError) as error:
        print(
            f"note: no texts but kept ones, since the data cannot be read: {visible(error)}",
            file=sys.stderr,
        )
        return {}
    known = {f"{e.split}/{e.subset}": e.fingerprint for e in result.entries}
    found = {f"{part.split}/{part.subset}": part for part in prepared.parts if not part.error}
    changed = [key for key, part in found.items() if known.get(key) not in (None, part.fingerprint)]
    if changed:
        print(
            f"note: the data of {', '.join(changed)} changed; no texts but kept ones",
            file=sys.stderr,
        )
    return {key: part for key, part in found.items() if key not in changed}


def cut(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."

"""``embedmark tasks stats``: what data are made of, without a text of them."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_bundle, choices_named

if TYPE_CHECKING:
    from benchmark.care.profile import Count
    from benchmark.catalog import Choice

_SHOWN = ("mean", "most")


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("names", nargs="*", metavar="TASK", help="a task, a suite, a task file")
    add_bundle(parser)
    parser.add_argument(
        "--tokenizer", type=Path, metavar="FILE", help="count tokens by this tokenizer.json"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="lengths of texts as SVG")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--trust", action="store_true", help="allow tasks to run their own code")


def run(args: Namespace) -> int:
    """Read the data of each task, and print what they are made of."""
    from benchmark.care.picture import lengths_picture
    from benchmark.care.profile import SIMPLE
    from benchmark.catalog import expanded
    from benchmark.cli.output import print_json
    from benchmark.errors import UsageError

    if not args.names and not args.bundle:
        raise UsageError("name a task, or --bundle FILE")
    count = None if args.tokenizer is None else _counter(args.tokenizer)
    choices = expanded(choices_named(args, args.names, trust=args.trust))
    found = [_task_stats(choice, count) for choice in choices if not choice.task.parts]
    tokens = SIMPLE if args.tokenizer is None else str(args.tokenizer)
    if args.json:
        print_json({"tokens": tokens, "tasks": found})
    else:
        _print(found, tokens)
    if args.picture:
        panels = [
            (f"{task['name']} {part['split']}/{part['subset']} {table}.{field}", text["histogram"])
            for task in found
            for part in task["parts"]
            for table, facts in part["tables"].items()
            for field, text in facts.get("texts", {}).items()
        ]
        try:
            args.picture.write_text(lengths_picture("characters of a text", panels), "utf-8")
        except OSError as error:
            raise UsageError(
                f"{args.picture}: cannot be written ({error.strerror}); choose another folder"
            ) from None
    return 0


def _task_stats(choice: Choice, count: Count | None) -> dict[str, Any]:
    from benchmark.care.profile import hashes_of, profile, shared
    from benchmark.catalog import load_kind
    from benchmark.data.fingerprint import fingerprint
    from benchmark.data.sources import fields_of, load_tables
    from benchmark.prepare import chosen_parts

    task, kind = choice.task, load_kind(choice.task.kind)
    fields = fields_of(task, kind)
    parts: list[dict[str, Any]] = []
    seen: dict[tuple[str, str], dict[str, Any]] = {}
    for split, subset in chosen_parts(choice):
        tables = load_tables(task, kind, split, subset)
        hashes = hashes_of(tables, fields)
        parts.append(
            {
                "split": split,
                "subset": subset,
                "languages": list(task.subsets[subset]),
                "fingerprint": fingerprint(tables),
                "tables": profile(tables, fields, count),
                "in_training": shared(hashes["rows"], hashes["train"])
                if "train" in hashes and "rows" in hashes
                else None,
                "in_other_splits": {
                    other: sum(shared(hashes[name], theirs[name]) for name in _own(hashes, theirs))
                    for (other, of), theirs in seen.items()
                    if of == subset
                },
            }
        )
        seen[split, subset] = hashes
    return {"name": task.name, "kind": task.kind, "digest": task.digest, "parts": parts}


def _own(hashes: dict[str, Any], others: dict[str, Any]) -> list[str]:
    """The tables that a split has of its own: a corpus and training data may serve them all."""
    return [name for name in ("rows", "queries") if name in hashes and name in others]


def _print(tasks: list[dict[str, Any]], tokens: str) -> None:
    from benchmark.cli.output import print_table

    texts, others, parts = [], [], []
    for task in tasks:
        for part in task["parts"]:
            place = [task["name"], part["split"], part["subset"]]
            across = sum(part["in_other_splits"].values())
            languages = ", ".join(part["languages"])
            parts.append([*place, languages, part["in_training"], across, part["fingerprint"]])
            for table, facts in part["tables"].items():
                texts += [
                    [*place, f"{table}.{field}", f"{facts['rows']:,}", *_cells(text)]
                    for field, text in facts.get("texts", {}).items()
                ]
                others += [[*place, table, *row] for row in _others(facts)]
    columns = ["task", "split", "subset"]
    counts = ["rows", "characters", "most", "tokens", "most ", "empty", "repeated"]
    print_table([*columns, "texts", *counts, "scripts"], texts, right=set(counts))
    if others:
        print()
        print_table([*columns, "table", "fact", "value"], others, right={"value"})
    print()
    counts = ["in training", "in other splits"]
    print_table([*columns, "languages", *counts, "fingerprint"], parts, right=set(counts))
    print(f"\nMeans and largest lengths; tokens: {tokens}.")


def _cells(text: dict[str, Any]) -> list[Any]:
    lengths = [f"{text[unit][key]:,}" for unit in ("characters", "tokens") for key in _SHOWN]
    shares = ", ".join(f"{name} {share:.0%}" for name, share in list(text["scripts"].items())[:3])
    return [*lengths, text["empty"], text["repeated"], shares]


def _others(facts: dict[str, Any]) -> list[tuple[str, Any]]:
    found = []
    if "labels" in facts:
        labels = facts["labels"]
        found += [
            ("labels", labels["labels"]),
            ("share of the most frequent label", f"{labels['largest_share']:.1%}"),
            ("share of the rarest label", f"{labels['smallest_share']:.1%}"),
            ("evenness of labels (1: all as frequent)", f"{labels['evenness']:.2f}"),
        ]
    if "relevant" in facts:
        relevant = facts["relevant"]
        found += [
            ("relevant documents a query, mean", relevant["mean"]),
            ("relevant documents a query, most", relevant["most"]),
            ("queries without any", relevant["without"]),
        ]
    return found


def _counter(path: Path) -> Count:
    """Counts tokens by a file of the package tokenizers."""
    from benchmark.errors import MissingExtraError, UsageError
    from benchmark.models.tokenizing import token_lengths

    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtraError("tokenizers", "onnx", "--tokenizer") from None
    if not path.is_file():
        raise UsageError(f"{path}: no such file; name a tokenizer.json")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception:  # noqa: BLE001 -- the package raises Exception itself
        raise UsageError(f"{path}: is no tokenizer.json that 'tokenizers' reads") from None
    return lambda texts: token_lengths(tokenizer, texts)

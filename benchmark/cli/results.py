"""embedmark results: what result files there are, what they hold, and what is behind a score."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.diff import add_diff, run_diff
from benchmark.cli.filters import add_filters, add_sources, sources
from benchmark.cli.interchange import add_export, add_import, run_export, run_import
from benchmark.cli.narrowing import filtered, nothing_of
from benchmark.cli.samples import add_samples, run_samples
from benchmark.cli.verify import add_verify, run_verify
from benchmark.errors import UsageError, nearest

if TYPE_CHECKING:
    from benchmark.results.task_result import Entry, TaskResult

_LIST = (
    "model",
    "revision",
    "experiment",
    "task",
    "kind",
    "main_score_name",
    "main_score",
    "protocol",
    "date",
    "status",
)
_SHOW = (
    "task",
    "split",
    "subset",
    "main_score_name",
    "main_score",
    "interval",
    "examples",
    "seconds",
    "fingerprint",
    "revision",
    "experiment",
    "protocol",
    "date",
    "status",
)
_RIGHT = {"main_score", "interval", "examples", "seconds"}
_OPTIONAL = ("experiment", "error", "interval")  # shown only where some row has one

EXAMPLES = """examples:
  embedmark results list --kind retrieval        what has been measured so far
  embedmark results list -t starter --json       the same as one JSON object
  embedmark results show embedmark/tfidf         every split and subset of a model
  embedmark results samples EmojiNames tfidf --worst 5
  embedmark results diff A.json B.json           what differs, likely causes first
  embedmark results verify results               whether all of it is still what was measured
  embedmark results import mteb_results          mteb's files into mteb_results.index.parquet
  embedmark results list --results mteb_results.index.parquet -t STS12
  embedmark results export --to mteb_cache/results -t starter
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their options."""
    commands = parser.add_subparsers(dest="results_command", required=True, metavar="COMMAND")
    text = "one line a result file: the mean of its main scores, and where it comes from"
    listing = commands.add_parser("list", help=text, description=text)
    text = "one line a split and subset of a model: main score, examples, seconds, data, protocol"
    show = commands.add_parser("show", help=text, description=text)
    show.add_argument(
        "target", metavar="MODEL|PATH", help="a model's name, a result file, or a folder of them"
    )
    add_samples(commands)
    add_diff(commands)
    add_verify(commands)
    add_import(commands)
    export = add_export(commands)
    for command in (listing, show, export):
        add_sources(command)
        add_filters(command)
    for command in (listing, show):
        command.add_argument("--json", action="store_true", help="print one JSON object instead")


def run(args: argparse.Namespace) -> int:
    """Run a subcommand; 1 when a file could not be read or written (the others are there)."""
    from benchmark.cli.output import visible
    from benchmark.results.load import read_all

    if args.results_command == "import":
        return run_import(args)
    if args.results_command == "samples":
        return run_samples(args, _find(args.target, sources(args))[0])
    if args.results_command == "diff":
        return run_diff(args, [_find(target, sources(args)) for target in (args.a, args.b)])
    if args.results_command == "verify":
        return run_verify(args, [_find(target, sources(args)) for target in args.targets])
    if args.results_command == "show":
        results, problems = _find(args.target, sources(args))
    else:
        results, problems = read_all(sources(args))
    for line in nothing_of(args, results):
        print(visible(line), file=sys.stderr)
    results = list(filtered(results, args))
    if args.results_command == "export":
        for problem in problems:
            print(visible(problem), file=sys.stderr)
        return max(run_export(args, results), int(bool(problems)))
    if args.results_command == "list":
        rows = [_list_row(result) for result in results]
        columns: Sequence[str] = _LIST
    else:
        rows = [_show_row(result, entry) for result in results for entry in result.entries]
        several = len({result.model for result in results}) > 1
        columns = (*(("model",) if several else ()), *_SHOW, "error")
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    if not rows and not args.json:
        print("no results; loosen the filters, or run: embedmark run", file=sys.stderr)
        return int(bool(problems))
    _print(rows, columns, as_json=args.json)
    return int(bool(problems))


def _find(target: str, folders: Sequence[Path]) -> tuple[list[TaskResult], list[str]]:
    """The results of a file, of a folder below the results, or of a model by name."""
    from benchmark.errors import ResultError
    from benchmark.results.load import read_all
    from benchmark.results.store import MODEL_META
    from benchmark.results.task_result import locate, read_result_file

    path = Path(target)
    if path.is_file():
        return [read_result_file(path, *locate(path))], []
    if path.is_dir():
        results, problems = [], []
        for file in sorted(path.rglob("*.json")):
            if file.name != MODEL_META and "history" not in file.parts:
                try:
                    results.append(read_result_file(file, *locate(file)))
                except ResultError as error:
                    problems.append(str(error))
        return results, problems
    if target.endswith(".json"):
        raise UsageError(f"{target}: no such file; 'embedmark results list --json' shows paths")
    results, problems = read_all(folders)
    name = target.replace("__", "/")
    known = {result.model for result in results}
    if name not in known:
        # As typed to run: "wordllama" stands for wordllama/..., "tfidf" for embedmark/tfidf.
        parts = [model for model in known if name in model.split("/")]
        name = parts[0] if len(parts) == 1 else name
    found = [result for result in results if result.model == name]
    if not found:
        where = ", ".join(map(str, folders))
        raise UsageError(f"no results of '{target}' in {where}{nearest(name, known)}")
    return found, problems


def _list_row(result: TaskResult) -> dict[str, Any]:
    from benchmark.stats.means import mean

    scores = [entry.main_score for entry in result.entries]
    return {
        **_common(result),
        "entries": len(scores),
        "main_score": mean(scores),
        "status": _status(result, failed=None in scores),
    }


def _show_row(result: TaskResult, entry: Entry) -> dict[str, Any]:
    return {
        **_common(result),
        "split": entry.split,
        "subset": entry.subset,
        "languages": list(entry.languages),
        "main_score": entry.main_score,
        "interval": entry.interval.ends if entry.interval else None,
        "standard_error": entry.standard_error,
        "examples": entry.examples,
        "seconds": entry.seconds,
        "fingerprint": entry.fingerprint,
        "degenerate": list(entry.degenerate),
        "status": _status(result, failed=entry.main_score is None),
        "error": entry.error,
    }


def _common(result: TaskResult) -> dict[str, Any]:
    return {
        "model": result.model,
        "revision": result.revision,
        "experiment": result.slug,
        "task": result.task,
        "kind": result.kind,
        "main_score_name": result.main_score_name,
        "protocol": result.protocol,
        "dataset_revision": result.dataset_revision,
        "mteb_version": result.mteb_version,
        "date": result.date,
        "limit": result.limit,
        "path": str(result.path),
    }


def _status(result: TaskResult, *, failed: bool) -> str:
    if failed:
        return "failed"
    return result.provenance


def _print(rows: list[dict[str, Any]], columns: Sequence[str], *, as_json: bool) -> None:
    from benchmark.cli.output import print_json, print_table

    if as_json:
        print_json({"results": rows})
        return
    columns = [c for c in columns if c not in _OPTIONAL or any(row[c] for row in rows)]
    shown = [[_text(column, row[column]) for column in columns] for row in rows]
    print_table(columns, shown, right=_RIGHT)


def _text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if column == "main_score":
        return f"{100 * value:.2f}"
    if column == "interval":
        return " to ".join(f"{100 * end:.2f}" for end in value)
    if column == "seconds":
        return f"{value:.1f}"
    if column in ("revision", "fingerprint"):
        return str(value).removeprefix("sha256:")[:12]
    if column == "date":
        return _day(value)
    return str(value)


def _day(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):  # no date of this calendar
        return ""

"""embedmark results import|export: mteb's trees into an index, and results out again."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from benchmark.results.task_result import TaskResult

INDEX = ".index.parquet"
TABLES = (".csv", ".parquet")


def add_import(commands: Any) -> None:
    """Add ``import`` and its options."""
    text = "read a tree of result files, mteb's of any version or ours, into an index"
    command = commands.add_parser(
        "import",
        help=text,
        description=f"{text[0].upper()}{text[1:]}. Files that are in the index and unchanged (path,"
        " size, time) are not read again. What cannot be read is listed, and the rest is kept.",
    )
    command.add_argument("folder", type=Path, metavar="DIR", help="the tree of result files")
    command.add_argument(
        "--index",
        type=Path,
        metavar="FILE",
        help=f"the index, a parquet file (default: ./<name of DIR>{INDEX})",
    )
    command.add_argument(
        "--metric",
        action="extend",
        nargs="+",
        default=[],
        metavar="NAME",
        help="a metric to keep beside the main score (ndcg_at_1), or several",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object instead")


def add_export(commands: Any) -> argparse.ArgumentParser:
    """Add ``export`` and its own option."""
    text = "write results as a tree that mteb's loader reads, or as one long table"
    command: argparse.ArgumentParser = commands.add_parser(
        "export",
        help=text,
        description=f"{text[0].upper()}{text[1:]}. For mteb, let DIR be the folder 'results' of its"
        " cache: --to mteb_cache/results.",
    )
    command.add_argument(
        "--to",
        type=Path,
        required=True,
        metavar="DIR|FILE",
        help="a folder, or a file that ends in .parquet or .csv",
    )
    return command


def run_import(args: argparse.Namespace) -> int:
    """Import a tree; 1 when something in it could not be read."""
    from dataclasses import asdict

    from benchmark.cli.output import print_json
    from benchmark.cli.progress import counter
    from benchmark.results.load import import_results

    index = args.index or Path(f"{args.folder.resolve().name or 'results'}{INDEX}")
    with counter("files") as progress:
        found = import_results(
            args.folder,
            index,
            metrics=args.metric,
            processes=os.cpu_count() or 1,
            progress=progress,
        )
    if args.json:
        print_json({**asdict(found), "index": str(index)})
    else:
        print(
            f"{found.files:,} files: {found.read:,} read, {found.files - found.read:,} unchanged,"
            f" {found.gone:,} gone; {found.rows:,} rows in {index}"
        )
    _say(found.problems)
    return int(bool(found.problems))


def run_export(args: argparse.Namespace, results: Iterable[TaskResult]) -> int:
    """Export results; 1 when one of them could not be written (the others are)."""
    from benchmark.results.export import export_table, export_tree

    if args.to.suffix in TABLES:
        print(f"{export_table(results, args.to):,} rows in {args.to}")
        return 0
    if args.to.is_file() or (args.to.suffix and not args.to.is_dir()):
        raise UsageError(f"{args.to}: neither a folder nor a .parquet or .csv file; name one")
    done = export_tree(results, args.to)
    bare = f", {done.main_scores_only:,} of them" if done.main_scores_only else ""
    why = " with main scores only, since their sources are not there" if bare else ""
    noun = "file" if done.files == 1 else "files"
    print(f"{done.files:,} result {noun} in {args.to}{bare}{why}")
    _say(done.problems)
    return int(bool(done.problems))


def _say(problems: Iterable[str]) -> None:
    from benchmark.cli.output import visible

    for problem in problems:
        print(visible(problem), file=sys.stderr)

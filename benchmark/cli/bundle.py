"""``embedmark tasks bundle``: pack tasks and their data into one file."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from benchmark.cli.filters import add_filters, apply_filters


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    add_filters(parser)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the file to write"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--trust", action="store_true", help="allow tasks to run their own code")


def run(args: Namespace) -> int:
    """Pack, and print what the file holds and the digest of its content."""
    from benchmark.bundles import make_bundle
    from benchmark.catalog import STARTER, find_choices, find_suite, is_suite, suite_path
    from benchmark.cli.output import print_json

    names = args.task or [STARTER]
    choices = apply_filters(find_choices(names, trust=args.trust), args)
    paths = [Path(name) if name.endswith(".toml") else suite_path(name) for name in names]
    suites = [find_suite(str(path)) for path in paths if path is not None and is_suite(path)]
    made = make_bundle(choices, suites, args.output, trust=args.trust)
    if args.json:
        print_json(
            {
                "file": str(args.output),
                "digest": f"sha256:{made.digest}",
                "tasks": list(made.tasks),
                "parts": made.parts,
                "rows": made.rows,
                "bytes": made.size,
            }
        )
        return 0
    tasks = f"{len(made.tasks)} task{'s'[: len(made.tasks) > 1]}"
    parts = f"{made.parts} part{'s'[: made.parts > 1]} (split and subset)"
    print(f"packed {tasks}, {parts}, {made.rows:,} rows, {made.size:,} bytes")
    print(f"sha256:{made.digest}")
    print(f"wrote {args.output}")
    print(f"next: embedmark run MODEL --bundle {args.output}")
    return 0

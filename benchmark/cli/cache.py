"""``embedmark cache``: what the cache of vectors holds, its size, and whether it is whole."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

EXAMPLES = """examples:
  embedmark cache info                     each model's vectors, and their bytes
  embedmark cache prune --cache-size 20GB  remove what was longest not used
  embedmark cache prune --cache-size 0     remove everything
  embedmark cache verify --repair          check every byte, and remove what is damaged
"""


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    commands = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    info = commands.add_parser("info", help="what the cache holds")
    pruning = commands.add_parser("prune", help="remove what was longest not used")
    checking = commands.add_parser("verify", help="check every record against its checksum")
    for command in (info, pruning, checking):
        command.add_argument("--cache", type=Path, metavar="DIR", help="another cache folder")
        command.add_argument("--json", action="store_true", help="print one JSON object")
    add_size(pruning)
    checking.add_argument("--repair", action="store_true", help="remove what is damaged")


def add_size(parser: ArgumentParser) -> None:
    """The bound of the cache, for every command that has one."""
    parser.add_argument(
        "--cache-size",
        type=_size,
        metavar="SIZE",
        help="how much the cache may hold, such as 20GB; what was longest not used goes (50GB)",
    )


def run(args: Namespace) -> int:
    """Show, prune or check; 1 when something is damaged and was not removed."""
    from benchmark.cache import default_folder

    root: Path = args.cache or default_folder()
    return {"info": _info, "prune": _prune, "verify": _verify}[args.verb](root, args)


def _info(root: Path, args: Namespace) -> int:
    from datetime import datetime

    from benchmark.cache.upkeep import holdings, show_size
    from benchmark.cli.output import print_json, print_table

    found = holdings(root)
    if args.json:
        print_json({"folder": str(root), "stores": [_as_json(held) for held in found]})
        return 0
    rows: list[list[Any]] = []
    for held in found:
        about = held.about or {}
        options = "&".join(f"{name}={value}" for name, value in about.get("options", {}).items())
        rows.append(
            [
                about.get("name", held.folder.name),
                str(about.get("revision", ""))[:12],
                about.get("adapter"),
                options,
                about.get("role") or "",
                about.get("prompt") or "",
                f"{held.vectors:,}",
                held.dimensions,
                show_size(held.bytes),
                datetime.fromtimestamp(held.used).strftime("%Y-%m-%d %H:%M") if held.used else "",
            ]
        )
    columns = ["model", "revision", "adapter", "options", "role", "prompt", "vectors"]
    columns += ["dimensions", "size", "last used"]
    if rows:
        print_table(columns, rows, right={"vectors", "dimensions", "size"})
        print()
    total = sum(held.bytes for held in found)
    print(f"{sum(held.vectors for held in found):,} vectors, {show_size(total)}, in {root}")
    return 0


def _prune(root: Path, args: Namespace) -> int:
    from benchmark.cache.upkeep import USUAL_SIZE, holdings, prune, show_size
    from benchmark.cli.output import print_json

    size = USUAL_SIZE if args.cache_size is None else args.cache_size
    removed, freed = prune(root, size)
    left = sum(held.bytes for held in holdings(root))
    if args.json:
        print_json({"folder": str(root), "segments": removed, "bytes": freed, "left": left})
    else:
        print(f"{removed} segments removed ({show_size(freed)}); {show_size(left)} left in {root}")
    return 0


def _verify(root: Path, args: Namespace) -> int:
    from benchmark.cache.upkeep import holdings, misplaced, verify
    from benchmark.cli.output import print_json

    damaged = verify(root, repair=args.repair)
    strange = [f"{folder}: store.json is of another store" for folder in misplaced(root)]
    vectors = sum(held.vectors for held in holdings(root))
    if args.json:
        lines = [str(item) for item in damaged] + strange
        print_json({"folder": str(root), "vectors": vectors, "damaged": lines})
    else:
        for line in [*map(str, damaged), *strange]:
            print(line)
        whole = "all are whole" if not damaged else "what is damaged is encoded again when needed"
        print(f"{vectors:,} vectors in {root}; {whole}")
    if damaged and not args.repair:
        print("run with --repair to remove what is damaged", file=sys.stderr)
        return 1
    return 1 if strange else 0


def _as_json(held: Any) -> dict[str, Any]:
    return {
        "folder": held.folder.name,
        "about": held.about,
        "segments": held.segments,
        "vectors": held.vectors,
        "dimensions": held.dimensions,
        "bytes": held.bytes,
        "last_used": held.used,
    }


def _size(text: str) -> int:
    from benchmark.cache.upkeep import read_size

    try:
        return read_size(text)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no size such as 20GB, 500MB or 0") from None

"""``embedmark models list``: the kinds of model that run, and what each needs."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    commands = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = commands.add_parser("list", help="list the schemes of model URIs")
    listing.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: Namespace) -> int:
    """Print the table of adapters."""
    import importlib

    from benchmark.cli.output import print_json, print_table
    from benchmark.models.table import SCHEMES

    rows = []
    for name, scheme in SCHEMES.items():
        options = sorted(importlib.import_module(scheme.module).OPTIONS.get(name, {}))
        rows.append(
            {
                "scheme": name,
                "extra": scheme.extra,
                "options": options,
                "description": scheme.description,
            }
        )
    if args.json:
        print_json({"models": rows})
    else:
        print_table(
            ["scheme", "needs", "options", "what it is"],
            [
                [
                    row["scheme"],
                    f"embedmark[{row['extra']}]" if row["extra"] else "",
                    ", ".join(row["options"]),
                    row["description"],
                ]
                for row in rows
            ],
        )
    return 0

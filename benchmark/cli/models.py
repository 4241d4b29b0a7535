"""``embedmark models list``: the kinds of model that run, and what each needs."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    commands = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = commands.add_parser("list", help="list the schemes of model URIs")
    listing.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: Namespace) -> int:
    """Print the table of adapters."""
    from benchmark.cli.output import print_json, print_table
    from benchmark.errors import ModelError
    from benchmark.models.table import SCHEMES, plugged_in, scheme_module

    rows = []
    for name, scheme in {**SCHEMES, **plugged_in()}.items():
        try:
            options = sorted(scheme_module(name, scheme).OPTIONS.get(name, {}))
        except ModelError as error:  # one broken package hides no other model
            print(f"note: {error}", file=sys.stderr)
            continue
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

"""``embedmark models``: the kinds of model that run, and what one model is like."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    commands = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = commands.add_parser("list", help="list the schemes of model URIs")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    for verb, summary in (
        ("show", "load a model and say what it is: name, revision, prompts, length"),
        ("check", "encode a dozen texts: dimension, norm, determinism, prompts, cuts, speed"),
    ):
        command = commands.add_parser(verb, help=summary)
        command.add_argument(
            "model", metavar="MODEL", help="scheme:target[@revision][?option=value]"
        )
        command.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
        command.add_argument("--trust", action="store_true", help="let the model run its own code")
        command.add_argument("--yes", action="store_true", help="send texts to endpoints unasked")
        command.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: Namespace) -> int:
    """List the adapters, or show or check one model."""
    return _list(args) if args.verb == "list" else _look(args)


def _look(args: Namespace) -> int:
    from dataclasses import asdict

    from benchmark.cli.consent import TerminalConsent
    from benchmark.cli.output import print_json, print_table
    from benchmark.models.checkup import check, describe
    from benchmark.models.table import Settings, load_model
    from benchmark.results.environment import peak_memory_mb

    settings = Settings(device=args.device, trust=args.trust, consent=TerminalConsent(args.yes))
    if args.verb == "check":
        found = check(args.model, settings, peak_memory_mb)
    else:
        found = describe(load_model(args.model, settings))
    values = {name: value for name, value in asdict(found).items() if value not in (None, "", ())}
    if args.json:
        content = asdict(found)
        print_json({**content, "prompts": dict(found.prompts)})
        return 0
    rows: list[tuple[str, str]] = []
    for name, value in values.items():
        shown = name.replace("_", " ")
        if name == "prompts":
            rows += [(f"prompt, {task}", repr(text)) for task, text in value]
        elif name == "notes":
            rows += [("note", text) for text in value]
        else:
            rows.append((shown, _plain(value)))
    print_table(["", args.model], rows)
    return 0


def _plain(value: object) -> str:
    """Numbers with the digits that mean something."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        between = ", " if isinstance(value[0], str) else " to "
        return between.join(_plain(item) for item in value)
    return str(value)


def _list(args: Namespace) -> int:
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

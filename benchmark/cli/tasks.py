"""``embedmark tasks``: list, show, make; other verbs have modules of their own."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli import bundle, check, stats
from benchmark.cli.filters import add_bundle, add_filters, apply_filters, choices_named
from benchmark.cli.from_mteb import choices_of_mteb, write_from_mteb

if TYPE_CHECKING:
    from benchmark.catalog import Choice

EXAMPLES = """examples:
  embedmark tasks list --kind sts --language deu
  embedmark tasks list --suite FinMTEB
  embedmark tasks show WordSimilarity
  embedmark tasks new Support --kind classification --data ./tickets
  embedmark tasks new --from-mteb STS22
  embedmark tasks check Support.toml
"""
_SHOWN_ROWS = 3
_CELL = 60


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="list the tasks there are")
    add_filters(listing, parts=False)
    add_bundle(listing)
    listing.add_argument(
        "--from", dest="origin", choices=["mteb"], help="list what the installed mteb has instead"
    )
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    show = verbs.add_parser("show", help="print a task's facts, sizes and first rows")
    show.add_argument("name", metavar="TASK")
    add_bundle(show)
    show.add_argument("--json", action="store_true", help="print one JSON object, without rows")
    show.add_argument("--trust", action="store_true", help="allow the task to run its own code")
    checking = verbs.add_parser("check", help="read all data of tasks and report every problem")
    check.add_arguments(checking)
    packing = verbs.add_parser("bundle", help="pack tasks and their data into one file")
    bundle.add_arguments(packing)
    counting = verbs.add_parser("stats", help="print what data are made of, without a text")
    stats.add_arguments(counting)
    new = verbs.add_parser("new", help="write a task file by looking at a folder, or at mteb")
    new.add_argument("name", nargs="?", metavar="NAME")
    new.add_argument("--kind", help="the kind; recognised by the columns when left out")
    new.add_argument("--data", type=Path, metavar="FOLDER")
    new.add_argument("--from-mteb", metavar="TASK", help="write what mteb says of its task")


def run(args: Namespace) -> int:
    """Run the verb."""
    verbs = {
        "list": _list,
        "show": _show,
        "check": check.run,
        "new": _new,
        "bundle": bundle.run,
        "stats": stats.run,
    }
    return verbs[args.verb](args)


def _list(args: Namespace) -> int:
    from benchmark.catalog import task_files
    from benchmark.cli.output import print_json, print_table

    if args.origin:
        found = choices_of_mteb(args.task)
    else:
        names = args.task or ([] if args.bundle else list(task_files()))
        found = choices_named(args, names)
    choices = apply_filters(found, args)
    rows = [_facts(choice) for choice in sorted(choices, key=lambda c: (c.task.kind, c.task.name))]
    if args.json:
        print_json({"tasks": rows})
        return 0
    columns = ["name", "kind", "main_score", "languages", "domains", "subsets", "splits"]
    table = [[_short(row[name]) for name in columns] for row in rows]
    print_table(columns, table, right={"subsets", "splits"})
    return 0


def _facts(choice: Choice) -> dict[str, Any]:
    task = choice.task
    return {
        "name": task.name,
        "kind": task.kind,
        "main_score": task.main_score,
        "languages": list(task.languages),
        "domains": list(task.domains),
        "license": task.license,
        "description": task.description,
        "reference": task.reference,
        "hard": task.hard,
        "subsets": len(task.subsets),
        "splits": len(task.splits),
        "source": task.source.type,
        "file": str(task.path),
        "digest": task.digest,
    }


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value[:3]) + (f" +{len(value) - 3}" if len(value) > 3 else "")
    return str(value)


def _show(args: Namespace) -> int:
    from benchmark.catalog import load_kind
    from benchmark.cli.output import print_json, print_table
    from benchmark.data.fingerprint import fingerprint
    from benchmark.data.sources import load_tables
    from benchmark.prepare import chosen_parts

    shown: list[dict[str, Any]] = []
    for choice in choices_named(args, [args.name], trust=args.trust):
        task, facts = choice.task, _facts(choice)
        if task.parts:
            shown.append(facts | {"parts": [part.name for part in task.parts]})
            if not args.json:
                table = [[key, _plain(value)] for key, value in shown[-1].items()]
                print_table(["fact", "value"], table)
            continue
        kind = load_kind(task.kind)
        sizes: list[list[Any]] = []
        prints: list[list[str]] = []
        first: dict[str, Any] = {}
        for split, subset in chosen_parts(choice):
            tables = load_tables(task, kind, split, subset)
            first = first or tables
            prints.append([split, subset, fingerprint(tables)])
            sizes += [[split, subset, name, t.num_rows] for name, t in tables.items()]
        if args.json:
            keys = ("split", "subset", "table", "rows")
            sized = [dict(zip(keys, size, strict=True)) for size in sizes]
            found = {f"{split}/{subset}": content for split, subset, content in prints}
            shown.append(facts | {"sizes": sized, "fingerprints": found})
            continue
        print_table(["fact", "value"], [[key, _plain(value)] for key, value in facts.items()])
        print()
        print_table(["split", "subset", "table", "rows"], sizes, right={"rows"})
        print()
        print_table(["split", "subset", "fingerprint"], prints)
        for name, table in first.items():
            print(f"\nfirst rows of {name}:")
            rows = table.slice(0, _SHOWN_ROWS).to_pylist()
            print_table(table.column_names, [[_cut(v) for v in row.values()] for row in rows])
    if args.json:
        print_json({"tasks": shown})
    return 0


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else " ".join(str(value).split())


def _cut(value: Any) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _CELL else f"{text[: _CELL - 3]}..."


def _new(args: Namespace) -> int:
    from benchmark.catalog import load_kind, load_task
    from benchmark.data.detect import detect
    from benchmark.data.new_task import render_task
    from benchmark.errors import TaskFileError, UsageError
    from benchmark.task import check_name

    if args.from_mteb:
        return write_from_mteb(args)
    if not (args.name and args.data):
        raise UsageError("name the task and its folder (NAME --data FOLDER), or --from-mteb TASK")
    if args.kind:
        load_kind(args.kind)  # an unknown one is refused with the nearest name
    folder = args.data.resolve()
    target = folder.parent / f"{args.name.removesuffix('.toml')}.toml"
    if Path(args.name).name != args.name:
        raise UsageError(f"'{args.name}': a name, not a path; the file is put beside {args.data}")
    check_name(target)
    if target.exists():
        raise TaskFileError(f"{target}: exists; choose another name or remove it first")
    shape = detect(args.data, args.kind)
    try:
        target.write_text(render_task(shape, folder.name, load_kind(shape.kind)), "utf-8")
    except OSError as error:
        raise UsageError(
            f"{target}: cannot be written ({error.strerror}); copy the folder to where you may"
        ) from None
    load_task(target)
    print(shape.seen)
    print(f"wrote {target}")
    print(f"next: embedmark tasks check {target}")
    return 0

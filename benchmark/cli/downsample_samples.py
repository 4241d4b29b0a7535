"""``embedmark downsample samples``: a smaller form of a task, which ranks models as the whole."""

from __future__ import annotations

import re
import shlex
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.downsample.examples import Wanted
    from benchmark.downsample.small import Small
    from benchmark.protocols import Model

MODELS = ("wordllama", "wordllama?dim=64", "tfidf", "bow", "bm25")
"""What is pooled, and measured on both forms, unless --models names others."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("task", nargs="+", metavar="TASK", help="tasks or suites, by name or path")
    parser.add_argument("--cost", type=_cost, metavar="SHARE", help="of the characters: 10%%")
    parser.add_argument("--keep", type=_positive, metavar="N", help="how many examples a subset")
    parser.add_argument(
        "--models",
        type=lambda text: text.split(","),
        default=list(MODELS),
        metavar="URI,...",
        help="retrievers that are pooled, and measured on both forms; by default "
        + ", ".join(MODELS),
    )
    parser.add_argument("--seed", type=int, default=42, help="of what is drawn")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where encoded vectors are kept")
    parser.add_argument("--trust", action="store_true", help="let tasks run code of their own")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: Namespace) -> int:
    """Make every task smaller; 1 when one could not be, with what there is to say."""
    from benchmark.cache import default_folder
    from benchmark.catalog import find_choices, load_task, task_files
    from benchmark.cli.output import print_json, visible
    from benchmark.downsample.small import make_small, small_name, write_small
    from benchmark.errors import BenchmarkError

    wanted = _wanted(args)
    choices = find_choices(args.task, trust=args.trust)
    names = {choice.task.name: small_name(choice.task.name, wanted) for choice in choices}
    for choice in choices:
        _check_place(choice, args.output)
    models = _models(args.models)
    made: list[Small] = []
    failed = 0
    command = _command(args)
    for choice in choices:
        name = names[choice.task.name]
        try:
            small = make_small(
                choice, models, wanted, name=name, cache=args.cache or default_folder(), note=_note
            )
            paths = write_small(args.output, small, command.format(task=choice.task.name))
            load_task(paths[0], files=task_files())
        except BenchmarkError as error:
            print(f"failed: {visible(str(error))}", file=sys.stderr)
            failed = max(failed, error.exit_code)
            continue
        made.append(small)
        for path in paths:
            print(f"wrote {path}", file=sys.stderr)
    if args.json:
        print_json({"tasks": [_content(small) for small in made]})
    elif made:
        _print(made)
    return failed if len(choices) == 1 else int(bool(failed))


def _wanted(args: Namespace) -> Wanted:
    from benchmark.downsample.examples import Wanted
    from benchmark.errors import UsageError

    if args.cost is None and args.keep is None:
        raise UsageError("how small? Give --cost 10% or --keep 100")
    return Wanted(share=args.cost, keep=args.keep, seed=args.seed)


def _check_place(choice: Choice, folder: Path) -> None:
    """A smaller task finds the whole one by name, or beside itself."""
    from benchmark.catalog import task_files
    from benchmark.errors import UsageError

    task = choice.task
    if task.path is None or task.source.type == "bundle":
        raise UsageError(f"{task.name}: has no task file of its own to be made smaller; name one")
    known = task_files().get(task.name)
    beside = folder.resolve() / f"{task.name}.toml"
    if beside == task.path.resolve() or (known and known.resolve() == task.path.resolve()):
        return
    raise UsageError(
        f"-o {folder}: the smaller task would not find {task.path}; write it beside that file: "
        f"-o {task.path.parent}"
    )


def _models(uris: list[str]) -> dict[str, Model]:
    from importlib.util import find_spec

    from benchmark.errors import UsageError
    from benchmark.models.table import load_model

    if len(set(uris)) < len(uris):
        raise UsageError("--models names a model twice; name it once")
    if uris == list(MODELS) and find_spec("bm25s") is None:
        print("note: bm25 is left out; pip install 'embedmark[bm25]'", file=sys.stderr)
        uris = [uri for uri in uris if uri != "bm25"]
    return {uri: load_model(uri) for uri in uris}


def _command(args: Namespace) -> str:
    """The command as it can be run again, ``{task}`` for the task."""
    asked = [] if args.cost is None else ["--cost", f"{100 * args.cost:g}%"]
    asked += [] if args.keep is None else ["--keep", str(args.keep)]
    asked += [] if args.models == list(MODELS) else ["--models", ",".join(args.models)]
    asked += [] if args.seed == 42 else ["--seed", str(args.seed)]
    words = shlex.join([*asked, "-o", "DIR"]).replace("{", "{{").replace("}", "}}")
    return f"embedmark downsample samples {{task}} {words}"


def _content(small: Small) -> dict[str, Any]:
    return {
        "task": small.name,
        "of": small.choice.task.name,
        "cost_share": round(small.cost / small.whole_cost, 6),
        "parts": [
            {
                "split": split,
                "subset": subset,
                "examples": chosen.whole,
                "kept": len(chosen.rows),
                "depth": chosen.depth,
                "models": [
                    {
                        "model": each.model,
                        "full": each.full,
                        "small": each.small,
                        "rise": None if each.raised is None else each.raised - (each.same or 0.0),
                    }
                    for each in small.known[split, subset]
                ],
            }
            for (split, subset), chosen in small.chosen.items()
        ],
    }


def _print(made: list[Small]) -> None:
    from benchmark.cli.output import print_table

    rows = []
    for content in map(_content, made):
        parts = content["parts"]
        rises = [m["rise"] for p in parts for m in p["models"] if m["rise"] is not None]
        rows.append(
            [
                content["task"],
                f"{sum(p['kept'] for p in parts):,}",
                f"{sum(p['examples'] for p in parts):,}",
                f"{content['cost_share']:.1%}",
                f"{100 * min(rises):+.1f} to {100 * max(rises):+.1f}" if rises else "",
            ]
        )
    columns = ["task", "examples", "of", "cost", "rise"]
    print_table(columns, rows, right={"examples", "of", "cost"})
    print(
        "\nRise is by how many points the smaller form raises the models it was made with, of the "
        "same examples;\na run of the smaller task takes it off where it says what the whole's "
        "score is."
    )


def _note(message: str) -> None:
    print(f"note: {message}", file=sys.stderr)


def _cost(text: str) -> float:
    number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if not number or not 0 < float(number[1]) <= 100:
        raise ArgumentTypeError(f"'{text}' is no share such as 10%")
    return float(number[1]) / 100


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 2:
        raise ArgumentTypeError(f"'{text}' is no whole number from 2")
    return int(text)

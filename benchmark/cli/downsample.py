"""``embedmark downsample``: a smaller suite that ranks models as the whole one does."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli import downsample_report, downsample_samples
from benchmark.cli.filters import add_sources, sources

if TYPE_CHECKING:
    from benchmark.downsample.fit import Wanted
    from benchmark.downsample.mini import Mini
    from benchmark.downsample.table import ScoreTable
    from benchmark.suite import Suite
    from benchmark.task import Task

EXAMPLES = """examples:
  embedmark downsample tasks --suite mteb-eng-v2 --results published --cost 20% -o mini.toml
  embedmark downsample tasks --suite mteb-eng-v2 --results published --time 2h --model st:org/model -o mini.toml
  embedmark downsample samples NFCorpus --cost 10% -o small
  embedmark downsample report mini.toml --results published --json
  embedmark downsample report small --results results
  embedmark run st:org/model -t mini.toml
"""  # noqa: E501 -- lines to copy
_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}


def add_arguments(parser: ArgumentParser) -> None:
    """Add the subcommands and their options."""
    from benchmark.downsample import DEFAULT_METHOD, METHOD_NAMES

    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    tasks = verbs.add_parser("tasks", help="choose tasks of a suite, within a cost")
    tasks.add_argument("--suite", required=True, help="the suite, by name, title or path")
    add_sources(tasks)
    size = tasks.add_mutually_exclusive_group()
    size.add_argument("--cost", metavar="SHARE", help="of the characters: 20%%, or how many")
    size.add_argument("--keep", type=_positive, metavar="K", help="how many tasks")
    size.add_argument("--time", type=_seconds, metavar="T", help="90s, 30min, 2h with --model")
    tasks.add_argument("--model", metavar="URI", help="the model whose pace --time is counted by")
    tasks.add_argument("--costs", type=Path, metavar="FILE", help="task and characters, .tsv, .csv")
    tasks.add_argument("--method", choices=METHOD_NAMES, default=DEFAULT_METHOD)
    for name, what in (
        ("stay", "a task that must be chosen"),
        ("drop", "a task that must not be chosen"),
        ("language", "a language that must keep a task"),
        ("domain", "a domain that must keep a task"),
    ):
        tasks.add_argument(f"--{name}", nargs="+", action="extend", default=[], help=what)
    tasks.add_argument("--title", help="of the smaller suite")
    tasks.add_argument(
        "--seed", type=int, default=42, help="of the random method and of the splits"
    )
    tasks.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    tasks.add_argument("--json", action="store_true", help="print one JSON object")
    samples = verbs.add_parser("samples", help="choose examples of tasks, within a cost")
    downsample_samples.add_arguments(samples)
    telling = verbs.add_parser("report", help="compare a smaller form with the whole, per model")
    telling.add_argument("mini", type=Path, metavar="FILE", help="a suite, or task files' folder")
    add_sources(telling)
    telling.add_argument("--picture", type=Path, metavar="FILE", help="also draw a scatter, .svg")
    telling.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: Namespace) -> int:
    """Run the verb; 1 when a result file could not be read."""
    verbs = {"tasks": _tasks, "samples": downsample_samples.run, "report": _report}
    return verbs[args.verb](args)


def _tasks(args: Namespace) -> int:
    from benchmark.cli.downsample_command import command_of
    from benchmark.cli.output import print_json
    from benchmark.downsample.fit import fit_mini
    from benchmark.downsample.mini import write_mini
    from benchmark.downsample.picture import correlation_picture
    from benchmark.downsample.table import check_table

    if args.output.suffix != ".toml":
        raise _usage(f"-o {args.output}: a suite is a .toml file; name one")
    suite, tasks = _suite(args.suite)
    table, problems = _table(suite, tasks, args)
    for note in check_table(table):
        print(f"note: {note}", file=sys.stderr)
    wanted = _wanted(args, table)
    title = args.title or f"{suite.title}, {'smaller' if not args.cost else f'at {args.cost}'}"
    mini = fit_mini(suite, tasks, table, wanted, title)
    paths = write_mini(args.output, mini, command_of(args))
    picture = args.output.with_suffix(".svg")
    picture.write_text(correlation_picture(table, mini.chosen, mini.title), "utf-8")
    if args.json:
        print_json(_content(mini, paths))
    else:
        _print_mini(mini)
    for path in (*paths, picture):
        print(f"wrote {path}", file=sys.stderr)
    return int(problems)


def _report(args: Namespace) -> int:
    import numpy as np

    from benchmark.cli.output import print_json, print_table, visible
    from benchmark.downsample.families import organisation
    from benchmark.downsample.mini import check_digests, read_mini
    from benchmark.downsample.picture import scatter_picture
    from benchmark.downsample.report import MEASURES, predict_models, report

    if downsample_report.is_of_examples(args.mini):
        return downsample_report.run(args)
    mini = read_mini(args.mini)
    suite, tasks = _suite(mini.of)
    check_digests(args.mini, mini, {name: task.digest for name, task in tasks.items()})
    table, problems = _table(suite, tasks, args, mini)
    complete = table.complete
    if not complete.all():
        print(
            f"note: {int((~complete).sum())} of {len(complete)} models lack a task of "
            f"{suite.title} and are left out",
            file=sys.stderr,
        )
    table = table.rows(complete)
    content = report(mini, table)
    if content["in_the_fit"]:
        print(
            f"note: {content['in_the_fit']} of {content['models']} models are among those that it "
            "was fitted on; each is predicted without its family",
            file=sys.stderr,
        )
    if content["far"]:
        print(
            f"note: farther from all fitted models than any of these from the others: "
            f"{visible(', '.join(content['far'][:3]))}, {len(content['far'])} in all",
            file=sys.stderr,
        )
    if args.picture and len(table.models):
        found = predict_models(mini, table)
        known = {organisation(model) for model in mini.table.models}
        new = np.array([organisation(model) not in known for model in table.models])
        args.picture.write_text(
            scatter_picture(found.truth, found.means, found.widths, new, mini.title), "utf-8"
        )
        print(f"wrote {args.picture}", file=sys.stderr)
    if args.json:
        print_json(content)
        return int(problems)
    columns = ["", "models", "spearman", "kendall", "mae", "top 20", "coverage", "width", "score"]
    rows = [
        [name, part["models"], *(_shown(part[key]) for key in MEASURES)]
        for name, part in (("all", content), ("seen", content["seen"]), ("new", content["new"]))
    ]
    print(f"{visible(mini.title)}: {content['tasks']} tasks, {mini.cost_share:.1%} of the cost\n")
    print_table(columns, rows, right=set(columns[1:]))
    print(
        "\nPoints of the mean over tasks; 90 % intervals. A draw of tasks anew keeps a rank "
        f"correlation of {_shown(content['self_correlation'])} with the whole."
    )
    return int(problems)


def _suite(name: str) -> tuple[Suite, dict[str, Task]]:
    from benchmark.catalog import find_suite, find_tasks

    suite = find_suite(name)
    return suite, {task.name: task for task in find_tasks(suite.task_names)}


def _table(
    suite: Suite, tasks: dict[str, Task], args: Namespace, mini: Mini | None = None
) -> tuple[ScoreTable, bool]:
    """The scores on a suite, and whether a result file could not be read."""
    from benchmark.cli.output import visible
    from benchmark.downsample.source import score_table, task_costs
    from benchmark.results.load import read_all

    results, problems = read_all(sources(args), suite.task_names)
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    if mini is not None:
        costs = dict(zip(mini.table.tasks, mini.table.costs.tolist(), strict=True))
    elif args.keep:
        costs = dict.fromkeys(suite.task_names, 1.0) | dict(suite.characters)
    else:
        costs = task_costs(suite, results, args.costs)
    table = score_table(suite, tasks, results, costs, mixed=mini is not None)
    return table, bool(problems)


def _wanted(args: Namespace, table: ScoreTable) -> Wanted:
    from benchmark.downsample.fit import Wanted
    from benchmark.errors import nearest

    for name in (*args.stay, *args.drop):
        if name not in table.tasks:
            raise _usage(f"the suite has no task '{name}'{nearest(name, table.tasks)}")
    both = set(args.stay) & set(args.drop)
    if both:
        raise _usage(f"{min(both)} cannot both stay and go; name it once")
    if (args.time is None) != (args.model is None):
        raise _usage("--time and --model go together: the pace is that of one model")
    if args.keep:
        budget = float(args.keep)
    elif args.time is not None:
        from benchmark.downsample.pace import characters_a_second

        budget = args.time * characters_a_second(args.model)
    elif args.cost is not None:
        budget = _characters(args.cost, float(table.costs.sum()))
    elif args.method == "elimination":
        budget = float("inf")
    else:
        raise _usage("how much may it cost? Give --cost 20%, --keep 10, or --time 2h --model URI")
    return Wanted(
        budget=budget,
        tasks=bool(args.keep),
        method=args.method,
        stay=tuple(args.stay),
        go=tuple(args.drop),
        languages=tuple(args.language),
        domains=tuple(args.domain),
        seed=args.seed,
    )


def _content(mini: Mini, paths: list[Path]) -> dict[str, Any]:
    return {
        "suite": mini.of,
        "method": mini.method,
        "tasks": [mini.table.tasks[t] for t in mini.chosen],
        "cost_share": round(mini.cost_share, 6),
        "kept": list(mini.kept),
        "models": len(mini.table.models),
        "quality": dict(mini.quality or {}),
        "files": [str(path) for path in paths],
    }


def _print_mini(mini: Mini) -> None:
    from benchmark.cli.output import print_table

    total = mini.table.costs.sum()
    rows = [
        [
            name,
            mini.table.kinds[t],
            "runs" if t in mini.chosen else "predicted",
            f"{mini.table.costs[t] / total:.2%}",
        ]
        for t, name in enumerate(mini.table.tasks)
    ]
    print_table(["task", "kind", "", "cost"], rows, right={"cost"})
    quality = dict(mini.quality or {})
    print(
        f"\n{len(mini.chosen)} of {len(mini.parts)} tasks, {mini.cost_share:.1%} of the cost. "
        "Each model predicted without its\nfamily, on tasks chosen with it: rank correlation "
        f"{_shown(quality.get('spearman'))}, error of the mean {_shown(quality.get('mae'))} "
        f"points, 90 % intervals hold for {quality.get('coverage90', float('nan')):.0%}."
    )


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}" if abs(value) <= 1 else f"{value:.2f}"


def _usage(message: str) -> Exception:
    from benchmark.errors import UsageError

    return UsageError(message)


def _characters(text: str, whole: float) -> float:
    number = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*", text)
    value = float(number[1]) if number else 0.0
    if not number or value <= 0 or (number[2] and value > 100):
        raise _usage(f"--cost '{text}' is no share such as 20%, and no number of characters")
    return whole * value / 100 if number[2] else value


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"'{text}' is no whole number from 1")
    return int(text)


def _seconds(text: str) -> float:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)(s|min|m|h)", text)
    if not found or float(found[1]) <= 0:
        raise ArgumentTypeError(f"'{text}' is no time such as 90s, 30min or 2h")
    return float(found[1]) * _UNITS[found[2]]

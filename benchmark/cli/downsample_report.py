"""``embedmark downsample report`` of smaller tasks: full against small, per model."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any


def is_of_examples(path: Path) -> bool:
    """Whether a path is a smaller task's file, or a folder of these, and no suite's."""
    from benchmark.toml_file import read_toml

    if path.is_dir():
        return True
    return path.is_file() and path.suffix == ".toml" and "keep" in read_toml(path)


def run(args: Namespace) -> int:
    """Print the report; 1 when a result file could not be read."""
    from benchmark.catalog import find_tasks, load_task, task_files
    from benchmark.cli.filters import sources
    from benchmark.cli.output import print_json, visible
    from benchmark.downsample.sample_report import report_of
    from benchmark.errors import UsageError
    from benchmark.results.load import read_all
    from benchmark.toml_file import read_toml

    if args.picture:
        raise UsageError("--picture is drawn of a smaller suite; leave it out for tasks")
    paths = sorted(args.mini.glob("*.toml")) if args.mini.is_dir() else [args.mini]
    files = task_files()
    smaller = [path for path in paths if "keep" in read_toml(path)]
    if not smaller:
        raise UsageError(f"{args.mini}: holds no task that 'embedmark downsample samples' made")
    tasks = [load_task(path, files=files, trusted=True) for path in smaller]
    wholes = []
    for path in smaller:
        name = str(read_toml(path)["extends"])
        beside = path.parent / f"{name}.toml"
        wholes += find_tasks([str(beside) if beside.is_file() else name])
    names = {task.name for task in (*tasks, *wholes)}
    results, problems = read_all(sources(args), names)
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    found = [report_of(small, whole, results) for small, whole in zip(tasks, wholes, strict=True)]
    for each in found:
        if not each["models"]:
            print(
                f"note: no model has results on both {each['task']} and {each['of']}",
                file=sys.stderr,
            )
    if args.json:
        print_json({"tasks": found})
    else:
        _print(found)
    return int(bool(problems))


def _print(found: list[dict[str, Any]]) -> None:
    from benchmark.cli.output import print_table

    rows = [
        [
            each["task"],
            f"{each['cost_share']:.1%}" if each["cost_share"] else "",
            each["models"],
            _shown(each["spearman"], 3),
            f"{each['pairs_kept']} of {each['pairs']}",
            _points(each["offset"]),
            _points(each["mae"]),
            _shown(each["coverage95"], 2),
            _points(each["interval_width"]),
        ]
        for each in found
    ]
    columns = [
        "task",
        "cost",
        "models",
        "spearman",
        "pairs kept",
        "offset",
        "off",
        "coverage",
        "width",
    ]
    print_table(columns, rows, right=set(columns[1:]))
    print(
        "\nPairs whose whole scores differ significantly, and how many stand in the same order. "
        "Offset is how much\nhigher the smaller form's own scores are, off how far its estimates "
        "of the whole's are, in points; coverage\nand width are of their 95 % intervals."
    )


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def _points(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.2f}"

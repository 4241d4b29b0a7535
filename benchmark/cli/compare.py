"""embedmark compare: models against each other on the same examples, from stored records."""

from __future__ import annotations

import argparse
import sys
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_filters, add_sources, sources
from benchmark.errors import ResultError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmark.compare.models import Side
    from benchmark.compare.suite import Pair
    from benchmark.results.task_result import TaskResult

EXAMPLES = """examples:
  embedmark compare wordllama tfidf                 on every task that both have results of
  embedmark compare wordllama tfidf bm25 -t starter --kind retrieval
  embedmark compare 'wordllama?dim=64' wordllama    an experiment against the model as it is
  embedmark compare results/a__b/1111 results/a__b/2222 --plot compare.svg

Scores are in points (0-100). A-B is the difference, 95 % its interval, p that of no difference,
then p corrected over all tasks; on how many examples A is better, as good, worse; the difference
over its deviation; and the smallest difference that so many examples show four times of five.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument(
        "models", nargs="+", metavar="MODEL", help="a name, a URI, or a folder of results"
    )
    add_sources(parser)
    add_filters(parser)
    parser.add_argument(
        "--correction", choices=("holm", "fdr"), default="holm",
        help="of p over tasks: against any false alarm (holm), or a share of them (fdr)",
    )  # fmt: skip
    parser.add_argument(
        "--intersect", action="store_true",
        help="compare results of other examples on those that both have",
    )  # fmt: skip
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print one JSON object instead")
    shown.add_argument("--markdown", action="store_true", help="print Markdown instead")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the differences too")


def run(args: argparse.Namespace) -> int:
    """Compare; 1 when a task could not be (the others are), or a file could not be read."""
    from benchmark.cli.output import print_json, visible
    from benchmark.compare.pairing import records_of
    from benchmark.compare.report import as_json, as_markdown
    from benchmark.compare.suite import corrected
    from benchmark.compare.verdict import verdict

    if len(args.models) < 2:
        raise UsageError("compare: one model; name two or more")
    if args.plot and args.plot.suffix != ".svg":
        raise UsageError(f"--plot '{args.plot}' is no .svg file; end its name in .svg")
    sides, failed = _sides(args)
    tasks = _shared(sides)
    read = cache(records_of)
    compared = [
        _pair(one, other, tasks, intersect=args.intersect, read=read)
        for one, other in combinations(sides, 2)
    ]
    failed += dict.fromkeys(line for _, lines in compared for line in lines)
    pairs = corrected([pair for pair, _ in compared], args.correction)
    if args.plot:
        _draw(args.plot, pairs)
    for line in failed:
        print(visible(line), file=sys.stderr)
    if args.json:
        print_json(as_json(pairs, args.correction, failed))
    elif args.markdown:
        print(as_markdown(pairs, args.correction), end="")
    else:
        for pair in pairs:
            _print(pair, args.correction)
        print(visible(verdict(pairs)))
    return int(bool(failed))


def _sides(args: argparse.Namespace) -> tuple[list[Side], list[str]]:
    """The models with the results that the filters leave, and what could not be read."""
    from benchmark.cli.narrowing import filtered, nothing_of
    from benchmark.cli.output import visible
    from benchmark.compare.models import Side, find_side
    from benchmark.results.load import read_all

    folders = sources(args)
    by_name = [name for name in args.models if not Path(name).exists()]
    results, problems = read_all(folders) if by_name else ([], [])
    sides: list[Side] = []
    every: list[TaskResult] = []
    for name in args.models:
        side, lines = find_side(name, results)
        problems += lines
        every += side.results.values()
        kept = filtered(list(side.results.values()), args)
        sides.append(Side(side.name, {result.task: result for result in kept}))
    for line in nothing_of(args, every):
        print(visible(line), file=sys.stderr)
    names = [side.name for side in sides]
    if len(set(names)) < len(names):
        raise UsageError("compare: a model is named twice; name different ones")
    return sides, problems


def _shared(sides: Sequence[Side]) -> list[str]:
    """The tasks that all have, in order of their names; a note says what is left out."""
    every = {task for side in sides for task in side.results}
    shared = [task for task in sorted(every) if all(task in side.results for side in sides)]
    if not shared:
        names = ", ".join(side.name for side in sides)
        raise UsageError(f"compare: no task has results of {names}; loosen the filters or run them")
    alone = sorted(every - set(shared))
    if alone:
        print(f"note: not of all models, left out: {', '.join(alone)}", file=sys.stderr)
    return shared


def _pair(
    one: Side, other: Side, tasks: Sequence[str], *, intersect: bool, read: Any
) -> tuple[Pair, list[str]]:
    from dataclasses import replace

    from benchmark.compare.pairing import pair_results
    from benchmark.compare.suite import pair_of

    found, failed = [], []
    data_sets = _data_sets(tasks)
    for task in tasks:
        try:
            pair = pair_results(
                one.results[task], other.results[task], intersect=intersect, read=read
            )
        except ResultError as error:
            failed.append(f"{task}: {one.name} and {other.name} are not compared: {error}")
            continue
        failed += pair.failed
        found.append(replace(pair, data_set=data_sets.get(task, "")))
    return pair_of(one.name, other.name, found), failed


def _data_sets(names: Sequence[str]) -> dict[str, str]:
    """What tasks are made of, of those that have a file."""
    from benchmark.catalog import find_tasks, task_files

    known = [name for name in names if name in task_files()]
    return {task.name: task.data_set for task in (find_tasks(known) if known else ())}


def _draw(path: Path, pairs: Sequence[Pair]) -> None:
    from benchmark.compare.picture import svg

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(svg(pairs), "utf-8")
    except OSError as error:
        raise ResultError(
            f"{path}: cannot be written ({error.strerror}); choose another file with --plot"
        ) from None


def _print(pair: Pair, correction: str) -> None:
    from benchmark.cli.output import print_table, visible
    from benchmark.compare.report import GROUP_COLUMNS, RIGHT, columns, group_rows, task_rows

    if not pair.tasks:
        return
    print(f"A: {visible(pair.a)}, B: {visible(pair.b)}\n")
    for heads, rows in (
        (columns(correction), task_rows(pair)),
        (GROUP_COLUMNS, group_rows(pair)),
    ):
        used = [n for n, head in enumerate(heads) if head or any(row[n] for row in rows)]
        right = {*RIGHT, "tasks", *(head for head in heads if head.startswith("p "))}
        shown = [[row[n] for n in used] for row in rows]
        print_table([heads[n] for n in used], shown, right=right)
        print()

"""embedmark results verify: whether results are still what was measured, and where they are not."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_sources
from benchmark.errors import ResultError

if TYPE_CHECKING:
    from benchmark.results.task_result import TaskResult
    from benchmark.verification import Check, Verification


def add_verify(commands: Any) -> argparse.ArgumentParser:
    """Add the subcommand and its options."""
    text = "encode 1 % again, score all from cached vectors, and say what is not as it was"
    parser: argparse.ArgumentParser = commands.add_parser("verify", help=text, description=text)
    parser.add_argument(
        "targets", nargs="+", metavar="PATH|MODEL", help="a result file, a folder of them, a model"
    )
    parser.add_argument(
        "-t", "--task", action="extend", nargs="+", default=[], metavar="TASK",
        help="only these tasks; a task of yours by its file",
    )  # fmt: skip
    parser.add_argument(
        "--model", action="append", default=[], metavar="URI",
        help="a model that results do not say how to load: a file, a folder, an endpoint",
    )  # fmt: skip
    parser.add_argument("--cache", type=Path, metavar="DIR", help="where encoded vectors are kept")
    parser.add_argument("--no-cache", action="store_true", help="look at no encoded vectors")
    parser.add_argument("--batch-size", type=int, metavar="N", help="texts the model takes")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--trust", action="store_true", help="let tasks and models run code of their own"
    )
    parser.add_argument("--yes", action="store_true", help="send texts to endpoints unasked")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    add_sources(parser)
    return parser


def run_verify(args: argparse.Namespace, found: list[tuple[list[TaskResult], list[str]]]) -> int:
    """Verify, print, and return 1 for what is different, unreadable, or of ours and unchecked."""
    from benchmark.analysis.agreement import SCORES, VECTORS
    from benchmark.cache import default_folder
    from benchmark.catalog import find_tasks
    from benchmark.cli.consent import TerminalConsent
    from benchmark.cli.output import print_json, visible
    from benchmark.models.table import Settings
    from benchmark.verification import Verifier

    tasks = {}
    if args.task:
        tasks = {task.name: task for task in find_tasks(args.task, trust=args.trust)}
    by_path = {each.path.resolve(): each for some, _ in found for each in some}
    wanted = [each for each in by_path.values() if not args.task or each.task in tasks]
    problems = [line for _, lines in found for line in lines]
    verifier = Verifier(
        cache=None if args.no_cache else args.cache or default_folder(),
        settings=Settings(
            args.batch_size, args.device, args.trust, consent=TerminalConsent(args.yes)
        ),
        tasks=tasks,
        uris=args.model,
        trust=args.trust,
    )
    done: list[Verification] = []
    imported = [result for result in wanted if not result.measured]
    for result in wanted:
        try:
            if result.measured:
                done.append(verifier.verify(result.path))
        except ResultError as error:
            problems.append(str(error))
    counts = Counter(each.verdict for each in done)
    if args.json:
        print_json(
            {
                "results": [*map(_as_json, done), *map(_as_imported, imported)],
                "tolerance": {"vectors": VECTORS, "scores": SCORES},
                "problems": problems,
            }
        )
    else:
        _print(done, imported)
        told = ", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "none"
        print(
            f"\n{len(done)} verified: {told} (tolerance: {VECTORS:g} of a vector's length, "
            f"{SCORES:g} of a score)"
        )
    for problem in problems:
        print(visible(problem), file=sys.stderr)
    bad = counts["different"] + counts["not checked"]
    return int(bool(bad or problems or not done))


def _print(done: list[Verification], imported: list[TaskResult]) -> None:
    from benchmark.cli.output import print_table, visible

    rows = [(_named(each), each.task, each.verdict, _looked_at(each)) for each in done]
    rows += [(each.model, each.task, "not checked", "imported") for each in imported]
    print_table(("model", "task", "verdict", "what was checked"), rows)
    for each in done:
        alike: dict[tuple[str, str], list[Check]] = {}
        for check in each.checks:
            if check.verdict in ("different", "not checked"):
                alike.setdefault((check.verdict, check.what), []).append(check)
        for (verdict, what), (first, *more) in alike.items():
            place = " ".join(part for part in (_named(each), each.task, first.where, what) if part)
            others = f" (and {len(more)} more; --json has all)" if more else ""
            print(visible(f"{verdict}: {place}: {first.message}{others}"))


def _named(each: Verification) -> str:
    return f"{each.model} {each.experiment}".rstrip()


def _looked_at(each: Verification) -> str:
    """What of a result was compared, each thing once."""
    found = [check.what for check in each.checks if check.verdict != "not checked"]
    return ", ".join(dict.fromkeys(found))


def _as_json(each: Verification) -> dict[str, Any]:
    return {
        "path": str(each.path),
        "model": each.model,
        "experiment": each.experiment,
        "task": each.task,
        "verdict": each.verdict,
        "checks": [
            {
                "what": check.what,
                "where": check.where,
                "verdict": check.verdict,
                "message": check.message,
            }
            for check in each.checks
        ],
    }


def _as_imported(result: TaskResult) -> dict[str, Any]:
    from benchmark.verification import Check, Verification

    checks = (Check("not checked", "scores", message="imported"),)
    return _as_json(Verification(result.path, result.model, result.slug, result.task, checks))

"""``embedmark tasks check``: read all data of tasks and report every problem."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from benchmark.cli.filters import add_bundle, choices_named

if TYPE_CHECKING:
    from benchmark.catalog import Choice
    from benchmark.protocols import Finding


def add_arguments(parser: ArgumentParser) -> None:
    """The options of the command."""
    parser.add_argument("files", nargs="*", metavar="TASK", help="a task, a suite, a task file")
    add_bundle(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--trust", action="store_true", help="allow tasks to run their own code")


def run(args: Namespace) -> int:
    """Every problem of every task at once; 2 when a file is wrong, 1 when its data are."""
    from benchmark.cli.output import print_json
    from benchmark.errors import BenchmarkError, UsageError

    if not args.files and not args.bundle:
        raise UsageError("name a task to check, or --bundle FILE")
    reports, code = [], 0
    for name in args.files or [str(args.bundle)]:
        says_where = False
        try:
            report = _check_task(args, [name] if args.files else [])
        except BenchmarkError as error:
            report = [{"task": name, "level": "error", "message": str(error)}]
            code = max(code, error.exit_code)
            says_where = isinstance(error, UsageError)
        else:
            code = max(code, int(any(row["level"] != "warning" for row in report)))
        reports += report
        if not args.json:
            _print_report(name, report, says_where)
    if args.json:
        print_json({"findings": reports, "ok": code == 0})
    return code


def _check_task(args: Namespace, names: list[str]) -> list[dict[str, Any]]:
    from benchmark.catalog import expanded

    report: list[dict[str, Any]] = []
    for choice in expanded(choices_named(args, names, trust=args.trust)):
        if not choice.task.parts:  # what an aggregate is made of stands before it
            report += _findings(choice, bool(args.bundle))
    return report


def _findings(choice: Choice, packed: bool) -> list[dict[str, Any]]:
    """What is wrong with a task, each line once; ``packed`` has some splits and subsets only."""
    from benchmark.care.leakage import find_leaks
    from benchmark.catalog import Choice, load_kind
    from benchmark.data.fingerprint import combined, fingerprint
    from benchmark.data.hub_errors import OutOfReachError
    from benchmark.data.sources import fields_of, read_tables
    from benchmark.errors import DataError
    from benchmark.prepare import chosen_parts
    from benchmark.protocols import Finding

    task, kind = choice.task, load_kind(choice.task.kind)
    rows: dict[str, Finding] = {}
    fingerprints: dict[str, str] = {}
    for split, subset in chosen_parts(choice if packed else Choice(task)):
        try:
            tables, findings = read_tables(task, kind, split, subset)
        except OutOfReachError as error:
            message = f"{error}; only the task file was checked"
            rows[message] = Finding("warning", "out_of_reach", message)
            break
        except DataError as error:
            findings = [Finding("error", "unreadable", line) for line in error.problems]
        if not any(finding.level == "error" for finding in findings):
            fingerprints[f"{split}/{subset}"] = fingerprint(tables)
            own_ids = not task.options.get("ignore_identical_ids", False)
            findings += find_leaks(tables, fields_of(task, kind), own_ids=own_ids)
        for finding in findings:
            rows.setdefault(finding.message, finding)
    declared = task.source.settings.get("fingerprint")
    if declared and not any(finding.level == "error" for finding in rows.values()):
        found = combined(fingerprints)
        if found != declared:
            message = (
                f"the data differ from the declared fingerprint (found {found}); "
                "install the pinned version or update the task file"
            )
            rows[message] = Finding("error", "fingerprint_differs", message)
    return [
        {
            "task": task.name,
            "level": found.level,
            "code": found.code,
            "count": found.count,
            "message": found.message,
        }
        for found in rows.values()
    ]


def _print_report(name: str, report: list[dict[str, Any]], says_where: bool) -> None:
    for row in report:
        stream = sys.stdout if row["level"] == "warning" else sys.stderr
        task = "" if says_where else f"{row['task']}: "
        print(f"{row['level']}: {task}{row['message']}", file=stream)
    errors = sum(row["level"] != "warning" for row in report)
    if not errors:
        warnings = f", {len(report)} warning{'s'[: len(report) > 1]}" if report else ""
        print(f"ok: {name}{warnings}")

"""Which results the filters of a command leave, by what stands in them; no task file is needed."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from benchmark.errors import UsageError, nearest

if TYPE_CHECKING:
    from benchmark.results.task_result import Entry, TaskResult

    Asked: TypeAlias = dict[str, set[tuple[str, str]]]


def filtered(results: Sequence[TaskResult], args: Namespace) -> Iterator[TaskResult]:
    """The results that the filters leave, with the entries that they leave.

    A suite leaves the splits and subsets that it asks for, since results of others may hold more
    of a task; a task's bare name leaves all.
    """
    from benchmark.aggregate import AGGREGATE
    from benchmark.catalog import KINDS

    for kind in args.kind:
        if kind not in (*KINDS, AGGREGATE):
            raise UsageError(f"unknown kind '{kind}'{nearest(kind, [*KINDS, AGGREGATE])}")
    patterns, asked = _asked(args.task, {result.task for result in results})
    of_domain = _tasks_of_domains(args.domain)
    for result in results:
        named = any(fnmatchcase(result.task, name) for name in patterns)
        parts = None if named else asked.get(result.task)
        entries = tuple(
            entry
            for entry in result.entries
            if _entry_wanted(entry, args)
            and (parts is None or (entry.split, entry.subset) in parts)
        )
        if (
            entries
            and (not args.task or named or parts is not None)
            and (not args.kind or result.kind in args.kind)
            and (not args.domain or result.task in of_domain)
        ):
            yield replace(result, entries=entries)


def nothing_of(args: Namespace, results: Sequence[TaskResult]) -> list[str]:
    """A line for each name of ``-t`` that is no suite or path, and that no result has."""
    known = {result.task for result in results}
    patterns, _ = _asked(args.task, known)
    return [
        f"note: -t: no results of '{name}'{nearest(name, known)}"
        for name in patterns
        if not any(fnmatchcase(task, name) for task in known)
    ]


def _asked(names: Sequence[str], known: Collection[str]) -> tuple[list[str], Asked]:
    """Names as given (a result needs no task file), and what suites and paths stand for.

    What a result or a task is named is no folder of that name.
    """
    from benchmark.catalog import find_choices, suite_path, task_files

    files = task_files() if names else {}
    patterns = [name for name in names if name in known or name in files]
    rest = [name for name in names if name not in patterns]
    paths = [n for n in rest if suite_path(n) or n.endswith(".toml") or Path(n).is_dir()]
    asked = {
        choice.task.name: {
            (split, subset)
            for split in choice.splits or choice.task.splits
            for subset in choice.subsets or tuple(choice.task.subsets)
        }
        for choice in (find_choices(paths) if paths else ())
    }
    return [*patterns, *(name for name in rest if name not in paths)], asked


def _entry_wanted(entry: Entry, args: Namespace) -> bool:
    codes = {*entry.languages, *(code.split("-")[0] for code in entry.languages)}
    return (
        (not args.split or entry.split in args.split)
        and (not args.subset or entry.subset in args.subset)
        and (not args.language or not codes.isdisjoint(args.language))
    )


def _tasks_of_domains(domains: Sequence[str]) -> set[str]:
    from benchmark.catalog import find_tasks, task_files

    tasks = find_tasks(list(task_files())) if domains else []
    return {task.name for task in tasks if set(domains) & set(task.domains)}

"""The filters that every command understands in the same way."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.catalog import Choice


def add_filters(parser: ArgumentParser, *, parts: bool = True) -> None:
    """Add ``-t``, ``--kind``, ``--language``, ``--domain`` and, with ``parts``, splits, subsets."""
    group = parser.add_argument_group("which tasks")
    group.add_argument(
        "-t",
        "--task",
        action="extend",
        nargs="+",
        default=[],
        metavar="TASK",
        help="a task, a suite, a task file or a folder of them",
    )
    group.add_argument("--kind", action="append", default=[], help="only tasks of this kind")
    group.add_argument(
        "--language", action="append", default=[], help="only subsets in this language (eng)"
    )
    group.add_argument("--domain", action="append", default=[], help="only tasks of this domain")
    if parts:
        group.add_argument("--split", action="append", default=[], help="only this split")
        group.add_argument("--subset", action="append", default=[], help="only this subset")


def apply_filters(choices: Iterable[Choice], args: Namespace) -> list[Choice]:
    """The choices that the filters leave; UsageError for a filter that no task could meet."""
    from benchmark.catalog import KINDS
    from benchmark.errors import UsageError, nearest

    for kind in args.kind:
        if kind not in KINDS:
            raise UsageError(f"unknown kind '{kind}'{nearest(kind, KINDS)}")
    kept = []
    for choice in choices:
        if args.kind and choice.task.kind not in args.kind:
            continue
        if args.domain and not set(args.domain) & set(choice.task.domains):
            continue
        narrowed = _narrow(choice, args)
        if narrowed is not None:
            kept.append(narrowed)
    if not kept:
        raise UsageError("no task is left by the filters; loosen --kind, --language, --domain, ...")
    return kept


def _narrow(choice: Choice, args: Namespace) -> Choice | None:
    """The choice with its splits and subsets narrowed, or None when nothing of it is left."""
    splits, subsets = choice.splits, choice.subsets
    if getattr(args, "split", None):
        splits = tuple(s for s in splits or choice.task.splits if s in args.split)
        if not splits:
            return None
    names = subsets or tuple(choice.task.subsets)
    if getattr(args, "subset", None):
        names = tuple(s for s in names if s in args.subset)
    if args.language:
        names = tuple(
            s
            for s in names
            if any(code.split("-")[0] in args.language or code in args.language
                   for code in choice.task.subsets[s])
        )
    if not names:
        return None
    return replace(choice, splits=splits, subsets=names)

"""The filters that every command understands in the same way."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.catalog import Choice


def add_filters(parser: ArgumentParser, *, parts: bool = True) -> None:
    """Add ``-t`` (``--suite``), kind, language, domain and, with ``parts``, split and subset."""
    group = parser.add_argument_group("which tasks")
    group.add_argument(
        "-t",
        "--task",
        "--suite",
        action="extend",
        nargs="+",
        default=[],
        metavar="TASK",
        help="a task, a suite, a task file or a folder of them",
    )
    named = {
        "kind": "only tasks of this kind",
        "language": "only subsets in this language (eng)",
        "domain": "only tasks of this domain",
    }
    if parts:
        named |= {"split": "only this split", "subset": "only this subset"}
    for name, what in named.items():
        group.add_argument(
            f"--{name}",
            action="extend",
            nargs="+",
            default=[],
            metavar=name.upper(),
            help=f"{what}, or one of several",
        )


def add_bundle(parser: ArgumentParser) -> None:
    """Add ``--bundle``: the archive that tasks and data are taken from."""
    parser.add_argument(
        "--bundle", type=Path, metavar="FILE", help="tasks and data of 'embedmark tasks bundle'"
    )


def choices_named(args: Namespace, names: Sequence[str], *, trust: bool = False) -> list[Choice]:
    """The tasks of these names, of ``--bundle`` where it is given; no names: all of it."""
    if args.bundle is None:
        from benchmark.catalog import find_choices

        return find_choices(names, trust=trust)
    from benchmark.bundles import choices_of
    from benchmark.data.bundle import open_bundle

    return choices_of(open_bundle(args.bundle), names)


def add_sources(parser: ArgumentParser) -> None:
    """Add ``--results``: the trees or indexes that results are read from."""
    parser.add_argument(
        "--results",
        type=Path,
        action="extend",
        nargs="+",
        metavar="DIR|INDEX",
        help="folders of result files, or what 'results import' made of them (default: results)",
    )


def sources(args: Namespace) -> list[Path]:
    """What ``--results`` names, or else ./results."""
    return args.results or [Path("results")]


def apply_filters(choices: Iterable[Choice], args: Namespace) -> list[Choice]:
    """The choices that the filters leave; UsageError for a name that no task has, or none left."""
    from benchmark.errors import UsageError, nearest

    every = list(choices)
    for what, known in _known(every).items():
        for name in getattr(args, what, None) or ():
            if name not in known:
                where = "" if what == "kind" else " in the tasks asked for"
                raise UsageError(f"--{what}: no {what} '{name}'{where}{nearest(name, known)}")
    kept = [narrowed for choice in every if (narrowed := _narrow(choice, args))]
    if not kept:
        raise UsageError("no task meets all filters; leave out --kind, --language, --domain, ...")
    return kept


def _known(choices: Iterable[Choice]) -> dict[str, set[str]]:
    """The names that each filter may take."""
    from benchmark.aggregate import AGGREGATE
    from benchmark.catalog import KINDS

    known: dict[str, set[str]] = {
        "kind": {*KINDS, AGGREGATE},
        "language": set(),
        "domain": set(),
        "split": set(),
        "subset": set(),
    }
    for choice in choices:
        task = choice.task
        codes = {code for name in choice.subsets or task.subsets for code in task.subsets[name]}
        known["language"] |= codes | {code.partition("-")[0] for code in codes}
        known["domain"] |= set(task.domains)
        known["split"] |= set(choice.splits or task.splits)
        known["subset"] |= set(choice.subsets or task.subsets)
    return known


def _narrow(choice: Choice, args: Namespace) -> Choice | None:
    """The choice with its splits and subsets narrowed, or None when nothing of it is left."""
    from benchmark.aggregate import counted_kind

    task = choice.task
    if args.kind and not {task.kind, counted_kind(task)} & set(args.kind):
        return None
    if args.domain and not set(args.domain) & set(task.domains):
        return None
    splits, subsets = choice.splits or task.splits, choice.subsets or tuple(task.subsets)
    if getattr(args, "split", None):
        splits = tuple(name for name in splits if name in args.split)
    if getattr(args, "subset", None):
        subsets = tuple(name for name in subsets if name in args.subset)
    if args.language:
        subsets = tuple(name for name in subsets if _speaks(task.subsets[name], args.language))
    return replace(choice, splits=splits, subsets=subsets) if splits and subsets else None


def _speaks(codes: Iterable[str], languages: Collection[str]) -> bool:
    """Whether a language is asked for, by its code (eng) or with its script (eng-Latn)."""
    return any(code in languages or code.partition("-")[0] in languages for code in codes)

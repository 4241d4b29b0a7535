"""What there is by name: kinds, tasks, suites and boards, and where their files lie."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import benchmark
from benchmark.aggregate import AGGREGATE, chosen_subsets, with_parts
from benchmark.data.mteb import PREFIX, files_of, is_benchmark
from benchmark.errors import TaskFileError, UsageError, nearest
from benchmark.protocols import Kind
from benchmark.suite import Suite, SuiteTask, parse_suite
from benchmark.task import Task, parse_task
from benchmark.task_checks import check_task
from benchmark.toml_file import error_at, read_toml

KINDS: Mapping[str, str] = {
    "retrieval": "benchmark.kinds.retrieval",
    "long_context": "benchmark.kinds.long_context",
    "reranking": "benchmark.kinds.reranking",
    "instruction_retrieval": "benchmark.kinds.instruction_retrieval",
    "instruction_reranking": "benchmark.kinds.instruction_reranking",
    "sts": "benchmark.kinds.sts",
    "pair_classification": "benchmark.kinds.pair_classification",
    "classification": "benchmark.kinds.classification",
    "multilabel_classification": "benchmark.kinds.multilabel_classification",
    "regression": "benchmark.kinds.regression",
    "clustering": "benchmark.kinds.clustering",
    "clustering_legacy": "benchmark.kinds.clustering_legacy",
    "bitext": "benchmark.kinds.bitext",
    "summarization": "benchmark.kinds.summarization",
    "zero_shot_classification": "benchmark.kinds.zero_shot_classification",
}
STARTER = "starter"


def load_kind(name: str) -> Kind:
    """The module of a kind; UsageError with the nearest name when there is none."""
    if name not in KINDS:
        raise UsageError(f"unknown kind '{name}'{nearest(name, KINDS)}")
    return cast("Kind", importlib.import_module(KINDS[name]))


def data_folder(name: str) -> Path:
    """The project's folder ``tasks`` or ``leaderboards``.

    In a wheel it lies beside the package's modules under ``_data``; a checkout has it at its top,
    recognised by a pyproject that names embedmark.
    """
    package = Path(benchmark.__file__).parent
    packed = package / "_data" / name
    if packed.is_dir():
        return packed
    project = package.parent / "pyproject.toml"
    if project.is_file():
        names = tomllib.loads(project.read_text("utf-8")).get("project", {})
        if names.get("name") == "embedmark":
            return package.parent / name
    return packed


def task_roots() -> list[Path]:
    """The folders searched for tasks: the project's own, then ``./tasks``."""
    own = data_folder("tasks")
    local = Path("tasks")
    roots = [own] if own.is_dir() else []
    if local.is_dir() and not (roots and local.resolve() == own.resolve()):
        roots.append(local)
    return roots


def task_files(roots: Iterable[Path] | None = None) -> dict[str, Path]:
    """Every task's file by the task's name.

    The same content found twice is one task; other content under the same name is an error that
    names both files.
    """
    found: dict[str, Path] = {}
    for root in task_roots() if roots is None else roots:
        for path in sorted(root.rglob("*.toml")):
            if path.parent.name == "suites":
                continue
            other = found.setdefault(path.stem, path)
            if other != path and other.read_bytes() != path.read_bytes():
                raise _one_name(path.stem, other, path)
    return found


def load_task(
    path: Path, *, files: Mapping[str, Path] | None = None, trusted: bool = False
) -> Task:
    """Parse a task file and check what only its kind knows: options, metric, columns, tables.

    An aggregate comes with its parts, which are looked for beside its file first.
    """

    def find(name: str) -> Path:
        known = task_files() if files is None else files
        if name not in known:
            raise TaskFileError(f"no task is named '{name}'{nearest(name, known)}")
        return known[name]

    def part(name: str) -> Task:
        beside = path.parent / f"{name}.toml"
        found = beside if beside.is_file() else find(name)
        if parse_task(found, find).kind == AGGREGATE:
            raise TaskFileError("is an aggregate too; name its parts instead")
        return load_task(found, files=files, trusted=trusted)

    task = replace(parse_task(path, find), trusted=trusted)
    if task.kind == AGGREGATE:
        return with_parts(task, part)
    if task.kind not in KINDS:
        message = f"unknown kind '{task.kind}'{nearest(task.kind, [*KINDS, AGGREGATE])}"
        raise error_at(path, "kind", message)
    if task.source.type == "tasks":
        message = f"'tasks' is the source of kind \"{AGGREGATE}\", not of a {task.kind}"
        raise error_at(path, "[source]", message)
    check_task(task, load_kind(task.kind))
    return task


@dataclass(frozen=True, slots=True)
class Choice:
    """A task and what is asked of it; no splits or subsets means all.

    The task stays whole: the draws of a part are those of the whole.
    """

    task: Task
    splits: tuple[str, ...] = ()
    subsets: tuple[str, ...] = ()
    part_of: str = ""
    """The aggregate that it is asked for, when nobody asked for it itself."""


def find_choices(
    names: Sequence[str], *, roots: Iterable[Path] | None = None, trust: bool = False
) -> list[Choice]:
    """The tasks of names, suites and paths, each once, in the order asked for.

    A name is looked up among tasks, then suites (their names and titles), then the benchmarks of an
    installed mteb; ``mteb:NAME`` is a task or benchmark of it. A path is a task file, or a folder
    of them. A task named by its path may run its own code. No names: the starter suite.
    """
    files = task_files(roots)
    found: dict[str, tuple[Path, bool, SuiteTask | None]] = {}
    for name in names or [STARTER]:
        for path, trusted, part in _expand(name, files):
            known = found.setdefault(path.stem, (path, trusted or trust, part))
            if known[0] != path and known[0].read_bytes() != path.read_bytes():
                raise _one_name(path.stem, known[0], path)
    choices = []
    for path, trusted, part in found.values():
        task = load_task(path, files=files, trusted=trusted)
        choice = Choice(task) if part is None else Choice(task, part.splits, part.subsets)
        choices.append(checked(choice))
    return choices


def expanded(choices: Iterable[Choice]) -> list[Choice]:
    """The choices with what aggregates are made of before them, each task once."""
    found: dict[str, Choice] = {}
    for choice in choices:
        splits = choice.splits or choice.task.splits
        parts = [
            Choice(part, splits, chosen_subsets(choice.task, part), choice.task.name)
            for part in choice.task.parts
        ]
        for each in (*parts, choice):
            known = found.get(each.task.name)
            found[each.task.name] = _joined(known, each) if known else each
    return list(found.values())


def _joined(one: Choice, other: Choice) -> Choice:
    """All that two choices of a task ask for, in the task's order.

    Raises TaskFileError when they are two tasks of one name: neither may stand for the other.
    """
    paths = [choice.task.path and choice.task.path.resolve() for choice in (one, other)]
    if one.task != other.task and (paths[0] is None or paths[0] != paths[1]):
        raise _one_name(one.task.name, one.task.path, other.task.path)
    task, names = one.task, (list(one.task.splits), list(one.task.subsets))
    splits, subsets = (
        tuple(name for name in known if name in (*first, *second)) if first and second else ()
        for known, first, second in zip(
            names, (one.splits, one.subsets), (other.splits, other.subsets), strict=True
        )
    )
    return Choice(task, splits, subsets, one.part_of and other.part_of)


def find_tasks(
    names: Sequence[str], *, roots: Iterable[Path] | None = None, trust: bool = False
) -> list[Task]:
    """As ``find_choices``, the tasks alone."""
    return [choice.task for choice in find_choices(names, roots=roots, trust=trust)]


def checked(choice: Choice) -> Choice:
    """The choice itself when its task has all splits and subsets that it names."""
    task = choice.task
    for chosen, known, what in (
        (choice.splits, task.splits, "split"),
        (choice.subsets, tuple(task.subsets), "subset"),
    ):
        for name in chosen:
            if name not in known:
                raise UsageError(f"{task.name} has no {what} '{name}'{nearest(name, known)}")
    return choice


def find_suite(name: str) -> Suite:
    """A suite by name, title or path."""
    path = Path(name) if name.endswith(".toml") else suite_path(name)
    if path is None:
        raise UsageError(f"no suite is named '{name}'{nearest(name, suite_files())}")
    return parse_suite(path)


def is_suite(path: Path) -> bool:
    """Whether a file is a suite's: it lies among suites, or lists tasks and has no kind."""
    if path.parent.name == "suites":
        return True
    content = read_toml(path)
    return "tasks" in content and "kind" not in content


def suite_path(name: str) -> Path | None:
    """The file of a suite by its name, else by its title, as in ``MTEB(eng, v2)``.

    With ``mteb:`` before it, the name is that of a benchmark of the installed mteb.
    """
    if name.startswith(PREFIX):
        path, _ = files_of(name.removeprefix(PREFIX))
        return path if is_suite(path) else None
    files = suite_files()
    titled = (path for path in files.values() if parse_suite(path).title == name)
    return files.get(name) or next(titled, None)


def suite_files() -> dict[str, Path]:
    """Every suite's file by the suite's name."""
    found: dict[str, Path] = {}
    for root in task_roots():
        for path in sorted((root / "suites").glob("*.toml")):
            found.setdefault(path.stem, path)
    return found


def _expand(name: str, files: Mapping[str, Path]) -> Iterator[tuple[Path, bool, SuiteTask | None]]:
    path = Path(name)
    if name.startswith(PREFIX):
        made, known = files_of(name.removeprefix(PREFIX))
        yield from (
            _expand_suite(parse_suite(made), known) if is_suite(made) else [(made, False, None)]
        )
    elif name in files:
        yield files[name], False, None
    elif name.endswith(".toml") or path.is_dir():
        if path.is_dir():
            inside = sorted(p for p in path.rglob("*.toml") if p.parent.name != "suites")
            if not inside:
                raise UsageError(f"{name}: no task file in this folder; name a .toml file")
            yield from ((p, True, None) for p in inside)
        elif is_suite(path):
            yield from _expand_suite(parse_suite(path), files)
        else:
            yield path, True, None
    else:
        suite = suite_path(name)
        if suite is None and is_benchmark(name):
            yield from _expand(f"{PREFIX}{name}", files)
        elif suite is None:
            hint = nearest(name, [*files, *suite_files()])
            raise UsageError(f"no task or suite is named '{name}'{hint}")
        else:
            yield from _expand_suite(parse_suite(suite), files)


def _expand_suite(
    suite: Suite, files: Mapping[str, Path]
) -> Iterator[tuple[Path, bool, SuiteTask | None]]:
    for part in suite.tasks:
        if part.name not in files:
            raise TaskFileError(
                f"suite '{suite.name}': no task is named '{part.name}'{nearest(part.name, files)}"
            )
        yield files[part.name], False, part


def _one_name(name: str, one: Path | None, other: Path | None) -> TaskFileError:
    return TaskFileError(f"two tasks are named '{name}': {one} and {other}; rename one of them")

"""The shape of the package: what imports what, what loads when, how long a module may be."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

import benchmark

PACKAGE = Path(benchmark.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)

# Layer of each unit: a module or folder directly below the package. ``docs/design.md`` shows it.
LAYERS = {
    "_version": 0,
    "errors": 0,
    "protocols": 0,
    "toml_file": 1,
    "task_source": 1,
    "task_base": 1,
    "task_keep": 1,
    "task": 1,
    "suite": 1,
    "tables": 1,
    "draws": 1,
    "metrics": 1,
    "stats": 1,
    "aggregate": 2,
    "catalog": 2,
    "task_checks": 2,
    "kinds": 2,
    "data": 2,
    "models": 2,
    "cache": 2,
    "guard": 2,
    "encode": 3,
    "pair_scores": 3,
    "token_vectors": 3,
    "prepare": 3,
    "bundles": 4,
    "results": 3,
    "care": 3,
    "analysis": 3,
    "ranking": 4,
    "listener": 4,
    "ahead": 4,
    "jobs": 4,
    "meter": 4,
    "measure": 4,
    "sending": 4,
    "forecast": 4,
    "budget": 4,
    "reencoding": 4,
    "verification": 4,
    "combine": 4,
    "differences": 4,
    "evaluation": 4,
    "sweep": 4,
    "run": 4,
    "boards": 4,
    "downsample": 4,
    "compare": 4,
    "__init__": 5,  # the public names, found lazily
    "cli": 5,
    "__main__": 6,
}
# One layer, but in this order only: tasks and suites are TOML files; a task is checked when it is
# loaded, also against the tables of readers and generators; a run is many measurements, and what
# aggregates make of them.
BESIDE = {
    ("task", "toml_file"),
    ("task", "task_source"),
    ("task_source", "toml_file"),
    ("task", "task_base"),
    ("task", "task_keep"),
    ("task_base", "toml_file"),
    ("task_keep", "toml_file"),
    ("suite", "toml_file"),
    ("catalog", "task_checks"),
    ("catalog", "aggregate"),
    ("catalog", "data"),  # tasks that mteb names have files made for them
    ("task_checks", "data"),
    ("measure", "ranking"),
    ("forecast", "measure"),
    ("budget", "downsample"),
    ("budget", "meter"),
    ("budget", "forecast"),
    ("budget", "jobs"),
    ("budget", "listener"),
    ("budget", "run"),
    ("budget", "measure"),
    ("verification", "jobs"),
    ("verification", "measure"),
    ("verification", "reencoding"),
    ("evaluation", "run"),
    ("evaluation", "sending"),
    ("evaluation", "sweep"),
    ("sweep", "listener"),
    ("sweep", "run"),
    ("run", "measure"),
    ("run", "jobs"),
    ("jobs", "ahead"),
    ("jobs", "meter"),
    ("run", "meter"),
    ("jobs", "measure"),
    ("run", "combine"),
    ("run", "listener"),
    ("sending", "measure"),
    ("downsample", "boards"),  # the scores that it is fitted on are a board's
    ("downsample", "forecast"),
    ("downsample", "measure"),
    ("downsample", "ranking"),
}
# Type annotations only: the protocol of a kind names the task that it is handed.
TYPES_ONLY = {("protocols", "benchmark.task")}

HEAVY = {"datasets", "mteb", "numpy", "pandas", "pyarrow", "scipy", "sklearn", "torch"}
HELP_AVOIDS = HEAVY | {"importlib.metadata", "rich"}

MAX_LINES = 300
LONGER: dict[str, str] = {}  # module -> the reason why it may be longer

# What `import benchmark` promises, as the README and docs/design.md say.
PUBLIC = ["__version__", "evaluate"]

Import: TypeAlias = tuple[str, bool]


def named(path: Path) -> str:
    """A module's path below the package, as a test id."""
    return path.relative_to(PACKAGE).as_posix()


def unit_of(path: Path) -> str:
    """The folder or module directly below the package that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of ours anywhere in a module, and whether it stands under TYPE_CHECKING."""
    tree = ast.parse(path.read_text("utf-8"))
    typing_only = {
        id(node)
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If) and "TYPE_CHECKING" in ast.unparse(branch.test)
        for statement in branch.body
        for node in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            whole = node.module == "benchmark"
            names = [f"benchmark.{a.name}" for a in node.names] if whole else [str(node.module)]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "benchmark":
                yield name, id(node) in typing_only


def test_every_unit_has_a_layer() -> None:
    """A new module or folder is given its layer here, on purpose."""
    assert {unit_of(path) for path in MODULES} <= set(LAYERS)


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_imports_point_downward(path: Path) -> None:
    """A module imports only from lower layers, or from its own folder."""
    unit = unit_of(path)
    wrong = []
    for name, typing_only in imports_of(path):
        parts = name.split(".")
        target = parts[1] if len(parts) > 1 and parts[1] in LAYERS else "_version"
        if target == unit or (unit, target) in BESIDE:
            continue
        if typing_only and (unit, name) in TYPES_ONLY:
            continue
        if LAYERS[target] >= LAYERS[unit]:
            wrong.append(name)

    assert [] == wrong


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_short_and_says_its_subject(path: Path) -> None:
    """A module has at most 300 lines, or a named exception, and opens with its docstring."""
    lines = path.read_text("utf-8").splitlines()

    assert len(lines) <= MAX_LINES or named(path) in LONGER
    assert lines[0].startswith('"""')
    assert len(lines[0]) > len('"""')


def test_exceptions_to_the_length_are_needed() -> None:
    """An exception that is no longer needed is struck out."""
    long = {named(p) for p in MODULES if len(p.read_text("utf-8").splitlines()) > MAX_LINES}

    assert set(LONGER) == long


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_nothing_prints_pickles_or_evaluates(path: Path) -> None:
    """Only the command prints; nothing runs or unpickles what it was handed."""
    banned_calls = {"eval", "exec", "compile"} | (set() if unit_of(path) == "cli" else {"print"})
    banned_modules = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in banned_calls else []
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            wanted = isinstance(node.value, ast.Constant) and node.value.value is False
            found += [] if wanted else ["allow_pickle"]
        elif isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in banned_modules]
        elif isinstance(node, ast.ImportFrom):
            found += [str(node.module)] if str(node.module).split(".")[0] in banned_modules else []

    assert [] == found


def test_public_names() -> None:
    """The package exports what is documented and nothing else, and every name is there."""
    assert sorted(benchmark.__all__) == PUBLIC
    assert dir(benchmark) == PUBLIC
    assert [name for name in PUBLIC if not hasattr(benchmark, name)] == []


LOADED = """
import contextlib, io, json, sys
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    {code}
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(code: str) -> set[str]:
    """The modules that a fresh interpreter holds after running ``code``."""
    command = [sys.executable, "-c", LOADED.format(code=code)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_loads_nothing_heavy() -> None:
    """``import benchmark`` is a definition of names."""
    assert loaded_by("import benchmark") & HEAVY == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    """Help and version come without numpy, Arrow, rich or the packages' metadata."""
    code = f"from benchmark.cli import main; sys.exit(main({arguments!r}))"

    assert loaded_by(code) & HELP_AVOIDS == set()

"""A board file: TOML in, a frozen Board out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from benchmark.errors import TaskFileError, nearest
from benchmark.suite import parse_groups
from benchmark.toml_file import check_type, read_toml, unknown_key

FACTS = ("parameters", "dimension", "max_tokens", "license", "open_weights", "release_date")
COLUMNS = (
    *("rank", "revision", "mean", "interval", "mean_by_kind", "kinds", "groups", "tasks"),
    *(*FACTS, "zero_shot"),
)
DEFAULT_COLUMNS = ("rank", "mean", "interval", "mean_by_kind", "kinds", "groups", "tasks")

MISSING = ("strict", "common")
PROVENANCE = ("measured", "imported", "any")
REVISIONS = ("separate", "joined", "latest", "complete")
DATA_REVISIONS = ("any", "majority", "declared")
EXPERIMENTS = ("separate", "excluded")
IMPUTED = ("never", "show")

_KEYS: Mapping[str, str] = {
    "title": "a string",
    "description": "a string",
    "suite": "a string",
    "columns": "a list of strings",
    "groups": "a table",
    "models": "a list of strings",
    "missing": "a string",
    "provenance": "a string",
    "revisions": "a string",
    "main_revisions": "a table",
    "data_revisions": "a string",
    "experiments": "a string",
    "imputed": "a string",
    "mini": "a string",
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "missing": MISSING,
    "provenance": PROVENANCE,
    "revisions": REVISIONS,
    "data_revisions": DATA_REVISIONS,
    "experiments": EXPERIMENTS,
    "imputed": IMPUTED,
}


@dataclass(frozen=True, slots=True)
class Board:
    """A parsed board file: which results become which table.

    ``missing`` is what a model without a score for some task gets: no mean (``strict``), or means
    over the tasks that all shown models have (``common``). ``provenance`` is whose results are
    shown: ours (``measured``), also result files that another harness wrote (``imported``), or
    also what mteb keeps as ``external``, copied from model cards (``any``). ``columns`` chooses
    what is shown, in a fixed order. ``models`` are patterns of names, ``*`` and ``?`` as in a
    shell. ``imputed = "show"`` adds what the smaller suite ``mini`` predicts of models that have
    no mean but all its tasks; it enters no mean and no rank. The other three, of revisions of
    models and of data and of experiments, stand in ``benchmark.boards.policies``.
    """

    name: str
    title: str
    suite: str
    description: str = ""
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    models: tuple[str, ...] = ("*",)
    missing: str = "strict"
    provenance: str = "measured"
    revisions: str = "separate"
    main_revisions: Mapping[str, str] = field(default_factory=dict)
    data_revisions: str = "any"
    experiments: str = "separate"
    imputed: str = "never"
    mini: str = ""
    path: Path | None = field(default=None, compare=False)

    def shows(self, model: str) -> bool:
        """Whether the board's patterns let a model of this name in."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)


def parse_board(path: Path) -> Board:
    """Parse one board file; the file's stem is the board's name.

    Raises TaskFileError with file, line and what to do. That the suite exists, and that the
    groups name its tasks, is checked when the board is built.
    """
    content = read_toml(path)
    for key, value in content.items():
        if key not in _KEYS:
            raise unknown_key(path, key, _KEYS)
        check_type(path, key, value, _KEYS[key])
    for key in ("title", "suite"):
        if key not in content:
            raise TaskFileError(f"{path}: missing key '{key}'; add it ({_KEYS[key]})")
    for key, choices in _CHOICES.items():
        _check_choice(path, key, content.get(key, choices[0]), choices)
    if (content.get("imputed") == "show") != ("mini" in content):
        raise TaskFileError(
            f'{path}: imputed = "show" and mini, the smaller suite that predicts, go together'
        )
    columns = content.get("columns", list(DEFAULT_COLUMNS))
    for column in columns:
        _check_choice(path, "columns", column, COLUMNS)
    main_revisions = content.get("main_revisions", {})
    for model, revision in main_revisions.items():
        check_type(path, model, revision, "a string")
    optional: dict[str, Any] = {key: content[key] for key in _CHOICES if key in content}
    return Board(
        name=path.stem,
        title=content["title"],
        suite=content["suite"],
        description=content.get("description", ""),
        columns=tuple(dict.fromkeys(columns)),
        groups=parse_groups(path, content.get("groups", {}), None),
        models=tuple(content.get("models", ("*",))),
        main_revisions=main_revisions,
        mini=content.get("mini", ""),
        path=path,
        **optional,
    )


def _check_choice(path: Path, key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise TaskFileError(f"{path}: '{key}' does not know '{value}'{nearest(value, choices)}")

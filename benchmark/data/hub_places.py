"""Where each table of a task lies on the hub: repository, config, split and files.

What mteb's loaders find is found in the same places (``AbsTask.load_data`` and
``RetrievalDatasetLoader`` of 2.26.24).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmark.data.hub_layout import config_names, find_config, globbed, split_of
from benchmark.data.hub_repository import Repository, open_repository
from benchmark.errors import DataError, nearest
from benchmark.task import DEFAULT_SUBSET, Task

RANKED = ("corpus", "queries", "qrels", "top_ranked", "instruction", "changed")
_DIFFERENCES = "qrel_diff"  # where mteb's FollowIR tasks keep the documents that change


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table lies: files of a repository, the config and split that they are."""

    repository: Repository
    config: str | None
    split: str
    files: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict, compare=False)  # the config's
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Columns, and the values that they may have in the rows that are meant."""

    @property
    def label(self) -> str:
        """What messages call it: ``org/name@commit config/split``."""
        return f"{self.repository.label} {self.config or 'files'}/{self.split}"


def find_place(task: Task, table: str, split: str, subset: str, shared: bool) -> Place:
    """The place of a table of one split and subset; ``shared`` tables hold every subset.

    ``split`` is the task's own name for it. Raises DataError, which names what there is.
    """
    settings = task.source.settings
    own: Mapping[str, Any] = settings.get(table, {})
    repository = open_repository(
        own.get("hub", settings["hub"]), own.get("revision", settings["revision"])
    )
    theirs = str(settings.get("splits", {}).get(split, split))
    base = _base_config(task, subset, shared)
    filled = {"split": theirs, "subset": subset, "config": base or "default", "table": table}
    where = {**settings.get("where", {}), **own.get("where", {})}
    if "subset_column" in settings and table not in RANKED:
        where[settings["subset_column"]] = subset
    rows = tuple(
        (column, tuple(_fill(each, filled) for each in _listed(value)))
        for column, value in where.items()
    )
    files = own.get("files", settings.get("files"))
    if files is not None and "config" not in own:
        globs = [_fill(glob, filled) for glob in _globs(files, split, repository.label)]
        found = globbed(repository.paths, globs, repository.label)
        return Place(repository, None, theirs, found, where=rows)
    if "config" in own:
        name: str | None = _fill(own["config"], filled)
    elif table in RANKED:
        name = _ranked_config(repository, table, base)
    else:
        name = base
    try:
        config = find_config(repository.paths, repository.card, name, repository.label)
    except (AttributeError, KeyError, TypeError, ValueError):  # a card can say anything
        raise DataError(
            f"{repository.label}: what its card (README.md) says of configs is not understood; "
            "name files in [source]"
        ) from None
    wanted = _fill(own["split"], filled) if "split" in own else theirs
    chosen = split_of(config, wanted, repository.label, only=table in RANKED or "config" in own)
    if not chosen:
        raise DataError(
            f"{repository.label}: the card names no data file for the config '{config.name}' and "
            f"the split '{wanted}'; name files in [source]"
        )
    return Place(repository, config.name, wanted, chosen, config.options, rows)


def has_table(task: Task, table: str, subset: str) -> bool:
    """Whether a table that not every task has is there: named in [source], or as mteb names it."""
    settings = task.source.settings
    if table in settings:
        return True
    repository = open_repository(settings["hub"], settings["revision"])
    return _with_base(table, _base_config(task, subset, False)) in _configs(repository)


def _base_config(task: Task, subset: str, shared: bool) -> str | None:
    settings = task.source.settings
    if subset in task.configs:
        return task.configs[subset]
    if "config" in settings or "subset_column" in settings or shared:
        config: str | None = settings.get("config")
        return config
    return None if list(task.subsets) == [DEFAULT_SUBSET] else subset


def _ranked_config(repository: Repository, table: str, base: str | None) -> str:
    """The config that mteb's loader reads a table of a retrieval from."""
    known = _configs(repository)
    if table == "queries" and "query" in known:
        return "query"
    if table == "changed":
        return _DIFFERENCES
    if table != "qrels" or base not in (None, "default"):
        return _with_base(table, base)
    if "default" in config_names(repository.card) or "qrels" not in known:
        return "default"
    return "qrels"


def _with_base(table: str, base: str | None) -> str:
    return table if base in (None, "default") else f"{base}-{table}"


def _configs(repository: Repository) -> Iterable[str]:
    """The configs that the card names, or the folders and stems that could be configs."""
    named = config_names(repository.card)
    return named or {
        path.partition("/")[0].partition(".")[0] for path in repository.paths if path[:1] != "."
    }


def _globs(files: Any, split: str, label: str) -> list[str]:
    if isinstance(files, Mapping):
        if split not in files:
            hint = nearest(split, files)
            raise DataError(f"{label}: files in [source] have no split '{split}'{hint}")
        files = files[split]
    return _listed(files)


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text

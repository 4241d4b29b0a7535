"""Check what a task file says against what its kind knows: options, metric, columns, readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from benchmark.data.documents import CONSTRUCTIONS
from benchmark.data.generators import GENERATORS
from benchmark.data.readers import READERS
from benchmark.data.sources import fields_of
from benchmark.errors import nearest
from benchmark.protocols import Kind
from benchmark.task import Task
from benchmark.toml_file import FLAG, TABLE, TEXT, TEXTS, WHOLE, check_type, error_at, unknown_key

_SELECT_KEYS: Mapping[str, str] = {
    "level_separator": TEXT,
    "drop_single_labels": FLAG,
    "sample": TABLE,
}
_SAMPLE_KEYS: Mapping[str, str] = {"rows": WHOLE, "by": TEXT, "seed": WHOLE, "tables": TEXTS}
# Options that are a number or a word.
_ALL = {("max_document_to_embed", "all"), ("max_eval_samples", "all")}
# Options that are one of a few words, in any kind.
_WORDS = {"upstream_defects": ("some", "all", "none")}
_ANY_WHOLE = {"seed"}  # options whose default is positive, though 0 is meant too


def check_task(task: Task, kind: Kind) -> None:
    """Raise TaskFileError, with the nearest name, for what the task's kind does not know."""
    path = cast("Path", task.path)
    for name, value in task.options.items():
        if name not in kind.OPTIONS:
            raise unknown_key(path, name, kind.OPTIONS, f" in [options] of a {task.kind}")
        _check_option(path, name, value, kind.OPTIONS[name])
    # What an option's type does not tell, and what a kind asks of other keys.
    problems_of = getattr(kind, "problems_of", None)
    for key, message in problems_of(task) if problems_of else ():
        raise error_at(path, key, message)
    # Where options name the cut-offs (k_values), they decide which metrics there are.
    metrics_of = getattr(kind, "metrics_of", None)
    metrics = metrics_of(task.options) if metrics_of else kind.METRICS
    if task.main_score not in metrics:
        hint = nearest(task.main_score, metrics)
        message = f"unknown metric '{task.main_score}' as main_score of a {task.kind}{hint}"
        raise error_at(path, "main_score", message)
    for key, table in (("reader", READERS), ("generate", GENERATORS)):
        chosen = task.source.settings.get(key)
        if chosen is not None and chosen not in table:
            what = "generator" if key == "generate" else key
            raise error_at(path, key, f"unknown {what} '{chosen}'{nearest(chosen, table)}")
    if task.source.type == "documents":
        _check_constructions(path, task)
    _check_columns(path, task, kind)
    _check_select(path, task, kind)


def _check_constructions(path: Path, task: Task) -> None:
    """A task made of documents is a retrieval, and its subsets are constructions."""
    if task.kind != "retrieval":
        message = f"documents make a task of kind 'retrieval', not of a {task.kind}"
        raise error_at(path, "kind", message)
    for name in task.subsets:
        if name not in CONSTRUCTIONS:
            known = ", ".join(CONSTRUCTIONS)
            message = f"[subsets] of documents are constructions ({known}), not '{name}'"
            raise error_at(path, name, message)


def _check_option(path: Path, name: str, value: Any, default: Any) -> None:
    if isinstance(value, str) and (name, value) in _ALL:
        return
    if name in _WORDS:
        fits, wanted = value in _WORDS[name], "one of " + ", ".join(_WORDS[name])
    elif isinstance(default, list):
        fits = isinstance(value, list) and bool(value) and all(_fits(x, 1, 1) for x in value)
        wanted = "a list of whole numbers from 1"
    else:
        least = 0 if default == 0 or name in _ANY_WHOLE else 1
        fits = _fits(value, default, least)
        wanted = {
            dict: "a table",
            bool: "true or false",
            int: f"a whole number from {least}",
            float: "a number",
        }.get(type(default), "a string")
    if not fits:
        default = str(default).lower() if isinstance(default, bool) else repr(default)
        message = f"option '{name}' must be {wanted} (default {default}), not {value!r}"
        raise error_at(path, name, message)


def _fits(value: Any, default: Any, least: int) -> bool:
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    if isinstance(default, int):
        return isinstance(value, int) and value >= least
    return isinstance(value, type(default))


def _check_columns(path: Path, task: Task, kind: Kind) -> None:
    nested = any(isinstance(value, Mapping) for value in task.columns.values())
    tables = {**kind.TABLES, **fields_of(task, kind)}
    if not nested:
        every = {field: type_ for fields in tables.values() for field, type_ in fields.items()}
        _check_fields(path, task.columns, every, "columns")
        return
    for table, mapping in task.columns.items():
        if not isinstance(mapping, Mapping):
            raise error_at(path, table, "[columns] mixes tables and fields; use one of them")
        if table not in tables:
            raise unknown_key(path, table, tables, " in [columns]")
        _check_fields(path, mapping, tables[table], f"columns.{table}")


def _check_fields(
    path: Path, mapping: Mapping[str, Any], fields: Mapping[str, str], where: str
) -> None:
    for field, column in mapping.items():
        if field not in fields:
            raise unknown_key(path, field, fields, f" in [{where}]")
        # Only texts are joined from several columns.
        joined = fields[field] == "text" and isinstance(column, list)
        check_type(path, field, column, TEXTS if joined else TEXT)


def _check_select(path: Path, task: Task, kind: Kind) -> None:
    sample = task.select.get("sample", {})
    for keys, values, where in (
        (_SELECT_KEYS, task.select, "[select]"),
        (_SAMPLE_KEYS, sample, "'sample' of [select]"),
    ):
        for key, value in values.items():
            if key not in keys:
                raise unknown_key(path, key, keys, f" in {where}")
            check_type(path, key, value, keys[key])
    if "sample" not in task.select:
        return
    if sample.get("rows", 0) < 1:
        raise error_at(path, "sample", "'sample' of [select] needs 'rows', how many to draw")
    tables = {**kind.TABLES, **fields_of(task, kind)}
    for name in sample.get("tables", ["rows"]):
        if name not in tables:
            raise unknown_key(path, name, tables, " as a table of 'sample'")
        if "by" in sample and sample["by"] not in tables[name]:
            raise unknown_key(path, sample["by"], tables[name], " as 'by' of 'sample'")

"""A smaller task as files: made of a whole one, written, and what its score tells of the whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmark.catalog import Choice, load_kind
from benchmark.data.fingerprint import combined, fingerprint
from benchmark.data.keep import cut_tables, write_kept
from benchmark.data.sources import load_tables
from benchmark.downsample.development import (
    Known,
    choose_part,
    family_of,
    known_of,
    measure,
    rankings_of,
)
from benchmark.downsample.examples import (
    Chosen,
    Wanted,
    Whole,
    cost_of,
    options_of_small,
)
from benchmark.errors import TaskFileError, UsageError
from benchmark.measure import can_measure
from benchmark.prepare import prepare
from benchmark.protocols import Model
from benchmark.task import Task

KEEP_FILE = ".keep.parquet"


@dataclass(frozen=True, slots=True)
class Small:
    """What a smaller task keeps of each split and subset, and what models score on both."""

    name: str
    choice: Choice
    options: Mapping[str, Any]
    chosen: Mapping[tuple[str, str], Chosen]
    known: Mapping[tuple[str, str], Sequence[Known]]
    cost: int
    whole_cost: int
    fingerprint: str


def make_small(
    choice: Choice,
    models: Mapping[str, Model],
    wanted: Wanted,
    *,
    name: str,
    cache: Path | None = None,
    note: Callable[[str], None] = lambda message: None,
) -> Small:
    """Choose what a smaller task keeps, and measure ``models`` on the whole and on it.

    Raises UsageError when a cost cannot hold what is asked for, DataError for data with errors.
    """
    task = choice.task
    kind = load_kind(task.kind) if not task.parts else None
    if kind is None or task.keep:
        what = "a smaller task already" if task.keep else "a mean of other tasks"
        raise UsageError(f"{task.name} is {what}; name the tasks that it is made of")
    options = options_of_small(kind)
    small = replace(task, name=name, options={**task.options, **options})
    usable = {label: model for label, model in models.items() if can_measure(model, kind)}
    families = {label: family_of(model) for label, model in usable.items()}
    prepared = prepare(choice)
    wholes, parts = {}, {}
    for part in prepared.parts:
        if part.error:
            raise UsageError(f"{part.error}; mend the data first")
        key = part.split, part.subset
        tables = load_tables(task, kind, *key)
        wholes[key] = Whole(task, kind, *key, tables, cost_of(tables, task, kind))
        parts[key] = part
    picked = {
        key: choose_part(
            whole, small, rankings_of(whole, usable, parts[key], cache), families, wanted
        )
        for key, whole in wholes.items()
    }
    if kind.TASK_TYPE == "BitextMining":
        picked = _parallel(picked, wholes, small, wanted)
    options = options_of_small(kind, [chosen for chosen, _ in picked.values()])
    small = replace(task, name=name, options={**task.options, **options})
    known: dict[tuple[str, str], Sequence[Known]] = {}
    prints = {}
    for key, whole in wholes.items():
        chosen, without = picked[key]
        note(
            f"{task.name} ({'/'.join(key)}): {len(usable)} models on the whole and on what is kept"
        )
        full = {n: measure(m, whole, task, parts[key], cache) for n, m in usable.items()}
        known[key] = known_of(whole, small, usable, full, chosen, without, cache)
        prints["/".join(key)] = fingerprint(cut_tables(whole.tables, chosen.kept, name))
    return Small(
        name=name,
        choice=choice,
        options=options,
        chosen={key: chosen for key, (chosen, _) in picked.items()},
        known=known,
        cost=sum(chosen.cost for chosen, _ in picked.values()),
        whole_cost=sum(whole.cost for whole in wholes.values()),
        fingerprint=combined(prints),
    )


def small_name(task: str, wanted: Wanted) -> str:
    """``NFCorpus.small10`` for a tenth of the cost, ``NFCorpus.keep100`` for 100 examples."""
    if wanted.share is None:
        return f"{task}.keep{wanted.keep}"
    return f"{task}.small{100 * wanted.share:.6g}"


def write_small(folder: Path, small: Small, command: str) -> list[Path]:
    """Write the task file and its kept ids into a folder; returns both paths.

    Raises TaskFileError when they cannot be written.
    """
    path = folder / f"{small.name}.toml"
    keep = folder / f"{small.name}{KEEP_FILE}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        digest = write_kept(keep, {key: dict(chosen.kept) for key, chosen in small.chosen.items()})
        path.write_text(_toml(small, keep.name, digest, command), "utf-8")
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be written ({error.strerror}); check it") from None
    return [path, keep]


def _parallel(
    picked: Mapping[tuple[str, str], Any],
    wholes: Mapping[tuple[str, str], Whole],
    small: Task,
    wanted: Wanted,
) -> dict[tuple[str, str], Any]:
    """The same rows in all subsets of a split that have equally many: as many as all can hold."""
    least: dict[tuple[str, int], int] = {}
    for (split, _), (chosen, _) in picked.items():
        key = split, chosen.whole
        least[key] = min(least.get(key, chosen.whole), len(chosen.rows))
    found = {}
    for key, (chosen, without) in picked.items():
        count = least[key[0], chosen.whole]
        found[key] = (chosen, without)
        if count < len(chosen.rows):
            fewer = Wanted(keep=count, seed=wanted.seed)
            found[key] = choose_part(wholes[key], small, {}, {}, fewer)
    return found


def _toml(small: Small, file: str, digest: str, command: str) -> str:
    task, choice = small.choice.task, small.choice
    share = small.cost / small.whole_cost
    lines = [
        f"# {share:.1%} of the characters of {task.name}: {small.cost:,} of {small.whole_cost:,}.",
        f"# Made by: {command}",
        f"extends = {_text(task.name)}",
    ]
    if choice.splits:
        lines.append(f"splits = [{', '.join(map(_text, choice.splits))}]")
    if choice.subsets:
        told = task.content.get("subsets", {})
        lines += ["", "[subsets]"]
        lines += [f"{_key(name)} = {_value(told[name])}" for name in choice.subsets if name in told]
    if small.options:
        lines += ["", "[options]", *(f"{n} = {_value(v)}" for n, v in small.options.items())]
    lines += [
        "",
        "[keep]",
        f"file = {_text(file)}",
        f"digest = {_text(digest)}",
        f"fingerprint = {_text(small.fingerprint)}",
        f"of = {_text(task.digest)}",
        f"cost = {share:.6f}",
    ]
    for (split, subset), chosen in small.chosen.items():
        lines += [
            "",
            f"[keep.full.{_text(f'{split}/{subset}')}]",
            f"examples = {chosen.whole}",
            f"kept = {len(chosen.rows)}",
            "# Models measured on both: what the smaller form raises is taken off its score.",
            "models = [",
            *(f"    {_known(each)}," for each in small.known[split, subset]),
            "]",
        ]
    return "\n".join(lines) + "\n"


def _known(each: Known) -> str:
    numbers = {"full": each.full, "small": each.small, "same": each.same, "raised": each.raised}
    told = [f"{name} = {value:.6f}" for name, value in numbers.items() if value is not None]
    return f"{{ model = {_text(each.model)}, {', '.join(told)} }}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
    return _text(value) if isinstance(value, str) else str(value).lower()


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

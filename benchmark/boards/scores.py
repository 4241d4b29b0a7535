"""Reads a tree of result files, our own and mteb's, into main scores."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import ResultError, UsageError
from benchmark.protocols import Identity
from benchmark.results.store import MODEL_META, result_path
from benchmark.task import DEFAULT_SUBSET

_SKIPPED_FOLDERS = frozenset({"history", "samples"})


@dataclass(frozen=True, slots=True)
class Entry:
    """The main score of one split and subset; None when it failed or is not a number."""

    split: str
    subset: str
    main_score: float | None
    languages: tuple[str, ...] = ()
    examples: int | None = None
    fingerprint: str = ""
    seconds: float | None = None
    degenerate: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One result file: a model's scores on one task.

    ``measured`` says that EmbedMark wrote it; what mteb's own files do not hold is then empty
    (``kind``, ``protocol``, ``task_digest``, the fingerprints). ``date`` is in seconds since 1970.
    """

    path: Path
    model: str
    revision: str
    slug: str
    task: str
    entries: tuple[Entry, ...]
    measured: bool = False
    kind: str = ""
    main_score_name: str = ""
    protocol: str = ""
    task_digest: str = ""
    dataset_revision: str = ""
    mteb_version: str = ""
    date: float | None = None
    limit: int | None = None
    notes: tuple[str, ...] = ()


def read_results(
    folder: Path, tasks: Collection[str] | None = None
) -> tuple[list[TaskResult], list[str]]:
    """Read every result file below ``folder``, and say in one line each which could not be read.

    The layout is ``<org>__<model>/<revision>/<Task>.json``, with the results of changed options
    under ``<revision>/experiments/<slug>/``. With ``tasks`` only files of these names are opened.
    Results come in the order of their paths. Raises UsageError when there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: no such folder of results; make one with 'embedmark run', or name another"
            " with --results"
        )
    results, problems = [], []
    stems = None if tasks is None else {_stem(task) for task in tasks}
    for path, model, revision, slug in result_paths(folder):
        if stems is not None and path.stem not in stems:
            continue
        try:
            results.append(read_result(path, model, revision, slug))
        except ResultError as error:
            problems.append(str(error))
    return results, problems


def result_paths(folder: Path) -> Iterator[tuple[Path, str, str, str]]:
    """Yield path, model, revision and experiment slug of every result file, sorted by path."""
    for model_folder in _folders(folder):
        model = model_folder.name.replace("__", "/")
        for revision in _folders(model_folder):
            for path in _files(revision):
                yield path, model, revision.name, ""
            for slug in _folders(revision / "experiments"):
                for path in _files(slug):
                    yield path, model, revision.name, slug.name


def locate(path: Path) -> tuple[str, str, str]:
    """Model, revision and experiment slug of a result file, by the folders that it lies in.

    >>> locate(Path("results/org__model/1a2b/experiments/dim_64/Task.json"))
    ('org/model', '1a2b', 'dim_64')
    """
    *above, _ = ("", "", "", "", *path.absolute().parts)
    if above[-2] == "experiments":
        return above[-4].replace("__", "/"), above[-3], above[-1]
    return above[-2].replace("__", "/"), above[-1], ""


def read_result(path: Path, model: str, revision: str, slug: str = "") -> TaskResult:
    """Read one result file; ``model``, ``revision`` and ``slug`` stand where it names none.

    Raises ResultError when it is not a result file in the layout of mteb 1.11 or later, names
    another task than its own file name does, or scores one subset twice.
    """
    content = _load(path)
    ours = _table(content.get("embedmark"))
    task = _text(content.get("task_name")) or path.stem
    if _stem(task) != path.stem:
        raise ResultError(f"{path}: holds the task '{task}'; rename the file to {_stem(task)}.json")
    identity, limit = _table(ours.get("model")), ours.get("limit")
    return TaskResult(
        path=path,
        model=_text(identity.get("name")) or model,
        revision=_text(identity.get("revision")) or revision,
        slug=_text(identity.get("slug")) or slug,
        task=task,
        entries=tuple(_entries(path, content["scores"], ours)),
        measured=bool(ours),
        kind=_text(ours.get("kind")),
        main_score_name=_text(ours.get("main_score_name")),
        protocol=_text(ours.get("protocol")),
        task_digest=_text(ours.get("task_digest")),
        dataset_revision=_text(content.get("dataset_revision")),
        mteb_version=_text(content.get("mteb_version")),
        date=_number(content.get("date")),
        limit=limit if isinstance(limit, int) else None,
        notes=_texts(ours.get("notes")),
    )


def _load(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ResultError(f"{path}: cannot be read ({error.strerror}); check it") from None
    except (ValueError, RecursionError):
        raise ResultError(f"{path}: not valid JSON; delete it and measure again") from None
    if not isinstance(content, dict) or not isinstance(content.get("scores"), dict):
        raise ResultError(
            f"{path}: has no 'scores' by split, as mteb writes them since 1.11; delete it and"
            " measure again"
        )
    return content


def _entries(path: Path, scores: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Entry]:
    details = _table(ours.get("subsets"))
    seconds = _table(_table(ours.get("cost")).get("seconds"))
    seen = set()
    for split, rows in scores.items():
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ResultError(
                f"{path}: 'scores' of split '{split}' is no list of tables; delete the file and"
                " measure again"
            )
        for row in rows:
            subset = _text(row.get("hf_subset")) or DEFAULT_SUBSET
            if (split, subset) in seen:
                raise ResultError(
                    f"{path}: two entries for split '{split}' and subset '{subset}'; delete one"
                )
            seen.add((split, subset))
            key = f"{split}/{subset}"
            yield _entry(split, subset, row, _table(details.get(key)), _table(seconds.get(key)))


def _entry(
    split: str,
    subset: str,
    row: Mapping[str, Any],
    detail: Mapping[str, Any],
    seconds: Mapping[str, Any],
) -> Entry:
    stages = [part for value in seconds.values() if (part := _number(value)) is not None]
    examples = detail.get("examples")
    return Entry(
        split=split,
        subset=subset,
        main_score=_number(row.get("main_score")),
        languages=_texts(row.get("languages")),
        examples=examples if isinstance(examples, int) else None,
        fingerprint=_text(detail.get("fingerprint")),
        seconds=math.fsum(stages) if stages else None,
        degenerate=_texts(detail.get("degenerate")),
        error=_text(detail.get("error")),
    )


def _stem(task: str) -> str:
    """The name of a task's file without its ending."""
    return result_path(Path(), Identity("", "", ""), task).stem


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _number(value: Any) -> float | None:
    """A finite number, or None: NaN, null, true and text are no scores."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # a whole number beyond what a float holds
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _folders(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in _scan(folder) if entry.is_dir()]


def _files(folder: Path) -> list[Path]:
    return [
        Path(entry.path)
        for entry in _scan(folder)
        if entry.name.endswith(".json") and entry.name != MODEL_META and entry.is_file()
    ]


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ResultError(f"{folder}: cannot be read ({error.strerror}); check it") from None
    return [e for e in found if not e.name.startswith(".") and e.name not in _SKIPPED_FOLDERS]

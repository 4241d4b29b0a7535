"""Write results out: a tree that mteb's loader reads, or one long table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import ResultError
from benchmark.protocols import Identity
from benchmark.results.record import plain
from benchmark.results.store import MODEL_META, model_meta, result_path, write_json
from benchmark.results.task_result import Entry, TaskResult, load_json, read_content

COLUMNS = (
    *("model", "revision", "experiment", "task", "kind", "split", "subset", "main_score_name"),
    *("main_score", "standard_error", "examples", "languages", "provenance", "dataset_revision"),
    *("mteb_version", "date", "path"),
)


@dataclass(frozen=True, slots=True)
class Exported:
    """How many files were written, and how many of them hold main scores only; what could not."""

    files: int
    main_scores_only: int
    problems: tuple[str, ...]


def export_tree(results: Iterable[TaskResult], folder: Path) -> Exported:
    """Write each result as ``<org>__<model>/<revision>/[experiments/<slug>/]<Task>.json``.

    The layout is mteb's since 1.11, with all that the source file has for the entries of the
    result, and a ``model_meta.json`` in each folder; mteb reads it as ``results`` of its cache. A
    source that is no longer there leaves the main scores. What is not the whole task (a run with
    ``--limit``) is not written, and a file that is there and differs is left as it is; both are
    problems.
    """
    problems: list[str] = []
    files = bare = 0
    for result in results:
        identity = Identity(result.model, result.revision, "", {}, result.slug)
        path = result_path(folder, identity, result.task)
        if result.limit is not None:
            problems.append(
                f"{result.path}: measured with --limit {result.limit}, which is not the task; run"
                " it without"
            )
            continue
        content, whole = _content(result)
        try:
            if _write(path, content):
                files += 1
                bare += not whole
                meta = path.parent / MODEL_META
                if not meta.exists():
                    write_json(meta, _meta(result, identity))
            else:
                problems.append(f"{path}: holds another result; export to an empty folder")
        except ResultError as error:
            problems.append(str(error))
    return Exported(files, bare, tuple(problems))


def export_table(results: Iterable[TaskResult], path: Path) -> int:
    """Write one row a split and subset as ``.csv`` or ``.parquet``; the number of rows.

    Scores are as they are, not rounded, and empty where there is none. Raises ResultError when the
    file cannot be written.
    """
    rows = [row for result in results for row in _rows(result)]
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".csv":
            _write_csv(unfinished, rows)
        else:
            import pyarrow as pa
            import pyarrow.parquet as pq

            columns = [pa.array([row[name] for row in rows], _type(name)) for name in COLUMNS]
            pq.write_table(pa.Table.from_arrays(columns, COLUMNS), unfinished)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ResultError(
            f"{path}: cannot be written ({error.strerror or 'no space?'}); choose another with --to"
        ) from None
    return len(rows)


def _content(result: TaskResult) -> tuple[dict[str, Any], bool]:
    """The JSON of a result, narrowed to its entries, and whether it has more than main scores."""
    kept = {(entry.split, entry.subset): entry for entry in result.entries}
    try:
        content, _ = read_content(result.path)
        sources = {
            (split, row.get("hf_subset") or "default"): row
            for split, rows in content["scores"].items()
            for row in rows
        }
    except (ResultError, AttributeError, TypeError):
        content, sources = {}, {}
    whole = kept.keys() <= sources.keys()
    scores: dict[str, list[dict[str, Any]]] = {}
    for (split, subset), entry in kept.items():
        row = sources[split, subset] if whole else {}
        scores.setdefault(split, []).append({**row, **_entry(entry)})
    if not whole:
        content = {
            "dataset_revision": result.dataset_revision,
            "mteb_version": result.mteb_version or None,
            "date": result.date,
        }
    known = {"dataset_revision": "", "mteb_version": None, "evaluation_time": None}
    return plain({**known, **content, "task_name": result.task, "scores": scores}), whole


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "main_score": entry.main_score,
        "hf_subset": entry.subset,
        "languages": list(entry.languages),
    }


def _write(path: Path, content: Mapping[str, Any]) -> bool:
    """Write a file that is not there; whether it now holds this content."""
    if path.exists():
        try:
            return bool(load_json(path.read_bytes()) == content)
        except (OSError, ValueError, RecursionError):
            return False
    write_json(path, content)
    return True


def _meta(result: TaskResult, identity: Identity) -> dict[str, Any]:
    """The model's facts: those beside the source, or else those that the index has."""
    facts = result.facts
    meta = model_meta(identity) | {
        "n_parameters": facts.parameters,
        "embed_dim": facts.dimension,
        "max_tokens": facts.max_tokens,
        "license": facts.license,
        "open_weights": facts.open_weights,
        "release_date": facts.release_date,
        "training_datasets": facts.training_datasets,
    }
    try:
        source = load_json((result.path.parent / MODEL_META).read_bytes())
    except (OSError, ValueError, RecursionError):
        source = None
    if isinstance(source, dict):
        meta |= source
    # What tells experiments apart in mteb; the folder's name is all that a foreign file says.
    if result.slug and not meta.get("experiment_kwargs"):
        meta["experiment_kwargs"] = {"experiment": result.slug}
    named: dict[str, Any] = plain({**meta, "name": result.model, "revision": result.revision})
    return named


def _rows(result: TaskResult) -> Iterator[dict[str, Any]]:
    for entry in result.entries:
        yield {
            "model": result.model,
            "revision": result.revision,
            "experiment": result.slug,
            "task": result.task,
            "kind": result.kind,
            "split": entry.split,
            "subset": entry.subset,
            "main_score_name": result.main_score_name,
            "main_score": entry.main_score,
            "standard_error": entry.standard_error,
            "examples": entry.examples,
            "languages": " ".join(entry.languages),
            "provenance": result.provenance,
            "dataset_revision": result.dataset_revision,
            "mteb_version": result.mteb_version,
            "date": result.date,
            "path": str(result.path),
        }


def _write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _type(column: str) -> Any:
    import pyarrow as pa

    if column == "examples":
        return pa.int64()
    return pa.float64() if column in ("main_score", "standard_error", "date") else pa.string()

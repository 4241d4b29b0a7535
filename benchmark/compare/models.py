"""Whose results a name means: a model's name, a URI, or a folder of results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from benchmark.errors import ResultError, UsageError, nearest
from benchmark.models.table import slug_of
from benchmark.results.store import MODEL_META
from benchmark.results.task_result import TaskResult, locate, read_result_file


@dataclass(frozen=True, slots=True)
class Side:
    """One model as it was asked for, and its results by task."""

    name: str
    results: dict[str, TaskResult]


def find_side(target: str, results: Sequence[TaskResult]) -> tuple[Side, list[str]]:
    """The results that a target means, and a line for each file that cannot be read.

    A folder, or a file, is read as it is. A name is a model's as results hold it, or a part of it
    between slashes (``tfidf`` of ``embedmark/tfidf``); before it may stand a scheme, behind it
    ``@revision`` and options, as in a URI (``wordllama?dim=64``). Without options it is the model
    as it is, not an experiment. What EmbedMark measured goes before what others did, and that
    before what model cards claim. Raises UsageError when nothing, or more than one model or
    revision, has that name.
    """
    path = Path(target)
    if path.is_dir() or (path.is_file() and path.suffix == ".json"):
        return _of_path(target, path)
    name, _, query = target.partition("?")
    name, _, revision = name.replace("__", "/").partition("@")
    scheme, colon, bare = name.partition(":")
    named = [result for result in results if _is_named(result.model, bare if colon else name)]
    if not named:
        known = {result.model for result in results}
        raise UsageError(f"no results of '{target}'{nearest(bare if colon else name, known)}")
    options = dict(parse_qsl(query, keep_blank_values=True))
    slugs = {slug_of(options), *([slug_of({"adapter": scheme, **options})] if colon else [])}
    of_slug = [result for result in named if result.slug in slugs]
    if not of_slug:
        shown = ", ".join(sorted({result.slug or "no options" for result in named})[:5])
        raise UsageError(f"no results of '{target}' with these options; there are: {shown}")
    found = [result for result in of_slug if result.revision.startswith(revision)]
    for provenance in ("measured", "imported"):
        found = [result for result in found if result.provenance == provenance] or found
    return Side(target, _by_task(target, found, of_slug)), []


def _is_named(model: str, name: str) -> bool:
    return name == model or name in model.split("/")


def _by_task(
    target: str, found: Sequence[TaskResult], known: Sequence[TaskResult]
) -> dict[str, TaskResult]:
    for what, values in (
        ("models", {result.model for result in found}),
        ("revisions", {result.revision for result in found}),
        ("experiments", {result.slug for result in found}),
    ):
        if len(values) > 1:
            shown = ", ".join(sorted(values)[:5])
            action = "as 'name@revision'" if what == "revisions" else "in full, or its folder"
            raise UsageError(f"'{target}' may be several {what} ({shown}); name one {action}")
    if not found:
        revisions = {result.revision for result in known}
        raise UsageError(f"no results of '{target}'{nearest(target.partition('@')[2], revisions)}")
    return {result.task: result for result in found}


def _of_path(target: str, path: Path) -> tuple[Side, list[str]]:
    """The results in a folder; those of one model, revision and experiment."""
    files = [path] if path.is_file() else sorted(path.rglob("*.json"))
    found, problems = [], []
    for file in files:
        below = file.relative_to(path).parts if path.is_dir() else ()
        if file.name == MODEL_META or "history" in below:
            continue
        try:
            found.append(read_result_file(file, *locate(file)))
        except ResultError as error:
            problems.append(str(error))
    if not found:
        raise UsageError(f"{target}: no readable result in it; name a folder of result files")
    plain = [result for result in found if not result.slug]
    results = _by_task(target, plain or found, found)
    one = found[0]
    name = f"{one.model}@{one.revision[:7]}" + (f" {one.slug}" if one.slug else "")
    return Side(name, results), problems

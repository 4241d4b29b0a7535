"""Where results lie, and how they are written: a temporary file, synced, renamed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark._version import PROTOCOL
from benchmark.errors import ResultError
from benchmark.protocols import UNVERSIONED, Identity
from benchmark.results.record import Result, from_json, merged, to_json
from benchmark.results.samples import read_samples, samples_path, write_samples

MODEL_META = "model_meta.json"
_UNSAFE = re.compile(r"[^A-Za-z0-9._+=@-]")


def result_path(root: Path, identity: Identity, task: str) -> Path:
    """``<org>__<model>/<revision>/[experiments/<slug>/]<Task>.json`` below ``root``.

    >>> result_path(Path("results"), Identity("a/b", "1", "st/1"), "STS12").as_posix()
    'results/a__b/1/STS12.json'
    """
    folder = root / _safe(identity.name.replace("/", "__")) / _safe(identity.revision)
    if identity.slug:
        folder = folder / "experiments" / _safe(identity.slug)
    return folder / f"{_safe(task)}.json"


def limited_root(root: Path, limit: int | None) -> Path:
    """The tree of a run: results of ``--limit N`` never share one with full results."""
    return root if limit is None else root.with_name(f"{root.name}-limited") / str(limit)


def read_result(path: Path) -> Result | None:
    """The result in a file; None when there is no file. ResultError when it cannot be read."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        raise ResultError(
            f"{path}: not readable as JSON; remove it or run with --fresh to measure again"
        ) from None
    return from_json(content, str(path))


def save_result(root: Path, result: Result, *, fresh: bool = False) -> Path:
    """Write a result beside those it goes with.

    Parts that the file already has, measured alike, are kept (unless ``fresh``). A file that
    measures something else (another task digest, data, protocol or adapter) is moved to
    ``history/``, never overwritten.
    """
    path = result_path(root, result.identity, result.task)
    try:
        old = read_result(path)
    except ResultError:
        old = None
        _to_history(path)
    if old is not None:
        alike = (
            result.identity.revision != UNVERSIONED
            and old.task_digest == result.task_digest
            and old.protocol == result.protocol
            and old.identity == result.identity
            and all(
                part.fingerprint == result.parts[key].fingerprint
                for key, part in old.parts.items()
                if key in result.parts
            )
        )
        if not alike:
            _to_history(path)
        elif not fresh:
            result = merged(old, result)
    # The records come first: a result never names records that are not there.
    records = {key: part.samples for key, part in result.parts.items() if part.samples}
    if old is not None:
        kept = {k: p.samples_digest for k, p in result.parts.items() if k not in records}
        records |= read_samples(samples_path(path), kept)[0]
    write_samples(samples_path(path), records)
    write_json(path, to_json(result))
    meta = path.parent / MODEL_META
    if not meta.exists():
        write_json(meta, model_meta(result.identity))
    return path


def model_meta(identity: Identity) -> dict[str, Any]:
    """The facts of a model that mteb's loader wants beside its results; unknown ones are null."""
    return {
        "name": identity.name,
        "revision": identity.revision,
        "release_date": None,
        "languages": None,
        "n_parameters": None,
        "memory_usage_mb": None,
        "max_tokens": None,
        "embed_dim": identity.options.get("dim"),
        "license": None,
        "open_weights": None,
        "public_training_code": None,
        "public_training_data": None,
        "framework": [],
        "reference": None,
        "similarity_fn_name": None,
        "use_instructions": None,
        "training_datasets": None,
        "loader": identity.adapter,
        **({"experiment_kwargs": dict(identity.options)} if identity.slug else {}),
    }


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise ResultError(
            f"{path}: cannot be written ({error.strerror}); choose another folder with -o"
        ) from None


def why_not_reused(old: Result, task_digest: str, identity: Identity) -> str:
    """What differs between a stored result and what would be measured now; '' when nothing."""
    if identity.revision == UNVERSIONED:
        return "nothing tells whether the model is still the same"
    if old.task_digest != task_digest:
        return "the task file changed"
    if old.protocol != PROTOCOL:
        return f"it was measured under protocol {old.protocol}, now {PROTOCOL}"
    if old.identity != identity:
        return "the model's adapter or options changed"
    return ""


def _to_history(path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:8]
    target = path.parent / "history" / f"{path.stem}.{digest}.json"
    target.parent.mkdir(exist_ok=True)
    os.replace(path, target)
    if samples_path(path).exists():
        samples_path(target).parent.mkdir(mode=0o700, exist_ok=True)
        os.replace(samples_path(path), samples_path(target))


def _safe(name: str) -> str:
    """A name as one path component: never a separator, never a dot name."""
    cleaned = _UNSAFE.sub("_", name)
    return "_" + cleaned if cleaned.startswith(".") else cleaned

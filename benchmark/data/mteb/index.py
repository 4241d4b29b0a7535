"""The facts of the installed mteb's registry, made once for each of its versions and kept."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmark.data.mteb import PREFIX
from benchmark.errors import BenchmarkError, MissingExtraError, UsageError, nearest

CHILD = Path(__file__).with_name("child.py")
_FORMAT = 1  # of what is kept; another one is made anew


def version(needed_by: str) -> str:
    """The version of the installed mteb, which is not imported; MissingExtraError without one."""
    if not is_installed():
        raise MissingExtraError("mteb", "mteb", needed_by)
    return _installed()


def is_installed() -> bool:
    """Whether there is an mteb to ask."""
    return bool(_installed())


@lru_cache(maxsize=1)
def _installed() -> str:
    try:
        return importlib.metadata.version("mteb")
    except importlib.metadata.PackageNotFoundError:
        return ""


def folder_of(of_version: str) -> Path:
    """Where what is known of one version is kept, in the platform's cache folder."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("embedmark")) / "mteb" / f"{of_version}-{_FORMAT}"


def read_index(needed_by: str) -> Mapping[str, Any]:
    """``tasks`` and ``benchmarks`` by name, as ``child.registry`` has them; made when missing."""
    return _read(folder_of(version(needed_by)))


@lru_cache(maxsize=2)
def _read(folder: Path) -> Mapping[str, Any]:
    path = folder / "index.json"
    try:
        found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        found = _made(path)
    return found


def _made(path: Path) -> Mapping[str, Any]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as room:
            made = Path(room) / "index.json"
            run_child("index", made)
            found: Mapping[str, Any] = json.loads(made.read_text("utf-8"))
            os.replace(made, path)
    except OSError as error:
        raise UsageError(
            f"{path.parent}: cannot be written ({error.strerror}); set XDG_CACHE_HOME to a folder "
            "where it can"
        ) from None
    return found


def run_child(verb: str, target: Path, **environment: str) -> None:
    """Run ``child.py``, where mteb is imported; what it prints is dropped."""
    # -P: no file beside child.py, or in the current folder, stands for a package.
    command = [sys.executable, "-P", str(CHILD), verb, str(target)]
    environment = {"HF_DATASETS_DISABLE_PROGRESS_BARS": "1", **environment}
    done = subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        reason = lines[-1].partition(":")[0][:80] or f"exit code {done.returncode}"
        raise BenchmarkError(
            f"mteb failed in a process of its own ({reason}); run it alone to see why: "
            "python -c 'import mteb'"
        )


def facts_of(name: str) -> Mapping[str, Any]:
    """The facts of a task of mteb; UsageError for one that is unknown or not of text."""
    asked = f"the task '{PREFIX}{name}'"
    tasks = read_index(asked)["tasks"]
    if name not in tasks:
        texts = [known for known, facts in tasks.items() if "type" in facts]
        message = f"mteb {version(asked)} has no task or benchmark '{name}'"
        raise UsageError(f"{message}{nearest(name, [*texts, *read_index(asked)['benchmarks']])}")
    facts: Mapping[str, Any] = tasks[name]
    if "type" not in facts:
        kinds = " and ".join(facts["modalities"])
        raise UsageError(f"task '{PREFIX}{name}' is of {kinds}; only tasks of text alone run here")
    return facts

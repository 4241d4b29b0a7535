"""The source ``mteb``: data that a task of mteb loads by code, in a process of its own."""

from __future__ import annotations

import atexit
import json
import os
import tempfile
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from benchmark.data.formats import Columns
from benchmark.data.hub import CANDIDATES, Found, columns_of, shaped
from benchmark.data.hub_errors import NO_NETWORK, OutOfReachError
from benchmark.data.mteb import PREFIX
from benchmark.data.mteb.facts import RANKED
from benchmark.data.mteb.index import run_child, version
from benchmark.data.sources import fields_of, table_split
from benchmark.errors import BenchmarkError, DataError
from benchmark.protocols import Kind
from benchmark.task import DEFAULT_SUBSET, Task

if TYPE_CHECKING:
    import pyarrow as pa

_KEPT = 2  # tasks loaded: the one that is read, and the next
_REFUSED = {"GatedRepoError", "RepositoryNotFoundError", "DatasetNotFoundError"}
_NO_CODE = {"HF_DATASETS_TRUST_REMOTE_CODE": "0"}  # of a data set


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What a process loaded: a temporary folder of tables, or why there is none."""

    room: tempfile.TemporaryDirectory[str] | None
    files: Mapping[str, Mapping[str, Mapping[str, str]]]
    error: DataError | None = None


_Key = tuple[str, str, str, bool]
_loaded: dict[tuple[_Key, frozenset[str]], _Loaded] = {}
_lock = Lock()


def load_mteb(
    task: Task, kind: Kind, split: str, subset: str, problems: list[str]
) -> dict[str, Columns]:
    """The tables of one split and subset, as the task of mteb has them once it is loaded.

    The first call loads all subsets, unless ``load_ahead`` loaded this one. Raises OutOfReachError
    when the data are not in the hub's cache and there is no network.
    """
    with _lock:
        found = _have(task, subset) or _load(task, kind, list(task.subsets))
    label = f"{PREFIX}{task.source.settings['mteb']} {subset}/{split}"
    if isinstance(found.error, OutOfReachError):
        raise found.error
    if found.error:
        problems.extend(found.error.problems)
        return {}
    files = found.files.get(split, {}).get(subset)
    if files is None:
        problems.append(f"{label}: mteb's task has no such split and subset; check the task file")
        return {}
    if "top_ranked" in files and "top_ranked" not in fields_of(task, kind):
        problems.append(f"{label}: {CANDIDATES}")
        return {}
    read = {name: Found(_read(found, file), label, typed=True) for name, file in files.items()}
    try:
        return columns_of(shaped(task, read, split))
    except DataError as error:
        problems.extend(error.problems)
        return {}


def load_ahead(task: Task, kind: Kind, parts: Iterable[tuple[str, str]]) -> None:
    """Load the subsets of these parts in one process; what fails is said when it is read."""
    wanted = {subset for _, subset in parts}
    with _lock, suppress(BenchmarkError):
        if not all(_have(task, subset) for subset in wanted):
            _load(task, kind, [subset for subset in task.subsets if subset in wanted])


def _key(task: Task) -> _Key:
    settings = task.source.settings
    return settings["mteb"], settings.get("revision", ""), task.kind, task.trusted


def _have(task: Task, subset: str) -> _Loaded | None:
    for (key, subsets), found in _loaded.items():
        if key == _key(task) and subset in subsets:
            return found
    return None


def _load(task: Task, kind: Kind, subsets: Collection[str]) -> _Loaded:
    name = task.source.settings["mteb"]
    version(f"the data of '{task.name}'")  # without one, that is said
    room = tempfile.TemporaryDirectory(prefix="embedmark-mteb-", ignore_cleanup_errors=True)
    tables = list(fields_of(task, kind))
    asked = {
        "name": name,
        "revision": task.source.settings.get("revision", ""),
        "subsets": None if list(subsets) == [DEFAULT_SUBSET] else list(subsets),
        "ranked": task.kind in RANKED,
        "tables": tables,
        "train_split": table_split(task, kind, "train", "") if "train" in tables else "",
    }
    folder = Path(room.name)
    (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
    run_child("load", folder, **({} if task.trusted else _NO_CODE))
    told = json.loads((folder / "told.json").read_text("utf-8"))
    error = _error(task, told)
    if error:
        room.cleanup()
    forget(keep=_KEPT - 1)
    found = _Loaded(None if error else room, told.get("files", {}), error)
    _loaded[_key(task), frozenset(subsets)] = found
    return found


@atexit.register
def forget(keep: int = 0) -> None:
    """Remove the folders of all tasks but the last ones; tables read from them stay."""
    while len(_loaded) > keep:
        gone = _loaded.pop(next(iter(_loaded)))
        if gone.room:
            gone.room.cleanup()


def _error(task: Task, told: Mapping[str, Any]) -> DataError | None:
    name = f"{PREFIX}{task.source.settings['mteb']}"
    if "revision" in told:
        return DataError(
            f"{name}: the installed mteb reads revision {told['revision']}, which is not that of "
            "the task file; write it there, or install the version of mteb that the file is for"
        )
    if "failed" not in told:
        return None
    names = told["failed"]
    if NO_NETWORK & set(names):
        return OutOfReachError(
            f"{name}: the data are not in the cache, and the hub is out of reach; run once with "
            "network, or bring them from another machine: embedmark tasks bundle"
        )
    if _REFUSED & set(names):
        return DataError(
            f"{name}: its data set is unknown to the hub, private or gated; accept its terms on "
            "its page and set HF_TOKEN to your token"
        )
    trust = "" if task.trusted else "; if it needs code of the data set, read that and add --trust"
    return DataError(f"{name}: mteb could not load its data ({names[0]}){trust}")


def _read(found: _Loaded, name: str) -> pa.Table:
    import pyarrow as pa

    if found.room is None:
        raise DataError("the temporary folder of mteb's tables is gone; run again")
    with pa.memory_map(os.path.join(found.room.name, name)) as source:
        return pa.ipc.open_file(source).read_all()

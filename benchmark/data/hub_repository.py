"""A data set's repository on the hub: its commit, its list of files, and verified copies of them.

Files lie in the hub's own cache (``HF_HOME``), where other programs find them too.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from benchmark.data.hub_errors import explained, status_of
from benchmark.data.hub_layout import CARD, read_card
from benchmark.errors import DataError, MissingExtraError

UNPINNED = "unpinned"
_PATIENCE = 10.0  # seconds for the hub's first answer
_COMMIT = re.compile(r"[0-9a-f]{40}")
_GLOB = re.compile(r"([*?[])")
_Found = TypeVar("_Found")
Told = Callable[[int, int], None]
"""What follows a download: told of the bytes that are here and of all that are wanted."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A data set at one commit: its files' sizes and git ids by path, and its card."""

    name: str
    commit: str
    sizes: Mapping[str, int] = field(compare=False)
    blobs: Mapping[str, str] = field(compare=False)
    card: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def label(self) -> str:
        """What messages call it: ``org/name@`` and the first digits of the commit."""
        return f"{self.name}@{self.commit[:7]}"

    @property
    def paths(self) -> list[str]:
        """The paths of all its files, sorted."""
        return sorted(self.sizes)


def open_repository(name: str, revision: str) -> Repository:
    """The data set at this revision, with the list of its files, from the cache where it is there.

    ``revision`` is a commit, a short one, a tag, a branch, or ``unpinned``; what is no full commit
    is looked up once a process, or taken from the cache without network. Raises DataError in one
    line for an unknown data set or revision, one that wants a token, and no network.
    """
    return _opened(name, revision)


@lru_cache(maxsize=64)
def _opened(name: str, revision: str) -> Repository:
    hub = hub_package(name)
    wanted = None if revision == UNPINNED else revision
    with quiet():
        commit = _guarded(name, revision, lambda: _resolve(hub, name, wanted))
        listed = _guarded(name, revision, lambda: _listing(hub, name, commit))
        files = [file for file in listed if file.path.isprintable()]  # messages show paths
        sizes = {file.path: file.size for file in files}
        blobs = {file.path: file.blob_id for file in files}
        repository = Repository(name, commit, sizes, blobs)
        if CARD not in sizes:
            return repository
        (card,) = fetch(repository, [CARD])
    return Repository(name, commit, sizes, blobs, read_card(card.read_text("utf-8", "replace")))


def fetch(repository: Repository, paths: Sequence[str], told: Told | None = None) -> list[Path]:
    """Verified local copies of these files, downloaded where the cache lacks them.

    A copy is verified once a process: its bytes must have the digest that the commit lists.
    ``told`` follows the download, by bytes done and bytes in all; the hub's own bars do when None,
    in a terminal. Raises DataError.
    """
    hub = hub_package(repository.name)
    patterns = [_GLOB.sub(r"[\1]", path) for path in dict.fromkeys(paths)]
    size = sum(repository.sizes[path] for path in dict.fromkeys(paths))
    known = {"repo_type": "dataset", "revision": repository.commit}

    def download() -> str:
        if not is_here(repository, paths):
            _reach(hub, repository.name, repository.commit)
        folder: str = hub.snapshot_download(
            repository.name,
            **known,
            allow_patterns=patterns,
            tqdm_class=told and _bar(told, size),
        )
        if told:
            told(size, size)
        return folder

    with quiet():
        folder = _guarded(repository.name, repository.commit, download, size)
    copies = [Path(folder, path) for path in paths]
    for path, copy in zip(paths, copies, strict=True):
        _verify(copy, repository.blobs[path], repository.label, path)
    return copies


def is_here(repository: Repository, paths: Sequence[str]) -> bool:
    """Whether the hub's cache holds all of these files."""
    hub = hub_package(repository.name)
    known = {"repo_type": "dataset", "revision": repository.commit}
    return all(
        isinstance(hub.try_to_load_from_cache(repository.name, path, **known), str)
        for path in paths
    )


def _bar(told: Told, total: int) -> Any:
    """A class as tqdm's whose bars write nothing and tell of the bytes that came."""
    tqdm = importlib.import_module("tqdm").tqdm
    most = 0  # of several bars and threads, the one that is furthest counts

    def begin(self: Any, *args: Any, **options: Any) -> None:
        shown = {**options, "file": io.StringIO(), "disable": False}
        shown.pop("name", None)
        tqdm.__init__(self, *args, **shown)

    def update(self: Any, count: float | None = 1) -> Any:
        nonlocal most
        moved = tqdm.update(self, count)
        if self.unit == "B" and self.n > most:
            most = int(self.n)
            told(min(most, total), total)
        return moved

    return type("Bar", (tqdm,), {"__init__": begin, "update": update})


def hub_package(name: str) -> Any:
    """huggingface_hub; MissingExtraError when it is not installed."""
    try:
        return importlib.import_module("huggingface_hub")
    except ModuleNotFoundError:
        raise MissingExtraError("huggingface-hub", "hub", f"the data set '{name}'") from None


@contextmanager
def quiet() -> Iterator[None]:
    """No bars of the hub's own where stderr is no terminal, and nothing said of each trial."""
    tools = importlib.import_module("huggingface_hub.utils")
    level = tools.logging.get_verbosity()
    no_bars = not (sys.stderr.isatty() or tools.are_progress_bars_disabled())
    tools.logging.set_verbosity_error()
    if no_bars:
        tools.disable_progress_bars()
    try:
        yield
    finally:
        tools.logging.set_verbosity(level)
        if no_bars:
            tools.enable_progress_bars()


def _resolve(hub: Any, name: str, revision: str | None) -> str:
    if revision and _COMMIT.fullmatch(revision):
        return revision
    return str(hub.HfApi().resolve_revision(name, repo_type="dataset", revision=revision).resolved)


def _listing(hub: Any, name: str, commit: str) -> Any:
    """Every file of a commit; the cache keeps the list, so that it is whole without network too."""
    errors = importlib.import_module("huggingface_hub.errors")
    known = {"repo_type": "dataset", "revision": commit}
    try:
        return hub.get_cached_repo_tree(name, **known)
    except errors.CachedRepoTreeNotFoundError:
        _reach(hub, name, commit)
        hub.snapshot_download(name, **known, allow_patterns=[CARD])
    return hub.get_cached_repo_tree(name, **known)


def _reach(hub: Any, name: str, commit: str) -> None:
    """Ask once, so that no network and no such data set are said now, not after many trials."""
    try:
        hub.HfApi().dataset_info(name, revision=commit, timeout=_PATIENCE)
    except Exception as error:
        if status_of(error) != 429 and (status_of(error) or 0) < 500:  # those may pass
            raise


def _guarded(
    name: str, revision: str, call: Callable[[], _Found], size: int | None = None
) -> _Found:
    try:
        return call()
    except Exception as error:  # noqa: BLE001 -- the hub, the network and the disk raise anything
        raise explained(name, revision, error, size) from None


@lru_cache(maxsize=4096)
def _verify(copy: Path, blob: str, label: str, path: str) -> None:
    """Raise DataError, and remove the copy, when its bytes are not those that the hub lists.

    The cache names a file by its digest: SHA-256 where the hub stores it apart from git, otherwise
    git's SHA-1. Without links in the cache both are computed, the first in git's pointer to it.
    """
    stored = copy.resolve()
    linked = Path(os.readlink(copy)).name if copy.is_symlink() else ""
    expected = {blob, stored.name, linked}
    if expected.isdisjoint(_digests(stored)):
        for each in {copy, stored}:
            each.unlink(missing_ok=True)
        raise DataError(
            f"{label}: the bytes of '{path}' are not those that the hub lists: changed or damaged "
            "on the way; the copy was removed, run again to fetch it"
        )


def _digests(file: Path) -> Iterator[str]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        yield sha256
        pointer = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
        ).encode()
        yield hashlib.sha1(b"blob %d\0" % len(pointer) + pointer).hexdigest()
        stream.seek(0)
        sha1 = hashlib.sha1(b"blob %d\0" % size)
        while block := stream.read(1 << 20):
            sha1.update(block)
        yield sha1.hexdigest()

"""Repositories of the hub: revisions, verified copies, broken transfers, and what errors say."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.data.hub_repository import fetch, open_repository
from benchmark.errors import DataError
from tests.hub.client import forget
from tests.hub.server import Hub, serving

COMMIT = "b0fddb56ed78048fa8b90373c8a3cfc37b684831"
OTHER = "c" * 40
BIG = b"".join(b"%d\n" % number for number in range(40_000))


@pytest.fixture
def filled(hub: Hub) -> Hub:
    """One data set: a card, a small file in git and a large one apart from it."""
    folder = hub.root / "org" / "set" / COMMIT
    folder.mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\n---\nWords.\n")
    (folder / "small.jsonl").write_text('{"a": 1}\n')
    (folder / "big.arrow").write_bytes(BIG)
    return hub


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials follow each other at once."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)


def blobs(tmp_path: Path) -> list[str]:
    """The names of whole and partial files in the cache, without links to them."""
    cache = tmp_path / "cache"
    return sorted(path.name for path in cache.rglob("blobs/*"))


def refused(*arguments: str) -> str:
    """The one line that opening a repository ends with."""

    def open_and_fetch() -> None:
        repository = open_repository(*arguments)
        fetch(repository, repository.paths)

    with pytest.raises(DataError) as error:
        open_and_fetch()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_files_come_once_and_with_their_card(filled: Hub) -> None:
    """A full commit that is in the cache is read without a call."""
    repository = open_repository("org/set", COMMIT)
    copies = fetch(repository, ["big.arrow", "small.jsonl"])

    assert [BIG, b'{"a": 1}\n'] == [copy.read_bytes() for copy in copies]
    assert {"license": "mit"} == repository.card
    assert ["README.md", "big.arrow", "small.jsonl"] == repository.paths

    forget()
    filled.calls.clear()
    assert copies == fetch(open_repository("org/set", COMMIT), ["big.arrow", "small.jsonl"])
    assert [] == filled.calls


@pytest.mark.parametrize("revision", [COMMIT[:7], "unpinned", "main", "refs/pr/1"])
def test_revisions_resolve_to_a_commit(revision: str, filled: Hub) -> None:
    """A short commit, the newest one, a branch and a request for changes."""
    if revision != COMMIT[:7]:
        name = {"unpinned": "main"}.get(revision, revision).replace("/", "--")
        (filled.root / "org/set" / name).mkdir()
        (filled.root / "org/set" / name / "x.csv").write_text("a\n1\n")

    repository = open_repository("org/set", revision)

    assert 40 == len(repository.commit)
    assert (repository.commit == COMMIT) == (revision == COMMIT[:7])
    # Without network the commit that it was then is known.
    forget()
    filled.limited = 99
    assert repository.commit == open_repository("org/set", repository.commit).commit


def test_a_cut_transfer_is_resumed(
    filled: Hub, no_waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before the cut, in whole pieces, is not sent again."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    filled.cut, filled.cuts = 100_000, 2

    (copy,) = fetch(open_repository("org/set", COMMIT), ["big.arrow"])

    assert BIG == copy.read_bytes()
    assert filled.count("big.arrow bytes=100000-") == 1


def test_a_transfer_that_never_ends_leaves_nothing(
    filled: Hub, tmp_path: Path, no_waiting: None
) -> None:
    """After some trials without a byte one line says so, and no part of a file stays."""
    repository = open_repository("org/set", COMMIT)
    before = blobs(tmp_path)
    filled.cut, filled.cuts = 0, 99

    with pytest.raises(DataError, match="out of reach; run once with network"):
        fetch(repository, ["big.arrow"])

    assert before == blobs(tmp_path)


@pytest.mark.parametrize("name", ["big.arrow", "small.jsonl"])
def test_bytes_that_are_not_those_listed(name: str, filled: Hub, tmp_path: Path) -> None:
    """They are refused and removed, and the next run fetches them again."""
    filled.changed = {name}
    repository = open_repository("org/set", COMMIT)

    with pytest.raises(DataError) as error:
        fetch(repository, [name])

    assert str(error.value) == (
        f"org/set@b0fddb5: the bytes of '{name}' are not those that the hub lists: changed or "
        "damaged on the way; the copy was removed, run again to fetch it"
    )
    filled.changed = set()
    assert fetch(repository, [name])[0].stat().st_size == repository.sizes[name]


def test_a_copy_that_was_changed_later(filled: Hub) -> None:
    """A file that something changed in the cache is not read."""
    (copy,) = fetch(open_repository("org/set", COMMIT), ["big.arrow"])
    copy.resolve().chmod(0o644)
    copy.resolve().write_bytes(BIG[:-1])
    forget()

    assert "the bytes of 'big.arrow' are not those" in refused("org/set", COMMIT)


def test_a_cache_without_links(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are verified by git's pointer to them."""
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_SYMLINKS", True, raising=False)
    monkeypatch.setattr(file_download, "are_symlinks_supported", lambda cache_dir=None: False)

    copies = fetch(open_repository("org/set", COMMIT), ["big.arrow", "small.jsonl"])

    assert [False, False] == [copy.is_symlink() for copy in copies]
    filled.changed = {"big.arrow"}
    for copy in copies:
        copy.unlink()
    forget()
    assert "the bytes of 'big.arrow' are not those" in refused("org/set", COMMIT)


def test_a_full_disk(filled: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says how much was wanted, and nothing partial stays."""
    from huggingface_hub import file_download

    repository = open_repository("org/set", COMMIT)
    before = blobs(tmp_path)

    def full(url: str, temp_file: Any, **_: Any) -> None:
        temp_file.write(BIG[:1000])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(file_download, "http_get", full)
    with pytest.raises(DataError) as error:
        fetch(repository, ["big.arrow"])

    assert str(error.value) == (
        "data set 'org/set': the disk of the hub's cache is full (0.2 MB); nothing partial was "
        "kept; make room, or set HF_HOME to a folder on another disk"
    )
    assert before == blobs(tmp_path)


def test_what_is_not_there(filled: Hub) -> None:
    """An unknown data set, and a revision that does not exist."""
    page = f"{filled.url}/datasets/org/set"

    assert refused("org/other", COMMIT) == (
        "data set 'org/other': it is unknown to the hub, or private; check the name in [source], "
        f"or set HF_TOKEN to a token that may read {filled.url}/datasets/org/other"
    )
    for revision in (OTHER, "v9", OTHER[:9]):
        line = f"data set 'org/set': it has no revision '{revision}'; see {page}/commits/main"
        assert line == refused("org/set", revision)


def test_private_and_gated_sets_want_a_token(filled: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one the line says what to do; with one they are read."""
    filled.private = {"org/set"}
    assert "it is unknown to the hub, or private" in refused("org/set", COMMIT)

    filled.private, filled.gated = set(), {"org/set"}
    page = f"{filled.url}/datasets/org/set"
    gated = f"data set 'org/set': it is gated; accept its terms at {page} and set HF_TOKEN to"
    assert refused("org/set", COMMIT).startswith(gated)
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert refused("org/set", COMMIT).startswith(gated)

    monkeypatch.setenv("HF_TOKEN", filled.token)
    assert 3 == len(fetch(open_repository("org/set", COMMIT), ["README.md", "big.arrow"])) + 1


def test_too_many_requests(filled: Hub, no_waiting: None) -> None:
    """The hub is asked again; then one line."""
    filled.limited = 1
    assert COMMIT == open_repository("org/set", COMMIT).commit

    filled.limited = 999
    assert "too many requests (429); wait, or set HF_TOKEN" in refused("org/set", OTHER)


def without_server(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer from anything."""
    from huggingface_hub import constants

    with serving(hub.root) as gone:
        url = gone.url
    monkeypatch.setattr(constants, "ENDPOINT", url)
    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + template)


def switched_off(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_HUB_OFFLINE."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.mark.parametrize("cause", [without_server, switched_off])
def test_no_network(
    cause: Callable[[Hub, pytest.MonkeyPatch], None],
    filled: Hub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is here is read; the line for what is not says what is needed, and its size if known."""
    fetch(open_repository("org/set", COMMIT), ["small.jsonl"])
    forget()
    cause(filled, monkeypatch)

    repository = open_repository("org/set", COMMIT)
    assert b'{"a": 1}\n' == fetch(repository, ["small.jsonl"])[0].read_bytes()
    with pytest.raises(DataError) as error:
        fetch(repository, ["big.arrow"])
    assert str(error.value) == (
        f"data set 'org/set': revision '{COMMIT}' (0.2 MB) is not in the cache, and the hub is out "
        "of reach; run once with network, or bring it from another machine: embedmark tasks bundle"
    )
    assert f"'org/set': revision '{OTHER}' is not in the cache" in refused("org/set", OTHER)
    assert "'org/set': revision 'unpinned' is not in the cache" in refused("org/set", "unpinned")


def test_a_download_is_followed(filled: Hub) -> None:
    """Bytes done and in all, never beyond."""
    told: list[tuple[int, int]] = []

    repository = open_repository("org/set", COMMIT)
    fetch(repository, ["big.arrow", "small.jsonl"], lambda done, total: told.append((done, total)))

    total = len(BIG) + len('{"a": 1}\n')
    assert (total, total) == told[-1]
    assert sorted(told) == told

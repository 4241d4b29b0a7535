"""What every test stands on: no network, no home, the oracle only where mteb is installed.

And result files, written by the writer that runs use.
"""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark._version import PROTOCOL
from benchmark.protocols import Identity
from benchmark.results.record import Part, Result
from benchmark.results.store import save_result

# Scripts, not tests; and what imports mteb at the top of its modules, where that is absent.
collect_ignore = ["speed", "wheel", *([] if importlib.util.find_spec("mteb") else ["oracle"])]

WriteResult = Callable[..., Path]

_HERE = {"127.0.0.1", "::1", "localhost"}


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse every connection that would leave this machine."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in _HERE:
            raise OSError(f"tests reach nothing outside this machine, not {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(scope="session", autouse=True)
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give the tests, and every command that they start, an empty home and cache."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        yield home


@pytest.fixture
def write_result(tmp_path: Path) -> WriteResult:
    """``write_result("org/model", "A", 0.5)``; scores may be a table by ``split/subset``."""

    def write(
        model: str,
        task: str,
        scores: float | Mapping[str, float | None] | None,
        *,
        revision: str = "1",
        slug: str = "",
        fingerprints: Mapping[str, str] | None = None,
        task_digest: str | None = None,
        protocol: str = PROTOCOL,
        limit: int | None = None,
        notes: tuple[str, ...] = (),
        kind: str = "sts",
        languages: tuple[str, ...] = ("eng-Latn",),
    ) -> Path:
        by_key = scores if isinstance(scores, Mapping) else {"test/default": scores}
        parts = {}
        for key, score in by_key.items():
            split, subset = key.split("/")
            fingerprint = (fingerprints or {}).get(key, "sha256:same")
            error = None if score is not None else "constant vectors"
            parts[key] = Part(
                split,
                subset,
                languages,
                {},
                score,
                10,
                fingerprint,
                error=error,
                seconds={"read": 1.5},
            )
        result = Result(
            task=task,
            kind=kind,
            main_score_name="cosine_spearman",
            task_digest=f"digest of {task}" if task_digest is None else task_digest,
            identity=Identity(model, revision, "st/1", {"dim": 64} if slug else {}, slug),
            parts=parts,
            limit=limit,
            notes=notes,
            date=1785806998.5,
            protocol=protocol,
        )
        return save_result(tmp_path / "results", result)

    return write

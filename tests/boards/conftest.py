"""Small tasks, and result files written by the writer that runs use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark._version import PROTOCOL
from benchmark.protocols import Identity
from benchmark.results.record import Part, Result
from benchmark.results.store import save_result
from benchmark.task import Source, Task

MakeTask = Callable[..., Task]
WriteResult = Callable[..., Path]


@pytest.fixture
def make_task() -> MakeTask:
    """``make_task("A", kind="sts", splits=..., subsets=..., hard=..., settings=...)``."""

    def make(
        name: str,
        kind: str = "sts",
        *,
        splits: tuple[str, ...] = ("test",),
        subsets: tuple[str, ...] = ("default",),
        hard: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> Task:
        return Task(
            name=name,
            kind=kind,
            main_score="cosine_spearman",
            source=Source("files", settings or {}, Path()),
            splits=splits,
            subsets=dict.fromkeys(subsets, ("eng-Latn",)),
            columns={},
            options={},
            prompt={},
            hard=hard,
            digest=f"digest of {name}",
        )

    return make


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

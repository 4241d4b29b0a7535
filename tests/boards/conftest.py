"""Small tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchmark.task import Source, Task

MakeTask = Callable[..., Task]


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

"""Models behind the fault server, with a clock that only sleeping moves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

from benchmark.models import load_model
from benchmark.models.http.retries import Patience
from benchmark.models.table import Settings

NOW = 1_700_000_000.0  # 2023-11-14 22:13:20 UTC


@dataclass
class Time:
    """Sleeping takes no time, and moves the clock."""

    passed: float = 0.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Remember it, and let others run."""
        self.slept.append(seconds)
        self.passed += seconds
        await asyncio.sleep(0)

    def patience(self, **options: Any) -> Patience:
        """Patience by this clock; half of every wait is by chance, and chance gives its most."""
        chosen: dict[str, Any] = {"attempts": 4, **options}
        return Patience(
            sleep=self.sleep,
            clock=lambda: self.passed,
            now=lambda: NOW + self.passed,
            chance=lambda: 1.0,
            **chosen,
        )


def model(uri: str, time: Time | None = None, settings: Settings = Settings(), **how: Any) -> Any:
    """A model by its URI, whose waiting takes no time."""
    found: Any = load_model(uri, settings)
    patience = (time or Time()).patience(**how)
    endpoint = replace(found.endpoint, patience=patience)
    return replace(found, endpoint=endpoint, gate=replace(found.gate, endpoint=endpoint))

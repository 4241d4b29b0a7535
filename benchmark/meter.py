"""How far a run is, and how fast: what its listener is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmark.encode import Piece

_SCORING = 0.05  # of a model's work, where its texts are encoded ahead


class OverBudgetError(Exception):
    """The budget of a run is spent, so what runs ends; no failure of the task or the model."""


@dataclass
class Meter:
    """Counts what is done of a run, by its models, their tasks and these tasks' characters.

    ``tell`` is given the share of the run that is done, 0 to 1, and the pace. Tasks that are not
    read yet are taken to be as large as those that are. ``check`` is called between batches and may
    raise to end the run. State: the counts of the model that runs.
    """

    tell: Callable[[float, str], None]
    models: int
    jobs: int
    check: Callable[[], None] = lambda: None
    _model: int = -1
    _label: str = ""
    _scored: int = 0
    _part: float = 0.0
    _planned_jobs: int = 0
    _planned: int = 0
    _done: int = 0
    _encoded: int = 0
    _seconds: float = 0.0
    _last: float = 0.0
    _unit: str = "texts"
    _lock: Any = field(default_factory=threading.Lock)

    def begin(self, label: str) -> None:
        """The next model."""
        with self._lock:
            self._model += 1
            self._label, self._unit = label, "texts"
            self._scored = self._planned_jobs = self._planned = self._done = self._encoded = 0
            self._part = self._seconds = 0.0

    def plan(self, jobs: int, characters: int) -> None:
        """So many tasks are to be encoded together, of so many characters."""
        with self._lock:
            self._planned_jobs += jobs
            self._planned += characters
            self._last = time.perf_counter()
            self._tell()

    def piece(self, piece: Piece) -> None:
        """Texts were encoded, or found."""
        with self._lock:
            now = time.perf_counter()
            self._done += piece.characters
            if piece.fresh:
                self._encoded += piece.texts if piece.tokens is None else piece.tokens
                self._unit = "texts" if piece.tokens is None else "tokens"
                self._seconds += now - self._last
            self._last = now
            self._tell()
        self.check()

    def part(self, done: int, total: int) -> None:
        """So many texts of the split and subset that is measured are encoded."""
        with self._lock:
            self._part = done / total if total else 1.0
            self._tell()
        if done < total:
            self.check()

    def score(self) -> None:
        """A task is measured."""
        with self._lock:
            self._scored += 1
            self._part = 0.0
            self._tell()

    def _tell(self) -> None:
        jobs = max(1, self.jobs)
        share = min(1.0, (self._scored + self._part) / jobs)
        if self._planned_jobs:
            whole = self._planned * jobs / self._planned_jobs
            encoded = min(1.0, self._done / whole) if whole else self._planned_jobs / jobs
            share = (1 - _SCORING) * encoded + _SCORING * share
        pace = f"{self._encoded / self._seconds:,.0f} {self._unit}/s" if self._seconds else ""
        self.tell((max(0, self._model) + share) / max(1, self.models), f"{self._label} {pace}")

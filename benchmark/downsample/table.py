"""The scores that a choice of tasks is fitted on: models x tasks, with what each task costs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmark.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FEWEST_MODELS = 10
"""Below this no correlation between tasks is worth the name."""

FEWEST_FAMILIES = 5
"""Below this, leaving a family out leaves too little."""


@dataclass(frozen=True, slots=True)
class ScoreTable:
    """Main scores in percent, ``(n, t)``, NaN where a model was not measured.

    ``kinds`` are the tasks' kinds as boards count them, ``weights`` those of the suite's mean and
    ``costs`` the characters that a model must read, both ``(t,)``. ``families`` ``(n,)`` gives
    models of one origin one number. ``digests`` are those of the task files, ``aside`` the models
    of which another revision was left aside.
    """

    models: tuple[str, ...]
    tasks: tuple[str, ...]
    kinds: tuple[str, ...]
    scores: NDArray[np.float64]
    families: NDArray[np.int64]
    weights: NDArray[np.float64]
    costs: NDArray[np.float64]
    digests: tuple[str, ...] = ()
    revisions: tuple[tuple[str, ...], ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def shares(self) -> NDArray[np.float64]:
        """Each task's part of the suite's mean, summing to 1."""
        shares: NDArray[np.float64] = self.weights / self.weights.sum()
        return shares

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which models have all scores, ``(n,)``."""
        return np.asarray(~np.isnan(self.scores).any(axis=1), np.bool_)

    def rows(self, kept: NDArray[np.bool_]) -> ScoreTable:
        """The table of some models only."""
        numbers = np.flatnonzero(kept)
        return replace(
            self,
            models=tuple(self.models[n] for n in numbers),
            scores=self.scores[kept],
            families=self.families[kept],
            revisions=tuple(self.revisions[n] for n in numbers) if self.revisions else (),
        )

    def kind_shares(self) -> dict[str, NDArray[np.float64]]:
        """For each kind, the weights that make its mean, ``(t,)``."""
        found = {}
        for kind in dict.fromkeys(self.kinds):
            inside = np.array([name == kind for name in self.kinds]) * self.weights
            found[kind] = inside / inside.sum()
        return found


def judged_apart(table: ScoreTable) -> ScoreTable:
    """The table, each model a family of its own where there are fewer than five."""
    if len(np.unique(table.families)) >= FEWEST_FAMILIES:
        return table
    return replace(table, families=np.arange(len(table.models)))


def check_table(table: ScoreTable) -> list[str]:
    """What a choice fitted on this table should be read with; UsageError where none can be.

    Notes name constant tasks, models with missing scores, models of several revisions and too few
    families. Refused are fewer than ten models, a task that no model has, and one model twice.
    """
    counts = {name: table.models.count(name) for name in table.models}
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise UsageError(f"{twice[0]} stands twice among the models; keep one result of each")
    if len(table.models) < FEWEST_MODELS:
        raise UsageError(
            f"{len(table.models)} models have scores on this suite; at least {FEWEST_MODELS} are "
            "needed to tell tasks apart. Import published results, or choose examples instead"
        )
    empty = [t for t, name in enumerate(table.tasks) if np.isnan(table.scores[:, t]).all()]
    if empty:
        raise UsageError(
            f"no model has a score on {_listed([table.tasks[t] for t in empty])}; measure it, or "
            "leave it out with --drop"
        )
    notes = []
    spread = np.nanmax(table.scores, axis=0) - np.nanmin(table.scores, axis=0)
    constant = [name for name, width in zip(table.tasks, spread, strict=True) if width == 0]
    if constant:
        notes.append(f"all models score the same on {_listed(constant)}: nothing to learn from it")
    holed = int((~table.complete).sum())
    if holed:
        notes.append(f"{holed} of {len(table.models)} models lack scores; theirs are filled in")
    mixed = [m for m, some in zip(table.models, table.revisions, strict=False) if len(some) > 1]
    if mixed:
        notes.append(f"results that name no revision complete those of {_listed(mixed)}")
    if table.aside:
        notes.append(
            "one revision a model is fitted on, the one with most tasks: another of "
            f"{_listed(table.aside)} was left aside"
        )
    count = len(np.unique(table.families))
    if count < FEWEST_FAMILIES:
        notes.append(
            f"the models are of {count} families (one maker, one base model or nearly the same "
            "scores), so each is held out alone: intervals hold for models like these, not for "
            "those of a new maker"
        )
    return notes


def _listed(names: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more

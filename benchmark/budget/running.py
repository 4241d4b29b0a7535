"""Run the most telling tasks that fit a budget, and tell which did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from benchmark.budget.foresight import Foreseen
from benchmark.budget.limit import Budget, Spender, Unit, best_of, cost_of
from benchmark.errors import UsageError
from benchmark.forecast.estimate import work_of
from benchmark.forecast.probe import sends_texts
from benchmark.jobs import Reader
from benchmark.listener import Listener
from benchmark.models.http.spending import Spending
from benchmark.prepare import prepare
from benchmark.results.frame import Row
from benchmark.run import Loaded, RunSettings, run

FEWEST = 32
"""Examples below which a task is not run on some of them: their interval would say little."""
_SAFETY = 0.9  # of what is left, that a subset of examples may take by its estimate
_TRIES = 3  # tasks of which a subset is considered


@dataclass(frozen=True, slots=True)
class NotRun:
    """A task that did not run, or not to its end, and why."""

    task: str
    kind: str
    reason: str
    cost: float | None = None

    def to_json(self) -> dict[str, Any]:
        """For a listing; ``estimate`` is in the unit of the budget."""
        return {
            "task": self.task,
            "kind": self.kind,
            "reason": self.reason,
            "estimate": None if self.cost is None else round(self.cost, 6),
        }


@dataclass(frozen=True, slots=True)
class Spent:
    """What a model's run within a budget gave; ``sampled`` are rows on some examples of a task."""

    rows: tuple[Row, ...]
    sampled: tuple[Row, ...]
    limit: int | None
    not_run: tuple[NotRun, ...]
    used: float
    left_out: tuple[str, ...] = ()


def least_that_fits(foreseen: Foreseen, settings: RunSettings) -> Unit | None:
    """None where a task, or some examples of one, fit the budget; else the task that costs least.

    Raises UsageError when there is no task.
    """
    spender = foreseen.spender
    if not spender.units:
        where = "; their data are not on this machine" if foreseen.absent else ""
        raise UsageError(
            f"{foreseen.uri} runs on none of these tasks{where}; choose others with -t"
        )
    if spender.following() is not None or _subset_that_fits(foreseen, settings):
        return None
    return min(spender.units, key=lambda unit: unit.cost or 0.0)


def planned(foreseen: Foreseen) -> list[Unit]:
    """The tasks that would run, in order, were every estimate right."""
    spender = foreseen.spender
    trial = Spender(spender.units, spender.limit, "share", spender.telling, spender.spent)
    for _ in trial.choices():
        pass
    return trial.order


def spend(
    foreseen: Foreseen, settings: RunSettings, budget: Budget, reader: Reader, listener: Listener
) -> Spent:
    """Run tasks until none fits, then some examples of one that would; all else is not run."""
    spender = foreseen.spender
    if budget.unit == "money":
        money = Spending(budget.amount)
        settings = replace(settings, model=replace(settings.model, spending=money))
    model: Any = Loaded(foreseen.uri, foreseen.model) if foreseen.model else foreseen.uri
    choices = [choice for unit in spender.units for choice in unit.choices]
    results = run([model], choices, settings, listener, turns=spender, reader=reader)
    found: Sequence[Row] = ()
    limit, subset, last = None, None, spender
    if foreseen.model is not None and spender.stopped is None:
        subset = _subset_that_fits(foreseen, settings)
    if subset is not None:
        unit, limit = subset
        last = Spender([unit], spender.limit, spender.unit, spent=spender.used())
        found = run(
            [model], unit.choices, replace(settings, limit=limit), listener, turns=last
        ).rows
    return Spent(
        rows=tuple(results),
        sampled=tuple(found),
        limit=limit,
        not_run=tuple(_not_run(foreseen, {row.task for row in found})),
        used=last.used(),
        left_out=tuple(results.left_out),
    )


def _subset_that_fits(foreseen: Foreseen, settings: RunSettings) -> tuple[Unit, int] | None:
    """A task that did not fit, and of how many of its examples it would take what is left.

    Its cost is taken to grow evenly with the examples, from what the fewest and twice as many take;
    a retrieval's corpus is whole however few its queries. None when the fewest take too much, and
    for endpoints, which were agreed to be sent whole tasks.
    """
    spender, (forecast, *_) = foreseen.spender, foreseen.forecasts
    if sends_texts(forecast.loaded):
        return None
    rest = [u for u in spender.units if u not in spender.order and len(u.choices) == 1 and u.cost]
    absent = {choice.task.name for choice in foreseen.absent}
    ran = list(spender.order)
    for _ in range(min(_TRIES, len(rest))):
        unit = best_of([u for u in rest if u.name not in absent], ran, None)
        rest.remove(unit)
        if spender.unit == "time" and 3 * foreseen.reading[unit.name] > spender.left():
            continue  # to read the data again, here and to run, takes what is left
        few, twice = (
            cost_of(work_of(forecast, prepare(unit.choices[0], limit=n)), spender.unit)
            for n in (FEWEST, 2 * FEWEST)
        )
        left = _SAFETY * spender.left()
        if few is None or twice is None or few > left:
            continue
        each = max((twice - few) / FEWEST, 1e-12)
        count = FEWEST + int((left - few) / each)
        return Unit(unit.choices, left, unit.characters), count
    return None


def _not_run(foreseen: Foreseen, sampled: set[str]) -> list[NotRun]:
    spender = foreseen.spender
    found = []
    for unit in spender.units:
        if unit is spender.stopped:
            reason = "stopped when the budget was spent; its vectors stay in the cache"
        elif unit in spender.order:
            continue
        elif unit.name in sampled:
            reason = "did not fit; ran on some of its examples"
        else:
            reason = "did not fit in what was left"
        found.append(NotRun(unit.name, unit.kind, reason, unit.cost))
    known = {unit.name for unit in spender.units}
    for choice in foreseen.absent:
        if choice.task.name not in known:
            reason = "its data are not on this machine; fetch them with embedmark tasks check"
            found.append(NotRun(choice.task.name, choice.task.kind, reason))
    return found

"""Run a model within a budget: probe it, run the most telling tasks that fit, tell what did not."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmark.budget import Budget, Spender, Unit, best_of, cost_of, units_of
from benchmark.catalog import Choice, expanded, load_kind
from benchmark.encode.workers import load_with_workers
from benchmark.errors import ModelError, UsageError
from benchmark.forecast import Forecast, add, begin, finish, work_of
from benchmark.jobs import Reader, is_stored
from benchmark.listener import Listener
from benchmark.measure import can_measure
from benchmark.models.composite import leaves
from benchmark.models.http.spending import Spending
from benchmark.prepare import bytes_to_fetch, prepare
from benchmark.probe import sends_texts
from benchmark.results.frame import Row
from benchmark.run import Loaded, RunSettings, run
from benchmark.work import Work, together

if TYPE_CHECKING:
    from benchmark.downsample.mini import Mini

FEWEST = 32
"""Examples below which a task is not run on some of them: their interval would say little."""
_SAFETY = 0.9  # of what is left, that a subset of examples may take by its estimate
_TRIES = 3  # tasks of which a subset is considered


@dataclass(slots=True)
class Foreseen:
    """A model that was probed, and what it may run; ``model`` is None where it loads later.

    ``absent`` are tasks whose data are not on this machine, ``reading`` the seconds that others'
    took to read.
    """

    uri: str
    model: Any
    forecasts: list[Forecast]
    spender: Spender
    absent: list[Choice] = field(default_factory=list)
    reading: Mapping[str, float] = field(default_factory=dict)


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


def foresee(
    uri: str,
    choices: Sequence[Choice],
    settings: RunSettings,
    budget: Budget,
    reader: Reader,
    mini: Mini | None = None,
) -> Foreseen:
    """Load and probe a model, read the data, and count what each task would take of the budget.

    Nothing is sent to an endpoint. With a fit the share of a suite's characters is that of the
    whole suite which it stands for. Raises ModelError when the model does not load or fails, and
    UsageError for a budget of money without a known price.
    """
    begun = time.perf_counter()
    model, forecasts = _loaded(uri, settings)
    stored: set[str] = set()
    absent: list[Choice] = []
    for choice in expanded(choices):
        if choice.task.parts:
            continue
        if bytes_to_fetch(choice):
            absent.append(choice)
            continue
        prepared = reader.read(choice)
        for forecast in forecasts:
            add(forecast, prepared)
        if model is not None and not settings.fresh and is_stored(model, prepared, settings):
            stored.add(choice.task.name)
    for forecast in forecasts:
        finish(forecast)
        if forecast.failed:
            raise ModelError(forecast.failed)
    if budget.unit == "money":
        _check_prices(uri, forecasts)
    works = _joined(forecasts)
    reading = {name: work.read for name, work in works.items()}
    for name in reader.kept.keys() & works.keys():
        works[name] = replace(works[name], read=0.0)  # it is not read again
    _add_absent(works, absent, model, mini)
    units = units_of(choices, works, budget.unit, stored)
    telling = None
    if mini is not None:
        from benchmark.downsample.telling import telling_of

        telling = telling_of(mini.table)
    limit = budget.amount
    if budget.unit == "share":
        limit *= _whole(works, mini)
    spent = time.perf_counter() - begun if budget.unit == "time" else 0.0
    spender = Spender(units, limit, budget.unit, telling, spent)
    return Foreseen(uri, model, forecasts, spender, absent, reading)


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


def _loaded(uri: str, settings: RunSettings) -> tuple[Any, list[Forecast]]:
    """The model and its forecast; of a composite no model yet, and the forecasts of its parts."""
    if leaves(uri) != [uri]:
        return None, begin([uri], settings.model)
    begun = time.perf_counter()
    model = load_with_workers(uri, settings.model)
    return model, [Forecast(uri, model, start=time.perf_counter() - begun)]


def _joined(forecasts: Sequence[Forecast]) -> dict[str, Work]:
    """What each task asks of all parts of a model together; its data are read once."""
    found: dict[str, Work] = {}
    for forecast in forecasts:
        for work in forecast.works:
            known = found.get(work.task)
            found[work.task] = together(known, work) if known else work
    return found


def _check_prices(uri: str, forecasts: Sequence[Forecast]) -> None:
    """Every part behind an endpoint has a price, and there is one."""
    meters = [f.loaded.endpoint.meter for f in forecasts if hasattr(f.loaded, "endpoint")]
    if not meters:
        raise UsageError(
            f"{uri} runs on this machine and has no price by the token; give --budget as a time "
            "(10min) or a share (5%)"
        )
    if any(meter.price is None for meter in meters):
        raise UsageError(
            f"the price of {uri} is not known; give --price P, for a million tokens, beside "
            "--budget"
        )


def _add_absent(
    works: dict[str, Work], absent: Sequence[Choice], model: Any, mini: Mini | None
) -> None:
    """Tasks whose data would be fetched, where the fit knows their size: as long as others take."""
    sizes = dict(zip(mini.table.tasks, mini.table.costs.tolist(), strict=True)) if mini else {}
    known = [work for work in works.values() if work.encode is not None and work.characters]
    characters = sum(work.characters for work in known)
    pace = sum(work.encode or 0.0 for work in known) / characters if characters else None
    for choice in absent:
        task, size = choice.task, sizes.get(choice.task.name)
        if size and model is not None and can_measure(model, load_kind(task.kind)):
            encode = None if pace is None else pace * size
            works[task.name] = Work(task.name, characters=round(size), encode=encode)


def _whole(works: Mapping[str, Work], mini: Mini | None) -> float:
    """The characters that a share is of: all tasks asked for, and all of a fitted suite."""
    held = set(mini.table.tasks) if mini else set()
    own = sum(work.characters for name, work in works.items() if name not in held)
    return own + (float(mini.table.costs.sum()) if mini else 0.0)


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

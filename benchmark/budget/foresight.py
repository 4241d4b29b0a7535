"""What a model would take of a budget for each task: loaded, probed, and its data read."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from benchmark.budget.limit import Budget, Spender, units_of
from benchmark.catalog import Choice, expanded, load_kind
from benchmark.encode.workers import load_with_workers
from benchmark.errors import ModelError, UsageError
from benchmark.forecast.estimate import Forecast, add, begin, finish
from benchmark.forecast.probe import PATIENCE
from benchmark.forecast.work import Work, together
from benchmark.jobs import Reader, is_stored
from benchmark.measure import can_measure
from benchmark.models.composite import leaves
from benchmark.prepare import bytes_to_fetch
from benchmark.run import RunSettings

if TYPE_CHECKING:
    from benchmark.downsample.mini import Mini

_PROBE = 0.05  # of a budget of time, that is probed at most


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
    if budget.unit == "time":
        for forecast in forecasts:
            forecast.rehearsal.patience = min(PATIENCE, _PROBE * budget.amount)
    absent, stored = _read(choices, model, forecasts, settings, reader)
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


def _read(
    choices: Sequence[Choice],
    model: Any,
    forecasts: Sequence[Forecast],
    settings: RunSettings,
    reader: Reader,
) -> tuple[list[Choice], set[str]]:
    """Read the data that are here; the tasks whose data are not, and those stored already."""
    absent: list[Choice] = []
    stored: set[str] = set()
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
    return absent, stored


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

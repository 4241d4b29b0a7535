"""A budget of a run: time, a share of the characters, or money; and what to run next within it."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from benchmark.catalog import Choice, expanded
from benchmark.errors import UsageError
from benchmark.meter import OverBudgetError

if TYPE_CHECKING:
    from benchmark.downsample.telling import Telling
    from benchmark.forecast.work import Work

FORMS = "write a time (90s, 10min, 2h), a share of the characters (5%) or money (2usd)"
Measure: TypeAlias = Literal["time", "share", "money"]
"""What a budget is counted in: seconds, characters, US dollars."""

_UNITS = {"s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_SLACK = 0.05  # of a budget of time, that a task may take more when that ends it


@dataclass(frozen=True, slots=True)
class Budget:
    """What a run of one model may take: seconds, a share of the characters in 0..1, or dollars."""

    unit: Measure
    amount: float
    text: str


def parse_budget(text: str) -> Budget:
    """Read ``10min``, ``5%`` or ``2usd``; UsageError with the forms for anything else.

    >>> parse_budget("10min").amount, parse_budget("5%").amount, parse_budget("2usd").unit
    (600.0, 0.05, 'money')
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|min|m|h|%|usd)", text.strip().lower())
    if not found or float(found[1]) <= 0:
        raise UsageError(f"--budget '{text}' is none; {FORMS}")
    amount, unit = float(found[1]), found[2]
    if unit == "%":
        if amount > 100:
            raise UsageError(f"--budget '{text}' is more than all; {FORMS}")
        return Budget("share", amount / 100, text)
    return Budget("money", amount, text) if unit == "usd" else Budget(
        "time", amount * _UNITS[unit], text
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """Tasks that run together: one, or the parts of an aggregate and the aggregate.

    ``cost`` is what it takes of the budget, in its unit; None where nothing tells. ``scoring`` are
    the seconds of it after its texts are encoded.
    """

    choices: tuple[Choice, ...]
    cost: float | None
    characters: float
    scoring: float = 0.0

    @property
    def name(self) -> str:
        """That of the task, or the aggregate."""
        return self.choices[-1].task.name

    @property
    def kind(self) -> str:
        """That of the task, or of the aggregate's first part."""
        return self.choices[0].task.kind


def cost_of(work: Work, unit: Measure) -> float | None:
    """What a task takes of a budget, in its unit; None where nothing tells."""
    if unit == "time":
        return work.seconds
    return float(work.characters) if unit == "share" else work.cost


def units_of(
    choices: Sequence[Choice], works: Mapping[str, Work], unit: Measure, stored: Collection[str]
) -> list[Unit]:
    """The tasks asked for that a model can do, with what they cost; ``works`` are by task.

    Those that are ``stored`` are free.
    """
    found = []
    for choice in choices:
        members = tuple(expanded([choice]))
        known = [works[each.task.name] for each in members if each.task.name in works]
        if not known:
            continue
        costs = [0.0 if work.task in stored else cost_of(work, unit) for work in known]
        some = [each for each in costs if each is not None]
        found.append(
            Unit(
                members,
                sum(some) if len(some) == len(costs) else None,
                sum(work.characters for work in known),
                sum(work.score for work in known),
            )
        )
    return found


@dataclass(slots=True)
class Spender:
    """Says which task runs next, and ends one that would take too long; state of one model's run.

    ``limit`` is in the ``unit`` of the costs. Of time the clock counts, beside what was ``spent``
    before, by loading and probing; of anything else each task takes what it costs.
    """

    units: Sequence[Unit]
    limit: float
    unit: Measure
    telling: Telling | None = None
    spent: float = 0.0
    order: list[Unit] = field(default_factory=list)
    stopped: Unit | None = None
    _begun: float | None = None
    _entered: float = 0.0

    def used(self) -> float:
        """What is spent so far."""
        return self.spent + self._taken()

    def choices(self) -> Iterator[Choice]:
        """Tasks one by one, each when the one before it is encoded, as long as one fits."""
        self._begun = time.perf_counter()
        done: set[str] = set()
        while (unit := self.following()) is not None:
            self._enter(unit)
            for choice in unit.choices:
                if choice.task.name not in done:
                    done.add(choice.task.name)
                    yield choice

    def following(self) -> Unit | None:
        """The task to run next: the most telling, for its cost, of those that fit; or None."""
        left = self.left()
        rest = [unit for unit in self.units if unit not in self.order]
        fitting = [unit for unit in rest if (self.cost(unit) or 0.0) <= left] if left > 0 else []
        return best_of(fitting, self.order, self.telling) if fitting else None

    def left(self) -> float:
        """What may still be spent, less the scores of the task that runs."""
        scoring = self.order[-1].scoring if self.unit == "time" and self.order else 0.0
        return self.limit * (1 + 1e-9) - self.used() - scoring

    def cost(self, unit: Unit) -> float | None:
        """A task's cost: as foreseen, or by its characters at the pace so far; None without one."""
        if unit.cost is not None:
            return unit.cost * self._scale()
        done = sum(each.characters for each in self.order)
        return unit.characters * self._taken() / done if done and self.unit == "time" else None

    def check(self) -> None:
        """Called between batches: OverBudgetError when time is up and more than a little is left.

        A task may end when it takes no more than a twentieth of the budget over it.
        """
        if self.unit != "time" or not self.order or self.used() <= self.limit:
            return
        unit = self.order[-1]
        rest = (self.cost(unit) or 0.0) - (self._taken() - self._entered)
        over = self.used() - self.limit + max(rest, 0.0)
        if unit.cost is None or over > _SLACK * self.limit:
            self.stopped = unit
            raise OverBudgetError

    def _enter(self, unit: Unit) -> None:
        self._entered = self._taken()
        self.order.append(unit)
        if self.unit != "time":
            self.spent += unit.cost or 0.0

    def _taken(self) -> float:
        """Seconds since the first task was asked for; 0 where the clock does not count."""
        return time.perf_counter() - self._begun if self.unit == "time" and self._begun else 0.0

    def _scale(self) -> float:
        """By how much longer tasks took than foreseen, once a tenth of the time is over."""
        foreseen = sum(unit.cost or 0.0 for unit in self.order[:-1])
        if foreseen <= 0 or self._entered < self.limit / 10:
            return 1.0
        return max(1.0, self._entered / foreseen)


def best_of(units: Sequence[Unit], ran: Sequence[Unit], telling: Telling | None) -> Unit:
    """The task that tells most for its cost, given those that ran; there must be one.

    With a fit, that which lessens the variance of the suite's mean most. Without, and for tasks
    that the fit does not hold, a task tells as much as any other of its kind, and more the less of
    its kind ran: the cheapest of the kind that ran least.
    """
    if telling is not None:
        costs = {unit.name: _positive(unit) for unit in units}
        name = telling.most([unit.name for unit in ran], costs)
        if name is not None:
            return next(unit for unit in units if unit.name == name)
    kinds = [unit.kind for unit in ran]
    return min(units, key=lambda unit: (kinds.count(unit.kind), _positive(unit)))


def _positive(unit: Unit) -> float:
    return unit.characters if unit.cost is None else unit.cost

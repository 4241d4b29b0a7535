"""One sentence on a comparison: who leads, by how much, and what the data cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.compare.suite import LEVEL, Pair
from benchmark.stats.intervals import Interval


def verdict(pairs: Sequence[Pair]) -> str:
    """What a person can act on. Models that no test tells apart are never called equal."""
    if not any(pair.tasks for pair in pairs):
        return "There is nothing to compare."
    return _of_two(pairs[0]) if len(pairs) == 1 else _of_many(pairs)


def _of_two(pair: Pair) -> str:
    first, neither, second = pair.leads()
    tested = first + neither + second
    if not tested:
        return f"No task could be tested by its examples; {_like(pair)}."
    if len(pair.tasks) == 1:
        return _of_one(pair)
    leaders = [(name, count) for name, count in ((pair.a, first), (pair.b, second)) if count]
    tasks = _tasks(tested, len(pair.tasks))
    parts = [
        f"{name} {'' if n else 'leads '}on {count}{'' if n else f' of {tasks}'}"
        for n, (name, count) in enumerate(leaders)
    ]
    if not parts:
        where = f"any of {tasks}" if tested > 1 else f"the {tasks}"
        parts.append(f"{pair.a} and {pair.b} cannot be told apart on {where}, by this data")
    elif neither:
        parts.append(f"on {neither} of them they cannot be told apart on this data")
    return f"{', '.join(parts)}; {_these(pair)}; {_like(pair)}."


def _tasks(tested: int, count: int) -> str:
    return f"{tested} task{'' if tested == 1 else 's'}{'' if tested == count else ' tested'}"


def _of_one(pair: Pair) -> str:
    (task,), (p,) = pair.tasks, pair.corrected
    assert task.comparison is not None
    paired = task.comparison.paired
    if p <= LEVEL:
        lead = pair.a if task.first_leads else pair.b
        return f"{lead} leads on {task.task} by {_by(task.difference, paired.interval)}."
    told = _signed(task.difference, paired.interval)
    needed = ""
    if math.isfinite(paired.detectable):
        needed = f", and {100 * paired.detectable:.1f} would have been found four times of five"
    return (
        f"{pair.a} and {pair.b} cannot be told apart on {task.task} ({task.n:,} examples): the "
        f"difference is {told}{needed}."
    )


def _these(pair: Pair) -> str:
    group = pair.these
    if group is None or group.paired is None:
        return "over these tasks nothing can be said"
    paired = group.paired
    which = "these tasks"
    if group.without:
        which = f"{group.tasks} of these {group.tasks + len(group.without)} tasks"
    if pair.p_suite <= LEVEL:
        lead = pair.a if paired.difference > 0 else pair.b
        return f"over {which} {lead} leads by {_by(paired.difference, paired.interval)}"
    told = _signed(paired.difference, paired.interval)
    return f"over {which} they cannot be told apart (the mean differs by {told})"


def _like(pair: Pair) -> str:
    group = pair.like_these
    if group is None or group.paired is None:
        return "one data set tells nothing about others"
    paired = group.paired
    if paired.p <= LEVEL:
        lead = pair.a if paired.difference > 0 else pair.b
        return f"over tasks like these {lead} leads by {_by(paired.difference, paired.interval)}"
    told = _signed(paired.difference, paired.interval)
    return f"over tasks like these neither can be said to lead ({told})"


def _of_many(pairs: Sequence[Pair]) -> str:
    """The highest mean, what cannot be told from it, and how far below the others lie."""
    names = list(dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b)))
    behind: dict[str, dict[str, Pair]] = {name: {} for name in names}
    for pair in pairs:
        behind[pair.a][pair.b] = pair
        behind[pair.b][pair.a] = pair
    lead = {name: sum(_lead(pair, name) for pair in behind[name].values()) for name in names}
    best = max(names, key=lambda name: lead[name])
    level, below, unknown = [], [], []
    for name in (name for name in names if name != best):
        pair = behind[best][name]
        interval = pair.these.paired.interval if pair.these and pair.these.paired else None
        if interval is None or pair.these is None or not math.isfinite(interval.low):
            unknown.append(name)
            continue
        sign = 1 if pair.a == best else -1
        near, far = sorted((sign * interval.low, sign * interval.high))
        tasks = pair.leads()
        led = tasks[0] if sign > 0 else tasks[2]
        where = f"{best} leads on {led} of {sum(tasks)}"
        if pair.p_suite <= LEVEL:
            below.append(f"{name} is {100 * near:.1f} to {100 * far:.1f} below ({where})")
        else:
            level.append(f"{name} is within {100 * far:.1f} ({where})")
    parts = [f"{best} has the highest mean"]
    if level:
        parts.append(f"cannot be told from it over these tasks: {', '.join(level)}")
    parts += [*below, *_others(pairs, best)]
    if unknown:
        parts.append(f"no task could be tested by its examples of {', '.join(unknown)}")
    return "; ".join(parts) + "."


def _others(pairs: Sequence[Pair], best: str) -> list[str]:
    """Which pairs of the others cannot be told apart."""
    apart = [pair for pair in pairs if best not in (pair.a, pair.b) and pair.p_suite > LEVEL]
    return [f"{pair.a} and {pair.b} cannot be told apart over these tasks" for pair in apart]


def _lead(pair: Pair, name: str) -> float:
    group = pair.these or pair.like_these
    if group is None:
        return 0.0
    return (group.a - group.b) * (1 if pair.a == name else -1)


def _by(difference: float, interval: Interval) -> str:
    """A lead: size and ends without signs."""
    ends = sorted(abs(100 * end) for end in (interval.low, interval.high))
    if interval.low * interval.high < 0:
        ends = [100 * interval.low, 100 * interval.high]
    return f"{abs(100 * difference):.1f} ({ends[0]:.1f} to {ends[1]:.1f})"


def _signed(difference: float, interval: Interval) -> str:
    if not math.isfinite(interval.low):
        return f"{100 * difference:+.1f}"
    return f"{100 * difference:+.1f}, {100 * interval.low:+.1f} to {100 * interval.high:+.1f}"

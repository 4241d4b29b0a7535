"""The report of the speed session: its rows, targets, table and growth, as Markdown."""

from __future__ import annotations

import math
import os
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from measure import Measured, spread_of
from plot import Curve

TENTH, ARITHMETIC, MEAN, MEMORY, ANONYMOUS_MB = 10.0, 1.5, 12.0, 3.0, 1024.0
_HUGE = 10_000_000
_TEXT = """# Speed

Written by `nox -s speed`, unedited. Each number is a whole process from a cold start: mteb 2.26.24
and EmbedMark in turn (A B A B), on the same files and with the same encoder, which looks 384-d
vectors up by hash and costs both next to nothing. Medians of {pairs} pairs, with the least and the
most. Before the first, the libraries of both environments are dropped from the page cache, since
those that were just installed count for more memory.{trial}

{machine}. EmbedMark's environment holds its own dependencies and no more: where pandas is installed
too, pyarrow imports it, which adds some 0.3 s.

| work | mteb, s | EmbedMark, s | times faster | arithmetic, s | start-up, s | allowed, s \
| mteb, MB | EmbedMark, MB | share | targets |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
{table}

Geometric mean over the kinds: {mean:.1f} times faster (target: at least {least:.0f}).

The targets: at most a tenth of mteb's time, or 1.5 times the bare arithmetic and start-up where
that is more; a peak memory, that of the largest process, of at most a third of mteb's; the same
main score. The bare arithmetic is the matrix products and the solvers' iterations alone, the best
of one and of two BLAS threads. Start-up is a Python that imports numpy, pyarrow and, where there is
a solver, scikit-learn.

## Growth

Search and judging of 5,000 queries to depth 1,000, 384-d float32 vectors mapped from disk.

![Seconds and anonymous memory by number of documents](speed-growth.svg)

| documents | search, s | judging, s | anonymous memory, MB |
| --- | --- | --- | --- |
{growth}

Between the last two rows, a million documents more take {slope:.0f} s and {rise:.0f} MB. Ten
million documents follow from this: {minutes:.0f} minutes on this machine, {memory:,.0f} MB of
anonymous memory (below {limit:,.0f} MB: {fits}) and {disk:.1f} GB of vectors on disk, which are
read once from first to last, in blocks of 22 MB. What grows with the documents is the rank of each
among the ids and the way back, some 12 bytes a document; nothing grows with queries x documents.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One workload: every pair's two processes, and what the arithmetic alone takes."""

    title: str
    theirs: Sequence[Measured]
    ours: Sequence[Measured]
    arithmetic: float = 0.0
    start_up: float = 0.0
    scores: tuple[float, float] | None = None
    tolerance: float = 0.0

    @property
    def ratios(self) -> list[float]:
        """How many times faster, pair by pair."""
        return [a.seconds / b.seconds for a, b in zip(self.theirs, self.ours, strict=True)]

    @property
    def allowed(self) -> float:
        """The seconds that the target allows."""
        tenth = statistics.median(run.seconds for run in self.theirs) / TENTH
        return max(tenth, ARITHMETIC * self.arithmetic + self.start_up)

    @property
    def seconds(self) -> float:
        """Our median."""
        return statistics.median(run.seconds for run in self.ours)

    @property
    def memory(self) -> tuple[float, float]:
        """The largest process of each, in MB."""
        return max(r.megabytes for r in self.theirs), max(r.megabytes for r in self.ours)

    @property
    def misses(self) -> list[str]:
        """The targets that the row misses."""
        found = []
        if self.seconds > self.allowed:
            found.append(f"time: {self.seconds:.2f} s, allowed {self.allowed:.2f} s")
        theirs, ours = self.memory
        if ours > theirs / MEMORY:
            found.append(f"memory: {ours / theirs:.2f} of mteb's")
        if self.scores and not abs(self.scores[0] - self.scores[1]) <= self.tolerance:
            found.append(f"scores differ: {self.scores[0]:.6f} and {self.scores[1]:.6f}")
        return found


def line(row: Row) -> str:
    """One line of the table."""
    theirs, ours = row.memory
    cells = [
        row.title,
        spread_of([run.seconds for run in row.theirs], 2),
        spread_of([run.seconds for run in row.ours], 2),
        spread_of(row.ratios, 1),
        f"{row.arithmetic:.2f}" if row.scores else "",
        f"{row.start_up:.2f}" if row.scores else "",
        f"{row.allowed:.2f}",
        f"{theirs:,.0f}",
        f"{ours:,.0f}",
        f"{ours / theirs:.2f}",
        "; ".join(row.misses) or "met",
    ]
    return f"| {' | '.join(cells)} |"


def document(
    rows: Sequence[Row], growth: Sequence[dict[str, float]], *, pairs: int, scale: float
) -> tuple[str, bool]:
    """The text, and whether a target was missed."""
    kinds = [math.log(statistics.median(row.ratios)) for row in rows if row.scores]
    mean = math.exp(statistics.mean(kinds))
    before, last = growth[-2], growth[-1]
    span = (last["documents"] - before["documents"]) / 1e6
    slope = (_seconds(last) - _seconds(before)) / span
    rise = (last["anonymous_mb"] - before["anonymous_mb"]) / span
    more = (_HUGE - last["documents"]) / 1e6
    memory = last["anonymous_mb"] + rise * more
    text = _TEXT.format(
        pairs=pairs,
        trial="" if scale == 1 else f" A trial: the sizes are {scale} of those named.",
        machine=_machine(),
        table="\n".join(map(line, rows)),
        mean=mean,
        least=MEAN,
        growth="\n".join(map(_growth_line, growth)),
        slope=slope,
        rise=rise,
        minutes=(_seconds(last) + slope * more) / 60,
        memory=memory,
        limit=ANONYMOUS_MB,
        fits="it fits" if memory <= ANONYMOUS_MB else "it does not fit",
        disk=_HUGE * 384 * 4 / 1e9,
    )
    most = max(each["anonymous_mb"] for each in growth)
    return text, any(row.misses for row in rows) or mean < MEAN or most > ANONYMOUS_MB


def curves(growth: Sequence[dict[str, float]]) -> list[Curve]:
    """The panels of the plot."""
    seconds = {int(each["documents"]): _seconds(each) for each in growth}
    memory = {int(each["documents"]): each["anonymous_mb"] for each in growth}
    return [
        Curve("search and judging, seconds", seconds, linear=True),
        Curve("anonymous memory, MB", memory, limit=ANONYMOUS_MB),
    ]


def _seconds(growth: dict[str, float]) -> float:
    return growth["search"] + growth["judge"]


def _growth_line(each: dict[str, float]) -> str:
    return (
        f"| {each['documents']:,} | {each['search']:.1f} | {each['judge']:.1f} "
        f"| {each['anonymous_mb']:.0f} |"
    )


def _machine() -> str:
    """Processor, system, versions; nothing that names a person or a host."""
    name = platform.processor() or "unknown processor"
    if platform.system() == "Linux":
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        found = [each.partition(":")[2].strip() for each in lines if each.startswith("model name")]
        name = found[0] if found else name
    packages = ", ".join(f"{each} {version(each)}" for each in ("numpy", "pyarrow", "scikit-learn"))
    return (
        f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} x {name}, Python {platform.python_version()}, {packages}"
    )

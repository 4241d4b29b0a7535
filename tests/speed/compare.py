"""Time mteb and EmbedMark in turn on the same work, and write docs/speed.md and its plot.

Every run is a whole process from a cold start, in pairs: mteb, EmbedMark, mteb, EmbedMark. Exit 1
when a target is missed or a score differs.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import Measured, run, spread_of
from plot import Curve, svg
from workloads import WORKLOADS, Workload, task_name

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
SIZES = (10_000, 100_000, 1_000_000)
TENTH, ARITHMETIC, MEAN, MEMORY, ANONYMOUS_MB = 10.0, 1.5, 12.0, 3.0, 1024.0
_STARTS = 3


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


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True, help="the Python that has mteb")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the sizes, to try out")
    parser.add_argument("--only", nargs="*", default=None, metavar="WORKLOAD")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES, help="of the growth")
    parser.add_argument("--write", type=Path, default=DOCS, help="the folder of speed.md")
    args = parser.parse_args()
    chosen = WORKLOADS if args.only is None else {name: WORKLOADS[name] for name in args.only}
    rows = [] if args.only is not None else [_help(args.reference, args.pairs)]
    for workload in chosen.values():
        with TemporaryDirectory() as room:
            rows.append(_compare(workload, Path(room) / "work", args))
        print(_line(rows[-1]), flush=True)
    growth = _growth(args.sizes)
    text, missed = _report(rows, growth, args)
    args.write.mkdir(exist_ok=True)
    (args.write / "speed.md").write_text(text, "utf-8")
    (args.write / "speed-growth.svg").write_text(svg(_curves(growth)), "utf-8")
    print(text)
    return 1 if missed else 0


def _help(reference: str, pairs: int) -> Row:
    mteb = str(Path(reference).with_name("mteb"))
    theirs, ours = [], []
    for _ in range(pairs):
        theirs.append(run([mteb, "--help"]))
        ours.append(run([sys.executable, "-m", "benchmark", "--help"]))
    row = Row("`--help`", theirs, ours)
    print(_line(row), flush=True)
    return row


def _compare(workload: Workload, folder: Path, args: argparse.Namespace) -> Row:
    script = [sys.executable, str(HERE / "workloads.py")]
    subprocess.run([*script, workload.name, str(folder), str(args.scale)], check=True)
    reference = [args.reference, str(HERE / "reference.py"), workload.name, str(folder)]
    task = str(folder / f"{task_name(workload)}.toml")
    command = [sys.executable, "-m", "benchmark", "run", str(HERE / "encoder.py"), "-t", task]
    command += ["--no-cache", "--json", "--output"]
    apart = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    theirs, ours = [], []
    for number in range(args.pairs):
        theirs.append(run(reference, apart))
        ours.append(run([*command, str(folder / f"results{number}")]))
    score = float(theirs[-1].output.split("score ")[-1])
    own = json.loads(ours[-1].output)["results"][0]["main_score"]
    alone = [sys.executable, str(HERE / "arithmetic.py"), workload.name]
    starts = [run([*alone, "imports"]).seconds for _ in range(_STARTS)]
    return Row(
        workload.title,
        theirs,
        ours,
        float(run([*alone, str(folder)]).output),
        statistics.median(starts),
        (score, float(own)),
        workload.tolerance,
    )


def _growth(sizes: Sequence[int]) -> list[dict[str, float]]:
    found = []
    with TemporaryDirectory() as room:
        for size in sizes:
            command = [sys.executable, str(HERE / "growth.py"), room, str(size)]
            found.append(json.loads(run(command).output))
            print(found[-1], flush=True)
    return found


def _curves(growth: Sequence[dict[str, float]]) -> list[Curve]:
    seconds = {int(each["documents"]): each["search"] + each["judge"] for each in growth}
    memory = {int(each["documents"]): each["anonymous_mb"] for each in growth}
    return [
        Curve("search and judging, seconds", seconds, linear=True),
        Curve("anonymous memory, MB", memory, limit=ANONYMOUS_MB),
    ]


def _line(row: Row) -> str:
    theirs, ours = row.memory
    return (
        f"| {row.title} | {spread_of([r.seconds for r in row.theirs], 2)} "
        f"| {spread_of([r.seconds for r in row.ours], 2)} | {spread_of(row.ratios, 1)} "
        f"| {row.arithmetic:.2f} + {row.start_up:.2f} | {row.allowed:.2f} "
        f"| {theirs:,.0f} | {ours:,.0f} | {ours / theirs:.2f} "
        f"| {'; '.join(row.misses) or 'met'} |"
    )


def _report(
    rows: Sequence[Row], growth: Sequence[dict[str, float]], args: argparse.Namespace
) -> tuple[str, bool]:
    """The document, and whether a target was missed."""
    kinds = [row for row in rows if row.scores]
    mean = math.exp(statistics.mean(math.log(statistics.median(row.ratios)) for row in kinds))
    most = max(each["anonymous_mb"] for each in growth)
    missed = any(row.misses for row in rows) or mean < MEAN or most > ANONYMOUS_MB
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pyarrow", "scikit-learn"))
    shares = "" if args.scale == 1 else f" Sizes are {args.scale} of those named: a trial."
    lines = [
        "# Speed",
        "",
        (
            "Written by `nox -s speed`, unedited. Each number is a whole process from a cold start: "
            "mteb 2.26.24 and EmbedMark in turn (A B A B), on the same files and the same encoder, "
            "which looks 384-d vectors up by hash and costs both next to nothing. Medians, with the "
            f"least and the most of {args.pairs} pairs.{shares}"
        ),
        "",
        (
            f"{time.strftime('%Y-%m-%d')}, {platform.system()} {platform.machine()}, {_processor()}, "
            f"Python {platform.python_version()}, {packages}. EmbedMark's environment holds its own "
            "dependencies and no more. Where pandas is installed beside it, pyarrow imports it, "
            "which adds some 0.3 s."
        ),
        "",
        (
            "| work | mteb, s | EmbedMark, s | times faster | arithmetic + start-up, s | allowed, s "
            "| mteb, MB | EmbedMark, MB | share | targets |"
        ),
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *map(_line, rows),
        "",
        f"Geometric mean of the kinds: {mean:.1f} times faster (target: at least {MEAN:.0f}).",
        "",
        (
            f"Targets: time at most a tenth of mteb's, or {ARITHMETIC} times the bare arithmetic and "
            "start-up, whichever is more; peak memory (of the largest process) at most a third; equal "
            "main scores. The arithmetic is the matrix products and solvers alone, the best of one and "
            "two BLAS threads; start-up is Python importing numpy, pyarrow and, where a solver needs "
            "it, scikit-learn."
        ),
        "",
        *_growth_lines(growth),
    ]
    return "\n".join(lines) + "\n", missed


def _growth_lines(growth: Sequence[dict[str, float]]) -> list[str]:
    before, last = growth[-2], growth[-1]
    span = last["documents"] - before["documents"]
    total = {each["documents"]: each["search"] + each["judge"] for each in growth}
    slope = (total[last["documents"]] - total[before["documents"]]) / span
    rise = (last["anonymous_mb"] - before["anonymous_mb"]) / span * 1e6
    huge = 10_000_000
    seconds = total[last["documents"]] + slope * (huge - last["documents"])
    memory = last["anonymous_mb"] + rise * (huge - last["documents"]) / 1e6
    return [
        "## Growth",
        "",
        "Search plus judging of 5,000 queries to depth 1,000, 384-d vectors mapped from disk.",
        "",
        "![Seconds and anonymous memory by number of documents](speed-growth.svg)",
        "",
        "| documents | search, s | judging, s | anonymous memory, MB |",
        "| --- | --- | --- | --- |",
        *(
            f"| {each['documents']:,} | {each['search']:.1f} | {each['judge']:.1f} "
            f"| {each['anonymous_mb']:.0f} |"
            for each in growth
        ),
        "",
        (
            f"A million documents more take {slope * 1e6:.0f} s and {rise:.0f} MB (a document's rank "
            "among the ids, and its way back, 12 bytes). Ten million documents follow from this slope: "
            f"{seconds / 60:.0f} minutes on this machine for 5,000 queries, {memory:,.0f} MB of "
            f"anonymous memory and {huge * 384 * 4 / 1e9:.1f} GB of vectors on disk, which are read "
            "once from first to last, a block of 25 MB at a time; nothing grows with queries x "
            "documents."
        ),
    ]


def _processor() -> str:
    import os

    name = "unknown processor"
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines() if _IS_LINUX else []
    for line in lines:
        if line.startswith("model name"):
            name = line.partition(":")[2].strip()
    return f"{os.cpu_count()} x {name}"


_IS_LINUX = platform.system() == "Linux"


if __name__ == "__main__":
    sys.exit(main())

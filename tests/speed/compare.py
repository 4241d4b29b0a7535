"""Time mteb and EmbedMark in turn on the same work, and write docs/speed.md and its plot.

Every run is a whole process from a cold start, in pairs: mteb, EmbedMark, mteb, EmbedMark. Exit 1
when a target is missed or a score differs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from measure import read_anew, run
from plot import svg
from report import Row, curves, document, line
from workloads import WORKLOADS, Workload, task_name

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
SIZES = (10_000, 100_000, 1_000_000)
_STARTS = 3


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", required=True, help="the Python that has mteb")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the sizes, to try out")
    parser.add_argument("--only", nargs="*", default=None, metavar="WORKLOAD")
    parser.add_argument("--sizes", nargs="*", type=int, default=SIZES, help="of the growth")
    parser.add_argument("--texts", type=int, default=20_000, help="of the encoding")
    parser.add_argument("--write", type=Path, default=DOCS, help="the folder of speed.md")
    args = parser.parse_args()
    for python in (args.reference, sys.executable):
        read_anew(Path(python).parents[1])
    chosen = WORKLOADS if args.only is None else {name: WORKLOADS[name] for name in args.only}
    rows = [] if args.only is not None else [_help(args.reference, args.pairs)]
    for workload in chosen.values():
        with TemporaryDirectory() as room:
            rows.append(_compare(workload, Path(room) / "work", args))
        print(line(rows[-1]), flush=True)
    growth = _growth(args.sizes)
    text, missed = document(rows, growth, pairs=args.pairs, scale=args.scale)
    encoding, slow = _throughput(args.reference, round(args.texts * args.scale))
    text, missed = text + encoding, missed or slow
    args.write.mkdir(exist_ok=True)
    (args.write / "speed.md").write_text(text, "utf-8")
    (args.write / "speed-growth.svg").write_text(svg(curves(growth)), "utf-8")
    print(text)
    return 1 if missed else 0


def _throughput(reference: str, texts: int) -> tuple[str, bool]:
    """The section on encoding, and whether a target was missed."""
    command = [reference, str(HERE / "throughput.py"), "--texts", str(texts)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout:
        raise SystemExit("throughput.py failed; see above")
    return done.stdout, done.returncode != 0


def _help(reference: str, pairs: int) -> Row:
    mteb = str(Path(reference).with_name("mteb"))
    theirs, ours = [], []
    for _ in range(pairs):
        theirs.append(run([mteb, "--help"]))
        ours.append(run([sys.executable, "-m", "benchmark", "--help"]))
    row = Row("`--help`", theirs, ours)
    print(line(row), flush=True)
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


if __name__ == "__main__":
    sys.exit(main())

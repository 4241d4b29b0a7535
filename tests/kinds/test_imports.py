"""Kinds that fit nothing run from the command line without scikit-learn, scipy and torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

Rows = Sequence[Mapping[str, Any]]

PAIRS = [
    {"sentence1": "a cat", "sentence2": "cats", "score": 4, "label": 1},
    {"sentence1": "a dog", "sentence2": "a house", "score": 1, "label": 0},
    {"sentence1": "the sun", "sentence2": "sunlight", "score": 3, "label": 1},
]
COLLECTION: Mapping[str, Rows] = {
    "corpus": [{"_id": "d1", "text": "cats"}, {"_id": "d2", "text": "a house"}],
    "queries": [{"_id": "q1", "text": "a cat"}],
    "qrels": [{"query-id": "q1", "corpus-id": "d1", "score": 1}],
    "top_ranked": [{"query-id": "q1", "corpus-id": name} for name in ("d1", "d2")],
}
SUMMARIES: Mapping[str, Rows] = {
    "test": [{"text-id": "x", "text": "short " * n + "text", "score": n} for n in range(4)],
    "references": [{"text-id": "x", "text": "a good summary"}],
}
LABELLED: Mapping[str, Rows] = {
    "test": [{"text": "a cat", "label": 0}, {"text": "a house", "label": 1}],
    "candidates": [{"label": 0, "text": "animals"}, {"label": 1, "text": "buildings"}],
}
DATA: Mapping[str, tuple[str, Mapping[str, Rows]]] = {
    "sts": ("cosine_spearman", {"test": PAIRS}),
    "pair_classification": ("max_ap", {"test": PAIRS}),
    "bitext": ("f1", {"test": PAIRS}),
    "retrieval": ("ndcg_at_10", COLLECTION),
    "reranking": ("map_at_1000", COLLECTION),
    "summarization": ("cosine_spearman", SUMMARIES),
    "zero_shot_classification": ("accuracy", LABELLED),
}
MODEL = """
import numpy as np

def encode(texts):
    return np.array([[len(t), t.count(" ") + 1, ord(t[0])] for t in texts], np.float32)
"""
SCRIPT = """
import sys
from benchmark.cli import main

code = main(sys.argv[1:])
heavy = {"sklearn", "scipy", "torch", "datasets", "mteb"} & set(sys.modules)
sys.exit(f"loaded {sorted(heavy)}" if heavy else code)
"""


@pytest.mark.parametrize("kind", sorted(DATA))
def test_a_whole_run_loads_no_solver(kind: str, tmp_path: Path) -> None:
    """Importing scikit-learn costs more than scoring ten thousand pairs."""
    main_score, tables = DATA[kind]
    (tmp_path / "data").mkdir()
    for name, rows in tables.items():
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "data" / f"{name}.jsonl").write_text(lines, "utf-8")
    task = tmp_path / "Small.toml"
    task.write_text(
        f'kind = "{kind}"\nmain_score = "{main_score}"\nlanguages = ["eng-Latn"]\n'
        'splits = ["test"]\n[source]\nfiles = "data"\n',
        "utf-8",
    )
    (tmp_path / "model.py").write_text(MODEL, "utf-8")
    arguments = ["run", str(tmp_path / "model.py"), "-t", str(task), "--no-cache", "--json"]
    finished = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments, "-o", str(tmp_path / "results")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", 0) == (finished.stderr, finished.returncode)

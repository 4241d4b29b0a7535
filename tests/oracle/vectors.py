"""Vectors of real models for the texts that a task asks for, kept beside pytest's own cache."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.catalog import load_kind
from benchmark.task import Task
from tests.oracle import real_data
from tests.oracle.mteb_task import Parts
from tests.oracle.recording import NamedVectors

_AT_ONCE = 512
CACHE = Path(__file__).parents[2] / ".pytest_cache" / "vectors"
SEED = 42  # of every task's one generator


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


def vectors_for(model: str, task: Task, parts: Parts, *, words: int = 0) -> NamedVectors:
    """Vectors by ``wordllama`` or ``minilm`` of all texts, or of their first ``words`` words."""
    texts = planned_texts(task, parts)
    given = [" ".join(text.split(" ")[:words]) for text in texts] if words else texts
    vectors = dict(zip(texts, _encoded(model, given), strict=True))
    return NamedVectors(vectors, model, words=words)


def _encoded(model: str, texts: Sequence[str]) -> list[NDArray[Any]]:
    """Vectors by the model, of which the cache keeps those it has once given."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(CACHE / f"{model}.sqlite")) as store:
        store.execute("create table if not exists vectors (text text primary key, vector blob)")
        known: dict[str, bytes] = dict(store.execute("select text, vector from vectors"))
        keys = {text: hashlib.sha256(text.encode()).hexdigest() for text in texts}
        missing = [text for text, key in keys.items() if key not in known]
        for start in range(0, len(missing), _AT_ONCE):
            part = missing[start : start + _AT_ONCE]
            encoded = getattr(real_data, model)(part)
            rows = {keys[text]: encoded[text].astype(np.float32).tobytes() for text in part}
            store.executemany("insert or replace into vectors values (?, ?)", rows.items())
            store.commit()
            known.update(rows)
    return [np.frombuffer(known[keys[text]], np.float32) for text in texts]

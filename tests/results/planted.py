"""A model whose every setting can be turned, and tasks small enough to run it on in a moment."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.catalog import Choice, load_task
from benchmark.protocols import Identity, Role
from benchmark.results.task_result import TaskResult, locate, read_result_file
from benchmark.run import RunSettings, run

WORDS = [f"word{number}" for number in range(60)]


@dataclass(frozen=True)
class Model:
    """Random vectors of words, pooled; what made them stands in its manifest as an adapter's does.

    ``precision`` rounds the vectors of words, as half precision would.
    """

    seed: int = 0
    prompts: Mapping[str, str] = field(default_factory=dict)
    max_tokens: int = 64
    pooling: str = "mean"
    precision: str = "float32"
    similarity: str = "cosine"
    name: str = "org/model"
    device: str = "cpu"

    @property
    def identity(self) -> Identity:
        """A commit for each seed; options are told by the manifest alone."""
        return Identity(self.name, f"{self.seed:040x}", "planted/1")

    @property
    def manifest(self) -> dict[str, Any]:
        """What an adapter says of itself."""
        return {"pooling": self.pooling, "normalize": False, "weights": self.precision}

    def prompt_for(self, task: str, kind: str, role: Role, prompts: Mapping[str, str]) -> str:
        """By role alone."""
        return self.prompts.get(role or "text", "")

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Words."""
        return np.array([len(text.split()) for text in texts], np.int64)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """The mean of a text's words, or the first of them with a tenth of the mean."""
        found = np.zeros((len(texts), 24), np.float32)
        for row, text in enumerate(texts):
            words = ((prompt or "") + text).split()[: self.max_tokens]
            vectors = np.array([self._word(word) for word in words], self.precision)
            mean = vectors.astype(np.float32).mean(0)
            found[row] = mean if self.pooling == "mean" else vectors[0] + mean / 10
        return found

    def _word(self, word: str) -> NDArray[np.float64]:
        digest = hashlib.sha256(f"{self.seed} {word}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal(24)


def pairs(count: int = 60, longest: int = 30) -> list[dict[str, Any]]:
    """Pairs that share as many words as their score says."""
    draw = random.Random(1)
    rows = []
    for number in range(count):
        words = draw.choices(WORDS, k=6 if number % 3 else longest)
        kept = draw.randint(0, len(words))
        other = [*draw.choices(WORDS, k=len(words) - kept), *words[:kept]]
        score = kept / len(words)
        rows.append({"sentence1": " ".join(words), "sentence2": " ".join(other), "score": score})
    return rows


def write_pairs(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """An STS task of these rows."""
    path = _task(folder, "sts", "cosine_spearman")
    (folder / "Small" / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return path


def write_retrieval(folder: Path, *, copies: int = 0, drop: bool = False) -> Path:
    """A retrieval of thirty queries; ``copies`` documents stand twice, unless they are dropped."""
    draw = random.Random(2)
    path = _task(folder, "retrieval", "ndcg_at_10")
    texts = [" ".join(draw.choices(WORDS, k=12)) for _ in range(30)]
    documents = [*texts, *([] if drop else texts[:copies])]
    queries = [
        " ".join([*draw.sample(text.split(), 4), *draw.choices(WORDS, k=3)]) for text in texts
    ]
    _write(
        folder, "corpus", [{"_id": f"d{n:02}", "text": text} for n, text in enumerate(documents)]
    )
    _write(folder, "queries", [{"_id": f"q{n:02}", "text": text} for n, text in enumerate(queries)])
    judged = "".join(f"q{n:02}\td{n:02}\t1\n" for n in range(30))
    (folder / "Small" / "qrels").mkdir()
    (folder / "Small" / "qrels" / "test.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}")
    return path


def measured(model: Any, task: Path, output: Path) -> TaskResult:
    """The result of a run, read back from its file."""
    (row,) = run([model], [Choice(load_task(task))], RunSettings(output=output))
    assert row.main_score is not None, row
    path = Path(str(row.path))
    return read_result_file(path, *locate(path))


def _task(folder: Path, kind: str, main_score: str) -> Path:
    (folder / "Small").mkdir(parents=True)
    path = folder / "Small.toml"
    path.write_text(
        f'kind = "{kind}"\nmain_score = "{main_score}"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "Small"\n'
    )
    return path


def _write(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    (folder / "Small" / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))

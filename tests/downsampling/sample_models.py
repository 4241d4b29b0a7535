"""The models of the study of smaller tasks: real ones and variants that differ, quick to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.models.table import load_model
from benchmark.protocols import UNVERSIONED, Identity, Role

Vectors = NDArray[np.float32]
DEVELOPMENT = ("wordllama", "wordllama 64", "tfidf", "bow", "bm25")
"""Those that 'embedmark downsample samples' takes unless told otherwise."""
_CUTS = (128, 64, 32, 16)


@dataclass(frozen=True, slots=True)
class Known:
    """An encoder of texts whose vectors are known: rows of ``vectors`` by text."""

    identity: Identity
    rows: Mapping[str, int]
    vectors: Vectors
    similarity: str = "cosine"
    device: str = "cpu"

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Vectors:
        """Look the texts up."""
        found: Vectors = self.vectors[[self.rows[text] for text in texts]]
        return found


def models_for(texts: Sequence[str], minilm: Path | None, ranks: bool) -> dict[str, Any]:
    """All models by name, for the texts of one task; rankers too where a corpus is searched.

    WordLlama whole, cut, as signs, and without its two main directions; tf-idf of words and of
    characters, counts of words, and tf-idf cut to 64 dimensions; MiniLM's variants where a file of
    their vectors is there; BM25 and hybrids.
    """
    rows = {text: number for number, text in enumerate(texts)}
    found: dict[str, Any] = {
        name: Known(Identity(f"{name.split()[0]}/{name}", UNVERSIONED, "study"), rows, vectors)
        for name, vectors in _vectors(texts, minilm)
    }
    found |= {
        "tfidf": load_model("tfidf"),
        "bow": load_model("bow"),
        "tfidf characters": load_model("tfidf?unit=character"),
    }
    if ranks:
        found |= {
            "bm25": load_model("bm25"),
            "bm25 + wordllama": load_model("hybrid:(bm25)+(wordllama)"),
        }
    return found


def _vectors(texts: Sequence[str], minilm: Path | None) -> Iterator[tuple[str, Vectors]]:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    encoder: Any = load_model("wordllama")
    parts = [encoder.encode(texts[at : at + 512]) for at in range(0, len(texts), 512)]
    whole: Vectors = np.concatenate(parts)
    yield "wordllama", whole
    for cut in _CUTS:
        yield f"wordllama {cut}", np.ascontiguousarray(whole[:, :cut])
    yield "wordllama signs", np.where(whole > 0, 1, -1).astype(np.float32)
    centred = whole - whole.mean(axis=0)
    _, _, main = np.linalg.svd(centred[:: max(1, len(texts) // 2000)], full_matrices=False)
    yield "wordllama centred", (centred - centred @ main[:2].T @ main[:2]).astype(np.float32)
    words = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b").fit_transform(texts)
    yield "tfidf 64", TruncatedSVD(64, random_state=0).fit_transform(words).astype(np.float32)
    if minilm is not None and minilm.is_file():
        with np.load(minilm) as content:
            place = {text: n for n, text in enumerate(content["texts"].tolist())}
            if all(text in place for text in texts):
                order = [place[text] for text in texts]
                for name in content.files:
                    if name != "texts":
                        yield f"MiniLM {name}", content[name][order]

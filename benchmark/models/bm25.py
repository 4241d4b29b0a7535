"""BM25 ranking by bm25s, for retrieval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark._version import PROTOCOL
from benchmark.errors import MissingExtraError, UsageError
from benchmark.models.loading import amount
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import Identity, Run

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"bm25": {"k1": amount, "b": amount}}
_DEFAULTS = {"k1": 1.5, "b": 0.75}


@dataclass(frozen=True, slots=True)
class BM25Model:
    """BM25 in Lucene's form over lower-cased words, without stop words or stemming.

    No list of stop words and no stemmer, since tasks are in many languages.
    """

    identity: Identity
    k1: float
    b: float
    similarity: str = "dot"
    device: str = "cpu"

    def search(self, corpus: Sequence[str], queries: Sequence[str], *, top_k: int) -> Run:
        """Rank documents; equal scores keep the order of ``corpus``."""
        import bm25s
        import numpy as np

        depth = min(top_k, len(corpus))
        documents = np.full((len(queries), depth), -1, np.int32)
        scores = np.full((len(queries), depth), -np.inf, np.float32)
        tokens = [_words(text) for text in corpus]
        if not any(tokens):
            tokens = [["\0"] for _ in corpus]  # an empty vocabulary: every score is 0
        index = bm25s.BM25(k1=self.k1, b=self.b, method="lucene")
        index.index(tokens, show_progress=False)
        known = index.vocab_dict
        for row, query in enumerate(queries):
            words = [word for word in _words(query) if word in known]
            found = index.get_scores(words) if words else np.zeros(len(corpus), np.float32)
            best = _best(found.astype(np.float32), depth)
            documents[row], scores[row] = best, found[best]
        return Run(documents, scores)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> BM25Model:
    """Make the model; the index is built for every corpus it is asked to search."""
    if target or revision:
        raise UsageError("model 'bm25' takes no target or revision; write bm25")
    if options.get("b", 0) > 1:
        raise UsageError("model 'bm25': b must be at most 1")
    try:
        import bm25s  # noqa: F401
    except ImportError:
        raise MissingExtraError("bm25s", "bm25", "the model 'bm25'") from None
    chosen = {name: value for name, value in options.items() if value != _DEFAULTS[name]}
    values = {**_DEFAULTS, **chosen}
    identity = Identity("embedmark/bm25", PROTOCOL, "bm25/1", chosen, slug_of(chosen))
    return BM25Model(identity, values["k1"], values["b"])


def _words(text: str) -> list[str]:
    import re

    return re.findall(r"\w+", text.lower())


def _best(scores: Any, depth: int) -> Any:
    """The ``depth`` best positions, best first, equal scores by position."""
    import numpy as np

    if depth < len(scores):
        limit = np.partition(scores, len(scores) - depth)[len(scores) - depth]
        above = np.flatnonzero(scores > limit)
        equal = np.flatnonzero(scores == limit)[: depth - len(above)]
        candidates = np.sort(np.concatenate([above, equal]))
    else:
        candidates = np.arange(len(scores))
    return candidates[np.argsort(-scores[candidates], kind="stable")]

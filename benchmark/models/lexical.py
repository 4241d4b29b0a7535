"""Bags of words: counts and tf-idf, fitted on the texts of one split and subset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark._version import PROTOCOL
from benchmark.errors import UsageError
from benchmark.models.loading import choice
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import scipy.sparse as sp

# scikit-learn's own pattern of a word drops those of one letter, so "C" and "我" too.
_UNITS: Mapping[str, str] = {"word": r"(?u)\b\w+\b", "character": r"(?u)\w"}
_UNIT: Mapping[str, Callable[[str], Any]] = {"unit": choice(*_UNITS)}
OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"tfidf": _UNIT, "bow": _UNIT}


@dataclass(frozen=True, slots=True)
class LexicalModel:
    """An unfitted bag of words; its vectors depend on the texts it is fitted on."""

    identity: Identity
    weighting: str
    unit: str = "word"
    similarity: str = "cosine"
    device: str = "cpu"

    def fit(self, texts: Sequence[str]) -> LexicalEncoder:
        """Learn vocabulary and document frequencies of these texts, lower-cased words.

        Labels are never seen: this is unsupervised use of the evaluation texts, as usual for a
        lexical baseline. Writing without spaces is one word a run of letters; the unit
        ``character`` counts letters and digits instead, each one.
        """
        from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

        vectorizer = {"tfidf": TfidfVectorizer, "bow": CountVectorizer}[self.weighting](
            token_pattern=_UNITS[self.unit]
        )
        try:
            vectorizer.fit(texts)
        except ValueError:  # no text has a word: an empty vocabulary
            vectorizer = None
        return LexicalEncoder(self.identity, vectorizer)


@dataclass(frozen=True, slots=True)
class LexicalEncoder:
    """A fitted bag of words."""

    identity: Identity
    vectorizer: Any
    similarity: str = "cosine"

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> sp.csr_matrix:
        """Sparse rows, ``(n, vocabulary)`` float32; a text without known words is all zero."""
        import numpy as np
        import scipy.sparse as sp

        if self.vectorizer is None:
            return sp.csr_matrix((len(texts), 1), dtype=np.float32)
        return sp.csr_matrix(self.vectorizer.transform(texts), dtype=np.float32)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> LexicalModel:
    """Make the unfitted model; nothing is read."""
    if target or revision:
        raise UsageError(f"model '{scheme}' takes no target or revision; write {scheme}")
    unit = options.get("unit", "word")
    chosen = {} if unit == "word" else {"unit": unit}
    identity = Identity(f"embedmark/{scheme}", PROTOCOL, f"{scheme}/1", chosen, slug_of(chosen))
    return LexicalModel(identity, scheme, unit)

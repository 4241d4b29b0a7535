"""Late interaction by sentence-transformers: a vector a token, compared by MaxSim in blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.errors import UsageError
from benchmark.models.identity import identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    check_target,
    for_sentence_transformers,
    guarded,
    needed,
    positive,
    trusted,
)
from benchmark.models.missing import check_declared
from benchmark.models.st import hub_commit
from benchmark.models.table import Settings
from benchmark.models.tokenizing import limit_of, token_lengths
from benchmark.protocols import Role, Run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

_DECLARED = ("MultiVectorEncoder", "ColBERT", "pylate", "multi_vector_encoder", "ForRetrieval")
OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "colbert": {"query_tokens": positive, "document_tokens": positive}
}
_BLOCK = 1024  # documents whose token vectors are held at once: some 150 MB at 300 tokens of 128-d
_SIMILARITIES = 50_000_000  # token similarities held at once: 200 MB
_EMPTY_DOCUMENT = -1e9  # what sentence-transformers gives a document without tokens


@dataclass(frozen=True, slots=True)
class MultiVectorModel:
    """A loaded MultiVectorEncoder; ``mean`` divides a score by the query's tokens.

    ``max_tokens`` is that of documents; queries have their own.
    """

    identity: Identity
    model: Any
    batch_size: int
    max_tokens: int | None
    max_query_tokens: int | None
    mean: bool
    similarity: str = "dot"

    def search(
        self,
        corpus: Sequence[str],
        queries: Sequence[str],
        *,
        top_k: int,
        encode: Callable[[Sequence[str], Role], list[NDArray[np.float32]]] | None = None,
    ) -> Run:
        """Rank documents by MaxSim; equal scores keep the order of ``corpus``.

        Token vectors of one block of documents are held at a time. ``encode`` takes the place of
        ``encode_tokens``, such as one that keeps them.
        """
        import numpy as np

        encode = encode or self.encode_tokens
        asked = encode(queries, "query")
        depth = min(top_k, len(corpus))
        documents = np.full((len(queries), 0), -1, np.int64)
        scores = np.zeros((len(queries), 0), np.float32)
        for start in range(0, len(corpus), _BLOCK):
            block = encode(corpus[start : start + _BLOCK], "document")
            found = max_similarities(asked, block, mean=self.mean)
            numbers = np.arange(start, start + len(block))[None].repeat(len(queries), 0)
            documents = np.concatenate([documents, numbers], 1)
            scores = np.concatenate([scores, found], 1)
            best = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
            documents = np.take_along_axis(documents, best, 1)
            scores = np.take_along_axis(scores, best, 1)
        return Run(documents.astype(np.int32), scores)

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """MaxSim of each document with the query beside it, ``(n,)`` float32."""
        import numpy as np

        if len(queries) != len(documents):
            raise ValueError(f"{len(queries)} queries for {len(documents)} documents")
        distinct = list(dict.fromkeys(queries))
        asked = dict(zip(distinct, self.encode_tokens(distinct, "query"), strict=True))
        out = np.zeros(len(documents), np.float32)
        for start in range(0, len(documents), _BLOCK):
            texts = list(dict.fromkeys(documents[start : start + _BLOCK]))
            block = dict(zip(texts, self.encode_tokens(texts, "document"), strict=True))
            for row in range(start, min(start + _BLOCK, len(documents))):
                pair = [asked[queries[row]]], [block[documents[row]]]
                out[row] = max_similarities(*pair, mean=self.mean)[0, 0]
        return out

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.model.tokenizer, texts)

    def encode_tokens(self, texts: Sequence[str], role: Role) -> list[NDArray[np.float32]]:
        """The vectors of each text's tokens, ``(t, d)`` float32."""
        import numpy as np

        function = self.model.encode_query if role == "query" else self.model.encode_document
        found = function(
            list(texts),
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return [np.asarray(vectors, np.float32) for vectors in found]


def max_similarities(
    queries: Sequence[NDArray[np.float32]],
    documents: Sequence[NDArray[np.float32]],
    *,
    mean: bool = False,
) -> NDArray[np.float32]:
    """MaxSim of all queries with all documents, ``(q, n)`` float32 (ColBERT, arXiv:2004.12832).

    Each is ``(t, d)``, a vector a token. A query's score is the sum over its tokens of the best dot
    product with a token of the document, divided by its tokens with ``mean``. A query without
    tokens scores 0; a document without tokens -1e9, below all others.

    >>> import numpy as np
    >>> query, document = np.eye(2, dtype="f4"), np.array([[1, 0], [0.5, 0.5]], "f4")
    >>> max_similarities([query], [document]).item()
    1.5
    """
    import numpy as np

    out = np.zeros((len(queries), len(documents)), np.float32)
    lengths = np.array([len(vectors) for vectors in documents], np.int64)
    full = [row for row, length in enumerate(lengths) if length]
    out[:, lengths == 0] = _EMPTY_DOCUMENT
    if not full:
        return out
    tokens = np.concatenate([documents[row] for row in full])
    starts = np.concatenate([[0], np.cumsum(lengths[full])[:-1]])
    for row, query in enumerate(queries):
        sums = np.zeros(len(full), np.float32)
        step = max(1, _SIMILARITIES // max(1, len(tokens)))
        for start in range(0, len(query), step):
            similar = query[start : start + step] @ tokens.T
            sums += np.maximum.reduceat(similar, starts, axis=1).sum(0, dtype=np.float32)
        out[row, full] = sums / max(1, len(query)) if mean else sums
    return out


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> MultiVectorModel:
    """Load a folder, or a model of the hub, that sentence-transformers 6 reads as multi-vector."""
    uri = f"colbert:{target}"
    check_target(uri, target, ("config.json", "modules.json"))
    package = needed("sentence_transformers", "torch", uri)
    if not hasattr(package, "MultiVectorEncoder"):
        raise UsageError(
            f"model '{uri}' needs sentence-transformers 6; "
            "run: pip install 'sentence-transformers>=6'"
        )
    pinned = trusted(uri, target, revision, settings)
    model = guarded(
        uri,
        target,
        revision,
        lambda: package.MultiVectorEncoder(
            target,
            device=None if settings.device == "auto" else settings.device,
            **for_sentence_transformers(pinned),
        ),
    )
    for option, name in (("query_tokens", "query_length"), ("document_tokens", "document_length")):
        if option in options:
            setattr(model[0], name, options[option])
    identity = identify("colbert/1", target, pinned["revision"], hub_commit(model), options)
    check_declared(uri, target, identity.revision, words=_DECLARED)
    max_tokens = limit_of(getattr(model[0], "document_length", None), model.max_seq_length)
    for_queries = limit_of(getattr(model[0], "query_length", None), model.max_seq_length)
    return MultiVectorModel(
        identity=in_effect(identity, model, max_tokens=max_tokens, max_query_tokens=for_queries),
        model=model,
        batch_size=settings.batch_size or BATCH_SIZE,
        max_tokens=max_tokens,
        max_query_tokens=for_queries,
        mean=model.similarity_fn_name == "meanmaxsim",
    )

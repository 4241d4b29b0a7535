"""Rerankers behind an endpoint: Cohere's and Jina's language, or that of TEI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.http.answers import items_in_order
from benchmark.models.http.batching import Requests
from benchmark.models.http.exchange import Endpoint, Work, exchange
from benchmark.models.http.setting import (
    COMMON_OPTIONS,
    MODEL_CAN_CHANGE,
    NOTE,
    Gate,
    connect,
    identify,
)
from benchmark.models.http.spending import cut, estimate_tokens
from benchmark.models.loading import positive
from benchmark.models.table import Settings
from benchmark.protocols import Identity

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MOST_DOCUMENTS = 100  # Cohere advises at most 1,000; TEI takes 32 unless told otherwise
_MOST_TEI = 32

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "rerank": {**COMMON_OPTIONS, "max_tokens": positive, "style": str}
}


@dataclass(frozen=True, slots=True)
class RerankModel:
    """A reranker behind an endpoint; a request holds one query and at most ``batch`` documents.

    ``max_tokens`` cuts a document where the estimate of query and document ends.
    """

    identity: Identity
    endpoint: Endpoint
    gate: Gate
    style: str = "cohere"
    batch: int = _MOST_DOCUMENTS
    max_tokens: int | None = None
    similarity: str = "dot"
    notes: tuple[str, ...] = (NOTE,)
    result_notes: tuple[str, ...] = (MODEL_CAN_CHANGE,)

    @property
    def usage(self) -> dict[str, float]:
        """What was used so far: requests, tokens, cost."""
        return self.endpoint.meter.usage()

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """The scores of parallel lists, ``(n,)`` float32, higher is better."""
        import numpy as np

        scores = np.empty(len(queries), np.float32)
        for rows, part in self.score_stream(queries, documents):
            scores[rows] = part
        return scores

    def score_stream(
        self, queries: Sequence[str], documents: Sequence[str]
    ) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
        """Rows of the pairs and their scores, request by request, as answers come.

        Neighbouring pairs of one query share a request.
        """
        documents = [self._document(*pair) for pair in zip(queries, documents, strict=True)]
        tokens = [
            estimate_tokens(query) + estimate_tokens(document)
            for query, document in zip(queries, documents, strict=True)
        ]
        requests = Requests(list(_requests(queries, self.batch)), tokens)
        asked = [queries[rows[0]] for rows in requests.rows]
        self.gate.open(
            texts=len(asked) + len(documents),
            characters=sum(map(len, asked)) + sum(map(len, documents)),
            tokens=sum(tokens),
        )

        def payload(number: int) -> dict[str, Any]:
            rows = requests.rows[number]
            query, chosen = queries[rows[0]], [documents[row] for row in rows]
            if self.style == "tei":
                return {"query": query, "texts": chosen, "truncate": True}
            fields = {"model": self.endpoint.model, "query": query, "documents": chosen}
            return {**fields, "return_documents": False}

        def read(number: int, content: Any) -> tuple[NDArray[np.float32], int | None]:
            host = self.endpoint.address.host
            return _scores(content, len(requests.rows[number]), host), _counted(content)

        for number, scores in exchange(self.endpoint, Work(requests, payload, read)):
            yield requests.rows[number], scores

    def _document(self, query: str, document: str) -> str:
        """A document that fits beside its query."""
        room = max(1, (self.max_tokens or 0) - estimate_tokens(query))
        if not self.max_tokens or estimate_tokens(document) <= room:
            return document
        self.endpoint.meter.cut += 1
        return cut(document, room)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> RerankModel:
    """Find address and key; nothing is sent before the first pair."""
    if not target or "url" not in options:
        raise UsageError(
            f"model 'rerank:{target}' needs a name and an address: rerank:MODEL?url=https://host/v1"
        )
    style = options.get("style", "cohere")
    if style not in ("cohere", "tei"):
        raise UsageError(f"model 'rerank:{target}': style must be cohere (also Jina's) or tei")
    endpoint = connect(scheme, target, "rerank", options, settings)
    changing = {name: options[name] for name in ("max_tokens",) if name in options}
    usual = _MOST_TEI if style == "tei" else _MOST_DOCUMENTS
    return RerankModel(
        identity=identify(scheme, endpoint, revision, changing),
        endpoint=endpoint,
        gate=Gate(endpoint, settings.consent),
        style=style,
        max_tokens=options.get("max_tokens"),
        batch=options.get("batch") or settings.batch_size or usual,
    )


def _requests(queries: Sequence[str], most: int) -> Iterator[list[int]]:
    """Rows of neighbouring pairs that share a query, at most so many."""
    for _, group in groupby(range(len(queries)), key=queries.__getitem__):
        rows = list(group)
        for start in range(0, len(rows), most):
            yield rows[start : start + most]


def _scores(content: Any, count: int, host: str) -> NDArray[np.float32]:
    """The scores of an answer in the order of the documents, ``(count,)``, checked.

    Cohere and Jina: ``{"results": [{"index", "relevance_score"}]}``; TEI: ``[{"index", "score"}]``.
    """
    import numpy as np

    items = items_in_order(
        content.get("results") if isinstance(content, dict) else content,
        count,
        host=host,
        noun="scores",
        hint="check style=, cohere or tei",
    )
    values = [item.get("relevance_score", item.get("score")) for item in items]
    if not all(type(value) in (int, float) for value in values):
        raise ModelError(f"{host} returned a score that is no number; check style=, cohere or tei")
    scores = np.array(values, np.float32)
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ModelError(f"{host} returned {bad} of {count} scores that are NaN or infinite")
    return scores


def _counted(content: Any) -> int | None:
    """The tokens that an answer says it used (Jina); None when it says nothing."""
    usage = content.get("usage") if isinstance(content, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and total > 0 else None

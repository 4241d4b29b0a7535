"""Models made of models, for retrieval: rankings fused, and one model's best scored by another.

``hybrid:(A)+(B)?fusion=rrf`` fuses the rankings of all its parts; ``two:(A)|(B)?k=100`` lets B
score again the 100 best documents of A. Each part is a model URI of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from benchmark.errors import UsageError
from benchmark.models.fusion import fuse, ranked, reciprocal_ranks, relative_scores
from benchmark.models.loading import choice, positive
from benchmark.models.table import slug_of
from benchmark.models.uri import end_of_parts, split_parts
from benchmark.protocols import UNVERSIONED, Encoder, Fitted, Identity, Model, Ranker, Reranker, Run

SEPARATORS: Mapping[str, str] = {"hybrid": "+", "two": "|"}
"""What stands between the parts of each composite."""
_USUAL_FUSION, _USUAL_CONSTANT, _USUAL_DEPTH = "rrf", 60, 100


def weights_option(text: str) -> tuple[float, ...]:
    """The value of ``weights=``: one number a part, none below 0, not all 0."""
    found = tuple(float(item) for item in text.split(","))
    if not all(0 <= weight < float("inf") for weight in found) or not any(found):
        raise ValueError(text)
    return found


weights_option.__name__ = "numbers from 0 with commas between"

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "hybrid": {"fusion": choice("rrf", "score"), "k": positive, "weights": weights_option},
    "two": {"k": positive},
}


@dataclass(frozen=True, slots=True)
class HybridModel:
    """Several models whose rankings of the corpus are fused into one.

    ``fusion`` is ``rrf`` (reciprocal rank, with the constant ``k``) or ``score`` (relative score:
    each query's scores from 0 to 1). A part ranks as deep as the task's largest k.
    """

    identity: Identity
    parts: tuple[Model, ...]
    fusion: str = _USUAL_FUSION
    k: int = _USUAL_CONSTANT
    weights: tuple[float, ...] | None = None
    similarity: str = "dot"
    notes: tuple[str, ...] = ()

    @property
    def ranking_parts(self) -> Sequence[Model]:
        """All parts rank."""
        return self.parts

    @property
    def usage(self) -> Mapping[str, float]:
        """What parts behind endpoints have used so far."""
        return _usage(self.parts)

    def combine(self, ranker: Ranker) -> Run:
        """Let each part rank, and fuse."""
        points = relative_scores if self.fusion == "score" else partial(reciprocal_ranks, k=self.k)
        runs = [ranker.rank(part) for part in self.parts]
        return fuse(runs, points, order=ranker.order, depth=ranker.depth, weights=self.weights)


@dataclass(frozen=True, slots=True)
class TwoStageModel:
    """A model that ranks, and one that scores the ``k`` best again: the ranking ends there."""

    identity: Identity
    parts: tuple[Model, Model]
    k: int = _USUAL_DEPTH
    similarity: str = "dot"
    notes: tuple[str, ...] = ()

    @property
    def ranking_parts(self) -> Sequence[Model]:
        """The first ranks; the second scores pairs of query and document."""
        return self.parts[:1]

    @property
    def usage(self) -> Mapping[str, float]:
        """What parts behind endpoints have used so far."""
        return _usage(self.parts)

    def combine(self, ranker: Ranker) -> Run:
        """Rank, keep each query's first ``k`` documents, order these by the second's scores."""
        first, second = self.parts
        documents = ranker.rank(first).documents[:, : self.k]
        query, place = (documents >= 0).nonzero()
        document = documents[query, place].astype("int64")
        return ranked(
            query,
            document,
            ranker.score(second, query, document),
            order=ranker.order,
            queries=len(documents),
            depth=ranker.depth,
        )


def compose(
    scheme: str,
    target: str,
    options: Mapping[str, Any],
    load: Callable[[str], Model],
) -> HybridModel | TwoStageModel:
    """Load every part with ``load`` and put them together.

    The revision is a digest of the parts' identities. Raises UsageError for a wrong number of parts
    or weights, or a second stage that cannot score.
    """
    uri = f"{scheme}:{target}"
    separator = SEPARATORS[scheme]
    uris = split_parts(uri, target, separator)
    if len(uris) < 2 or (scheme == "two" and len(uris) > 2):
        wanted = "two parts" if scheme == "two" else "two parts or more"
        raise UsageError(f"model '{uri}' needs {wanted}; write '{scheme}:(A){separator}(B)'")
    weights = options.get("weights")
    if weights is not None and len(weights) != len(uris):
        raise UsageError(
            f"model '{uri}': {len(weights)} weights for {len(uris)} parts; give one each"
        )
    parts = tuple(load(part) for part in uris)
    identity = _identity(scheme, parts, options)
    notes = tuple(note for part in parts for note in getattr(part, "notes", ()))
    if scheme == "hybrid":
        return HybridModel(identity, parts, **options, notes=notes)
    second = parts[1]
    if not isinstance(second, Encoder | Fitted | Reranker):
        raise UsageError(
            f"model '{uri}': '{uris[1]}' cannot score a pair of texts, so it is no second stage; "
            "take a cross-encoder or a model with vectors"
        )
    return TwoStageModel(identity, (parts[0], second), **options, notes=notes)


def leaves(uri: str) -> list[str]:
    """The URIs of the models that a URI is made of, in order; of a model that is none, its own.

    >>> leaves("hybrid:(bm25)+(two:(tfidf)|(wordllama)?k=9)")
    ['bm25', 'tfidf', 'wordllama']
    """
    scheme, _, target = uri[: end_of_parts(uri)].partition(":")
    if scheme not in SEPARATORS:
        return [uri]
    return [leaf for part in split_parts(uri, target, SEPARATORS[scheme]) for leaf in leaves(part)]


def _usage(parts: Sequence[Model]) -> Mapping[str, float]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(getattr(part, "usage", {}))
    return total


def _identity(scheme: str, parts: Sequence[Model], options: Mapping[str, Any]) -> Identity:
    usual = {"fusion": _USUAL_FUSION, "k": _USUAL_CONSTANT if scheme == "hybrid" else _USUAL_DEPTH}
    chosen = {
        name: ",".join(f"{weight:g}" for weight in value) if name == "weights" else value
        for name, value in options.items()
        if value != usual.get(name)
    }
    known = [asdict(part.identity) for part in parts]
    for each in known:
        del each["effective"]
    digest = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:40]
    if any(part.identity.revision == UNVERSIONED for part in parts):
        digest = UNVERSIONED
    names = "+".join(part.identity.name.rpartition("/")[2] for part in parts)
    told = {"parts": [_told(part.identity) for part in parts], **chosen}
    return Identity(f"{scheme}/{names[:100]}", digest, f"{scheme}/1", told, slug_of(chosen))


def _told(identity: Identity) -> str:
    """A part as a result names it, so that a reader knows what the digest is made of."""
    options = "&".join(f"{name}={value}" for name, value in identity.options.items())
    end = f"?{options}" if options else ""
    return f"{identity.adapter} {identity.name}@{identity.revision}{end}"

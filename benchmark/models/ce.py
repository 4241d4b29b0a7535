"""Cross-encoders of sentence-transformers: a score for a query and a document read together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError
from benchmark.models.identity import identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    check_length,
    check_target,
    choice,
    for_sentence_transformers,
    guarded,
    needed,
    positive,
    trusted,
)
from benchmark.models.st import hub_commit
from benchmark.models.table import Settings
from benchmark.models.tokenizing import limit_of, token_lengths

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "ce": {"max_tokens": positive, "weights": choice("float32", "float16", "bfloat16")}
}


@dataclass(frozen=True, slots=True)
class CrossEncoderModel:
    """A loaded CrossEncoder with one score a pair."""

    identity: Identity
    model: Any
    batch_size: int
    max_tokens: int | None
    similarity: str = "dot"

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> NDArray[np.float32]:
        """How well each document answers the query beside it, ``(n,)`` float32, higher is better.

        The activation is the model's own, as sentence-transformers applies it.
        """
        import numpy as np

        pairs = list(zip(queries, documents, strict=True))
        if not pairs:
            return np.zeros(0, np.float32)
        scores: NDArray[np.float32] = self.model.predict(
            pairs, batch_size=self.batch_size, show_progress_bar=False, convert_to_numpy=True
        ).astype("float32")
        return scores

    def count_pair_tokens(
        self, queries: Sequence[str], documents: Sequence[str]
    ) -> NDArray[np.int64]:
        """Tokens of each pair before any cut, ``(n,)``."""
        return token_lengths(self.model.tokenizer, queries, documents)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> CrossEncoderModel:
    """Load a folder, or a model of the hub at a revision; ModelError when it gives classes."""
    uri = f"ce:{target}"
    check_target(uri, target, ("config.json", "modules.json"))
    package = needed("sentence_transformers", "torch", uri)
    pinned = trusted(uri, target, revision, settings)
    model = guarded(
        uri,
        target,
        revision,
        lambda: package.CrossEncoder(
            target,
            device=None if settings.device == "auto" else settings.device,
            **for_sentence_transformers(pinned),
        ),
        unused=(),
    )
    if model.num_labels != 1:
        raise ModelError(
            f"model '{uri}' gives {model.num_labels} classes a pair, and no score to rank by; "
            "use a reranker with one output"
        )
    length = "max_seq_length" if hasattr(type(model), "max_seq_length") else "max_length"
    check_length(uri, options.get("max_tokens"), model)
    if "max_tokens" in options:
        setattr(model, length, options["max_tokens"])
    if "weights" in options:
        model.to(getattr(needed("torch", "torch", uri), options["weights"]))
    identity = identify("ce/1", target, pinned["revision"], hub_commit(model), options)
    max_tokens = limit_of(getattr(model, length))
    identity = in_effect(identity, model, max_tokens=max_tokens)
    batch_size = settings.batch_size or BATCH_SIZE
    return CrossEncoderModel(identity, model, batch_size, max_tokens)

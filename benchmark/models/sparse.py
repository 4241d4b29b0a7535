"""Learned sparse vectors by sentence-transformers' SparseEncoder: a dimension a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.models.identity import configured_name, identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    check_length,
    check_target,
    comparison,
    for_sentence_transformers,
    guarded,
    needed,
    positive,
    trusted,
)
from benchmark.models.missing import check_declared
from benchmark.models.prompts import (
    PROMPT_OPTIONS,
    Prompting,
    choose_prompt,
    notes_on_prompts,
    prompting_of,
)
from benchmark.models.st import hub_commit
from benchmark.models.table import Settings
from benchmark.models.tokenizing import limit_of, token_lengths
from benchmark.protocols import Role

if TYPE_CHECKING:
    import numpy as np
    import scipy.sparse as sp
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

_DECLARED = ("SparseEncoder", "sparse_encoder", "Splade", "ForMaskedLM")
OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "sparse": {"max_tokens": positive, "active": positive, **PROMPT_OPTIONS}
}


@dataclass(frozen=True, slots=True)
class SparseModel:
    """A loaded SparseEncoder; ``active`` keeps so many of a text's largest dimensions."""

    identity: Identity
    model: Any
    prompting: Prompting
    batch_size: int
    max_tokens: int | None
    active: int | None
    similarity: str
    notes: tuple[str, ...] = ()

    def prompt_for(
        self,
        task_name: str,
        task_type: str,
        role: Role,
        task_prompts: Mapping[str, str] | None = None,
    ) -> str | None:
        """The prompt that mteb would put before the texts of this task and role."""
        return choose_prompt(self.prompting, task_name, task_type, role, task_prompts)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> sp.csr_matrix:
        """Weights of the vocabulary's words, ``(n, words)`` float32 in sparse rows."""
        import numpy as np
        import scipy.sparse as sp

        function = {
            "query": self.model.encode_query,
            "document": self.model.encode_document,
            None: self.model.encode,
        }[role]
        found = function(
            list(texts),
            prompt=prompt or "",
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_sparse_tensor=True,
            save_to_cpu=True,
            max_active_dims=self.active,
        ).coalesce()
        places = found.indices().numpy()
        values = found.values().float().numpy().astype(np.float32, copy=False)
        return sp.csr_matrix((values, places), shape=tuple(found.shape))

    def explain(
        self, texts: Sequence[str], *, role: Role = None, top: int = 10
    ) -> list[list[tuple[str, float]]]:
        """The words that weigh most in each text, heaviest first."""
        names = self.model.tokenizer.convert_ids_to_tokens
        explained = []
        for row in self.encode(texts, role=role):
            order = (-row.data).argsort(kind="stable")[:top]
            words = names(row.indices[order].tolist())
            explained.append(list(zip(words, row.data[order].tolist(), strict=True)))
        return explained

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.model.tokenizer, texts)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> SparseModel:
    """Load a folder, or a model of the hub at a revision."""
    uri = f"sparse:{target}"
    check_target(uri, target, ("config.json", "modules.json"))
    package = needed("sentence_transformers", "torch", uri)
    pinned = trusted(uri, target, revision, settings)
    model = guarded(
        uri,
        target,
        revision,
        lambda: package.SparseEncoder(
            target,
            device=None if settings.device == "auto" else settings.device,
            **for_sentence_transformers(pinned),
        ),
        unused=("pooler",),
    )
    check_length(uri, options.get("max_tokens"), model)
    if "max_tokens" in options:
        model.max_seq_length = options["max_tokens"]
    identity = identify("sparse/1", target, pinned["revision"], hub_commit(model), options)
    check_declared(uri, target, identity.revision, words=_DECLARED)
    max_tokens = limit_of(model.max_seq_length)
    identity = in_effect(identity, model, max_tokens=max_tokens)
    prompting = prompting_of(identity.name, options, model.prompts, model.default_prompt_name)
    similarity, notes = comparison(getattr(model, "similarity_fn_name", None), "dot")
    return SparseModel(
        identity=identity,
        model=model,
        prompting=prompting,
        batch_size=settings.batch_size or BATCH_SIZE,
        max_tokens=max_tokens,
        active=options.get("active"),
        similarity=similarity,
        notes=(*notes, *notes_on_prompts(prompting, configured_name(target))),
    )

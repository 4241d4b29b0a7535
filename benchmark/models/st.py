"""sentence-transformers: a model of the hub or a local folder, with its own prompts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.models.hf_settings import pooling_name
from benchmark.models.identity import configured_name, digest_folder, identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    calls_at_once,
    check_length,
    check_target,
    comparison,
    for_sentence_transformers,
    guarded,
    needed,
    positive,
    tokens_at_once,
    trusted,
)
from benchmark.models.prompts import (
    PROMPT_OPTIONS,
    Prompting,
    choose_prompt,
    notes_on_prompts,
    prompting_of,
)
from benchmark.models.table import Settings
from benchmark.models.tokenizing import limit_of, token_lengths
from benchmark.protocols import UNVERSIONED, Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["OPTIONS", "SentenceTransformerModel", "digest_folder", "load", "of_object"]

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "st": {"max_tokens": positive, **PROMPT_OPTIONS}
}


@dataclass(frozen=True, slots=True)
class SentenceTransformerModel:
    """A loaded SentenceTransformer; ``prompting`` holds the prompts it ships, or its family's."""

    identity: Identity
    model: Any
    prompting: Prompting
    batch_size: int
    similarity: str
    max_tokens: int | None = None
    notes: tuple[str, ...] = ()
    batch_tokens: int | None = None
    batch_texts: int | None = None
    parallel: int = 1
    width: int | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        """Its pooling and whether it normalises, by its modules; pooling is None without one."""
        pooling = [m for m in self.model if type(m).__name__ == "Pooling"]
        return {
            "pooling": pooling_name(pooling[0].get_config_dict()) if pooling else None,
            "normalize": any(type(m).__name__ == "Normalize" for m in self.model),
        }

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
    ) -> NDArray[np.float32]:
        """Vectors as the model gives them, ``(n, d)`` float32, not normalised by us."""
        function = {
            "query": getattr(self.model, "encode_query", self.model.encode),
            "document": getattr(self.model, "encode_document", self.model.encode),
            None: self.model.encode,
        }[role]
        vectors: NDArray[np.float32] = function(
            list(texts),
            # An empty prompt, not None: with None these functions would look one up themselves.
            prompt=prompt or "",
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
        ).astype("float32")
        return vectors

    def tokenize(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Any:
        """What ``embed`` takes for a batch; None where this release does not take a batch apart."""
        if not hasattr(self.model, "preprocess"):
            return None
        told = self._told(role)
        return self.model.preprocess(list(texts), prompt=prompt or "", **told), told

    def embed(self, tokens: Any) -> NDArray[np.float32]:
        """The vectors of one batch, as ``encode`` gives them: one forward pass, ``(n, d)``."""
        import torch

        features, told = tokens
        moved = {
            name: value.to(self.model.device) if hasattr(value, "to") else value
            for name, value in features.items()
        }
        with torch.inference_mode():
            found = self.model(moved, **told)["sentence_embedding"]
        if self.model.truncate_dim is not None:
            found = found[..., : self.model.truncate_dim]
        vectors: NDArray[np.float32] = found.float().cpu().numpy()
        return vectors

    def _told(self, role: Role) -> dict[str, str]:
        """What its functions for queries and documents tell the model, which may route by it."""
        return {"task": role} if role and hasattr(self.model, f"encode_{role}") else {}

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.model.tokenizer, texts)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> SentenceTransformerModel:
    """Load a folder, or a model of the hub at a revision; its own code only with trust."""
    uri = f"st:{target}"
    check_target(uri, target, ("modules.json", "config.json"))
    package = needed("sentence_transformers", "torch", uri)
    pinned = trusted(uri, target, revision, settings)
    model = guarded(
        uri,
        target,
        revision,
        lambda: package.SentenceTransformer(
            target,
            device=None if settings.device == "auto" else settings.device,
            **for_sentence_transformers(pinned),
        ),
    )
    check_length(uri, options.get("max_tokens"), model)
    if "max_tokens" in options:
        model.max_seq_length = options["max_tokens"]
    identity = identify("st/1", target, pinned["revision"], hub_commit(model), options)
    identity = in_effect(identity, model, max_tokens=limit_of(model.max_seq_length))
    return _adapted(model, identity, options, settings, configured_name(target))


def of_object(model: Any) -> SentenceTransformerModel:
    """A SentenceTransformer that somebody loaded, with its prompts and its similarity.

    Nothing tells whether its weights are still those of the name it was loaded by.
    """
    configured = str(getattr(getattr(model[0], "auto_model", None), "name_or_path", "") or "")
    name = Path(configured).name or type(model).__name__
    return _adapted(model, Identity(f"local/{name}", UNVERSIONED, "st/1"), {}, Settings(), "")


def _adapted(
    model: Any,
    identity: Identity,
    options: Mapping[str, Any],
    settings: Settings,
    configured: str,
) -> SentenceTransformerModel:
    prompting = prompting_of(identity.name, options, model.prompts, model.default_prompt_name)
    similarity, notes = comparison(getattr(model, "similarity_fn_name", None))
    return SentenceTransformerModel(
        identity=identity,
        model=model,
        prompting=prompting,
        batch_size=settings.batch_size or BATCH_SIZE,
        # Static vectors have no padding, and are fastest with many texts.
        batch_tokens=tokens_at_once(settings, model.device)
        if hasattr(model[0], "auto_model")
        else None,
        batch_texts=settings.batch_size,
        parallel=calls_at_once(model.device),
        similarity=similarity,
        max_tokens=limit_of(model.max_seq_length),
        notes=(*notes, *notes_on_prompts(prompting, configured)),
        width=_width(model),
    )


def _width(model: Any) -> int | None:
    """The dimensions of its vectors, where it says; under either name of its releases."""
    for name in ("get_embedding_dimension", "get_sentence_embedding_dimension"):
        if hasattr(model, name):
            return getattr(model, name)() or None
    return None


def hub_commit(model: Any) -> str | None:
    """The commit that transformers recorded when it resolved the name."""
    for module in model.modules():
        commit = getattr(getattr(module, "config", None), "_commit_hash", None)
        if commit:
            return str(commit)
    return None

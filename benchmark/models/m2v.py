"""model2vec: static word vectors, of a folder or the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.models.identity import identify, in_effect
from benchmark.models.loading import check_target, guarded, needed, positive
from benchmark.models.prompts import PROMPT_OPTIONS, Prompting, choose_prompt, prompting_of
from benchmark.models.table import Settings
from benchmark.models.tokenizing import token_lengths
from benchmark.protocols import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "m2v": {"max_tokens": positive, **PROMPT_OPTIONS}
}
_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class StaticModel:
    """A loaded StaticModel of model2vec."""

    identity: Identity
    model: Any
    prompting: Prompting
    max_tokens: int | None
    similarity: str = "cosine"
    device: str = "cpu"

    @property
    def manifest(self) -> dict[str, Any]:
        """Means of word vectors, of unit length where the model says so."""
        return {
            "pooling": "mean",
            "normalize": bool(self.model.normalize),
            "weights": str(self.model.embedding.dtype),
        }

    @property
    def width(self) -> int:
        """The dimensions of its vectors."""
        return int(self.model.dim)

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
        """Means of word vectors, ``(n, d)`` float32; a text without known words is all zero."""
        vectors: NDArray[np.float32] = self.model.encode(
            [(prompt or "") + text for text in texts],
            max_length=self.max_tokens,
            batch_size=_AT_ONCE,
            use_multiprocessing=False,
        ).astype("float32")
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.model.tokenizer, texts)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> StaticModel:
    """Load a folder that model2vec wrote, or a model of the hub."""
    uri = f"m2v:{target}"
    check_target(uri, target, ("config.json", "modules.json"))
    package = needed("model2vec", "m2v", uri)
    folder, commit = target, None
    if not Path(target).is_dir():
        hub = needed("huggingface_hub", "m2v", uri)
        folder = guarded(
            uri,
            target,
            revision,
            lambda: hub.snapshot_download(
                target, revision=revision, allow_patterns=["*.json", "*.safetensors"]
            ),
        )
        commit = Path(folder).name
    model = guarded(uri, target, revision, lambda: package.StaticModel.from_pretrained(folder))
    identity = identify("m2v/1", target, revision, commit, options)
    limit: int | None = options.get("max_tokens", getattr(model, "max_length", 512))
    identity = in_effect(identity, max_tokens=limit)
    return StaticModel(identity, model, prompting_of(identity.name, options), limit)

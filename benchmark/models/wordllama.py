"""The embedded model: WordLlama's static token vectors, mean-pooled, weights inside its wheel."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import MissingExtraError, ModelError, UsageError
from benchmark.models.table import Settings
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"wordllama": {}}
_CONFIGURATION, _DIMENSION = "l2_supercat", 256


@dataclass(frozen=True, slots=True)
class WordLlamaModel:
    """A loaded WordLlama; it was trained as a Matryoshka, for cuts at 64 and 128 dimensions."""

    identity: Identity
    inference: Any
    similarity: str = "cosine"
    device: str = "cpu"
    width: int = _DIMENSION

    @property
    def manifest(self) -> dict[str, Any]:
        """Means of token vectors, as they are."""
        weights = str(self.inference.embedding.dtype)
        return {"pooling": "mean", "normalize": False, "weights": weights}

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Mean of the token vectors, ``(n, 256)`` float32; a text without tokens is all zero."""
        inputs = [prompt + text for text in texts] if prompt else list(texts)
        vectors: NDArray[np.float32] = self.inference.embed(inputs, batch_size=len(inputs))
        return vectors


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> WordLlamaModel:
    """Load without any network: the wheel's own folder serves as the cache of its loader."""
    if target or revision:
        raise UsageError("model 'wordllama' takes no target or revision; write wordllama")
    spec = importlib.util.find_spec("wordllama")
    if spec is None or not spec.submodule_search_locations:
        raise MissingExtraError("wordllama", "starter", "the model 'wordllama'")
    folder = Path(spec.submodule_search_locations[0])
    weights = folder / "weights" / f"{_CONFIGURATION}_{_DIMENSION}.safetensors"
    if not weights.is_file():
        raise ModelError(f"{weights.name} is not in the wordllama package; install it again")
    loader = _import_quietly()
    try:
        inference = loader.load(
            _CONFIGURATION, cache_dir=folder, dim=_DIMENSION, disable_download=True
        )
    except Exception as error:  # noqa: BLE001 -- a broken install raises anything
        raise ModelError(
            f"model 'wordllama' does not load ({type(error).__name__}); install the package again"
        ) from None
    identity = Identity(
        name=f"wordllama/{_CONFIGURATION}_{_DIMENSION}",
        revision=hashlib.sha256(weights.read_bytes()).hexdigest()[:40],
        adapter="wordllama/1",
    )
    return WordLlamaModel(identity, inference)


def _import_quietly() -> Any:
    # Its import calls logging.basicConfig(level=INFO) and so speaks for the whole process.
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        from wordllama import WordLlama
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    return WordLlama

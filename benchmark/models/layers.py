"""Several layers of one transformer side by side, from one forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmark.errors import UsageError
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PASSED_ON = (
    *("batch_texts", "batch_tokens", "count_tokens", "max_tokens", "notes", "parallel"),
    *("manifest", "prompt_for", "tokenize"),
)


@dataclass(frozen=True, slots=True)
class LayersModel:
    """A model whose vectors are those of ``layers``, one after the other; never scored itself.

    ``width`` is that of one layer. The identity names what is kept in the cache.
    """

    model: Any
    layers: tuple[int, ...]
    identity: Identity

    @property
    def similarity(self) -> str:
        """How the model compares its vectors."""
        return str(self.model.similarity)

    @property
    def width(self) -> int:
        """The dimensions of one layer."""
        return int(self.model.width)

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON:
            return getattr(self.model, name)
        raise AttributeError(name)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """The layers' vectors, ``(n, layers * width)`` float32."""
        import numpy as np

        return np.hstack(self.model.encode_layers(texts, self.layers, prompt=prompt))

    def embed(self, tokens: Any) -> NDArray[np.float32]:
        """The same of one batch that ``tokenize`` made."""
        import numpy as np

        return np.hstack(self.model.embed_layers(tokens, self.layers))


def all_layers(model: Any, layers: Sequence[int], uri: str) -> LayersModel:
    """The model with the vectors of some layers; 0 is the embedding layer.

    Raises UsageError for a model that gives none, or has no such layer.
    """
    if not hasattr(model, "encode_layers"):
        raise UsageError(f"model '{uri}' gives no layers to choose from; hf: does")
    if model.layer is not None:
        raise UsageError(f"model '{uri}' has its layer= already; leave it out for a sweep")
    for layer in layers:
        if layer > model.layers:
            raise UsageError(
                f"model '{uri}': layer must be 0 (the embedding layer) to {model.layers}, "
                f"not {layer}"
            )
    options = {**model.identity.options, "layers": ",".join(map(str, layers))}
    return LayersModel(model, tuple(layers), replace(model.identity, options=options))


def identity_of_layer(identity: Identity, layer: int) -> Identity:
    """The identity of the model at one layer, as ``layer=`` in its URI gives it."""
    parts = [part for part in identity.slug.split("__") if part]
    slug = "__".join(sorted([*parts, f"layer_{layer}"]))
    return replace(identity, options={**identity.options, "layer": layer}, slug=slug)

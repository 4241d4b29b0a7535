"""Two models that know nothing: random and constant vectors, what every task is held against."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark._version import PROTOCOL
from benchmark.errors import UsageError
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "random": {"dim": int, "seed": int},
    "constant": {"dim": int},
}
_DEFAULTS: Mapping[str, Any] = {"dim": 64, "seed": 0}


@dataclass(frozen=True, slots=True)
class RandomModel:
    """Vectors drawn from the text alone: the same text has the same vector in every run."""

    identity: Identity
    dim: int
    seed: int
    similarity: str = "cosine"
    device: str = "cpu"

    @property
    def width(self) -> int:
        """The dimensions of its vectors."""
        return self.dim

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Uniform in [-1, 1], ``(n, dim)``, from a hash of seed and text by SplitMix64."""
        import numpy as np

        key = self.seed.to_bytes(8, "little", signed=True)
        digests = b"".join(
            hashlib.blake2b(text.encode(), digest_size=8, key=key).digest() for text in texts
        )
        state = np.frombuffer(digests, np.uint64)[:, None]
        # Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
        steps = np.arange(1, self.dim + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed = state + steps
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed ^= mixed >> np.uint64(31)
        unit = (mixed >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24)
        vectors: NDArray[np.float32] = unit * np.float32(2) - np.float32(1)
        return vectors


@dataclass(frozen=True, slots=True)
class ConstantModel:
    """The same vector for every text."""

    identity: Identity
    dim: int
    similarity: str = "cosine"
    device: str = "cpu"

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Ones, ``(n, dim)``."""
        import numpy as np

        return np.ones((len(texts), self.dim), np.float32)


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> RandomModel | ConstantModel:
    """Make the model; nothing is read."""
    if target or revision:
        raise UsageError(f"model '{scheme}' takes no target or revision; write {scheme}")
    values = {**_DEFAULTS, **options}
    if values["dim"] < 1:
        raise UsageError(f"model '{scheme}': dim must be at least 1, not {values['dim']}")
    chosen = {name: value for name, value in options.items() if value != _DEFAULTS[name]}
    identity = Identity(f"embedmark/{scheme}", PROTOCOL, f"{scheme}/1", chosen, slug_of(chosen))
    if scheme == "constant":
        return ConstantModel(identity, values["dim"])
    return RandomModel(identity, values["dim"], values["seed"])

"""Ask a model for the vectors of batches, in smaller pieces once its memory has not sufficed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmark.encode.batches import Sizes, count_tokens, sizes_of
from benchmark.guard import ModelMemoryError, call_model, free_memory
from benchmark.protocols import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def _ignore(message: str) -> None:
    pass


@dataclass
class Asker:
    """One model, asked by several threads as it can bear.

    A model takes ``parallel`` calls at once, usually one. ``tokenizing`` is held while its
    tokenizer works, whose settings are changed to count and changed back. State: into how many
    ``pieces`` each batch is cut; what was said, through ``note``, is said once.
    """

    model: Any
    note: Callable[[str], None] = _ignore
    pieces: int = 1
    tokenizing: Any = field(default_factory=threading.RLock)
    _calls: Any = None

    def __post_init__(self) -> None:
        self._calls = threading.Semaphore(self.parallel)

    @property
    def parallel(self) -> int:
        """How many batches the model can encode at once."""
        return int(getattr(self.model, "parallel", 1))

    def sizes(self, texts: Sequence[str], prompt: str | None) -> Sizes:
        """How long texts are to the model."""
        with self.tokenizing:
            sizes: Sizes = call_model(self.model, partial(sizes_of, self.model, texts, prompt))
            return sizes

    def count(self, texts: Sequence[str], prompt: str | None) -> NDArray[np.int64] | None:
        """The tokens of texts before any cut; None where the model does not count."""
        with self.tokenizing:
            counted: NDArray[np.int64] | None = call_model(
                self.model, partial(count_tokens, self.model, texts, prompt)
            )
            return counted

    def tokenize(self, texts: Sequence[str], role: Role, prompt: str | None) -> Any:
        """What ``ask`` takes as ``tokens``; None where the model is asked with texts alone."""
        if self.pieces > 1 or not hasattr(self.model, "tokenize"):
            return None
        with self.tokenizing:
            try:
                return self.model.tokenize(texts, role=role, prompt=prompt)
            except Exception:  # noqa: BLE001 -- raised again, and explained, when asked
                return None

    def ask(self, texts: Sequence[str], role: Role, prompt: str | None, tokens: Any = None) -> Any:
        """The vectors of a batch as the model gives them, ``(n, d)``.

        Raises ModelMemoryError for a text that does not fit alone; its ``row`` is that of the text.
        """
        parts: list[Any] = []
        start = 0
        while start < len(texts):
            size = -(-len(texts) // self.pieces)
            piece = texts[start : start + size]
            try:
                with self._calls:
                    parts.append(self._call(piece, role, prompt, tokens))
            except ModelMemoryError as error:
                if len(piece) == 1:
                    error.row = start
                    raise
                tokens = None
                self._halve(len(texts), size)
            else:
                start += len(piece)
        return parts[0] if len(parts) == 1 else _joined(parts)

    def _call(self, texts: Sequence[str], role: Role, prompt: str | None, tokens: Any) -> Any:
        how: Any = {"role": role, "prompt": prompt}
        if tokens is None and hasattr(self.model, "tokenize"):
            with self.tokenizing:
                tokens = call_model(self.model, partial(self.model.tokenize, texts, **how))
        if tokens is not None:
            return call_model(self.model, partial(self.model.embed, tokens))
        with self.tokenizing if self.parallel == 1 else nullcontext():
            return call_model(self.model, partial(self.model.encode, texts, **how))

    def _halve(self, texts: int, size: int) -> None:
        free_memory()
        if self.pieces == 1:
            self.note(
                f"{self.model.identity.name} ran out of memory on a batch of {texts} texts; "
                "batches are halved from here on, and again where that is not enough"
            )
        # Another thread may have halved while this one was at work.
        self.pieces = max(self.pieces, 2 * -(-texts // size))


def _joined(parts: list[Any]) -> Any:
    import numpy as np

    if hasattr(parts[0], "tocsr"):
        import scipy.sparse as sp

        return sp.vstack(parts, format="csr")
    arrays: list[np.ndarray] = [np.asarray(part) for part in parts]
    return np.concatenate(arrays) if len({a.shape[1:] for a in arrays}) == 1 else parts

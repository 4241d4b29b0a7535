"""Cut texts into batches of like length, by tokens where the model counts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BATCH_TEXTS = 256
_BATCH_CHARACTERS = 200_000  # about 50 MB of token vectors for the embedded model at its width
_COUNTED_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long texts are to a model, and how much a batch may hold of them.

    ``lengths`` ``(n,)`` are tokens after the model's cut, or characters; ``budget`` bounds the
    longest of a batch times its texts, ``texts`` their number.
    """

    lengths: NDArray[np.int64]
    budget: int = _BATCH_CHARACTERS
    texts: int = _BATCH_TEXTS
    in_tokens: bool = False


def sizes_of(model: Any, texts: Sequence[str], prompt: str | None = None) -> Sizes:
    """Measure texts as a model sees them.

    In tokens for a model with ``batch_tokens`` (what a batch of it holds) and ``count_tokens``;
    its ``batch_texts``, where it has one, is the user's --batch-size.
    """
    import numpy as np

    budget: int | None = getattr(model, "batch_tokens", None)
    if budget is None:
        return Sizes(np.fromiter(map(len, texts), np.int64, len(texts)))
    before = prompt or ""
    lengths = np.empty(len(texts), np.int64)
    for start in range(0, len(texts), _COUNTED_AT_ONCE):
        span = slice(start, start + _COUNTED_AT_ONCE)
        lengths[span] = model.count_tokens([before + text for text in texts[span]])
    if model.max_tokens:
        lengths = np.minimum(lengths, model.max_tokens)
    return Sizes(lengths, budget, getattr(model, "batch_texts", None) or _BATCH_TEXTS, True)


def batches(sizes: Sizes) -> Iterator[NDArray[np.int64]]:
    """Rows by falling length, cut where a batch would hold too many texts or too much padding."""
    import numpy as np

    order = np.argsort(-sizes.lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = max(int(sizes.lengths[order[start]]), 1)
        size = max(1, min(sizes.texts, sizes.budget // longest))
        yield order[start : start + size]
        start += size

"""Cut texts into batches of like length, by tokens where the model counts them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
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
    longest of a batch times its texts, ``texts`` their number. ``unit`` is that of the lengths.
    """

    lengths: NDArray[np.int64]
    budget: int = _BATCH_CHARACTERS
    texts: int = _BATCH_TEXTS
    unit: str = "characters"


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """What names a plan of batches: their bounds, their number, and a digest of their shapes.

    A shape is how many texts a batch has and how long its longest is: with the texts themselves it
    tells what was padded to what.
    """

    unit: str
    budget: int
    texts: int
    batches: int
    digest: str

    def to_json(self) -> dict[str, Any]:
        """As a result holds it; without a budget where only the number of texts is bounded."""
        return {**asdict(self), "budget": self.budget if self.budget < 1 << 53 else None}


def plan_of(sizes: Sizes, planned: Sequence[NDArray[np.int64]]) -> BatchPlan:
    """What names the batches of texts of these sizes, given as the rows of each."""
    import numpy as np

    shapes = [(len(rows), int(sizes.lengths[rows[0]])) for rows in planned]
    digest = hashlib.sha256(np.array(shapes, "<i8").tobytes()).hexdigest()
    return BatchPlan(sizes.unit, sizes.budget, sizes.texts, len(planned), f"sha256:{digest}")


def joint_plan(plans: Sequence[BatchPlan]) -> BatchPlan | None:
    """One plan for those of several groups of texts, in order; None for none.

    >>> plan = BatchPlan("tokens", 1024, 256, 3, "sha256:00")
    >>> joint_plan([plan]) == plan, joint_plan([plan, plan]).batches
    (True, 6)
    """
    if len(plans) < 2:
        return next(iter(plans), None)
    digest = hashlib.sha256("".join(plan.digest for plan in plans).encode()).hexdigest()
    batches = sum(plan.batches for plan in plans)
    return replace(plans[0], batches=batches, digest=f"sha256:{digest}")


def sizes_of(model: Any, texts: Sequence[str], prompt: str | None = None) -> Sizes:
    """Measure texts as a model sees them: in tokens, after its cut, where ``batch_tokens`` says
    what a batch of it holds; its ``batch_texts``, where it has one, is the user's --batch-size.
    """
    counted = count_tokens(model, texts, prompt) if in_tokens(model) else None
    return sizes_by(model, texts, counted)


def sizes_by(model: Any, texts: Sequence[str], counted: NDArray[np.int64] | None) -> Sizes:
    """The same of texts whose tokens are counted already."""
    import numpy as np

    if counted is None or not in_tokens(model):
        return Sizes(np.fromiter(map(len, texts), np.int64, len(texts)))
    lengths = np.minimum(counted, model.max_tokens) if model.max_tokens else counted
    most = getattr(model, "batch_texts", None) or _BATCH_TEXTS
    return Sizes(lengths, model.batch_tokens, most, "tokens")


def in_tokens(model: Any) -> bool:
    """Whether a model's batches hold so many tokens."""
    return getattr(model, "batch_tokens", None) is not None


def count_tokens(model: Any, texts: Sequence[str], prompt: str | None) -> NDArray[np.int64] | None:
    """The tokens of texts before any cut, ``(n,)``; None for a model that does not count."""
    import numpy as np

    count = getattr(model, "count_tokens", None)
    if count is None:
        return None
    found = np.empty(len(texts), np.int64)
    for start in range(0, len(texts), _COUNTED_AT_ONCE):
        span = slice(start, start + _COUNTED_AT_ONCE)
        found[span] = count([(prompt or "") + text for text in texts[span]])
    return found


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

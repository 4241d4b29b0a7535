"""How many tokens a model was shown, and of how many texts it saw only the beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.protocols import Model, Plan

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of all texts before any cut, prompts and special tokens included.

    ``truncated`` texts, of ``texts``, were longer than ``maximum`` (None: the model has no limit).
    """

    texts: int
    tokens: int
    truncated: int
    maximum: int | None

    def cuts(self) -> str:
        """How many texts were cut, for people.

        >>> TokenCount(8, 900, 2, 64).cuts()
        '2 of 8 texts (25 %) are longer than 64 tokens, and only their beginning was read'
        """
        share = f"{100 * self.truncated / max(1, self.texts):.2g}"
        return (
            f"{self.truncated} of {self.texts} texts ({share} %) are longer than {self.maximum} "
            "tokens, and only their beginning was read"
        )

    def to_json(self) -> dict[str, Any]:
        """As a result holds it, with the share of truncated texts beside their count."""
        return {
            "count": self.tokens,
            "texts": self.texts,
            "max_tokens": self.maximum,
            "truncated": self.truncated,
            "truncated_share": round(self.truncated / self.texts, 6) if self.texts else 0.0,
        }

    @staticmethod
    def from_json(known: Mapping[str, Any]) -> TokenCount:
        """Read what ``to_json`` wrote."""
        return TokenCount(known["texts"], known["count"], known["truncated"], known["max_tokens"])


def count_plan(model: Model, plan: Plan, prompts: Mapping[str, str]) -> TokenCount | None:
    """Count with the model's own ``count_tokens(texts)``; None when it has none.

    ``prompts`` are those put before the texts of each role (``text`` for no role). Equal texts are
    tokenised once and counted as often as they stand in the plan.
    """
    import numpy as np
    import pyarrow.compute as pc

    count = getattr(model, "count_tokens", None)
    if count is None:
        return None
    maximum: int | None = getattr(model, "max_tokens", None)
    texts = tokens = truncated = 0
    for request in plan.values():
        prompt = prompts.get(request.role or "text", "")
        counted: Any = pc.value_counts(request.texts)
        distinct = counted.field("values")
        times = counted.field("counts").to_numpy(zero_copy_only=False)
        for start in range(0, len(distinct), _AT_ONCE):
            part = distinct.slice(start, _AT_ONCE).to_pylist()
            lengths = np.asarray(count([prompt + text for text in part]), np.int64)
            each = times[start : start + _AT_ONCE]
            tokens += int((lengths * each).sum())
            texts += int(each.sum())
            if maximum is not None:
                truncated += int(each[lengths > maximum].sum())
    return TokenCount(texts, tokens, truncated, maximum)

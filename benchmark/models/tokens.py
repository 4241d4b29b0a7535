"""How many tokens a model was shown, and of how many texts it saw only the beginning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.protocols import Model, Plan, Request, Role

_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of all texts before any cut, prompts and special tokens included.

    ``truncated`` texts, of ``texts``, were longer than ``maximum`` (None: the model has no limit).
    For a cross-encoder a text is a pair of query and document, as it reads them together.
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
    texts = tokens = truncated = 0
    for request in plan.values():
        maximum = _maximum(model, request.role)
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
    return TokenCount(texts, tokens, truncated, _maximum(model))


def count_pairs(
    model: Model, queries: Sequence[str], documents: Sequence[str]
) -> TokenCount | None:
    """The same of pairs, given as parallel lists, with ``count_pair_tokens(queries, documents)``.

    Of a model that reads queries and documents apart each distinct text counts once.
    """
    import numpy as np
    import pyarrow as pa

    count = getattr(model, "count_pair_tokens", None)
    if count is None:
        apart: dict[str, tuple[Role, Sequence[str]]] = {
            "queries": ("query", queries),
            "corpus": ("document", documents),
        }
        plan = {
            name: Request(pa.array(dict.fromkeys(texts), pa.large_string()), role)
            for name, (role, texts) in apart.items()
        }
        return count_plan(model, plan, {})
    maximum, tokens, truncated = _maximum(model), 0, 0
    for start in range(0, len(queries), _AT_ONCE):
        span = slice(start, start + _AT_ONCE)
        lengths = np.asarray(count(queries[span], documents[span]), np.int64)
        tokens += int(lengths.sum())
        truncated += int((lengths > maximum).sum()) if maximum is not None else 0
    return TokenCount(len(queries), tokens, truncated, maximum)


def total(counts: Iterable[TokenCount | None]) -> TokenCount | None:
    """What several models were shown together; the smallest of their limits stands for all.

    Those that count nothing are left out; None when all are.

    >>> total([TokenCount(2, 9, 1, 8), None, TokenCount(1, 5, 0, None)])
    TokenCount(texts=3, tokens=14, truncated=1, maximum=8)
    """
    known = [count for count in counts if count is not None]
    if not known:
        return None
    return TokenCount(
        sum(count.texts for count in known),
        sum(count.tokens for count in known),
        sum(count.truncated for count in known),
        min((count.maximum for count in known if count.maximum is not None), default=None),
    )


def _maximum(model: Any, role: Role = None) -> int | None:
    """Where a model cuts texts; some cut queries elsewhere."""
    own = getattr(model, "max_query_tokens", None) if role == "query" else None
    maximum: int | None = own or getattr(model, "max_tokens", None)
    return maximum

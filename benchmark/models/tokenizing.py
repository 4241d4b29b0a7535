"""Counting tokens with whatever tokenizer a model has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_NO_LIMIT = 1_000_000  # transformers writes 10**30 where a tokenizer knows no limit


def token_lengths(
    tokenizer: Any, texts: Sequence[str], seconds: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Tokens of each text, or pair with one of ``seconds``, special ones included, ``(n,)``.

    Before any cut. ``tokenizer`` is one of transformers, or of the package tokenizers (no pairs).
    """
    import numpy as np

    if hasattr(tokenizer, "encode_batch"):
        cut, padding = tokenizer.truncation, tokenizer.padding
        tokenizer.no_truncation()
        tokenizer.no_padding()
        try:
            found = [len(item.ids) for item in tokenizer.encode_batch(list(texts))]
        finally:
            if cut:
                tokenizer.enable_truncation(**cut)
            if padding:
                tokenizer.enable_padding(**padding)
        return np.asarray(found, np.int64)
    if not texts:
        return np.zeros(0, np.int64)
    encoded = tokenizer(
        list(texts),
        None if seconds is None else list(seconds),
        truncation=False,
        padding=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,  # texts over the limit are what is being counted
    )
    return np.asarray([len(ids) for ids in encoded["input_ids"]], np.int64)


def limit_of(*numbers: Any) -> int | None:
    """The smallest of the limits that are limits, or None."""
    known = [
        int(number)
        for number in numbers
        if isinstance(number, int | float) and 0 < number < _NO_LIMIT
    ]
    return min(known, default=None)

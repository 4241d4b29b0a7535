"""What an answer other than 200 means: try again, or one line that says what to do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError
from benchmark.models.http.retries import CROWDED, RETRIED

if TYPE_CHECKING:
    from benchmark.models.http.exchange import Endpoint

# Providers' own words for an error. No other word of an answer is shown: it may quote a text.
_NO_MONEY = {"insufficient_quota", "billing_hard_limit_reached"}
_TOO_LONG = {"context_length_exceeded", "string_above_max_length"}
# What providers say of too many texts or tokens in one request (status 400 or 422): OpenAI, Azure,
# Voyage, Cohere, Mistral, TEI, NVIDIA. If a text has such words, halving ends at single texts.
_TOO_LARGE = re.compile(
    rb"too (many|large)|max\w*( allowed)? (tokens|number|batch|inputs)|tokens per request"
    rb"|must be at most|batch size|max_tokens_per_request",
    re.IGNORECASE,
)


class RefusedError(Exception):
    """An attempt failed in a way that another may not; ``wait`` is what the provider asked for."""

    def __init__(self, reason: str, wait: float | None = None, crowded: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait
        self.crowded = crowded


class TooLargeError(ModelError):
    """A request holds more texts or tokens than the endpoint takes; a smaller one may pass."""


def explain(status: int, body: bytes, endpoint: Endpoint, told: float | None) -> Exception:
    """The RefusedError or ModelError of a status; the body is searched for a known code only."""
    address, code = endpoint.address, _code(body)
    if code in _NO_MONEY:
        return ModelError(f"{address.host} says that the account has no credit left ({code})")
    if status in RETRIED:
        names = {429: "too many requests", 503: "unavailable", 529: "overloaded"}
        reason = f"status {status}" + (f", {names[status]}" if status in names else "")
        return RefusedError(reason, told, status in CROWDED)
    if status in (401, 403):
        hint = (
            f"check the key in {address.key_name}"
            if address.key_name
            else "no key was sent; name the environment variable that holds one with key_env=NAME"
        )
        return ModelError(f"{address.host} refuses access (status {status}); {hint}")
    if 300 <= status < 400:
        return ModelError(
            f"{address.host} answers from another address (status {status}); "
            "give that as url=, since redirects are not followed"
        )
    if status == 404:
        return ModelError(
            f"{address.host} has no model '{endpoint.model}' or no such path "
            "(status 404); check the name and url="
        )
    if code in _TOO_LONG:
        return ModelError(
            f"{address.host} finds a text too long ({code}); give max_tokens= to cut long texts"
        )
    if status == 413 or (status in (400, 422) and _TOO_LARGE.search(body)):
        return TooLargeError(
            f"{address.host} finds even a single text too large (status {status}); "
            "give max_tokens= to cut long texts, or check dimensions="
        )
    return ModelError(
        f"{address.host} refuses a request (status {status}); check the model's name and options, "
        "and try a smaller batch= or max_tokens="
    )


def _code(body: bytes) -> str:
    try:
        error: Any = json.loads(body)["error"]
        found = error.get("code") or error.get("type")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""

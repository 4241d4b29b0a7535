"""When a request is sent again, how long it waits, and how many run at once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

RETRIED = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})  # 529: overloaded, at some
CROWDED = frozenset({429, 503, 529})
_FIRST_WAIT, _LAST_WAIT = 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: ``timeout`` for one whole answer, ``longest_wait`` when told to wait.

    Seconds. ``attempts`` counts the first one. Tests bring their own ``sleep``, clocks and chance.
    """

    attempts: int = 6
    timeout: float = 60.0
    longest_wait: float = 300.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random

    def wait_before(self, attempt: int) -> float:
        """Seconds before a repeated attempt (1 is the first): doubling, half of it by chance."""
        longest = min(_LAST_WAIT, _FIRST_WAIT * 2.0 ** (attempt - 1))
        return float(longest * (0.5 + 0.5 * self.chance()))


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that a provider asks to wait: a number, or an HTTP date; None without either.

    RFC 9110, 10.2.3; ``retry-after-ms`` is OpenAI's finer form.

    >>> retry_after({"retry-after": "7"}, 0.0), retry_after({"retry-after-ms": "1500"}, 0.0)
    (7.0, 1.5)
    >>> retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 20.0)
    40.0
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name, "").strip()
        if text.replace(".", "", 1).isdecimal():
            return float(text) / unit
    try:
        date = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, date.timestamp() - now)


@dataclass(slots=True)
class Pace:
    """How many requests run at once: one more after each full round, half after a refusal.

    State, kept between calls: the limit, and until when the provider asked everyone to wait. A
    refusal of a request that was sent before the last halving halves nothing.
    """

    most: int = 16
    limit: float = 4.0
    halved_at: float = float("-inf")
    paused_until: float = float("-inf")

    @property
    def slots(self) -> int:
        """How many may run now, at least one."""
        return max(1, min(self.most, int(self.limit)))

    def succeeded(self) -> None:
        """Raise the limit by one in as many answers as it allows at once."""
        self.limit = min(float(self.most), self.limit + 1 / max(1.0, self.limit))

    def crowded(self, sent: float, now: float) -> None:
        """Halve the limit."""
        if sent >= self.halved_at:
            self.limit = max(1.0, self.limit / 2)
            self.halved_at = now

    def pause(self, until: float) -> None:
        """Hold every request back until then."""
        self.paused_until = max(self.paused_until, until)

"""Tokens and money: estimated before a request, counted after it, stopped at a limit."""

from __future__ import annotations

from dataclasses import dataclass, field

_BYTES_PER_TOKEN = 3  # English has 4 and more, Chinese about 3; the sum should not be too low


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has, more rather than fewer: one for 3 bytes of UTF-8.

    >>> estimate_tokens("A man plays the guitar."), estimate_tokens("")
    (8, 1)
    """
    return estimate_from_bytes(len(text.encode()))


def estimate_from_bytes(size: int) -> int:
    """The same from the number of bytes, at least 1."""
    return max(1, -(-size // _BYTES_PER_TOKEN))


def cut(text: str, tokens: int) -> str:
    """The beginning of a text that has at most so many estimated tokens, in whole characters."""
    return text.encode()[: tokens * _BYTES_PER_TOKEN].decode(errors="ignore")


@dataclass(slots=True)
class Spending:
    """The money of a run, shared by its models; state: what is spent, and what may come to it."""

    max_cost: float | None = None
    spent: float = 0.0
    reserved: float = 0.0


@dataclass(slots=True)
class Meter:
    """What one model used; ``price`` is for a million tokens.

    ``estimated`` are those of ``tokens`` that no answer counted. ``ratio`` is the most that
    counted tokens exceeded their estimate by, and scales the estimates to come. ``cut`` counts the
    texts that were sent cut.
    """

    price: float | None = None
    spending: Spending = field(default_factory=Spending)
    requests: int = 0
    retries: int = 0
    tokens: int = 0
    estimated: int = 0
    ratio: float = 1.0
    cut: int = 0

    def cost(self, tokens: float) -> float:
        """The price of so many tokens; 0 without a price."""
        return (self.price or 0.0) * tokens / 1e6

    def usage(self) -> dict[str, float]:
        """What a result says of it; the cost only where a price is known."""
        used: dict[str, float] = {
            "requests": self.requests,
            "retries": self.retries,
            "tokens": self.tokens,
            "estimated_tokens": self.estimated,
            "cut_texts": self.cut,
        }
        return used if self.price is None else used | {"cost": self.cost(self.tokens)}

    def reserve(self, estimate: int) -> bool:
        """Set money aside for a request; False when the limit would not hold."""
        cost, money = self.cost(estimate * self.ratio), self.spending
        if money.max_cost is not None and money.spent + money.reserved + cost > money.max_cost:
            return False
        money.reserved += cost
        return True

    def settle(self, estimate: int, reserved_ratio: float, counted: int | None) -> None:
        """Pay for an answered request: what it counted, or else its estimate."""
        self.release(estimate, reserved_ratio)
        self.requests += 1
        if counted is None:
            counted = estimate
            self.estimated += estimate
        self.ratio = max(self.ratio, counted / estimate)
        self.tokens += counted
        self.spending.spent += self.cost(counted)

    def release(self, estimate: int, reserved_ratio: float) -> None:
        """Give back what was set aside for a request that ended."""
        money = self.spending
        money.reserved = max(0.0, money.reserved - self.cost(estimate * reserved_ratio))

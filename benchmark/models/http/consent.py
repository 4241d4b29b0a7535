"""What would be sent to a host that is not this machine, and the consent to send it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmark.errors import UsageError


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Texts for one model behind a host; ``tokens`` and ``cost`` are estimates from above.

    ``cost`` is None where no price is known.
    """

    host: str
    model: str
    texts: int
    characters: int
    tokens: int
    cost: float | None = None

    def __str__(self) -> str:
        """One clause: how much goes where, at what cost.

        >>> str(Outgoing("api.example.com", "m", 1200, 96000, 32000, 0.0032))
        '1,200 texts (96,000 characters, at most about 32,000 tokens, $0.0032) to api.example.com'
        """
        price = "cost unknown without --price" if self.cost is None else f"${self.cost:.4f}"
        return (
            f"{self.texts:,} texts ({self.characters:,} characters, at most about "
            f"{self.tokens:,} tokens, {price}) to {self.host}"
        )


Consent = Callable[[Outgoing], None]
"""Returns when the texts may be sent, and raises UsageError when not."""


def refuse(outgoing: Outgoing) -> None:
    """No consent was given beforehand, and there is nobody to ask."""
    raise UsageError(f"this would send {outgoing}; nothing was sent; give --yes to allow it")


def allow(outgoing: Outgoing) -> None:
    """Consent was given beforehand."""

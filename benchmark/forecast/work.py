"""What one task asks of a model: texts, characters, seconds and money."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(slots=True)
class Work:
    """What one task asks of a model; ``sizes`` has characters by octave of the texts' length.

    Seconds are those to read its data, to encode (None where nothing tells them) and to score it;
    ``cost`` is the money for an endpoint, None where no price is known, and 0 on this machine.
    """

    task: str
    texts: int = 0
    characters: int = 0
    sizes: dict[int, int] = field(default_factory=dict)
    parts: int = 0
    read: float = 0.0
    encode: float | None = None
    score: float = 0.0
    tokens: int | None = None
    cost: float | None = None

    @property
    def seconds(self) -> float | None:
        """All of it together; None where the time to encode is not known."""
        return None if self.encode is None else self.read + self.encode + self.score

    def to_json(self) -> dict[str, Any]:
        """For a listing."""
        told = {"read": self.read, "encode": self.encode, "score": self.score}
        seconds = {
            name: value if value is None else round(value, 4) for name, value in told.items()
        }
        return {"task": self.task, "characters": self.characters, "seconds": seconds}


def together(one: Work, other: Work) -> Work:
    """What two parts of a model take for one task, whose data are read once."""
    return replace(
        one,
        characters=one.characters + other.characters,
        encode=None if one.encode is None or other.encode is None else one.encode + other.encode,
        score=one.score + other.score,
        cost=None if one.cost is None or other.cost is None else one.cost + other.cost,
    )

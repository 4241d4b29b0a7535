"""What is wrong or arbitrary in mteb 2.26.24, as found by the comparisons: text for the table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect upstream: its name, the file and function, what happens, and what we do."""

    name: str
    where: str
    what: str
    ours: str
    switch: str = "none"


DEFECTS: tuple[Defect, ...] = ()

LOOSENED: tuple[tuple[str, str], ...] = ()

"""Write the page of the study of smaller tasks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_samples_page(path: Path, found: Sequence[dict[str, Any]]) -> None:
    """Write it."""
    path.write_text("", "utf-8")

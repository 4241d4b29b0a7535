"""Where real data lies; without it these tests skip and say so."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def real_data() -> Callable[[str], Path]:
    """A function from a data set's folder name to its path, which skips where it is absent."""
    root = os.environ.get("EMBEDMARK_TEST_DATA")
    base = Path(root) if root else Path(__file__).parents[3] / "shared" / "data"

    def find(name: str) -> Path:
        if not (base / name).is_dir():
            pytest.skip(f"no real data at {base / name}; set EMBEDMARK_TEST_DATA to its folder")
        return base / name

    return find

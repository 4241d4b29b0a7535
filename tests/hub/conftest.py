"""A local hub for each test, and the client's settings pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.client import point_at
from tests.hub.server import Hub, serving


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that serves ``tmp_path/hub``."""
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    (tmp_path / "hub").mkdir()
    with serving(tmp_path / "hub") as found:
        point_at(found, tmp_path / "cache", monkeypatch)
        yield found

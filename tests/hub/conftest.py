"""A local hub for each test, and the client's settings pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import Hub, serving


def point_at(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT and HF_HOME do, which huggingface_hub reads when it is imported."""
    from huggingface_hub import constants

    from benchmark.data import hub_repository

    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "token"))
    hub_repository._opened.cache_clear()
    hub_repository._verify.cache_clear()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that serves ``tmp_path/hub``."""
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    (tmp_path / "hub").mkdir()
    with serving(tmp_path / "hub") as found:
        point_at(found, tmp_path / "cache", monkeypatch)
        yield found

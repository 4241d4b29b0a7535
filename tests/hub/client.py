"""Point huggingface_hub, which reads its settings when imported, at a local server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hub.server import Hub


def point_at(hub: Hub, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_ENDPOINT and HF_HOME do."""
    from huggingface_hub import constants

    template = "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "ENDPOINT", hub.url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.url + template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(cache / "token"))
    forget()


def forget() -> None:
    """What a new process does not know: repositories opened, copies verified."""
    from benchmark.data import hub, hub_repository

    hub_repository._opened.cache_clear()
    hub_repository._verify.cache_clear()
    hub._shared.cache_clear()

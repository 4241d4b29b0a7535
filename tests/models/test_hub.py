"""Whether the hub is asked: not where it does not answer."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.models.hub import from_cache_when_unreachable
from tests.endpoints.server import serving

constants: Any = pytest.importorskip("huggingface_hub.constants")


def test_a_hub_that_does_not_answer_is_not_asked_for_each_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Meanwhile its client is offline, and afterwards as it was."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with serving() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        with from_cache_when_unreachable():
            reached = constants.HF_HUB_OFFLINE
    with from_cache_when_unreachable():  # nobody listens there any more
        unreached = constants.HF_HUB_OFFLINE

    assert (False, True) == (reached, unreached)
    assert constants.HF_HUB_OFFLINE is False


def test_a_user_who_is_offline_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked, and nothing is changed."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)

    with from_cache_when_unreachable():
        assert constants.HF_HUB_OFFLINE is True

    assert constants.HF_HUB_OFFLINE is True

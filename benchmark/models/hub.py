"""Models of the hub on a machine without a network: from its cache, and at once."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SECONDS = 5.0  # to wait for an answer; without a network there is none at once


@contextmanager
def from_cache_when_unreachable() -> Iterator[None]:
    """Where the hub does not answer, what is loaded meanwhile is read from this machine's cache.

    Its client would ask for each file six times, which takes minutes for a model that is here.
    """
    try:
        settings: Any = importlib.import_module("huggingface_hub.constants")
        utils: Any = importlib.import_module("huggingface_hub.utils")
    except ImportError:
        yield
        return
    before = settings.HF_HUB_OFFLINE
    if not before:
        try:
            utils.get_session().head(settings.ENDPOINT, timeout=_SECONDS)
        except Exception:  # noqa: BLE001 -- no name, no route, no certificate: no answer
            settings.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        settings.HF_HUB_OFFLINE = before

"""What the endpoint tests stand on: a server of their own, no key and no proxy from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.endpoints.server import Server, serving

pytest.importorskip("httpx2")


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers well until told otherwise."""
    with serving() as state:
        yield state


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No key, proxy or authority of whoever runs the tests."""
    for name in (
        "OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "CO_API_KEY", "JINA_API_KEY",
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE",
    ):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)

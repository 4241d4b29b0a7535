"""What the environment says: proxies, whose certificates are trusted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.errors import ModelError, UsageError
from benchmark.models.http.consent import allow
from benchmark.models.table import Settings
from tests.endpoints.help import model
from tests.endpoints.server import Server, serving, vectors

CERTIFICATE = Path(__file__).with_name("certificate.pem")
TEXTS = ["one", "two"]


@pytest.fixture
def secure() -> Iterator[Server]:
    """A server with TLS, whose certificate nobody trusts by itself."""
    with serving(CERTIFICATE) as state:
        yield state


def test_another_machine_is_reached_through_the_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy, here this server, is asked for the host; the name is not even looked up."""
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))
    far = model("openai:tiny?url=http://embeddings.example/v1", settings=Settings(consent=allow))

    assert vectors(TEXTS).tolist() == far.encode(TEXTS).tolist()
    assert ["embeddings.example"] == [seen.headers["host"] for seen in server.seen]


def test_this_machine_is_reached_without_a_proxy(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts for a local server never pass another machine."""
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    found = model(f"openai:tiny?url={server.url}").encode(TEXTS)

    assert vectors(TEXTS).tolist() == found.tolist()


def test_an_unknown_certificate_is_refused_at_once(secure: Server) -> None:
    """No second attempt; the way out is named."""
    with pytest.raises(ModelError, match="is not trusted; name the file of your authority in SSL"):
        model(f"openai:tiny?url={secure.url}").encode(TEXTS)

    assert [] == secure.seen


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_an_authority_of_the_environment_is_trusted(
    variable: str, secure: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for curl and requests."""
    monkeypatch.setenv(variable, str(CERTIFICATE))

    found = model(f"openai:tiny?url={secure.url}").encode(TEXTS)

    assert vectors(TEXTS).tolist() == found.tolist()


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_authorities_that_cannot_be_read(
    variable: str, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A missing file is one line."""
    monkeypatch.setenv(variable, str(tmp_path / "absent.pem"))

    with pytest.raises(UsageError, match="no certificates can be read where SSL_CERT_FILE"):
        model(f"openai:tiny?url={server.url}").encode(TEXTS)

"""The parts of an exchange by themselves: pace, waits, money, addresses and keys."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import UsageError
from benchmark.models.http.address import find_address
from benchmark.models.http.retries import Pace, Patience, retry_after
from benchmark.models.http.spending import Meter, Spending, cut, estimate_tokens

KEY = "sk-quokkakey"


def address(url: str, model: str = "m", **options: Any) -> Any:
    """An address for embeddings."""
    return find_address(model, "embeddings", {"url": url, **options}, "model 'openai:m'")


def test_the_limit_rises_by_one_a_round_and_halves() -> None:
    """Four answers at a limit of four make five; a refusal makes half."""
    pace = Pace(most=6)
    for _ in range(5):
        pace.succeeded()
    assert 5 == pace.slots
    for _ in range(100):
        pace.succeeded()
    assert 6 == pace.slots

    pace.crowded(sent=1.0, now=2.0)

    assert 3 == pace.slots


def test_refusals_of_one_round_halve_once() -> None:
    """Requests that were under way when the limit was halved say nothing new."""
    pace = Pace(limit=16.0)
    for _ in range(8):
        pace.crowded(sent=1.0, now=2.0)

    assert 8 == pace.slots
    pace.crowded(sent=2.5, now=3.0)
    assert 4 == pace.slots


def test_one_request_may_always_run() -> None:
    """The limit never falls below one."""
    pace = Pace()
    for moment in range(20):
        pace.crowded(sent=moment, now=moment)

    assert 1 == pace.slots


@pytest.mark.parametrize(("chance", "share"), [(0.0, 0.5), (1.0, 1.0)])
def test_waits_double_to_a_minute_and_vary_by_half(chance: float, share: float) -> None:
    """So that many clients do not come back together."""
    patience = Patience(chance=lambda: chance)

    waits = [patience.wait_before(attempt) / share for attempt in range(1, 10)]

    assert [0.5, 1, 2, 4, 8, 16, 32, 60, 60] == waits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1.2.3"}, None),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:30 GMT"}, 20.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:30"}, 20.0),
        ({"retry-after": "Thursday, 01-Jan-70 00:00:30 GMT"}, 20.0),
        ({"retry-after": "Thu Jan  1 00:00:30 1970"}, 20.0),
        ({"retry-after": "Wed, 99 Foo 2024"}, None),
    ],
)
def test_every_form_of_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, the three forms of an HTTP date, and nonsense."""
    assert seconds == retry_after(headers, now=10.0)


@given(st.text(max_size=40), st.integers(1, 12))
def test_a_cut_text_begins_the_text_and_keeps_the_limit(text: str, tokens: int) -> None:
    """In whole characters, by the same estimate that decides whether it is too long."""
    short = cut(text, tokens)

    assert text.startswith(short)
    assert estimate_tokens(short) <= tokens
    assert short == text or len(cut(text, tokens + 2)) > len(short)


def test_money_is_set_aside_paid_and_given_back() -> None:
    """Two requests of 300 tokens fit under a limit of 0.0007 at 1 a million; a third waits."""
    meter = Meter(price=1.0, spending=Spending(max_cost=0.0007))
    assert [True, True, False] == [meter.reserve(300) for _ in range(3)]

    meter.settle(300, 1.0, 100)

    assert meter.reserve(300)
    assert not meter.reserve(300)
    meter.release(300, 1.0)
    meter.settle(300, 1.0, None)
    assert pytest.approx(0.0004) == meter.spending.spent
    assert pytest.approx(0.0) == meter.spending.reserved
    assert (400, 300, 2) == (meter.tokens, meter.estimated, meter.requests)


def test_estimates_grow_with_what_was_counted() -> None:
    """A text of more tokens than its estimate raises all estimates to come."""
    meter = Meter(price=1.0, spending=Spending(max_cost=0.001))
    meter.reserve(100)
    meter.settle(100, 1.0, 300)

    assert 3.0 == meter.ratio
    assert not meter.reserve(250)


@pytest.mark.parametrize(
    ("url", "wanted", "host", "place", "local"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings", "api.openai.com",
         "", False),
        ("http://localhost:8080/", "http://localhost:8080/embeddings", "localhost:8080", "", True),
        ("http://LOCALHOST:80/v1/", "http://localhost/v1/embeddings", "localhost", "", True),
        ("http://127.8.9.1/v1", "http://127.8.9.1/v1/embeddings", "127.8.9.1", "", True),
        ("http://[::1]:9/v1", "http://[::1]:9/v1/embeddings", "[::1]:9", "", True),
        ("http://10.0.0.1/v1", "http://10.0.0.1/v1/embeddings", "10.0.0.1", "", False),
        ("http://localhost.evil.example/v1", "http://localhost.evil.example/v1/embeddings",
         "localhost.evil.example", "", False),
        ("https://x.example:443/a/b/embeddings", "https://x.example/a/b/embeddings", "x.example",
         "a/b", False),
        ("https://r.openai.azure.com?api-version=2024-10-21",
         "https://r.openai.azure.com/openai/deployments/m/embeddings", "r.openai.azure.com",
         "openai/deployments/m", False),
        ("https://r.openai.azure.com/openai/v1", "https://r.openai.azure.com/openai/v1/embeddings",
         "r.openai.azure.com", "openai/v1", False),
    ],
)  # fmt: skip
def test_addresses(
    url: str, wanted: str, host: str, place: str, local: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The route is added once; only loopback is this machine."""
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)

    found = address(url)

    assert (wanted, host, place, local) == (found.url, found.host, found.place, found.local)
    assert KEY not in repr(found)


def test_azure_takes_its_own_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """``api-key`` and ``api-version``, the latter from the address or the option."""
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", KEY)

    found = address("https://r.openai.azure.com", api_version="2024-10-21")

    assert {"api-key": KEY} == found.headers
    assert {"api-version": "2024-10-21"} == found.parameters
    assert found.headers == address("https://r.openai.azure.com?api-version=1").headers


def test_a_key_goes_to_the_provider_that_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """To another host only where the user names the variable."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)

    assert {"authorization": f"Bearer {KEY}"} == address("https://api.openai.com/v1").headers
    assert {"authorization": f"Bearer {KEY}"} == address("http://127.0.0.1/v1").headers
    assert {} == address("https://other.example/v1").headers
    assert {} == address("https://api.openai.com/v1", key_env="").headers
    named = address("https://other.example/v1", key_env="OPENAI_API_KEY")
    assert {"authorization": f"Bearer {KEY}"} == named.headers


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("ftp://x/v1", {}, "url must begin with http:// or https:// and name a host"),
        ("x/v1", {}, "url must begin with http:// or https:// and name a host"),
        ("http://", {}, "url must begin with http:// or https:// and name a host"),
        ("http://x:port/v1", {}, "url is not an address; write url=https://host/v1"),
        ("https://u:quokka@x.example/v1", {}, "url holds a password or key"),
        ("https://x.example/v1?api_key=quokka", {}, "url holds a password or key"),
        ("https://api.openai.com/v1", {}, "the environment variable OPENAI_API_KEY is not set"),
        ("http://localhost/v1", {"key_env": "MINE"}, "variable MINE is not set; put the key there"),
    ],
)
def test_wrong_addresses_are_one_line(url: str, options: dict[str, Any], message: str) -> None:
    """No password is ever repeated."""
    with pytest.raises(UsageError) as caught:
        address(url, **options)

    assert message in str(caught.value)
    assert "quokka" not in str(caught.value)


def test_a_key_with_a_line_break_is_refused_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be another header."""
    monkeypatch.setenv("MINE", f"{KEY}\r\nx: y")

    with pytest.raises(
        UsageError, match="the key in MINE has characters that no key has"
    ) as caught:
        address("http://localhost/v1", key_env="MINE")

    assert "quokka" not in str(caught.value)

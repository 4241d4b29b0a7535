"""Every way in which an endpoint fails: what is tried again, what is said, what is never said."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmark.errors import ModelError
from tests.endpoints import server as say
from tests.endpoints.help import Time, model
from tests.endpoints.server import Fault, Server, vectors

TEXTS = [f"zanzibarix number {n}" for n in range(10)]
KEY = "sk-quokkakey-1234567890"
Entry = dict[str, Any]


def uri(server: Server, *options: str) -> str:
    """The model behind the server, three texts a request where nothing else is said."""
    usual = [] if any(option.startswith("batch=") for option in options) else ["batch=3"]
    return "&".join([f"openai:tiny?url={server.url}", *usual, *options])


def entries(change: Any) -> Fault:
    """An answer whose list of vectors was changed."""
    return say.changed(lambda right: {**right, "data": change(right["data"])})


def first(**values: Any) -> Fault:
    """An answer whose first entry was changed."""
    return entries(lambda data: [{**data[0], **values}, *data[1:]])


def test_a_good_answer() -> None:
    """Ten texts in four requests come back in their order."""
    with say.serving() as server:
        found = model(uri(server)).encode(TEXTS)

    assert np.float32 == found.dtype
    assert vectors(TEXTS).tolist() == found.tolist()
    assert sorted(TEXTS) == sorted(server.texts)
    assert [1, 3, 3, 3] == sorted(len(seen.body["input"]) for seen in server.seen)


PASSING: dict[str, tuple[Fault, list[float]]] = {
    "429": (say.status(429), [0.5]),
    "429, Retry-After in seconds": (say.status(429, {"Retry-After": "7"}), [7.0]),
    "429, Retry-After as a date": (
        say.status(429, {"Retry-After": "Tue, 14 Nov 2023 22:13:31 GMT"}),
        [11.0],
    ),
    "429, Retry-After in milliseconds": (say.status(429, {"retry-after-ms": "250"}), [0.25]),
    "429, Retry-After of nonsense": (say.status(429, {"Retry-After": "soon"}), [0.5]),
    "429, Retry-After in the past": (
        say.status(429, {"Retry-After": "Tue, 14 Nov 2023 22:13:10 GMT"}),
        [],
    ),
    "500": (say.status(500), [0.5]),
    "502 with a page": (say.status(502, found=b"<html>"), [0.5]),
    "503, Retry-After": (say.status(503, {"Retry-After": "2"}), [2.0]),
    "504": (say.status(504), [0.5]),
    "connection reset": (say.reset, [0.5]),
    "cut short": (say.cut_short, [0.5]),
    "closed early": (say.closed_early, [0.5]),
    "no body": (lambda handler, body: say.answer(handler, b""), [0.5]),
}


@pytest.mark.parametrize("name", PASSING)
def test_a_passing_fault_is_tried_again(name: str, server: Server) -> None:
    """After the wait that the provider asked for, else half a second at most; nothing is lost."""
    fault, waits = PASSING[name]
    server.faults.append(fault)
    time = Time()

    tiny = model(f"openai:tiny?url={server.url}", time)
    found = tiny.encode(TEXTS)

    assert vectors(TEXTS).tolist() == found.tolist()
    assert waits == pytest.approx(time.slept)
    assert 2 == len(server.seen)
    assert (1, 1) == (tiny.endpoint.meter.requests, tiny.endpoint.meter.retries)


@pytest.mark.parametrize("fault", [say.hang, say.drip, say.drip_headers])
def test_a_hang_ends_by_timeout(fault: Fault, server: Server) -> None:
    """However slowly it drips: the timeout is for the whole answer; then it is tried again."""
    server.always = fault

    tiny = model(f"openai:tiny?url={server.url}", timeout=0.2, attempts=2)

    with pytest.raises(ModelError) as caught:
        tiny.encode(TEXTS)

    assert (
        f"{server.url[7:-3]} gave no answer in 2 attempts (last: no whole answer within 0.2 "
        "seconds); what came is kept, so run again later"
    ) == str(caught.value)
    assert 2 == len(server.seen)
    assert tiny.endpoint.pace.limit < 4


LASTING: dict[str, tuple[Fault, str]] = {
    "429": (say.status(429), "gave no answer in 4 attempts (last: status 429, too many requests)"),
    "500": (say.status(500), "gave no answer in 4 attempts (last: status 500)"),
    "reset": (say.reset, "gave no answer in 4 attempts (last: the connection failed (ReadError))"),
    "cut short": (say.cut_short, "(last: the answer is cut short or is no JSON)"),
}


@pytest.mark.parametrize("name", LASTING)
def test_a_lasting_fault_ends_after_the_stated_attempts(name: str, server: Server) -> None:
    """Waits double: half a second, one, two, at most; then one line."""
    server.always, message = LASTING[name]
    time = Time()

    with pytest.raises(ModelError) as caught:
        model(f"openai:tiny?url={server.url}", time).encode(TEXTS)

    assert message in str(caught.value)
    assert [0.5, 1.0, 2.0] == time.slept
    assert 4 == len(server.seen)


def test_a_wait_that_is_too_long_is_not_waited_for(server: Server) -> None:
    """An hour is said, not slept."""
    server.always = say.status(429, {"Retry-After": "3600"})
    time = Time()

    with pytest.raises(ModelError, match="asks to wait 3600 seconds, more than 300"):
        model(uri(server), time).encode(TEXTS[:3])

    assert [] == time.slept


FINAL: dict[str, tuple[Fault, str]] = {
    "401": (say.status(401), "refuses access (status 401); check the key in OPENAI_API_KEY"),
    "403": (say.status(403), "refuses access (status 403); check the key in OPENAI_API_KEY"),
    "404": (say.status(404), "has no model 'tiny' or no such path (status 404); check the name"),
    "400": (say.status(400), "refuses a request (status 400); check the model's name and options"),
    "422": (say.status(422), "refuses a request (status 422)"),
    "307": (
        say.status(307, {"location": "http://127.0.0.1:1/"}),
        "answers from another address (status 307); give that as url=",
    ),
    "no credit": (
        say.status(429, found={"error": {"code": "insufficient_quota"}}),
        "says that the account has no credit left (insufficient_quota)",
    ),
    "too long": (
        say.status(400, found={"error": {"code": "context_length_exceeded"}}),
        "finds a text too long (context_length_exceeded); give max_tokens= to cut long texts",
    ),
    "too few": (entries(lambda data: data[1:]), "returned 9 vectors for 10 texts"),
    "too many": (entries(lambda data: [*data, data[0]]), "returned 11 vectors for 10 texts"),
    "none": (entries(lambda data: []), "returned 0 vectors for 10 texts"),
    "an index twice": (first(index=1), "returned indices other than 0 to 9, each once"),
    "an index beyond": (first(index=10), "returned indices other than 0 to 9, each once"),
    "a negative index": (first(index=-1), "returned indices other than 0 to 9, each once"),
    "an index of text": (first(index="0"), "returned indices other than 0 to 9, each once"),
    "two widths": (first(embedding=[1.0, 2.0]), "returned vectors of widths [2, 8] in one answer"),
    "empty vectors": (
        entries(lambda data: [{**entry, "embedding": []} for entry in data]),
        "returned empty vectors; check that the model embeds texts",
    ),
    "NaN": (first(embedding=[float("nan")] * 8), "returned 1 of 10 vectors with NaN or infinite"),
    "infinite": (first(embedding=[1e39] * 8), "returned 1 of 10 vectors with NaN or infinite"),
    "null numbers": (first(embedding=[None] * 8), "returned 1 of 10 vectors with NaN"),
    "no embedding": (
        first(embedding=None),
        "returned an embedding that is neither numbers nor base64",
    ),
    "words": (
        first(embedding=["a"] * 8),
        "returned an embedding that is neither numbers nor base64",
    ),
    "nested": (
        first(embedding=[[1.0]] * 8),
        "returned an embedding that is neither numbers nor base64",
    ),
    "bad base64": (
        first(embedding="???"),
        "returned an embedding that is neither numbers nor base64",
    ),
    "odd base64": (
        first(embedding="AAAA"),
        "returned an embedding that is neither numbers nor base64",
    ),
    "another language": (say.changed(lambda right: right["data"]), "returned no list of vectors"),
    "no objects": (entries(lambda data: [1] * 10), "returned no list of vectors"),
    "only null": (say.changed(lambda right: None), "returned no list of vectors"),
}


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("name", FINAL)
def test_what_will_not_pass_is_said_at_once(
    name: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One request, one line; neither the key nor a text is in it, though the answer quotes both."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    server.always, message = FINAL[name]

    with pytest.raises(ModelError) as caught:
        model(f"openai:tiny?url={server.url}").encode(TEXTS)

    said = str(caught.value)
    assert f"{server.url[7:-3]} {message}" in said
    assert 1 == len(server.seen)
    assert "\n" not in said
    assert "zanzibarix" not in said
    assert "quokkakey" not in said


def at_most(texts: int, status: int, message: str) -> Fault:
    """Refuse a request of more texts in a provider's own words."""

    def fault(handler: say.Handler, body: Entry) -> None:
        if len(body["input"]) > texts:
            say.answer(handler, {"error": {"message": message}}, status)
        else:
            say.good(handler, body)

    return fault


TOO_LARGE: dict[str, tuple[int, str]] = {
    "413": (413, ""),
    "OpenAI": (400, "Requested 300123 tokens, max 300000 tokens per request"),
    "Azure": (400, "Too many inputs. The max number of inputs is 16."),
    "Voyage": (400, "The max allowed tokens per submitted batch is 120000."),
    "Cohere": (400, "invalid request: total number of texts must be at most 96 - received 128"),
    "Mistral": (400, "Too many tokens in batch. Max is 16384 tokens per batch."),
    "TEI": (422, "batch size 128 > maximum allowed batch size 32"),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_request_that_is_too_large_is_halved(name: str, server: Server) -> None:
    """Until it passes; those as large that wait are not tried first; no text is sent for nothing.

    Of 24 texts in requests of eight the first is refused, and its half of four; twos pass.
    """
    server.always = at_most(2, *TOO_LARGE[name])
    texts = [f"text {n}" for n in range(24)]
    tiny = model(f"openai:tiny?url={server.url}&batch=8&concurrency=1")

    found = tiny.encode(texts)

    assert vectors(texts).tolist() == found.tolist()
    assert [8, 4, *[2] * 12] == [len(seen.body["input"]) for seen in server.seen]
    assert (12, 2) == (tiny.endpoint.meter.requests, tiny.endpoint.meter.retries)


@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_single_text_that_is_too_large_is_said(name: str, server: Server) -> None:
    """There is no half of it; what came is kept."""
    status, message = TOO_LARGE[name]
    server.always = at_most(0, status, message)

    with pytest.raises(ModelError) as caught:
        model(f"openai:tiny?url={server.url}&concurrency=1").encode(TEXTS)

    assert f"finds even a single text too large (status {status}); give max_tokens=" in str(
        caught.value
    )
    assert "zanzibarix" not in str(caught.value)
    assert [10, 5, 2, 1] == [len(seen.body["input"]) for seen in server.seen]


def test_pairs_that_are_too_many_are_halved(server: Server) -> None:
    """A reranker's documents too."""

    def fault(handler: say.Handler, body: Entry) -> None:
        say.status(413)(handler, body) if len(body["documents"]) > 3 else say.good(handler, body)

    server.always = fault
    ranker = model(f"rerank:tiny?url={server.url}")

    scores = ranker.score(["number 3"] * 10, TEXTS)

    assert [np.float32(say.relevance("number 3", text)) for text in TEXTS] == scores.tolist()


def test_a_limit_on_tokens_is_kept_from_the_start(server: Server) -> None:
    """With ``request_tokens=`` nothing is refused: 10 texts of 7 estimated tokens, 21 a request."""

    def fault(handler: say.Handler, body: Entry) -> None:
        large = sum(map(len, body["input"])) > 3 * 21
        say.status(413)(handler, body) if large else say.good(handler, body)

    server.always = fault
    tiny = model(f"openai:tiny?url={server.url}&request_tokens=21")

    assert vectors(TEXTS).tolist() == tiny.encode(TEXTS).tolist()
    assert 0 == tiny.endpoint.meter.retries


def test_indices_in_another_order_are_put_right(server: Server) -> None:
    """An answer may list its vectors in any order, or name no index at all."""
    server.faults += [
        entries(lambda data: data[::-1]),
        entries(lambda data: [{"embedding": entry["embedding"]} for entry in data]),
    ]
    tiny = model(f"openai:tiny?url={server.url}")

    assert vectors(TEXTS).tolist() == tiny.encode(TEXTS).tolist()
    assert vectors(TEXTS).tolist() == tiny.encode(TEXTS).tolist()


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_numbers_and_base64_give_equal_bytes(encoding: str, server: Server) -> None:
    """What is asked for is sent; either answer is read."""
    found = model(uri(server, f"encoding={encoding}")).encode(TEXTS)

    assert {encoding} == {seen.body["encoding_format"] for seen in server.seen}
    assert vectors(TEXTS).tobytes() == found.tobytes()


def test_a_width_other_than_asked_is_refused(server: Server) -> None:
    """A server that ignores dimensions= would be scored under a wrong name."""
    server.always = entries(lambda data: [{**e, "embedding": [1.0] * 8} for e in data])

    with pytest.raises(ModelError, match="returned vectors of width 8, not 4"):
        model(uri(server, "dimensions=4")).encode(TEXTS)


def test_a_width_that_changes_between_requests_is_refused(server: Server) -> None:
    """Every vector of a model has one width."""
    server.faults += [say.good, entries(lambda d: [{**e, "embedding": [1.0] * 7} for e in d])]

    with pytest.raises(ModelError, match="returned vectors of width"):
        model(uri(server, "concurrency=1")).encode(TEXTS)


def test_what_came_before_a_failure_is_given(server: Server) -> None:
    """Answers on their way are still read, and no new request begins."""
    server.faults += [say.good, say.good, say.status(400)]
    tiny = model(uri(server, "concurrency=1", "batch=1"))
    stream = tiny.encode_stream(TEXTS)

    assert [[0], [1]] == [next(stream)[0], next(stream)[0]]
    with pytest.raises(ModelError, match="status 400"):
        next(stream)
    assert 3 == len(server.seen)


def test_a_crowded_provider_is_approached_more_slowly(server: Server) -> None:
    """A refusal halves how many run at once, answers raise it again; all texts come back."""
    server.faults += [say.status(429)] * 3
    texts = [f"text {n}" for n in range(20)]
    tiny = model(uri(server, "batch=1", "concurrency=12"))

    found = tiny.encode(texts)

    assert vectors(texts).tolist() == found.tolist()
    assert 3 == tiny.endpoint.meter.retries
    assert tiny.endpoint.pace.halved_at >= 0
    assert 2 < tiny.endpoint.pace.limit < 12


def test_no_more_requests_at_once_than_allowed(server: Server) -> None:
    """``concurrency=`` is a limit, however fast answers come."""
    model(uri(server, "batch=1", "concurrency=2")).encode([f"text {n}" for n in range(30)])

    assert server.most_at_once <= 2


def test_a_reader_that_stops_ends_the_exchange(server: Server) -> None:
    """Nothing is sent after the reader went away."""
    stream = model(uri(server, "batch=1", "concurrency=1")).encode_stream(TEXTS)
    next(stream)
    server.always = say.hang

    stream.close()

    assert len(server.seen) <= len(TEXTS)


def test_it_works_inside_a_running_loop(server: Server) -> None:
    """As in a notebook."""
    import asyncio

    async def cell() -> Any:
        return model(uri(server)).encode(TEXTS)

    assert vectors(TEXTS).tolist() == asyncio.run(cell()).tolist()


def test_a_server_that_is_not_there() -> None:
    """A refused connection is tried as often as any passing fault."""
    with say.serving() as server:
        gone = server.url

    with pytest.raises(ModelError, match=r"the connection failed \(ConnectError\)"):
        model(f"openai:tiny?url={gone}").encode(TEXTS)


def test_the_answer_is_json_of_the_contract() -> None:
    """The fault server itself speaks the language: its answer has an index and usage."""
    right = say.content(Server(), "/v1/embeddings", {"input": ["a b"]})

    assert 3 == right["usage"]["total_tokens"]
    assert [0] == [entry["index"] for entry in json.loads(json.dumps(right))["data"]]

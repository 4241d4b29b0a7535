"""What the two adapters send, what they are called, and what the reranker refuses."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from benchmark.cache import open_store
from benchmark.errors import MissingExtraError, ModelError, UsageError
from benchmark.models import load_model
from benchmark.models.http.spending import estimate_tokens
from benchmark.results.store import result_path
from tests.endpoints import server as say
from tests.endpoints.help import model
from tests.endpoints.server import Fault, Server, relevance, vectors

KEY = "sk-quokkakey"
HERE = "http://127.0.0.1:8080/v1"
QUERIES = ["red pear", "red pear", "red pear", "plum", "plum"]
DOCUMENTS = ["a red apple", "pear", "a red pear", "plum", "nothing"]


def uri(server: Server, *options: str, scheme: str = "openai") -> str:
    """The model behind the server."""
    return "&".join([f"{scheme}:tiny?url={server.url}", *options])


def test_a_request_holds_so_many_texts(server: Server) -> None:
    """``batch=``, or the run's own batch size."""
    texts = [f"text {n}" for n in range(10)]
    model(uri(server, "batch=4")).encode(texts)

    assert [2, 4, 4] == sorted(len(seen.body["input"]) for seen in server.seen)


def test_a_request_holds_so_many_tokens(server: Server) -> None:
    """By the estimate; a text over the limit goes alone, and whole."""
    texts = ["x" * size for size in (30, 30, 30, 600, 30)]
    model(uri(server, "request_tokens=25")).encode(texts)

    sizes = sorted([len(text) for text in seen.body["input"]] for seen in server.seen)
    assert [[30], [30], [30, 30], [600]] == sizes


def test_long_texts_are_cut_and_counted(server: Server) -> None:
    """``max_tokens=`` changes numbers, so it is part of the identity."""
    tiny = model(uri(server, "max_tokens=4"))
    texts = ["short", "a much longer text than that", "男人在弹吉他"]
    tiny.encode(texts)

    assert ["short", "a much longe", "男人在弹"] == server.texts
    assert all(estimate_tokens(text) <= 4 for text in server.texts)
    assert 2 == tiny.usage["cut_texts"]
    assert "max_tokens_4" == tiny.identity.slug


def test_an_empty_text_is_a_space(server: Server) -> None:
    """Providers refuse an empty one."""
    model(uri(server)).encode(["", "a"])

    assert [" ", "a"] == server.texts


def test_no_texts_need_no_request(server: Server) -> None:
    """Nothing is sent for nothing."""
    assert 0 == len(model(uri(server)).encode([]))
    assert [] == server.seen


def test_dimensions_are_asked_for(server: Server) -> None:
    """And part of the identity: another folder, another cache."""
    short, whole = model(uri(server, "dimensions=3")), model(uri(server))

    assert vectors(["a"], 3).tolist() == short.encode(["a"]).tolist()
    assert {"dimensions": 3} == short.identity.options
    assert {} == whole.identity.options


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("query,passage", {"query": "query", "document": "passage", None: None}),
        ("search_query,search_document,clustering",
         {"query": "search_query", "document": "search_document", None: "clustering"}),
        (",document,", {"query": None, "document": "document", None: None}),
    ],
)  # fmt: skip
def test_an_endpoint_is_told_what_a_text_is_for(
    given: str, sent: dict[Any, Any], server: Server
) -> None:
    """By the word of the role, in ``input_type``; a role without a word sends none."""
    tiny = model(uri(server, f"input_type={given}"))
    for role in sent:
        tiny.encode(["a"], role=role)

    assert list(sent.values()) == [seen.body.get("input_type") for seen in server.seen]
    assert {"input_type": given} == tiny.identity.options


def test_the_field_of_the_words_may_have_another_name(server: Server) -> None:
    """As Jina's ``task``."""
    model(uri(server, "input_type=task:retrieval.query,retrieval.passage")).encode(
        ["a"], role="query"
    )

    assert "retrieval.query" == server.seen[0].body["task"]
    assert "input_type" not in server.seen[0].body


def test_documents_are_cut_beside_their_query(server: Server) -> None:
    """``max_tokens=`` of a reranker is for both; cuts are counted, and part of the identity."""
    ranker = model(uri(server, "max_tokens=6", scheme="rerank"))
    ranker.score(["red pear"] * 2, ["plum", "a much longer document"])

    assert ["plum", "a much lo"] == server.seen[0].body["documents"]
    assert 1 == ranker.usage["cut_texts"]
    assert "max_tokens_6" == ranker.identity.slug


def test_azure_is_spoken_to_in_its_way(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version in the address, key in its own header."""
    monkeypatch.setenv("MINE", KEY)
    base = server.url.removesuffix("/v1")
    tiny = model(f"openai:tiny?url={base}&api_version=2024-10-21&key_env=MINE")
    tiny.encode(["a"])

    (seen,) = server.seen
    assert "/openai/deployments/tiny/embeddings" == seen.path
    assert {"api-version": ["2024-10-21"]} == seen.parameters
    assert KEY == seen.headers["api-key"]
    assert "authorization" not in seen.headers


def test_the_family_of_a_model_brings_its_prompts(server: Server) -> None:
    """A name that a family is known by; ``prompt=`` takes it away."""
    base = f"openai:intfloat/e5-base-v2?url={server.url}"
    served, bare = model(base), model(f"{base}&prompt=")

    assert "query: " == served.prompt_for("T", "Retrieval", "query")
    assert bare.prompt_for("T", "Retrieval", "query") is None
    assert model(uri(server)).prompt_for("T", "Retrieval", "query") is None
    served.encode(["a"], prompt="query: ")
    assert ["query: a"] == server.texts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"openai:a?url={HERE}", f"openai:b?url={HERE}"),
        (f"openai:a?url={HERE}", "openai:a?url=http://127.0.0.1:8081/v1"),
        (f"openai:a?url={HERE}", "openai:a?url=http://127.0.0.1:8080/other/v1"),
        (f"openai:a?url={HERE}", "openai:a?url=http://127.0.0.1:8080/v1?deployment=b"),
        (f"openai:a?url={HERE}", f"openai:a@2026-11?url={HERE}"),
        (f"openai:a?url={HERE}", f"openai:a?url={HERE}&dimensions=8"),
        (f"openai:a?url={HERE}", f"openai:a?url={HERE}&max_tokens=8"),
        (f"openai:a?url={HERE}", f"openai:a?url={HERE}&prompt=x"),
        (f"openai:a?url={HERE}", f"openai:a?url={HERE}&input_type=query,document"),
        (f"rerank:a?url={HERE}", f"rerank:a?url={HERE}&max_tokens=8"),
        (f"openai:a?url={HERE}", f"rerank:a?url={HERE}"),
    ],
)
def test_what_changes_numbers_has_a_cache_of_its_own(one: str, other: str, tmp_path: Any) -> None:
    """Model, host, path, label, options."""
    first, second = load_model(one).identity, load_model(other).identity

    folders = {open_store(tmp_path, who, None, None).folder for who in (first, second)}
    assert 2 == len(folders)


@pytest.mark.parametrize(
    "options",
    [
        "batch=3", "concurrency=2", "timeout=5", "attempts=2", "price=1", "key_env=",
        "encoding=float", "request_tokens=9", "api_version=1",
    ],
)  # fmt: skip
def test_what_changes_no_number_is_no_part_of_the_identity(options: str) -> None:
    """So that results and vectors are found again."""
    url = f"{HERE}/openai/deployments/a"

    assert (
        load_model(f"openai:a?url={url}").identity
        == load_model(f"openai:a?url={url}&{options}").identity
    )


def test_names_and_labels(tmp_path: Any) -> None:
    """A model's own slashes and a leading @ belong to its name; a label is its revision."""
    found = [
        load_model(f"openai:{target}?url={HERE}").identity
        for target in ("org/model", "@cf/baai/bge-m3", "m@2026-11")
    ]

    assert [
        ("127.0.0.1:8080/org__model", "endpoint"),
        ("127.0.0.1:8080/@cf__baai__bge-m3", "endpoint"),
        ("127.0.0.1:8080/m", "2026-11"),
    ] == [(who.name, who.revision) for who in found]
    assert (
        "127.0.0.1_8080__org__model/endpoint/T.json"
        == result_path(tmp_path, found[0], "T").relative_to(tmp_path).as_posix()
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("openai:", "model 'openai:' needs a name, for example openai:text-embedding-3-small"),
        ("openai:m", "model 'openai:m': the environment variable OPENAI_API_KEY is not set"),
        (f"openai:m?url={HERE}&encoding=int8", "encoding must be base64 or float"),
        (f"openai:m?url={HERE}&input_type=query", "input_type must be of type QUERY,DOCUMENT or"),
        (f"openai:m?url={HERE}&batch=0", "option batch must be of type whole number from 1"),
        (f"openai:m?url={HERE}&timeout=0", "timeout must be more than 0 seconds"),
        (f"openai:m?url={HERE}&price=-1", "option price must be of type number from 0, not '-1'"),
        (
            f"openai:m?url={HERE}&dimension=8",
            "has no option 'dimension'; did you mean 'dimensions'",
        ),
        ("rerank:m", "needs a name and an address: rerank:MODEL?url=https://host/v1"),
        (f"rerank:?url={HERE}", "needs a name and an address: rerank:MODEL?url=https://host/v1"),
        (f"rerank:m?url={HERE}&style=x", "style must be cohere (also Jina's) or tei"),
    ],
)
def test_wrong_uris_are_one_line(given: str, message: str) -> None:
    """What, where, what to do now."""
    with pytest.raises(UsageError) as caught:
        load_model(given)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("given", [f"openai:m?url={HERE}", f"rerank:m?url={HERE}"])
def test_the_extra_that_is_missing_is_named(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that brings it."""
    monkeypatch.setitem(sys.modules, "httpx2", None)

    with pytest.raises(MissingExtraError) as caught:
        load_model(given)

    scheme = given.partition(":")[0]
    assert (
        f"the model '{scheme}:m' needs the package 'httpx2'; run: pip install 'embedmark[endpoint]'"
    ) == str(caught.value)


@pytest.mark.parametrize("style", ["cohere", "tei"])
def test_a_request_holds_one_query(style: str, server: Server) -> None:
    """Answers come best first, and go back to their pairs; at most ``batch`` documents each."""
    ranker = model(uri(server, f"style={style}", "batch=2", scheme="rerank"))

    scores = ranker.score(QUERIES, DOCUMENTS)

    expected = [relevance(*pair) for pair in zip(QUERIES, DOCUMENTS, strict=True)]
    assert np.float32 == scores.dtype
    assert pytest.approx(expected) == scores.tolist()
    field = "texts" if style == "tei" else "documents"
    sent = sorted((seen.body["query"], seen.body[field]) for seen in server.seen)
    assert [
        ("plum", ["plum", "nothing"]),
        ("red pear", ["a red apple", "pear"]),
        ("red pear", ["a red pear"]),
    ] == sent


def results(change: Any) -> Fault:
    """An answer whose list of scores was changed."""
    return say.changed(lambda right: {"results": change(right["results"])})


WRONG: dict[str, tuple[Fault, str]] = {
    "too few": (results(lambda found: found[1:]), "returned 2 scores for 3 texts"),
    "an index twice": (
        results(lambda found: [found[0], *found[:2]]),
        "returned indices other than 0 to 2, each once",
    ),
    "no number": (
        results(lambda found: [{**entry, "relevance_score": "high"} for entry in found]),
        "returned a score that is no number",
    ),
    "no score": (
        results(lambda found: [{"index": entry["index"]} for entry in found]),
        "returned a score that is no number",
    ),
    "NaN": (
        results(lambda found: [{**entry, "relevance_score": float("nan")} for entry in found]),
        "returned 3 of 3 scores that are NaN or infinite",
    ),
    "another language": (say.changed(lambda right: {"data": []}), "returned no list of scores"),
    "401": (say.status(401), "refuses access (status 401); no key was sent; name the environment"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_scores_are_one_line(name: str, server: Server) -> None:
    """At once, without a text."""
    server.always, message = WRONG[name]

    with pytest.raises(ModelError) as caught:
        model(uri(server, scheme="rerank")).score(QUERIES[:3], DOCUMENTS[:3])

    assert f"{server.url[7:-3]} {message}" in str(caught.value)
    assert "pear" not in str(caught.value)
    assert 1 == len(server.seen)

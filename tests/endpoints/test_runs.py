"""Endpoints through the command: consent, cost, what is kept, and where no secret ever stands."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmark.cache import open_store, text_keys
from benchmark.cli import main
from benchmark.models import load_model
from benchmark.models.http import address
from tests.endpoints import server as say
from tests.endpoints.server import Server

KEY = "sk-quokkakey-1234567890"
TEXT = "zanzibarix"
PAIRS = 12


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A task of pairs and one of candidates, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"sentence1": f"{TEXT} one {n}", "sentence2": f"{TEXT} two {n % 5}", "score": n}
        for n in range(PAIRS)
    ]
    write("pairs/test.jsonl", rows)
    Path("pairs.toml").write_text(
        'kind = "sts"\nmain_score = "cosine_spearman"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "pairs"\n'
    )
    write("docs/corpus.jsonl", [{"_id": f"d{n}", "text": f"{TEXT} word{n}"} for n in range(6)])
    write("docs/queries.jsonl", [{"_id": f"q{n}", "text": f"word{n} {TEXT}"} for n in range(3)])
    candidates = [(f"q{q}", f"d{d}") for q in range(3) for d in range(6)]
    table("docs/top_ranked/test.tsv", "query-id\tcorpus-id", candidates)
    table(
        "docs/qrels/test.tsv",
        "query-id\tcorpus-id\tscore",
        [(f"q{n}", f"d{n}", 1) for n in range(3)],
    )
    Path("docs.toml").write_text(
        'kind = "reranking"\nmain_score = "map_at_1000"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "docs"\n'
    )
    return tmp_path


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """A .jsonl file."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("".join(json.dumps(row) + "\n" for row in rows))


def table(name: str, head: str, rows: list[tuple[Any, ...]]) -> None:
    """A .tsv file."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text("\n".join([head, *("\t".join(map(str, row)) for row in rows)]) + "\n")


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take this machine for another one, so that consent is needed and nothing leaves it."""
    monkeypatch.setattr(address, "_is_local", lambda name: False)


def run(*arguments: str, task: str = "pairs.toml") -> int:
    """``embedmark run`` on a task, results and vectors in the folder; the exit code."""
    return main(["run", *arguments, "-t", task, "-o", "out", "--cache", "cache"])


def uri(server: Server, *options: str, scheme: str = "openai") -> str:
    """The model behind the server."""
    return "&".join([f"{scheme}:tiny?url={server.url}", *options])


def result() -> dict[str, Any]:
    """The only result."""
    (path,) = Path("out").rglob("*__tiny/endpoint/[!m]*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def everything_written() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of results and cache."""
    for folder in ("out", "cache"):
        for path in Path(folder).rglob("*"):
            yield str(path), path.read_bytes() if path.is_file() else b""


def test_a_local_endpoint_runs_unasked(
    here: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """A score, what was used, and the note that the model can change."""
    assert 0 == run(uri(server))

    found = result()["embedmark"]
    assert ["model_can_change"] == found["notes"]
    used = found["cost"]["usage"]["test/default"]
    assert 1 == used["requests"]
    assert sum(len(text.split()) + 1 for text in server.texts) == used["tokens"]
    assert f"127.0.0.1:{server.url[17:-3]}/tiny" == found["model"]["name"]
    assert {} == found["model"]["options"]
    assert "the model behind an endpoint can change" in capsys.readouterr().err


def test_a_second_run_sends_nothing(here: Path, server: Server) -> None:
    """Neither the result nor the vectors are paid for twice."""
    run(uri(server))
    sent = len(server.seen)

    assert 0 == run(uri(server))
    assert 0 == run(uri(server), "--fresh")

    assert sent == len(server.seen)


def test_without_consent_nothing_is_sent(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """No terminal and no --yes: exit 2, after saying how much would go where, at what cost."""
    assert 2 == run("random", uri(server), "--price", "0.02")

    err = capsys.readouterr().err
    host = server.url[7:-3]
    texts = [f"{TEXT} one {n}" for n in range(PAIRS)] + [f"{TEXT} two {n}" for n in range(5)]
    tokens = sum(-(-len(text) // 3) for text in texts)
    said = (
        f"17 texts ({sum(map(len, texts))} characters, at most about {tokens} tokens, "
        f"${tokens * 0.02 / 1e6:.4f}) to {host}"
    )
    assert [
        f"tiny: this sends {said}",
        f"embedmark: error: this would send {said}; nothing was sent; give --yes to allow it",
    ] == err.splitlines()
    assert [] == server.seen
    assert not Path("out").exists()


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("YES\n", 0), ("\n", 2), ("no\n", 2)])
def test_a_terminal_is_asked(
    answer: str,
    code: int,
    here: Path,
    far: None,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Once for a model, however many tasks it runs on; anything but yes is no."""
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    monkeypatch.setattr("benchmark.cli.consent._is_terminal", lambda: True)

    assert code == main(
        ["run", uri(server), "-t", "pairs.toml", "docs.toml", "-o", "out", "--cache", "cache"]
    )

    err = capsys.readouterr().err
    assert 1 == err.count("Send it? [y/N] ")
    assert (code == 0) == bool(server.seen)
    assert "26 texts" in err


def test_yes_says_it_and_sends(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is sent is said with --yes too; a later run that sends nothing says nothing."""
    assert 0 == run(uri(server), "--yes")
    assert "tiny: this sends 17 texts" in capsys.readouterr().err

    assert 0 == run(uri(server))
    assert "this sends" not in capsys.readouterr().err


def test_consent_counts_what_the_cache_lacks(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """After five more pairs, their texts alone."""
    run(uri(server), "--yes")
    capsys.readouterr()
    with Path("pairs/test.jsonl").open("a") as stream:
        for n in range(5):
            stream.write(
                json.dumps({"sentence1": f"new {n}", "sentence2": f"{TEXT} two 1", "score": n})
                + "\n"
            )
    sent = len(server.texts)

    assert 0 == run(uri(server), "--yes")

    assert "tiny: this sends 5 texts" in capsys.readouterr().err
    assert sorted(f"new {n}" for n in range(5)) == sorted(server.texts[sent:])


def test_a_sweep_is_agreed_to_and_paid_for_once(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """All combinations are made of one answer; a combination alone is then sent nothing."""
    sweep = ("--dim", "1,2", "--dtype", "float32,binary")
    assert 2 == run(uri(server), *sweep)
    assert [] == server.seen
    capsys.readouterr()

    assert 0 == run(uri(server), *sweep, "--yes")

    assert 1 == capsys.readouterr().err.count("tiny: this sends 17 texts")
    assert 17 == len(server.texts)
    assert 0 == run(f"{uri(server)}&dim=1&dtype=int8")
    assert "this sends" not in capsys.readouterr().err
    assert 17 == len(server.texts)


def test_python_needs_consent_too(here: Path, far: None, server: Server) -> None:
    """``evaluate`` sends nothing to another machine without ``yes``."""
    import benchmark
    from benchmark.errors import UsageError

    with pytest.raises(UsageError, match="give --yes to allow it"):
        benchmark.evaluate(uri(server), "pairs.toml", cache="cache")
    assert [] == server.seen

    found = benchmark.evaluate(uri(server), "pairs.toml", cache="cache", yes=True)

    assert 1 == len(found)
    assert not found.failed


def test_an_adapter_alone_sends_nothing_without_consent(far: None, server: Server) -> None:
    """The gate stands in the adapter, so no caller can forget it."""
    from benchmark.errors import UsageError

    model: Any = load_model(uri(server))

    with pytest.raises(UsageError, match="nothing was sent"):
        model.encode(["a"])
    assert [] == server.seen


def test_a_limit_on_cost_stops_and_the_next_run_goes_on(
    here: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was paid for is kept: over both runs every text is sent once, and the score is whole."""
    priced = ("--price", "1000000")
    model = uri(server, "batch=1", "concurrency=2")

    assert 1 == run(model, *priced, "--max-cost", "40")

    err = capsys.readouterr().err
    assert "stopped before --max-cost 40: " in err
    paid = len(server.texts)
    assert 0 < paid < 17
    spent = sum(len(text.split()) + 1 for text in server.texts)
    assert spent <= 40
    assert f": {spent:.4f} is spent" in err
    assert not list(Path("out").rglob("pairs.json"))

    assert 0 == run(model, *priced, "--max-cost", "400")

    assert 17 == len(server.texts) == len(set(server.texts))
    used = result()["embedmark"]["cost"]["usage"]["test/default"]
    assert 17 - paid == used["requests"]
    whole = result()["scores"]["test"][0]["main_score"]
    assert 0 == main(["run", uri(server), "-t", "pairs.toml", "-o", "out", "--no-cache", "--fresh"])
    assert whole == result()["scores"]["test"][0]["main_score"]


def test_a_failure_in_the_middle_keeps_what_came(here: Path, server: Server) -> None:
    """As with the money: the next run asks for the rest."""
    server.faults += [say.good] * 5 + [say.status(400)]
    model = uri(server, "batch=1", "concurrency=1")
    assert 1 == run(model)
    assert 6 == len(server.seen)

    assert 0 == run(model)

    assert 6 + 12 == len(server.seen)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max-cost", "1"], "--max-cost needs the --price of a million tokens"),
        (
            ["--max-cost", "1", "--no-cache"],
            "keeps what was paid for in the cache; drop --no-cache",
        ),
    ],
)
def test_a_limit_needs_a_price_and_the_cache(
    arguments: list[str], message: str, here: Path, server: Server,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Neither is guessed."""
    assert 0 != run(uri(server), *arguments)

    assert message in capsys.readouterr().err
    assert [] == server.seen


def test_a_price_of_its_own(here: Path, server: Server) -> None:
    """Several models in one run may cost differently."""
    assert 0 == run(uri(server, "price=1000000"), "--price", "7")

    used = result()["embedmark"]["cost"]["usage"]["test/default"]
    assert used["tokens"] == used["cost"]


def test_a_reranker_scores_candidates_and_is_left_out_elsewhere(
    here: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """One request a query; each document with the query's word is first."""
    model = uri(server, scheme="rerank")
    assert 0 == main(
        ["run", model, "-t", "pairs.toml", "docs.toml", "-o", "out", "--cache", "cache"]
    )

    assert 1.0 == result()["scores"]["test"][0]["main_score"]
    assert 3 == len(server.seen)
    assert "reranks candidates only; pairs (sts) is left out" in capsys.readouterr().err

    assert 0 == run(model, "--fresh", task="docs.toml")
    assert 3 == len(server.seen)


FAULTS = {
    "good": say.good,
    "400": say.status(400),
    "401": say.status(401),
    "429": say.status(429),
    "wrong count": say.changed(lambda right: {**right, "data": right["data"][1:]}),
    "cut short": say.cut_short,
    "reset": say.reset,
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("variable", ["OPENAI_API_KEY", "MINE"])
def test_no_secret_anywhere(
    name: str,
    variable: str,
    here: Path,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither key nor text in any output, log, file or repr, though answers quote both."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv(variable, KEY)
    server.always = FAULTS[name]
    options = ["attempts=1"] + ([f"key_env={variable}"] if variable == "MINE" else [])

    code = run(uri(server, *options))

    assert (name != "good") == code
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert f"Bearer {KEY}" == server.seen[0].headers["authorization"]
    written = [*everything_written(), ("out", out.encode()), ("err", err.encode())]
    written += [("log", record.getMessage().encode()) for record in caplog.records]
    for where, content in written:
        for secret in (KEY, "quokka", TEXT):
            assert secret not in where
            assert secret.encode() not in content, where


def test_a_key_is_in_no_repr(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the model, its endpoint, its address, or their dictionaries."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    model: Any = load_model(uri(server))

    for shown in (model, model.endpoint, model.endpoint.address, model.identity, model.gate):
        assert KEY not in f"{shown!r} {shown!s}"


def test_a_composite_asks_for_its_endpoints(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a hybrid before anything runs; its result says that a model can change."""
    model = f"hybrid:(random)+({uri(server)})"
    assert 2 == run(model, task="docs.toml")
    assert "tiny: this sends 9 texts" in capsys.readouterr().err
    assert [] == server.seen

    assert 0 == run(model, "--yes", task="docs.toml")

    (path,) = Path("out").rglob("docs.json")
    found = json.loads(path.read_text())["embedmark"]
    assert ["model_can_change"] == found["notes"]
    assert 2 == found["cost"]["usage"]["test/default"]["requests"]


def test_a_second_stage_asks_when_it_is_reached(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it is sent depends on the first; without consent that is nothing."""
    model = f"two:(random)|({uri(server, scheme='rerank')})?k=2"
    text = Path("docs.toml").read_text().replace("reranking", "retrieval")
    Path("search.toml").write_text(text.replace("map_at_1000", "ndcg_at_10"))
    assert 1 == run(model, task="search.toml")
    assert "nothing was sent" in capsys.readouterr().err
    assert [] == server.seen

    assert 0 == run(model, "--yes", task="search.toml")

    assert "tiny: this sends 9 texts" in capsys.readouterr().err
    assert 3 == len(server.seen)


def test_a_kill_loses_no_answer_that_was_kept(here: Path, server: Server) -> None:
    """After ``kill -9`` between answers, the next run asks for the other texts only."""
    model = uri(server, "batch=1", "concurrency=1", "key_env=")
    server.faults += [say.good] * 5
    server.always = say.hang
    command = [sys.executable, "-m", "benchmark", "run", model, "-t", "pairs.toml", "-o", "out"]
    paths = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([*command, "--cache", "cache"], env=paths) as process:
        try:
            while kept(model, server.texts[:5]) < 5:
                assert process.poll() is None
                time.sleep(0.05)
        finally:
            process.kill()
    paid = set(server.texts[:5])
    server.always = None
    before = len(server.seen)

    assert 0 == run(model)

    assert 12 == len(server.seen) - before
    assert not paid & set(server.texts[before:])


def kept(model: str, texts: list[str]) -> int:
    """How many of these texts the cache holds."""
    if not texts:
        return 0
    store = open_store(Path("cache"), load_model(model).identity, None, None)
    try:
        return int((store.find(text_keys(texts)) >= 0).sum())
    finally:
        store.close()

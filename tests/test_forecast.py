"""What a plan foretells: prompts by role, and time, tokens and cost without a text sent."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.catalog import Choice, find_choices, load_task
from benchmark.cli import main
from benchmark.errors import UsageError
from benchmark.forecast.estimate import Forecast, add, begin, finish
from benchmark.kinds.rehearsal import fewer_draws
from benchmark.models.composite import leaves
from benchmark.models.http.spending import Meter
from benchmark.models.table import Settings
from benchmark.prepare import prepare
from benchmark.protocols import Identity, Role


@dataclass
class Prompted:
    """An encoder with a prompt for queries, which counts a token a character."""

    identity: Identity = Identity("test/prompted", "1", "test/1")
    similarity: str = "cosine"
    asked: list[str] = field(default_factory=list)

    def encode(self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None) -> Any:
        """The same vector for all."""
        self.asked += texts
        return np.ones((len(texts), 2), np.float32)

    def prompt_for(self, name: str, task_type: str, role: Role, prompts: Any) -> str | None:
        """Before queries alone."""
        return "query: " if role == "query" else None

    def count_tokens(self, texts: Sequence[str]) -> Any:
        """One a character."""
        return np.array([len(text) for text in texts])


@dataclass
class Place:
    """What is asked of an endpoint."""

    meter: Meter


@dataclass
class Remote(Prompted):
    """An encoder behind an endpoint."""

    endpoint: Place = field(default_factory=lambda: Place(Meter(price=2.0)))


def write_retrieval(folder: Path) -> Path:
    """Two queries of five characters each, and twenty documents of ten."""
    data = folder / "data"
    (data / "qrels").mkdir(parents=True)
    (data / "corpus.jsonl").write_text(
        "".join(f'{{"_id": "d{n}", "text": "{n:010}"}}\n' for n in range(20))
    )
    (data / "queries.jsonl").write_text(
        '{"_id": "q0", "text": "query"}\n{"_id": "q1", "text": "other"}\n'
    )
    (data / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq0\td0\t1\nq1\td1\t1\n")
    path = folder / "Digits.toml"
    path.write_text(
        'kind = "retrieval"\nmain_score = "ndcg_at_10"\nlanguages = ["eng-Latn"]\n'
        '[source]\nfiles = "data"\n'
    )
    return path


def forecast_of(folder: Path, model: Any) -> Forecast:
    """The forecast of a loaded model on one task."""
    forecast = Forecast("m", model)
    add(forecast, prepare(Choice(load_task(write_retrieval(folder)))))
    finish(forecast)
    return forecast


def test_prompts_stand_by_role_and_count(tmp_path: Path) -> None:
    """Two queries of 5 + 7 characters with their prompt, twenty documents of 10: 224 in all.

    A token a character: 24 of the queries and 200 of the documents.
    """
    found = forecast_of(tmp_path, Prompted())

    assert {"query": ["query: "], "document": []} == found.prompts
    assert (22, 224, 224) == (found.texts, found.characters, found.tokens)
    assert found.seconds is not None
    assert found.seconds >= 0


def test_an_endpoint_is_sent_nothing(tmp_path: Path) -> None:
    """Tokens are estimated from above, four for 10 or 12 bytes, of each of the 22 texts."""
    model = Remote()

    found = forecast_of(tmp_path, model)

    assert [] == model.asked
    assert 22 * 4 == found.tokens
    assert found.cost == pytest.approx(88 * 2.0 / 1e6)
    assert (None, "an endpoint, sent nothing before consent") == (found.seconds, found.note)


@dataclass
class Pairs:
    """A cross-encoder, which counts a token a character of both texts."""

    identity: Identity = Identity("test/pairs", "1", "test/1")
    similarity: str = "dot"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def score(self, queries: Sequence[str], documents: Sequence[str]) -> Any:
        """The same for all."""
        self.asked += zip(queries, documents, strict=True)
        return np.ones(len(queries), np.float32)

    def count_pair_tokens(self, queries: Sequence[str], documents: Sequence[str]) -> Any:
        """One a character."""
        return np.array([len(q) + len(d) for q, d in zip(queries, documents, strict=True)])


@dataclass
class RemotePairs(Pairs):
    """The same behind an endpoint."""

    endpoint: Place = field(default_factory=lambda: Place(Meter(price=2.0)))


def write_reranking(folder: Path) -> Path:
    """Each of the two queries with all twenty documents as candidates."""
    path = write_retrieval(folder)
    pairs = [f"q{q}\td{d}" for q in range(2) for d in range(20)]
    (folder / "data" / "top_ranked").mkdir()
    (folder / "data" / "top_ranked" / "test.tsv").write_text(
        "\n".join(["query-id\tcorpus-id", *pairs, ""])
    )
    text = path.read_text().replace("retrieval", "reranking").replace("ndcg_at_10", "map_at_10")
    path.write_text(text)
    return path


def test_a_reranker_is_foretold_by_its_pairs(tmp_path: Path) -> None:
    """Forty pairs of 15 characters, not 22 texts: these are what is scored and paid for."""
    model, remote = Pairs(), RemotePairs()
    task = prepare(Choice(load_task(write_reranking(tmp_path))))
    found, far = Forecast("m", model), Forecast("m", remote)
    for forecast in (found, far):
        add(forecast, task)
        finish(forecast)

    assert (40, 600, 600) == (found.texts, found.characters, found.tokens)
    assert found.seconds is not None
    assert {15} == {len(query) + len(document) for query, document in model.asked}
    assert [] == remote.asked
    assert (40 * (2 + 4), pytest.approx(240 * 2 / 1e6)) == (far.tokens, far.cost)


def test_a_model_that_nothing_is_foreseen_of_says_why(tmp_path: Path) -> None:
    """A reranker without candidates, by itself or as a second stage."""
    task = prepare(Choice(load_task(write_retrieval(tmp_path))))
    alone, second = Forecast("m", Pairs()), Forecast("m in two:(bm25)|(m)", Pairs())
    for forecast in (alone, second):
        add(forecast, task)
        finish(forecast)

    assert ["runs on none of these", "scores what the first finds"] == [alone.note, second.note]


def test_a_file_of_vectors_is_asked_whether_it_has_all(tmp_path: Path) -> None:
    """Before a run, and without any time to foretell."""
    ids = ["q0", "q1", *(f"d{n}" for n in range(20))]
    np.savez(tmp_path / "all.npz", ids=np.array(ids), vectors=np.ones((22, 2)))
    np.savez(tmp_path / "few.npz", ids=np.array(ids[:2]), vectors=np.ones((2, 2)))

    whole, few = begin([str(tmp_path / "all.npz"), str(tmp_path / "few.npz")], Settings())
    task = prepare(Choice(load_task(write_retrieval(tmp_path))))
    for forecast in (whole, few):
        add(forecast, task)
        finish(forecast)

    assert ("has its vectors already", "", 22) == (whole.note, whole.failed, whole.texts)
    assert "Digits: local/few: 20 of 22 ids have no vector in the file (first: 'd0'" in few.failed


def test_a_composite_stands_as_its_parts() -> None:
    """Each part with its own forecast."""
    uri = "two:(hybrid:(tfidf)+(bow)?k=9)|(random)"

    assert ["tfidf", "bow", "random"] == leaves(uri)
    assert [f"{part} in {uri}" for part in leaves(uri)] == [
        forecast.model for forecast in begin([uri], Settings())
    ]


def test_a_model_that_is_not_here_is_not_fetched() -> None:
    """A plan downloads nothing; a wrong scheme is a usage error as ever."""
    pytest.importorskip("huggingface_hub")
    (found,) = begin(["st:nobody/has-this-model"], Settings())

    assert (None, "not on this machine yet, or not known to be") == (found.loaded, found.note)
    with pytest.raises(UsageError, match="unknown scheme 'sts'"):
        begin(["sts:nobody/model"], Settings())


def test_the_command_tells_and_keeps_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a table and as JSON; a model that fails is said, and others stand."""
    task = write_retrieval(tmp_path)
    (tmp_path / "broken.py").write_text("def encode(texts):\n    raise ValueError(texts)\n")
    monkeypatch.chdir(tmp_path)

    assert 0 == main(["run", "random", "tfidf", "-t", str(task), "--plan"])
    shown = capsys.readouterr().out
    assert 2 == len(re.findall(r"about \d+ s", shown))  # tf-idf is fitted to be timed
    assert 1 == main(["run", "random", "broken.py", "-t", str(task), "--plan", "--json"])
    told = capsys.readouterr()
    random, broken = json.loads(told.out)["forecasts"]
    assert (22, 210, None) == (random["texts"], random["characters"], random["error"])
    assert "local/broken failed (ValueError at broken.py:2)" in broken["error"]
    assert f"failed: {broken['error']}\n" == told.err
    assert not (tmp_path / "results").exists()


def test_sizes_are_by_octave_and_add_up(tmp_path: Path) -> None:
    """Texts of 12 and of 10 characters are of 8 to 15: one octave, whose texts are probed."""
    found = forecast_of(tmp_path, Prompted())
    (work,) = found.works

    assert ({3: 224}, 224, 22) == (work.sizes, work.characters, work.texts)
    assert {3} == {octave for _, octave, _ in found.samples}
    assert work.encode is not None
    assert found.seconds == pytest.approx(found.start + work.read + work.encode + work.score)
    told = found.to_json()["tasks"][0]
    assert {"read", "encode", "score"} == set(told["seconds"])


@dataclass
class Slow(Prompted):
    """Takes a thousandth of a second a character, by a clock of its own."""

    clock: Any = None

    def encode(self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None) -> Any:
        """The clock moves."""
        if self.clock is not None:
            self.clock.now += sum(len(text) + len(prompt or "") for text in texts) / 1000
        return super().encode(texts, role=role, prompt=prompt)


class Clock:
    """A clock that only a model moves."""

    now = 0.0

    def perf_counter(self) -> float:
        """The time."""
        return self.now


def test_time_follows_the_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a thousandth of a second each, prompts included, 224 take as many thousandths."""
    clock = Clock()
    monkeypatch.setattr("benchmark.forecast.probe.time", clock)
    (work,) = forecast_of(tmp_path, Slow(clock=clock)).works

    assert 0.224 == pytest.approx(work.encode)


def test_repeated_draws_are_timed_by_two_of_them() -> None:
    """Of ten experiments, or four clusterings a level, and nothing of what does not repeat."""

    @dataclass(frozen=True)
    class Level:
        bootstraps: tuple[int, ...]

    @dataclass(frozen=True)
    class Repeated:
        experiments: tuple[int, ...] = ()
        levels: tuple[Level, ...] = ()

    fitted, times = fewer_draws(Repeated(experiments=tuple(range(10))))
    assert (2, 5.0) == (len(fitted.experiments), times)
    clustered, times = fewer_draws(Repeated(levels=(Level((1, 2, 3, 4)),) * 3))
    assert ([2, 2, 2], 2.0) == ([len(level.bootstraps) for level in clustered.levels], times)
    once = Repeated(experiments=(1,))
    assert (once, 1.0) == fewer_draws(once)


def test_scores_of_every_kind_are_rehearsed(tmp_path: Path) -> None:
    """The starter suite has seven; none takes no time, and no text is sent where none may be."""
    pytest.importorskip("gensim", reason="the starter suite's data")
    names = ["LeeNewsSimilarity", "UsGaapStatement", "UsGaapSection", "CurrencyNames"]
    model, remote = Prompted(), Remote()
    for loaded in (model, remote):
        forecast = Forecast("m", loaded)
        for choice in find_choices(names):
            add(forecast, prepare(choice))
        finish(forecast)
        assert all(work.score > 0 for work in forecast.works)

    assert model.asked
    assert [] == remote.asked

"""The pace of a model, by which a time becomes characters."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import pytest

from benchmark.cli import main
from benchmark.downsample import pace
from benchmark.downsample.pace import characters_a_second
from benchmark.errors import ModelError
from benchmark.forecast.estimate import Forecast
from benchmark.forecast.work import Work
from tests.cli.test_downsample_cli import few_resamples, here, made
from tests.test_budget import FIRST_LETTERS

__all__ = ["few_resamples", "here"]


def test_the_pace_is_that_of_the_forecast(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The middle task's characters over what its texts and scores are foretold to take."""
    pytest.importorskip("gensim", reason="the starter suite's data")
    path = tmp_path / "letters.py"
    path.write_text(FIRST_LETTERS)
    seen: list[Forecast] = []
    finish = pace.finish
    monkeypatch.setattr(pace, "finish", lambda forecast: (finish(forecast), seen.append(forecast)))
    found = characters_a_second(str(path))
    (forecast,) = seen
    taken = [(w.encode or 0.0) + w.score for w in forecast.works]
    rates = [t / w.characters for t, w in zip(taken, forecast.works, strict=True)]

    assert 1 / statistics.median(rates) == pytest.approx(found)
    assert sum(taken) <= (forecast.seconds or 0.0)


def foretold(*works: tuple[int, float | None, float], **more: Any) -> Forecast:
    """A forecast of tasks: characters, seconds to encode and to score."""
    found = Forecast("m", **more)
    for characters, encode, score in works:
        found.works.append(Work("t", characters=characters, encode=encode, score=score))
    return found


@pytest.fixture
def no_starter(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is read or loaded; a test says what is foretold."""
    monkeypatch.setattr(pace, "find_choices", lambda names: [])
    return monkeypatch


def test_parts_of_a_composite_take_their_sum(no_starter: pytest.MonkeyPatch) -> None:
    """Two that read 100 and 25 characters a second read 20 together."""
    one = foretold((100, 0.5, 0.5), (100, 100.0, 0.0), (100, 0.1, 0.0))
    two = foretold((50, 2.0, 0.0))
    no_starter.setattr(pace, "begin", lambda uris, settings: [one, two])

    assert 20.0 == pytest.approx(characters_a_second("hybrid"))


@pytest.mark.parametrize(
    ("forecast", "said"),
    [
        (foretold((100, None, 0.0), note="an endpoint"), "no pace is known (an endpoint)"),
        (foretold(failed="it broke"), "it broke"),
    ],
)
def test_what_has_no_pace_is_said(
    no_starter: pytest.MonkeyPatch, forecast: Forecast, said: str
) -> None:
    """With what to give in its place."""
    no_starter.setattr(pace, "begin", lambda uris, settings: [forecast])
    with pytest.raises(ModelError) as error:
        characters_a_second("m")

    assert said in str(error.value)


def test_a_time_buys_what_its_characters_do(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two minutes at a hundred characters a second are a cost of 12,000."""
    monkeypatch.setattr(pace, "characters_a_second", lambda uri: 100.0)
    assert 0 == made("--time", "2min", "--model", "wordllama", "--json")
    by_time = json.loads(capsys.readouterr().out)
    assert 0 == made("--cost", "12000", "--json")

    assert by_time["tasks"] == json.loads(capsys.readouterr().out)["tasks"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--time", "2h"), "--time and --model go together"),
        (("--cost", "20%", "--model", "wordllama"), "--time and --model go together"),
    ],
)
def test_a_time_needs_a_model(
    here: Path, more: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And the other way round: exit 2."""
    assert 2 == made(*more)
    assert said in capsys.readouterr().err


def test_a_time_that_is_none_exits_2(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With examples of one."""
    with pytest.raises(SystemExit) as left:
        main(["downsample", "tasks", "--suite", "made", "--time", "0h", "-o", "mini.toml"])

    assert 2 == left.value.code
    assert "is no time such as 90s, 30min or 2h" in capsys.readouterr().err

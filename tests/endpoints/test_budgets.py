"""A budget of money or time for an endpoint: price, consent, and what is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.endpoints.server import Server
from tests.endpoints.test_runs import PAIRS, TEXT, far, here, run, uri, write

__all__ = ["far", "here"]


def larger_task() -> None:
    """A second task, of texts that the first has not, five times as many."""
    rows = [
        {"sentence1": f"other {n} {TEXT}", "sentence2": f"{n} others {TEXT}", "score": n % 9}
        for n in range(5 * PAIRS)
    ]
    write("more/test.jsonl", rows)
    Path("more.toml").write_text(Path("pairs.toml").read_text().replace('"pairs"', '"more"'))


def test_a_budget_of_money_needs_a_price(
    here: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which is said with how to give it, before anything is sent."""
    assert 2 == run(uri(server), "--budget", "2usd")
    assert "is not known; give --price P, for a million tokens" in capsys.readouterr().err
    assert [] == server.seen


@pytest.mark.parametrize("budget", ["1usd", "10min", "90%"])
def test_without_consent_nothing_is_sent(
    here: Path, far: None, server: Server, budget: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even to probe the model."""
    larger_task()
    budgeted = ("--budget", budget, "--price", "0.02", "--suite", "pairs.toml", "more.toml")
    assert 2 == run(uri(server), *budgeted)
    assert "nothing was sent; give --yes to allow it" in capsys.readouterr().err
    assert [] == server.seen


def test_money_buys_the_tasks_that_fit(
    here: Path, far: None, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is agreed to are these alone, and no text of another is sent."""
    larger_task()
    budgeted = ("--budget", "0.01usd", "--price", "100", "--suite", "more.toml", "--yes", "--json")
    assert 0 == run(uri(server), *budgeted)
    told = capsys.readouterr()
    content = json.loads(told.out)
    (budget,) = content["budgets"]

    assert ["pairs"] == budget["order"] == [row["task"] for row in content["results"]]
    assert 0 < budget["used"] <= budget["limit"] == 0.01
    assert ["more"] == [each["task"] for each in budget["not_run"]]
    assert "this sends 17 texts" in told.err
    assert [] == content["sampled"]
    assert all("other" not in text for text in server.texts)


def test_time_counts_for_an_endpoint_too(
    here: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is known of its pace beforehand; with time enough all tasks run."""
    larger_task()
    assert 0 == run(uri(server), "--budget", "10min", "--suite", "more.toml", "--json")
    (budget,) = json.loads(capsys.readouterr().out)["budgets"]

    assert ["pairs", "more"] == budget["order"]
    assert [] == budget["not_run"]


@pytest.mark.parametrize("more", [("--max-cost", "1"), ("--no-cache",)])
def test_what_money_excludes(
    here: Path, server: Server, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Two limits of money, and a run that would pay twice."""
    assert 2 == run(uri(server), "--budget", "1usd", "--price", "1", *more)
    assert "--budget" in capsys.readouterr().err
    assert [] == server.seen

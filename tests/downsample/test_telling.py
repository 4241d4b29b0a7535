"""What the tasks that ran within a budget predict, and how often its intervals hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.catalog import load_task
from benchmark.cli import main
from benchmark.downsample.mini import write_mini
from benchmark.downsample.predicting import predict_one
from benchmark.downsample.table import ScoreTable
from benchmark.downsample.telling import as_ran, predict_from
from tests.downsample.tables_help import made_table
from tests.downsampling.budgets import PUBLISHED, held_out, mini_of, published

TASK = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn"]
[source]
files = "data"
"""


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_intervals_hold_on_families_held_out(share: float) -> None:
    """90 % intervals over made models of forty makers hold for 80 to 98 %."""
    table = made_table(models=150, tasks=10, seed=2, families=40)
    found = held_out(table, share, 4)

    assert 0.80 <= found.coverage <= 0.98
    assert found.width > 0


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_intervals_hold_on_published_models(share: float) -> None:
    """On 70 models of MTEB(eng, v2), a fifth of the families held out at a time."""
    if not PUBLISHED.is_dir():
        pytest.skip(f"no published results at {PUBLISHED}")
    found = held_out(published(PUBLISHED, "mteb-eng-v2"), share)

    assert 0.80 <= found.coverage <= 0.98


def test_more_tasks_leave_less_unknown() -> None:
    """The mean's interval narrows with the budget, and is the measured mean when all tasks ran."""
    table = made_table(models=60, seed=4, families=30)
    mini, scores = mini_of(table.rows(np.arange(60) > 0)), table.scores[0]
    truth = float(scores @ table.shares)
    widths = []
    for count in (1, 4, 8):
        names = table.tasks[:count]
        known = dict(zip(names, scores.tolist(), strict=False))
        found = predict_from(mini, known, table.tasks, "new/model")
        widths.append(found["mean"]["high"] - found["mean"]["low"])
        assert set(found["tasks"]) == set(table.tasks[count:])

    assert widths[0] > widths[1] > widths[2] == 0
    assert truth == pytest.approx(found["mean"]["predicted"], abs=1e-3)


def test_the_chosen_tasks_have_the_file_s_own_widths() -> None:
    """Where all of a smaller suite ran, nothing is calibrated anew."""
    table = made_table(seed=5)
    mini = mini_of(table)
    scores = dict.fromkeys(table.tasks[:2], 50.0)

    assert as_ran(mini, list(scores), table.tasks) is mini
    assert predict_from(mini, scores, table.tasks, "m/x") == predict_one(
        mini, np.array([50.0, 50.0]), "m/x"
    )


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four tasks of one data set, and a smaller suite of two of them that is fitted on all."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks/data").mkdir()
    draws = np.random.default_rng(0)
    words = ["".join(draws.choice(list("abcdefgh"), 20)) for _ in range(80)]
    rows = [
        {"sentence1": words[n], "sentence2": words[40 + n], "score": float(n % 7)}
        for n in range(40)
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "tasks/data/test.jsonl").write_text(lines)
    table = made()
    for name in table.tasks:
        (tmp_path / f"tasks/{name}.toml").write_text(TASK)
    write_mini(tmp_path / "mini.toml", mini_of(digested(table)))
    return tmp_path


def made() -> ScoreTable:
    """Scores on four tasks that are as large as their files: 80 texts of 20 letters."""
    return replace(made_table(tasks=4), costs=np.full(4, 1600.0))


def digested(table: ScoreTable) -> ScoreTable:
    """The table with the digests of its task files."""
    paths = [Path(f"tasks/{name}.toml") for name in table.tasks]
    return replace(table, digests=tuple(load_task(path).digest for path in paths))


def test_the_command_predicts_from_what_ran(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The mean, the kinds and the tasks that did not run, apart from all that was measured.

    A share is of the whole suite, whose tasks may all be named beside the smaller one.
    """
    run = ["run", "random", "-t", "mini.toml", "Task2", "Task3", "-o", "out", "--no-cache"]
    table = made()
    assert 0 == main([*run, "--budget", "60%", "--json"])
    told = json.loads(capsys.readouterr().out)
    (found,), (budget,) = told["predicted"], told["budgets"]
    ran = [row["task"] for row in told["results"]]

    assert 0.6 * table.costs.sum() == pytest.approx(budget["limit"])
    assert 2 == len(ran)
    assert ran == budget["order"]
    assert set(ran) == set(found["measured"])
    assert found["mean"]["low"] < found["mean"]["predicted"] < found["mean"]["high"]
    assert set(found["tasks"]) == set(table.tasks) - set(ran)
    assert set(found["kinds"]) == set(table.kinds)
    assert not {"predicted", "low", "high"} & set(told["results"][0])

    assert 0 == main([*run, "--budget", "60%", "--fresh"])
    out = capsys.readouterr().out
    assert f"~{found['mean']['predicted']:.2f}" in out
    assert "not measured" in out
    assert "Nothing is predicted" not in out


def test_two_smaller_suites_are_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is not said which should be predicted."""
    write_mini(here / "other.toml", mini_of(digested(made())))

    assert 2 == main(["run", "random", "-t", "mini.toml", "other.toml", "--budget", "50%"])
    assert "name one smaller suite" in capsys.readouterr().err

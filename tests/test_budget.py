"""A run within a budget: what it is counted in, which task comes next, what is told of the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmark.budget import limit as budgets
from benchmark.budget.limit import Spender, Unit, best_of, parse_budget
from benchmark.catalog import Choice, find_choices, load_task
from benchmark.cli import main
from benchmark.downsample.telling import Telling, bought, telling_of
from benchmark.errors import UsageError
from benchmark.meter import OverBudgetError
from benchmark.run import RunSettings, run
from tests.downsample.tables_help import made_table

STS = """kind = "sts"
main_score = "cosine_spearman"
languages = ["eng-Latn"]
[source]
files = "{name}"
"""
SIZES = {"Tiny": 40, "Small": 80, "Large": 800}
FIRST_LETTERS = """import numpy as np
def encode(texts):
    return np.array([[text.count(a) for a in "abcdefgh"] for text in texts], np.float32) + 0.1
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three tasks of pairs whose sizes are as 1 to 2 to 20, and a model that is a file."""
    monkeypatch.chdir(tmp_path)
    draws = np.random.default_rng(0)
    for name, count in SIZES.items():
        (tmp_path / name).mkdir()
        words = ["".join(draws.choice(list("abcdefgh"), 20)) for _ in range(2 * count)]
        rows = [
            {"sentence1": words[n], "sentence2": words[count + n], "score": float(n % 7)}
            for n in range(count)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / name / "test.jsonl").write_text(lines)
        (tmp_path / f"{name}.toml").write_text(STS.format(name=name))
    (tmp_path / "letters.py").write_text(FIRST_LETTERS)
    return tmp_path


def asked(*more: str, models: tuple[str, ...] = ("letters.py",)) -> int:
    """The command on the three tasks, with results and vectors in the folder."""
    tasks = [f"{name}.toml" for name in SIZES]
    return main(["run", *models, "-t", *tasks, "-o", "out", "--cache", "cache", *more])


def unit(name: str, cost: float | None, kind: str = "sts", characters: float = 1.0) -> Unit:
    """A task that takes so much."""

    @dataclass(frozen=True)
    class Named:
        name: str
        kind: str

    @dataclass(frozen=True)
    class Chosen:
        task: Named

    chosen: Any = Chosen(Named(name, kind))
    return Unit((chosen,), cost, characters)


@pytest.mark.parametrize(
    ("text", "amount", "measure"),
    [
        ("90s", 90, "time"),
        ("10min", 600, "time"),
        ("1.5h", 5400, "time"),
        ("5%", 0.05, "share"),
        ("2usd", 2, "money"),
        (" 2 USD ", 2, "money"),
    ],
)
def test_a_budget_is_read(text: str, amount: float, measure: str) -> None:
    """Seconds, a share, dollars."""
    found = parse_budget(text)

    assert (amount, measure) == (pytest.approx(found.amount), found.unit)


@pytest.mark.parametrize("text", ["0s", "0%", "-5%", "5", "usd", "10 parsecs", "101%", "", "nan%"])
def test_what_is_no_budget_exits_2_with_the_forms(
    here: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing runs."""
    assert 2 == asked(f"--budget={text}")
    assert "write a time (90s, 10min, 2h), a share of the characters (5%)" in (
        capsys.readouterr().err
    )
    assert not Path("out").exists()


def test_without_a_fit_each_kind_comes_before_a_second_of_a_kind() -> None:
    """And of a kind the cheapest first."""
    rest = [unit("a", 5, "sts"), unit("b", 9, "retrieval"), unit("c", 2, "sts"), unit("d", 7)]
    order: list[Unit] = []
    while rest:
        order.append(best_of(rest, order, None))
        rest.remove(order[-1])

    assert ["c", "b", "a", "d"] == [each.name for each in order]


def test_with_a_fit_the_most_telling_for_its_cost_comes_next() -> None:
    """Against the variance of the mean given what ran, by the formula of a conditional Gaussian."""
    table = made_table(seed=3)
    telling = telling_of(table)
    costs = dict(zip(table.tasks, table.costs.tolist(), strict=True))

    def unknown(ran: list[int]) -> float:
        rest = [t for t in range(len(table.tasks)) if t not in ran]
        inverse = np.linalg.inv(telling.covariance)
        around = np.linalg.inv(inverse[np.ix_(rest, rest)]) if rest else np.zeros((0, 0))
        return float(table.shares[rest] @ around @ table.shares[rest])

    ran: list[int] = []
    for _ in table.tasks:
        rest = [t for t in range(len(table.tasks)) if t not in ran]
        gains = {t: (unknown(ran) - unknown([*ran, t])) / table.costs[t] for t in rest}
        units = [unit(table.tasks[t], costs[table.tasks[t]]) for t in rest]
        before = [unit(table.tasks[t], costs[table.tasks[t]]) for t in ran]
        found = table.tasks.index(best_of(units, before, telling).name)
        assert gains[found] == pytest.approx(max(gains.values()), rel=1e-4)
        ran.append(found)


def test_what_a_budget_buys_fits_it_and_is_chosen_in_that_order() -> None:
    """Whatever the budget, and all tasks for all of it."""
    table = made_table(seed=1)
    whole = float(table.costs.sum())

    assert sorted(bought(table, whole, table.tasks)) == list(range(len(table.tasks)))
    for share in (0.05, 0.3, 0.7):
        chosen = bought(table, share * whole, table.tasks)
        rest = [t for t in range(len(table.tasks)) if t not in chosen]
        left = share * whole - table.costs[chosen].sum()
        assert 0 <= left < min(table.costs[rest])
    assert {"Task0"} == {table.tasks[t] for t in bought(table, whole, ["Task0", "Elsewhere"])}


def test_tasks_that_the_fit_does_not_hold_come_after_those_that_it_does() -> None:
    """They tell nothing of the suite's mean."""
    telling = Telling(("a", "b"), np.eye(2), np.array([0.5, 0.5]))
    units = [unit("x", 1), unit("a", 100), unit("b", 50)]

    assert "b" == best_of(units, [], telling).name
    assert "x" == best_of(units[:1], units[1:], telling).name


def test_a_share_is_never_passed() -> None:
    """Each task that still fits is taken, dear ones are passed over."""
    units = [unit("a", 30), unit("b", 60), unit("c", 10), unit("d", 25)]
    spender = Spender(units, 70.0, "share")
    names = [choice.task.name for choice in spender.choices()]

    assert (["c", "d", "a"], 65.0) == (names, spender.used())


class Clock:
    """A clock that moves when it is told to."""

    now = 100.0

    def perf_counter(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of budgets."""
    made = Clock()
    monkeypatch.setattr(budgets, "time", made)
    return made


def test_time_is_that_of_the_clock(clock: Clock) -> None:
    """What loading took counts, and tasks that take longer than foreseen make room for fewer."""
    units = [unit(name, 10.0) for name in "abcdef"]
    spender = Spender(units, 50.0, "time", spent=5.0)
    turns = spender.choices()
    next(turns)
    clock.now += 20.0  # twice as long
    next(turns)

    assert 25.0 == spender.used()
    assert 20.0 == spender.cost(units[5])
    clock.now += 20.0
    assert next(turns, None) is None
    assert ["a", "b"] == [each.name for each in spender.order]


@pytest.mark.parametrize(("over", "stops"), [(-1.0, False), (1.0, False), (12.0, True)])
def test_a_task_may_end_when_little_is_left(clock: Clock, over: float, stops: bool) -> None:
    """A twentieth of 100 s at most; what is foreseen of the rest counts to it."""
    spender = Spender([unit("a", 102.0)], 103.0, "time")
    spender.limit = 103.0
    next(spender.choices())
    spender.limit = 100.0
    clock.now += 100.0 + over
    if stops:
        with pytest.raises(OverBudgetError):
            spender.check()
        assert "a" == (spender.stopped and spender.stopped.name)
    else:
        spender.check()
        assert spender.stopped is None


def test_a_task_far_from_its_end_is_stopped_at_once(clock: Clock) -> None:
    """Its rest alone would take more than a twentieth; so is one of which nothing is known."""
    for cost in (99.0, None):
        spender = Spender([unit("b", cost)], 100.0, "time")
        turns = spender.choices()
        clock.now = 100.0
        next(turns)
        spender.order = [unit("b", 200.0 if cost else None)]
        clock.now += 100.5
        with pytest.raises(OverBudgetError):
            spender.check()


def test_a_model_of_unknown_pace_is_counted_by_what_it_did(clock: Clock) -> None:
    """An endpoint before anything was sent: any task fits; later ones by their characters."""
    units = [unit("a", None, characters=10), unit("b", None, characters=100)]
    spender = Spender(units, 60.0, "time")
    turns = spender.choices()

    assert "a" == next(turns).task.name
    clock.now += 10.0
    assert 100.0 == spender.cost(units[1])
    assert next(turns, None) is None


@dataclass
class Stopping:
    """Gives tasks one by one and stops after so many batches, as a budget does."""

    names: list[str]
    checks: int
    given: list[str] = field(default_factory=list)

    def choices(self) -> Iterator[Choice]:
        """Each task in turn."""
        for name in self.names:
            self.given.append(name)
            yield Choice(load_task(Path(f"{name}.toml")))

    def check(self) -> None:
        """Raise when all checks are used up."""
        self.checks -= 1
        if self.checks < 0:
            raise OverBudgetError


def test_a_stopped_run_keeps_what_was_measured(here: Path) -> None:
    """Results stand, vectors lie in the cache, and a later run scores as one never stopped."""
    settings = RunSettings(output=here / "out", cache=here / "cache")
    choices = find_choices([f"{name}.toml" for name in SIZES])
    # A task reports what was found, and its batches: 80, 160 and 1,600 texts are 1, 1 and 7.
    turns = Stopping(["Tiny", "Small", "Large"], 7)
    found = run(["letters.py"], choices, settings, turns=turns)

    assert ["Tiny", "Small"] == [row.task for row in found]
    assert {"Tiny.json", "Small.json"} == {
        path.name for path in (here / "out").rglob("*.json") if path.name != "model_meta.json"
    }
    again = run(["letters.py"], choices, settings)
    whole = run(["letters.py"], choices, RunSettings())
    assert ["reused", "reused", "measured"] == [row.status for row in again]
    assert [row.main_score for row in whole] == [row.main_score for row in again]


def test_half_of_the_characters(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two tasks run; of the third some examples, apart from all scores; exit 0."""
    assert 0 == asked("--budget", "50%", "--json")
    told = json.loads(capsys.readouterr().out)
    (budget,) = told["budgets"]
    rows = told["results"]
    (sampled,) = told["sampled"]

    assert ["Tiny", "Small"] == [row["task"] for row in rows] == budget["order"]
    assert ["Large"] == [each["task"] for each in budget["not_run"]]
    assert "some of its examples" in budget["not_run"][0]["reason"]
    assert 0.5 * sum(SIZES.values()) * 40 == budget["limit"]
    assert budget["used"] <= budget["limit"]
    assert (sampled["limit"], "Large") == (sampled["examples"], sampled["task"])
    assert 200 < sampled["limit"] < 400
    (path,) = Path("out-limited").rglob("Large.json")
    assert str(sampled["limit"]) in path.parts
    assert not list(Path("out").rglob("Large.json"))
    assert "predicted" not in told


def test_the_table_tells_what_did_not_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A score of some examples stands in brackets in a table of its own."""
    assert 0 == asked("--budget", "50%")
    out = capsys.readouterr().out
    scores, _, rest = out.partition("On some of their examples")

    assert "Large" not in scores
    assert "Large, " in rest.partition("Not run:")[0]
    assert "(" in rest.partition("Not run:")[0]
    assert "did not fit" in rest
    assert "Nothing is predicted of tasks that did not run" in rest


def test_a_second_run_starts_where_the_first_ended(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stored results are free, so the share buys others."""
    assert 0 == asked("--budget", "5%")
    capsys.readouterr()
    assert 0 == asked("--budget", "10%", "--json")
    told = json.loads(capsys.readouterr().out)

    assert {"Tiny": "reused", "Small": "measured"} == {
        row["task"]: row["status"] for row in told["results"]
    }


def test_what_fits_no_task_is_refused(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the task that takes least, and what that is."""
    assert 2 == asked("--budget", "1%")
    said = "no task fits, nor 32 examples of one; the least is Tiny, which takes 1,600 characters"
    assert f"{said} (4.35%)" in capsys.readouterr().err
    assert not list(Path().rglob("out*/**/*.json"))


def test_a_plan_says_what_would_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In order, and saves nothing."""
    assert 0 == asked("--budget", "50%", "--plan", "--json")
    (plan,) = json.loads(capsys.readouterr().out)["plans"]

    assert [("Tiny", True), ("Small", True), ("Large", False)] == [
        (task["task"], task["runs"]) for task in plan["tasks"]
    ]
    assert 0 == asked("--budget", "1h", "--plan")
    assert "to load and probe" in capsys.readouterr().out
    assert not Path("out").exists()


def test_every_model_has_the_whole_budget_and_fails_alone(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that fails in the probe is said, others run, exit 1."""
    Path("broken.py").write_text("def encode(texts):\n    raise ValueError(texts)\n")

    models = ("broken.py", "letters.py", "random")
    assert 1 == asked("--budget", "15%", "--json", models=models)
    told = capsys.readouterr()
    content = json.loads(told.out)
    assert {"letters.py": 2, "random": 2} == {
        each["model"]: len(each["order"]) for each in content["budgets"]
    }
    assert "failed: broken.py: " in told.err
    assert "ValueError at broken.py:2" in told.err
    assert 1 == asked("--budget", "15%", models=("broken.py",))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--limit", "5"), "--budget and --limit exclude each other"),
        (("--dim", "8"), "--budget and a sweep"),
        (("--budget", "2usd"), "runs on this machine and has no price by the token"),
    ],
)
def test_what_a_budget_excludes(
    here: Path, more: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, with what to do."""
    assert 2 == asked("--budget", "5%", *more)
    assert said in capsys.readouterr().err


def test_no_task_at_all(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A model that can do none of the tasks is no question of the budget."""
    pytest.importorskip("bm25s")
    assert 2 == asked("--budget", "5%", models=("bm25",))
    assert "bm25 runs on none of these tasks" in capsys.readouterr().err
    with pytest.raises(UsageError):
        parse_budget("1 week")

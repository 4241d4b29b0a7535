"""``embedmark run --budget``: what was measured within it, what was not, and what that predicts."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmark.budget.foresight import Foreseen
    from benchmark.budget.limit import Budget, Unit
    from benchmark.budget.running import Spent
    from benchmark.catalog import Choice
    from benchmark.downsample.mini import Mini
    from benchmark.run import RunSettings


def budget_asked(args: Namespace, sweep: Any) -> Budget | None:
    """The budget of ``--budget``; UsageError for one that is none, or beside what it excludes."""
    if args.budget is None:
        return None
    from benchmark.budget.limit import parse_budget
    from benchmark.errors import UsageError

    budget = parse_budget(args.budget)
    others = {"--limit": args.limit, "a sweep (--dim, --dtype, ...)": sweep}
    if budget.unit == "money":
        others["--max-cost"] = args.max_cost
        if args.no_cache:
            raise UsageError("--budget keeps what was paid for in the cache; drop --no-cache")
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"--budget and {name} exclude each other; give one of them")
    return budget


def run_within(
    models: Sequence[str],
    choices: Sequence[Choice],
    minis: Sequence[Mini],
    settings: RunSettings,
    budget: Budget,
    args: Namespace,
) -> int:
    """Run each model within the budget, one after the other; 1 when something failed.

    Each model has the whole budget, and consent is asked when its turn comes. With one model a
    budget that nothing fits is a UsageError; with several it is said of that model.
    """
    from benchmark.budget.running import spend
    from benchmark.cli.progress import TerminalListener
    from benchmark.errors import BenchmarkError, UsageError
    from benchmark.jobs import Reader
    from benchmark.sending import agree

    if len(minis) > 1:
        raise UsageError("--budget predicts one suite; name one smaller suite with -t")
    mini = minis[0] if minis else None
    told, failures = [], []
    for uri in models:
        try:
            with TerminalListener() as listener:
                reader = Reader(None, listener.download)
                foreseen = _foreseen(uri, choices, settings, budget, reader, mini)
                if args.plan:
                    told.append(_plan_of(foreseen, budget))
                    continue
                agree([uri], _agreed(foreseen, budget), settings)
                spent = spend(foreseen, settings, budget, reader, listener)
        except BenchmarkError as error:
            if len(models) == 1 and isinstance(error, UsageError):
                raise
            failures.append(f"{uri}: {error}")
            continue
        name = foreseen.model.identity.name if foreseen.model is not None else uri
        told.append(_told(uri, name, foreseen, spent, budget, mini, choices))
    failed = _print(told, failures, settings, budget, mini, args)
    return 1 if failed else 0


def _foreseen(
    uri: str,
    choices: Sequence[Choice],
    settings: RunSettings,
    budget: Budget,
    reader: Any,
    mini: Mini | None,
) -> Foreseen:
    from benchmark.budget.foresight import foresee
    from benchmark.budget.running import FEWEST, least_that_fits
    from benchmark.errors import UsageError

    foreseen = foresee(uri, choices, settings, budget, reader, mini)
    least = least_that_fits(foreseen, settings)
    if least is not None:
        spent = foreseen.spender.spent
        before = f", after {_amount(spent, budget)} to load and probe the model" if spent else ""
        raise UsageError(
            f"--budget {budget.text}: no task fits, nor {FEWEST} examples of one{before}; the "
            f"least is {least.name}, which takes {_amount(least.cost or 0.0, budget, foreseen)}"
        )
    return foreseen


def _agreed(foreseen: Foreseen, budget: Budget) -> list[Choice]:
    """The tasks that may be sent: those planned, and all where only the clock will say."""
    from benchmark.budget.running import planned

    units = foreseen.spender.units if budget.unit == "time" else planned(foreseen)
    return [choice for unit in units for choice in unit.choices]


def _told(
    uri: str,
    name: str,
    foreseen: Foreseen,
    spent: Spent,
    budget: Budget,
    mini: Mini | None,
    choices: Sequence[Choice],
) -> dict[str, Any]:
    """All that is said of a model's run."""
    from benchmark.cli.predicted import prediction_within

    told = {
        "model": uri,
        "rows": spent.rows,
        "left_out": spent.left_out,
        "sampled": [asdict(row) | {"limit": spent.limit} for row in spent.sampled],
        "budget": {
            "model": uri,
            "budget": budget.text,
            "unit": {"time": "seconds", "share": "characters", "money": "usd"}[budget.unit],
            "limit": round(foreseen.spender.limit, 6),
            "used": round(spent.used, 6),
            "order": [unit.name for unit in foreseen.spender.order],
            "not_run": [each.to_json() for each in spent.not_run],
        },
    }
    if mini is not None:
        names = [choice.task.name for choice in choices]
        told["predicted"] = prediction_within(mini, spent.rows, names, uri, name)
    return told


def _plan_of(foreseen: Foreseen, budget: Budget) -> dict[str, Any]:
    from benchmark.budget.running import planned

    runs = planned(foreseen)
    rest = [unit for unit in foreseen.spender.units if unit not in runs]
    return {
        "model": foreseen.uri,
        "budget": budget.text,
        "limit": round(foreseen.spender.limit, 6),
        "used": round(foreseen.spender.spent, 6),
        "tasks": [_unit_json(unit, True) for unit in runs] + [_unit_json(u, False) for u in rest],
        "absent": [choice.task.name for choice in foreseen.absent],
    }


def _unit_json(unit: Unit, runs: bool) -> dict[str, Any]:
    estimate = None if unit.cost is None else round(unit.cost, 6)
    return {"task": unit.name, "kind": unit.kind, "runs": runs, "estimate": estimate}


def _print(
    told: Sequence[dict[str, Any]],
    failures: Sequence[str],
    settings: RunSettings,
    budget: Budget,
    mini: Mini | None,
    args: Namespace,
) -> bool:
    """Print everything; whether something failed."""
    from benchmark.cli.output import print_json
    from benchmark.results.frame import Results

    for message in failures:
        print(f"failed: {message}", file=sys.stderr)
    if args.plan:
        if args.json:
            print_json({"plans": list(told), "errors": list(failures)})
        else:
            for plan in told:
                _print_plan(plan, budget)
        return bool(failures)
    results = Results(tuple(row for each in told for row in each["rows"]))
    sampled = [row for each in told for row in each["sampled"]]
    predicted = [each["predicted"] for each in told if "predicted" in each]
    if args.json:
        content = {"results": results.to_dicts(), "sampled": sampled}
        content |= {"budgets": [each["budget"] for each in told]}
        print_json(content | ({"predicted": predicted} if mini is not None else {}))
    elif told:
        _print_tables(told, results, sampled, predicted, settings, budget)
    left_out = dict.fromkeys(line for each in told for line in each["left_out"])
    for message in (*dict.fromkeys(row.error for row in results.failed), *left_out):
        print(f"failed: {message}", file=sys.stderr)
    return bool(failures or results.failed or left_out or any(row["error"] for row in sampled))


def _print_tables(
    told: Sequence[dict[str, Any]],
    results: Any,
    sampled: Sequence[dict[str, Any]],
    predicted: Sequence[dict[str, Any]],
    settings: RunSettings,
    budget: Budget,
) -> None:
    from benchmark.cli.output import print_table
    from benchmark.cli.predicted import print_prediction_within
    from benchmark.cli.summary import print_summary

    if results.rows or not sampled:
        print_summary(results, settings)
    if sampled:
        print("\nOn some of their examples, drawn by seed: no score of the task, and in no mean.\n")
        columns = ["model", "task", "examples", "score of these", "95 % interval"]
        print_table(columns, [_sampled_row(row) for row in sampled], right={"examples"})
    lacking = [
        [each["model"], n["task"], n["kind"], _estimate(n["estimate"], budget), n["reason"]]
        for each in told
        for n in each["budget"]["not_run"]
    ]
    if lacking:
        print("\nNot run:\n")
        print_table(["model", "task", "kind", "would take", "why"], lacking, right={"would take"})
    print()
    for each in told:
        spent = each["budget"]
        ran = len(spent["order"]) - sum("stopped" in n["reason"] for n in spent["not_run"])
        used, limit = (_amount(spent[key], budget) for key in ("used", "limit"))
        print(f"{each['model']}: {ran} tasks run, {used} of {limit}.")
    if predicted:
        print_prediction_within(predicted)
    else:
        print(
            "Nothing is predicted of tasks that did not run; for that, name with -t a smaller "
            "suite that\n'embedmark downsample tasks' fitted on results of others. Intervals are "
            "within each task."
        )


def _sampled_row(row: dict[str, Any]) -> list[Any]:
    score, low, high = row["main_score"], row["interval_low"], row["interval_high"]
    if score is None:
        return [row["model"], row["task"], row["examples"], "failed", ""]
    interval = "" if low is None else f"{100 * low:.2f} to {100 * high:.2f}"
    part = "" if row["subset"] == "default" else f" ({row['subset']})"
    name = f"{row['task']}{part}, {row['limit']} examples"
    return [row["model"], name, row["examples"], f"({100 * score:.2f})", interval]


def _print_plan(plan: dict[str, Any], budget: Budget) -> None:
    from benchmark.cli.output import print_table

    rows = [
        [n, task["task"], task["kind"], _estimate(task["estimate"], budget), ""]
        if task["runs"]
        else ["", task["task"], task["kind"], _estimate(task["estimate"], budget), "does not fit"]
        for n, task in enumerate(plan["tasks"], 1)
    ]
    rows += [["", name, "", "", "its data are not here"] for name in plan["absent"]]
    print_table(["", "task", "kind", "takes", ""], rows, right={"takes"})
    used, limit = (_amount(plan[key], budget) for key in ("used", "limit"))
    before = f", of which {used} went to load and probe it" if plan["used"] else ""
    print(f"\n{plan['model']}: {limit}{before}. Nothing was saved.")


def _estimate(cost: float | None, budget: Budget) -> str:
    return "?" if cost is None else _amount(cost, budget)


def _amount(value: float, budget: Budget, foreseen: Foreseen | None = None) -> str:
    """An amount of a budget, in its unit; characters also as a share, where all are known."""
    if budget.unit == "time":
        return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"
    if budget.unit == "money":
        return f"${value:.4f}"
    if foreseen is None:
        return f"{value:,.0f} characters"
    whole = foreseen.spender.limit / budget.amount
    return f"{value:,.0f} characters ({value / whole:.2%})"

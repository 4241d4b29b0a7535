"""``benchmark.evaluate``: models on tasks from Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmark.cache import default_folder
from benchmark.catalog import STARTER, Choice, find_choices
from benchmark.models.http.consent import allow, refuse
from benchmark.models.http.spending import Spending
from benchmark.models.table import Settings
from benchmark.results.frame import Results
from benchmark.run import RunSettings, run
from benchmark.sending import agree
from benchmark.sweep import run_sweep, sweep_of
from benchmark.task import Task


def evaluate(
    model: Any,
    tasks: str | Task | Sequence[str | Task] = (),
    *,
    output: str | Path | None = None,
    cache: str | Path | None = None,
    limit: int | None = None,
    fresh: bool = False,
    batch_size: int | None = None,
    device: str | Sequence[str] = "auto",
    workers: int = 1,
    trust: bool = False,
    yes: bool = False,
    price: float | None = None,
    max_cost: float | None = None,
    dim: Sequence[int] = (),
    dtype: Sequence[str] = (),
    layer: Sequence[int] = (),
    index: Sequence[str] = (),
    rescore: Sequence[int] = (),
) -> Results:
    """Evaluate a model, or several, on tasks and return one row a model, task, split and subset.

    ``model``: a URI, a loaded model, any object with ``encode(texts)``, or a list of these.
    ``tasks``: names, suites, paths or parsed tasks; none means the starter suite. With ``output``,
    results are saved there and identical ones reused. ``cache`` is the folder for vectors, the
    platform's when None; ``workers`` is how many processes encode, at least one for each of several
    devices; ``trust`` lets a model run code that comes with it. ``yes`` allows texts
    to be sent to endpoints on other machines; ``price`` is theirs for a million tokens, and
    ``max_cost`` stops before it is passed. With values of ``dim``, ``dtype``, ``layer``, ``index``
    or ``rescore`` every combination of them is scored from one encode, and ``points`` of the
    results compare them. A failed row carries its error; only an unknown name or value, or texts
    that may not be sent, raise UsageError.
    """
    models = list(model) if isinstance(model, list | tuple) else [model]
    named = [tasks] if isinstance(tasks, str | Task) else list(tasks)
    choices = [
        choice
        for item in named or [STARTER]
        for choice in ([Choice(item)] if isinstance(item, Task) else find_choices([item]))
    ]
    settings = RunSettings(
        output=Path(output) if output is not None else None,
        cache=Path(cache) if cache is not None else default_folder(),
        limit=limit,
        fresh=fresh,
        model=Settings(
            batch_size,
            device if isinstance(device, str) else ",".join(device),
            trust,
            price,
            Spending(max_cost),
            allow if yes else refuse,
            workers,
        ),
    )
    sweep = sweep_of(dim=dim, dtype=dtype, layer=layer, index=index, rescore=rescore)
    agree(models, choices, settings)
    if sweep.chosen:
        return run_sweep(models, choices, settings, sweep)
    return run(models, choices, settings)

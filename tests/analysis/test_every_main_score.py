"""Every metric that may be a main score has an interval."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.analysis.uncertainty import interval_of
from benchmark.catalog import KINDS, Choice, load_task
from benchmark.encode import encode_plan
from benchmark.models.table import load_model
from benchmark.prepare import prepare

EXAMPLES = Path(__file__).parents[2] / "docs/examples"


@pytest.mark.parametrize("kind", KINDS)
def test_every_metric_has_an_interval(kind: str) -> None:
    """Those of the example task that are numbers and defined on random vectors."""
    prepared = prepare(Choice(load_task(EXAMPLES / f"{kind}.toml", trusted=True)))
    module, task, part = prepared.kind, prepared.task, prepared.parts[0]
    assert part.error is None
    found = encode_plan(load_model("random"), part.plan, task, prepared.task_type, cache=None)
    names = module.metrics_of(task.options) if hasattr(module, "metrics_of") else module.METRICS
    without = []
    for name in names:
        scores = module.evaluate(part.data, found.embeddings, replace(task, main_score=name))
        value = scores.metrics[name]
        if value is None or not math.isfinite(value) or name in scores.degenerate:
            continue
        if interval_of(kind, name, value, scores.samples) is None:
            without.append(name)

    assert [] == without

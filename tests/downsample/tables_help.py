"""A made table of scores: families of models, kinds of tasks, costs over two orders."""

from __future__ import annotations

import numpy as np

from benchmark.downsample.table import ScoreTable


def made_table(
    models: int = 40, tasks: int = 8, seed: int = 0, holes: float = 0.0, families: int = 20
) -> ScoreTable:
    """Two abilities behind all tasks, some of the task's own, and kinds that alternate."""
    draws = np.random.default_rng(seed)
    family = np.sort(draws.integers(0, families, models))
    abilities = draws.normal(size=(families, 2))[family] + 0.5 * draws.normal(size=(models, 2))
    scores = 60 + 6 * abilities @ draws.normal(size=(2, tasks)) + draws.normal(size=(models, tasks))
    scores[draws.random(scores.shape) < holes] = np.nan
    return ScoreTable(
        models=tuple(f"org{f}/model{n}" for n, f in enumerate(family)),
        tasks=tuple(f"Task{n}" for n in range(tasks)),
        kinds=tuple(("sts", "retrieval")[n % 2] for n in range(tasks)),
        scores=scores,
        families=family,
        weights=np.ones(tasks),
        costs=np.exp(draws.uniform(5, 10, tasks)),
    )

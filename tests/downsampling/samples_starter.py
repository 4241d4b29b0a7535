"""How well the smaller starter suite orders the built-in models, and how deep to pool a corpus."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmark import evaluate
from benchmark.catalog import find_tasks
from benchmark.data.keep import cut_tables
from benchmark.downsample.corpus import choose_corpus, choose_queries, retrieval_of
from benchmark.downsample.development import measure, prepared_part
from benchmark.downsample.examples import Wanted, Whole
from benchmark.downsample.sample_report import report_of
from benchmark.results.load import read_results

BUILT_IN = (
    "wordllama",
    "wordllama?dim=128",
    "wordllama?dim=64",
    "wordllama?dim=32",
    "wordllama?dtype=binary",
    "tfidf",
    "tfidf?unit=character",
    "bow",
    "bm25",
    "hybrid:(bm25)+(wordllama)",
    "random",
)
DEPTHS = (1, 5, 10, 25, 50, 100, 250)
QUERIES, DRAWS = 100, 3


def starter(folder: Path) -> list[dict[str, Any]]:
    """What ``embedmark downsample report`` says of each smaller task of the starter suite."""
    evaluate(list(BUILT_IN), ["starter", "starter-mini"], output=folder)
    results, _ = read_results(folder)
    found = []
    for small in find_tasks(["starter-mini"]):
        (whole,) = find_tasks([small.name.rpartition(".")[0]])
        found.append(report_of(small, whole, results))
    return found


def depths(
    whole: Whole, models: dict[str, Any], rankings: dict[str, Any], families: dict[str, str]
) -> list[dict[str, float]]:
    """By depth: the share of the corpus that is kept, and how much models rise by it.

    ``rise`` is that of the models that are pooled, ``new`` that of the same models with a corpus
    that none of their family had a part in.
    """
    found = []
    for depth in DEPTHS:
        shares, rises, new = [], [], []
        for seed in range(DRAWS):
            wanted = Wanted(keep=QUERIES, seed=seed)
            retrieval = retrieval_of(whole, wanted)
            rows = choose_queries(retrieval, wanted)
            for name in rankings:
                others = [each for n, each in rankings.items() if families[n] != families[name]]
                scores = []
                for pool in (list(rankings.values()), others):
                    chosen = choose_corpus(retrieval, rows, pool, wanted, depth)
                    cut = cut_tables(whole.tables, chosen.kept, "small")
                    part = prepared_part(whole, whole.task, cut)
                    scores.append(measure(models[name], whole, whole.task, part, None).main_score)
                    if len(scores) == 1:
                        shares.append(chosen.cost / whole.cost)
                corpus = choose_corpus(retrieval, rows, [], replace(wanted, share=1.0))
                everything = cut_tables(whole.tables, corpus.kept, "small")
                full = measure(
                    models[name], whole, whole.task,
                    prepared_part(whole, whole.task, everything), None,
                ).main_score  # fmt: skip
                rises.append((scores[0] or 0.0) - (full or 0.0))
                new.append((scores[1] or 0.0) - (full or 0.0))
        found.append(
            {
                "depth": depth,
                "share": float(np.mean(shares)),
                "rise": float(np.mean(rises)),
                "new": float(np.mean(new)),
            }
        )
    return found

"""Study smaller tasks on public data: the order of models that they keep, intervals that hold.

``python -m tests.downsampling.samples_study`` runs all data sets and writes
docs/downsampling-samples.md; ``--only NAME --keep FOLDER`` runs some, and leaves the page to a run
that finds them all. Run by ``nox -s downsampling -- samples``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from benchmark.analysis.comparison import compare_records
from benchmark.analysis.drawn import drawing_error, whole_interval
from benchmark.catalog import Choice, load_kind, load_task
from benchmark.data.keep import cut_tables
from benchmark.data.sources import load_tables
from benchmark.downsample.development import (
    WHOLE_DRAWN,
    choose_part,
    family_of,
    known_of,
    measure,
    prepared_part,
    rankings_of,
)
from benchmark.downsample.examples import Wanted, Whole, cost_of, options_of_small
from benchmark.errors import UsageError
from benchmark.measure import can_measure
from benchmark.prepare import prepare
from benchmark.results.record import Part
from benchmark.task import Task
from tests.downsampling.data import DATA, write_task
from tests.downsampling.minilm import texts_of
from tests.downsampling.sample_models import DEVELOPMENT, models_for
from tests.downsampling.samples_page import write_samples_page
from tests.downsampling.samples_starter import depths, starter

HERE = Path(__file__).parents[2]
COSTS = {"cran": 0.45, "cisi": 0.75, "med": 0.75, "xquad": 0.30, "sib200": 0.25}
"""The feasible costs of data of which a tenth cannot hold what is asked for; a tenth elsewhere."""
PARTS = {
    "sib200": ("test", "eng_Latn"),
    "tatoeba": ("test", "deu-eng"),
    "short_texts": ("test", "search_snippets"),
}
SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Setting:
    """A data set to draw from: its whole part, its models and their scores on it."""

    name: str
    whole: Whole
    small: Task
    models: dict[str, Any]
    full: dict[str, Part]
    rankings: dict[str, Any]


def setting_of(name: str, source: Path, folder: Path, minilm: Path) -> Setting:
    """Write the data, encode them once, and score every model on the whole."""
    path = write_task(source, name, folder)
    task = load_task(path)
    kind = load_kind(task.kind)
    split, subset = PARTS.get(name, ("test", "default"))
    deep = task
    if task.kind == "retrieval":  # only the main score is looked at
        task = replace(task, options={**task.options, "k_values": [10]})
    if task.kind == "clustering":
        task = replace(
            task, options={**task.options, "n_clusters": 3, "max_documents_per_cluster": 1000}
        )
    tables = load_tables(task, kind, split, subset)
    whole = Whole(task, kind, split, subset, tables, cost_of(tables, task, kind))
    texts = texts_of(path, (split, subset))
    found = models_for(texts, minilm / f"{name}.npz", task.kind == "retrieval")
    models = {each: model for each, model in found.items() if can_measure(model, kind)}
    part = next(
        each for each in prepare(Choice(task)).parts if (each.split, each.subset) == (split, subset)
    )
    full = {each: measure(model, whole, task, part, None) for each, model in models.items()}
    developed = {each: models[each] for each in DEVELOPMENT if each in models}
    rankings = rankings_of(replace(whole, task=deep), developed, part, None)
    return Setting(name, whole, task, models, full, rankings)


def significant(setting: Setting) -> list[tuple[str, str]]:
    """The pairs of models that differ on the whole, better one first."""
    found = []
    task = setting.small
    for a, b in itertools.combinations(setting.models, 2):
        told = compare_records(
            task.kind, task.main_score, setting.full[a].samples, setting.full[b].samples
        )
        if told is not None and told.paired.p < SIGNIFICANT:
            found.append((a, b) if _full(setting, a) > _full(setting, b) else (b, a))
    return found


def one_draw(setting: Setting, share: float, seed: int) -> dict[str, Any]:
    """One smaller task: what it tells of every model, with the rises of the development models.

    A development model is told of by the others' rises alone, as a new model is.
    """
    whole, wanted = setting.whole, Wanted(share=share, seed=seed)
    small = replace(
        setting.small, options={**setting.small.options, **options_of_small(whole.kind)}
    )
    families = {name: family_of(setting.models[name]) for name in setting.rankings}
    chosen, without = choose_part(whole, small, setting.rankings, families, wanted)
    options = options_of_small(whole.kind, [chosen])
    small = replace(small, options={**small.options, **options})
    developed = {each: setting.models[each] for each in DEVELOPMENT if each in setting.models}
    known = known_of(whole, small, developed, setting.full, chosen, without, None)
    pairs = {
        each.model: (each.same, each.raised)
        for each in known
        if each.same is not None and each.raised is not None
    }
    part = prepared_part(whole, small, cut_tables(whole.tables, chosen.kept, "x"))
    order = next(chosen.kept[each].order for each in ("queries", "rows") if each in chosen.kept)
    told: dict[str, Any] = {"models": {}, "cost": chosen.cost / whole.cost}
    told |= {"kept": len(chosen.rows), "depth": chosen.depth}
    scores = {each.model: each.small for each in known}
    for name, model in setting.models.items():
        mine = measure(model, whole, small, part, None)
        value = scores.get(name, mine.main_score or 0.0)
        error = drawing_error(small.kind, small.main_score, mine.samples, order, chosen.whole)
        error = (0.0, float("inf")) if small.kind in WHOLE_DRAWN else error
        rises = [pair for other, pair in pairs.items() if other != name]
        estimate, interval = whole_interval(small.kind, small.main_score, value, error, rises)
        told["models"][name] = [value, estimate, interval.low, interval.high]
    return told


def study(setting: Setting, share: float, seeds: int) -> dict[str, Any]:
    """The figures of a data set over so many draws."""
    pairs = significant(setting)
    draws = [one_draw(setting, share, seed) for seed in range(seeds)]
    names = list(setting.models)
    truth = np.array([_full(setting, name) for name in names])
    values = np.array([[draw["models"][name] for name in names] for draw in draws])
    raw, told, low, high = (values[:, :, at] for at in range(4))
    at = {name: number for number, name in enumerate(names)}
    better, worse = ([at[pair[side]] for pair in pairs] for side in (0, 1))
    kept = (raw[:, better] > raw[:, worse]).mean(axis=1) if pairs else np.ones(len(draws))
    return {
        "name": setting.name,
        "kind": setting.small.kind,
        "models": len(names),
        "seeds": seeds,
        "cost": float(np.mean([draw["cost"] for draw in draws])),
        "kept": draws[0]["kept"],
        "examples": int(setting.full[names[0]].examples),
        "depth": float(np.mean([draw["depth"] for draw in draws])),
        "pairs": len(pairs),
        "pairs_kept": float(kept.mean()),
        "pairs_kept_worst": float(np.quantile(kept, 0.05)),
        "spearman": float(np.mean([spearmanr(each, truth).statistic for each in raw])),
        "rise": float((raw - truth).mean()),
        "rises": {name: float((raw - truth)[:, at[name]].mean()) for name in names},
        "full": dict(zip(names, truth.tolist(), strict=True)),
        "left": float((told - truth).mean()),
        "mae": float(np.abs(told - truth).mean()),
        "coverage": float(((low <= truth) & (truth <= high)).mean()),
        "coverages": {
            name: float(((low <= truth) & (truth <= high))[:, at[name]].mean()) for name in names
        },
        "width": float((high - low).mean()),
        "trials": int(raw.size),
    }


def main() -> int:
    """Run the study, or the part asked for; 0 also where there are no data to study."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=HERE.parent / "shared/data")
    parser.add_argument("--keep", type=Path, default=HERE / ".pytest_cache/samples")
    parser.add_argument("--minilm", type=Path, default=HERE / ".pytest_cache/minilm")
    parser.add_argument("--only", nargs="*", default=list(DATA), choices=list(DATA))
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--cost", type=float, help="another share of the cost, for a look")
    parser.add_argument("--page", action="store_true", help="write the page of what there is")
    parser.add_argument("--fresh", action="store_true", help="draw again what is kept")
    args = parser.parse_args()
    if not args.data.is_dir():
        print(f"skipped: {args.data} holds no data to study")
        return 0
    args.keep.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        target = args.keep / f"{name}.json"
        if target.is_file() and not args.fresh:
            continue
        start = time.monotonic()
        setting = setting_of(name, args.data, args.keep / "tasks", args.minilm)
        try:
            found = study(setting, args.cost or COSTS.get(name, 0.1), args.seeds)
        except UsageError as error:
            print(error)
            continue
        found["seconds"] = time.monotonic() - start
        print(_line(found), flush=True)
        if args.cost is None:
            target.write_text(json.dumps(found, indent=1), "utf-8")
    kept = [path for name in DATA if (path := args.keep / f"{name}.json").is_file()]
    if args.page or (args.cost is None and len(kept) == len(DATA)):
        write_page(args, [json.loads(path.read_text("utf-8")) for path in kept])
    return 0


def write_page(args: argparse.Namespace, contents: list[dict[str, Any]]) -> None:
    """Measure what else the page shows, and write it."""
    deep = args.keep / "depths.json"
    if not deep.is_file():
        setting = setting_of("cosqa", args.data, args.keep / "tasks", args.minilm)
        families = {name: family_of(setting.models[name]) for name in setting.rankings}
        found = depths(setting.whole, setting.models, setting.rankings, families)
        deep.write_text(json.dumps(found), "utf-8")
    write_samples_page(
        HERE / "docs/downsampling-samples.md",
        contents,
        json.loads(deep.read_text("utf-8")),
        starter(args.keep / "starter"),
    )


def _full(setting: Setting, name: str) -> float:
    return float(setting.full[name].main_score or 0.0)


def _line(found: dict[str, Any]) -> str:
    numbers = ("cost", "spearman", "pairs_kept", "rise", "left", "mae", "coverage", "width")
    told = "  ".join(f"{name} {found[name]:.3f}" for name in numbers)
    return f"{found['name']}: {told}  {found['seconds']:.0f} s"


if __name__ == "__main__":
    sys.exit(main())

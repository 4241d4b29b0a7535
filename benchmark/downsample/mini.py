"""The smaller suite as files: the tasks to run in TOML, and beside it what their scores tell."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmark.downsample.calibration import Widths
from benchmark.downsample.table import ScoreTable
from benchmark.errors import TaskFileError
from benchmark.suite import Suite, SuiteTask, parse_suite

FIT = ".fit.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Mini:
    """A choice of tasks, the table that it was fitted on, and how wide its intervals are.

    ``of`` is the suite that it stands for, ``parts`` that suite's tasks as it asks for them.
    ``quality`` are figures of each model without its family; ``kept`` says the constraints.
    """

    of: str
    title: str
    parts: tuple[SuiteTask, ...]
    table: ScoreTable
    chosen: tuple[int, ...]
    widths: Widths
    method: str
    kept: tuple[str, ...] = ()
    quality: Mapping[str, float] | None = None

    @property
    def cost_share(self) -> float:
        """What the chosen tasks cost of all."""
        costs = self.table.costs
        return float(costs[list(self.chosen)].sum() / costs.sum())


def write_mini(path: Path, mini: Mini, command: str = "") -> list[Path]:
    """Write the suite file and its fit beside it; returns both paths.

    ``command`` is what made it, one line, said at the top.

    Raises TaskFileError when they cannot be written.
    """
    fit = path.with_name(path.stem + FIT)
    content = json.dumps(_fit(mini), indent=1, ensure_ascii=False) + "\n"
    try:
        fit.write_text(content, "utf-8")
        made = f"# {command}\n" if command else ""
        path.write_text(made + _toml(mini, fit.name, _digest(content.encode())), "utf-8")
    except OSError as error:
        raise TaskFileError(f"{path}: cannot be written ({error.strerror}); check it") from None
    return [path, fit]


def read_mini(path: Path) -> Mini:
    """Read a smaller suite with its fit.

    Raises TaskFileError when the suite is no smaller one, the fit is absent, or is not the one that
    the suite names by its digest.
    """
    suite = parse_suite(path)
    made = suite.downsampled
    if not made:
        raise TaskFileError(
            f"{path}: has no [downsampled] table, so it stands for no larger suite; make one with "
            "'embedmark downsample tasks'"
        )
    name = str(made.get("fit", ""))
    if Path(name).name != name or not name:
        raise TaskFileError(f"{path}: 'fit' must name a file beside this one, not '{name}'")
    try:
        content = (path.parent / name).read_bytes()
    except OSError:
        raise TaskFileError(f"{path}: its fit {name} is not beside it; copy both files") from None
    if _digest(content) != made.get("digest"):
        raise TaskFileError(
            f"{path}: {name} is not the fit that the suite was written with (digest "
            f"{_digest(content)[:19]}, not {str(made.get('digest'))[:19]}); make it again"
        )
    try:
        return _parsed(json.loads(content), suite)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise TaskFileError(f"{path}: {name} is damaged ({error}); make it again") from None


def check_digests(path: Path, mini: Mini, digests: Mapping[str, str]) -> None:
    """Refuse a smaller suite whose task files are no longer those that it was fitted on."""
    for name, digest in zip(mini.table.tasks, mini.table.digests, strict=True):
        if digests.get(name, digest) != digest:
            raise TaskFileError(
                f"{path}: the task file of {name} changed since ({digests[name][:19]}, fitted on "
                f"{digest[:19]}); make the smaller suite again"
            )


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _fit(mini: Mini) -> dict[str, Any]:
    table = mini.table
    return {
        "format": _FORMAT,
        "suite": mini.of,
        "tasks": [
            {
                "name": name,
                "kind": kind,
                "weight": weight,
                "cost": cost,
                "digest": digest,
                "splits": list(part.splits),
                "subsets": list(part.subsets),
            }
            for name, kind, weight, cost, digest, part in zip(
                table.tasks,
                table.kinds,
                table.weights.tolist(),
                table.costs.tolist(),
                table.digests or [""] * len(table.tasks),
                mini.parts,
                strict=True,
            )
        ],
        "models": [
            {
                "name": name,
                "revisions": list(revisions),
                "family": int(family),
                "scores": [None if math.isnan(value) else round(value, 4) for value in row],
            }
            for name, revisions, family, row in zip(
                table.models,
                table.revisions or [()] * len(table.models),
                table.families,
                table.scores.tolist(),
                strict=True,
            )
        ],
        "widths": asdict(mini.widths),
    }


def _parsed(content: Mapping[str, Any], suite: Suite) -> Mini:
    tasks, models = content["tasks"], content["models"]
    names = [str(task["name"]) for task in tasks]
    table = ScoreTable(
        models=tuple(str(model["name"]) for model in models),
        tasks=tuple(names),
        kinds=tuple(str(task["kind"]) for task in tasks),
        scores=np.array([model["scores"] for model in models], np.float64),
        families=np.array([model["family"] for model in models], np.int64),
        weights=np.array([task["weight"] for task in tasks], np.float64),
        costs=np.array([task["cost"] for task in tasks], np.float64),
        digests=tuple(str(task["digest"]) for task in tasks),
        revisions=tuple(tuple(map(str, model["revisions"])) for model in models),
    )
    parts = tuple(
        SuiteTask(t["name"], tuple(t["subsets"]), tuple(t["splits"]), t["weight"]) for t in tasks
    )
    return Mini(
        of=str(content["suite"]),
        title=suite.title,
        parts=parts,
        table=table,
        chosen=tuple(names.index(name) for name in suite.task_names),
        widths=Widths(**content["widths"]),
        method=str(suite.downsampled.get("method", "")),
        kept=tuple(suite.downsampled.get("kept", ())),
        quality=dict(suite.downsampled.get("quality", {})),
    )


def _toml(mini: Mini, fit: str, digest: str) -> str:
    chosen = [mini.parts[t] for t in mini.chosen]
    left = [mini.parts[t].name for t in range(len(mini.parts)) if t not in set(mini.chosen)]
    lines = [
        f"title = {_quote(mini.title)}",
        f"description = {_quote(_description(mini))}",
        "tasks = [",
        *(f"    {_entry(part)}," for part in chosen),
        "]",
        "",
        "[downsampled]  # written by embedmark downsample tasks; see docs/downsampling.md",
        f"suite = {_quote(mini.of)}",
        f"method = {_quote(mini.method)}",
        f"cost_share = {mini.cost_share:.6f}",
        f"left_out = {_list(left)}",
        f"kept = {_list(mini.kept)}",
        f"fitted_on = {len(mini.table.models)}  # models, named with their revisions in the fit",
        f"fit = {_quote(fit)}",
        f"digest = {_quote(digest)}",
    ]
    if mini.quality:
        lines += [
            "",
            "[downsampled.quality]  # each model without its family, on tasks chosen with it",
        ]
        lines += [f"{name} = {value:.4f}" for name, value in mini.quality.items()]
    return "\n".join(lines) + "\n"


def _description(mini: Mini) -> str:
    return (
        f"{len(mini.chosen)} of the {len(mini.parts)} tasks of {mini.of}, "
        f"{mini.cost_share:.1%} of its characters, from which the rest is predicted."
    )


def _entry(part: SuiteTask) -> str:
    cells = [f"name = {_quote(part.name)}"]
    cells += [f"subsets = {_list(part.subsets)}"] if part.subsets else []
    cells += [f"splits = {_list(part.splits)}"] if part.splits else []
    cells += [f"weight = {part.weight:g}"] if part.weight != 1 else []
    return _quote(part.name) if len(cells) == 1 else f"{{ {', '.join(cells)} }}"


def _list(names: Sequence[str]) -> str:
    return f"[{', '.join(map(_quote, names))}]"


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)

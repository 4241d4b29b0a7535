"""Score every combination of dimensions, types, layers and indexes from one encode."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from benchmark.catalog import Choice, load_kind
from benchmark.encode.workers import load_with_workers
from benchmark.errors import BenchmarkError, UsageError, nearest
from benchmark.listener import Listener, Silent
from benchmark.metrics.index import EXACT, INDEXES
from benchmark.models.derived import (
    DTYPES,
    SEARCHED,
    Derivation,
    DerivedModel,
    WholeVectors,
    derive,
)
from benchmark.models.layers import all_layers, identity_of_layer
from benchmark.models.py import wrap
from benchmark.models.table import load_model
from benchmark.models.uri import with_option
from benchmark.protocols import Encoder, Lookup
from benchmark.results.frame import Results, Row, failed_row
from benchmark.results.tradeoffs import Asked, points_of
from benchmark.run import RunSettings, run
from benchmark.task import Task

_KEPT_BYTES = 4 << 30  # of a task's whole vectors, while its combinations are scored


@dataclass(frozen=True, slots=True)
class Sweep:
    """Values of options; every combination is scored, and an option without values stays as it is.

    ``rescore`` 0 is a search that is not scored again.
    """

    dim: tuple[int, ...] = ()
    dtype: tuple[str, ...] = ()
    layer: tuple[int, ...] = ()
    index: tuple[str, ...] = ()
    rescore: tuple[int, ...] = ()

    @property
    def chosen(self) -> tuple[str, ...]:
        """The options that have values."""
        return tuple(name for name in self.__slots__ if getattr(self, name))


@dataclass(frozen=True, slots=True)
class Variant:
    """One combination of a model: a model of its own, or why there is none."""

    label: str
    options: Mapping[str, Any]
    dtype: str = "float32"
    model: DerivedModel | None = None
    error: str = ""


def sweep_of(
    *,
    dim: Sequence[int] = (),
    dtype: Sequence[str] = (),
    layer: Sequence[int] = (),
    index: Sequence[str] = (),
    rescore: Sequence[int] = (),
) -> Sweep:
    """A sweep, checked: UsageError for an unknown, impossible or repeated value."""
    named: Mapping[str, Sequence[Any]] = {
        "dim": dim,
        "dtype": dtype,
        "layer": layer,
        "index": index,
        "rescore": rescore,
    }
    known = {"dtype": DTYPES, "index": INDEXES}
    lowest = {"dim": 1, "layer": 0, "rescore": 0}
    for name, values in named.items():
        if isinstance(values, str):
            raise UsageError(f"{name}: give a list of values, not '{values}'")
        for value in values:
            if name in known and value not in known[name]:
                raise UsageError(f"{name}: unknown '{value}'{nearest(str(value), known[name])}")
            if name in lowest and (not isinstance(value, int) or value < lowest[name]):
                raise UsageError(f"{name}: '{value}' is no whole number from {lowest[name]}")
            if list(values).count(value) > 1:
                raise UsageError(f"{name}: {value} stands twice; name it once")
    if any(rescore) and not set(dtype) & set(SEARCHED):
        raise UsageError("rescore: needs a dtype of int8, uint8 or binary; give these in dtype")
    return Sweep(**{name: tuple(values) for name, values in named.items()})


def run_sweep(
    models: Sequence[Any],
    choices: Sequence[Choice],
    settings: RunSettings,
    sweep: Sweep,
    listener: Listener = Silent(),
) -> Results:
    """Run every combination of every model; ``points`` of the results compare them.

    A model or combination that cannot be is a failed row a task, and the others go on. Tasks that
    search no corpus are left out where an index, or what is scored again, is swept. The result of
    a combination lies under ``experiments/``; one that changes nothing is the plain result.
    Raises UsageError when no task is left.
    """
    choices = _searching(choices, sweep, listener)
    rows: list[Row] = []
    left_out: dict[str, None] = {}
    asked: dict[tuple[str, str], tuple[Asked, list[Row]]] = {}
    for item in models:
        name = item if isinstance(item, str) else str(wrap(item).identity.name)
        variants = _variants(name, item, sweep, settings)
        following = _Following(listener, name)
        following.jobs = len(choices) * len(variants) * max(1, len(sweep.index))
        for choice, index in product(choices, sweep.index or (None,)):
            if index in (None, *sweep.index[:1]):  # another task
                for whole in (each.model.whole for each in variants if each.model):
                    whole.forget()
            alike = [_with_index(variant, choice.task, index) for variant in variants]
            for each in alike:
                told = Asked(name, each.label, each.options, each.dtype)
                asked.setdefault((name, each.label), (told, []))
            for row in _run_alike(alike, choice, index, settings, following):
                rows.append(row)
                asked[name, row.model][1].append(row)
        left_out |= dict.fromkeys(following.left_out)
    return Results(tuple(rows), points_of(asked.values()), tuple(left_out))


def _run_alike(
    variants: Sequence[Variant],
    choice: Choice,
    index: str | None,
    settings: RunSettings,
    following: _Following,
) -> list[Row]:
    """The rows of all combinations of a model, on one task and with one index."""
    following.labels = sorted((each.label for each in variants), key=len, reverse=True)
    rows = [
        failed_row(each.label, choice.task, None, None, each.error)
        for each in variants
        if each.model is None
    ]
    following.rows(rows)
    able = [each.model for each in variants if each.model is not None]
    chosen = replace(choice, task=_task_with_index(choice.task, index))
    if not able:
        return rows
    results = run(able, [chosen], settings, following)
    following.left_out += results.left_out
    return [*rows, *results]


def _variants(name: str, item: Any, sweep: Sweep, settings: RunSettings) -> list[Variant]:
    """The combinations of a model, without the index; those that come to the same once."""
    whole = WholeVectors(_KEPT_BYTES)
    try:
        # Workers give whole vectors, not layers.
        load = load_model if sweep.layer else load_with_workers
        model = load(item, settings.model) if isinstance(item, str) else wrap(item)
        usual = Derivation()
        if isinstance(model, DerivedModel):
            usual, model = model.derivation, model.base
            taken = set(usual.options) & set(sweep.chosen)
            if taken:
                raise UsageError(f"model '{name}' has its {min(taken)}= already; leave it out here")
        if not isinstance(model, Encoder | Lookup):
            raise UsageError(
                f"model '{name}' gives no dense vectors of single texts to derive from"
            )
        layers = all_layers(model, sweep.layer, name) if sweep.layer else None
        model = layers or model
    except BenchmarkError as error:
        return [Variant(name, {}, error=str(error))]
    found: dict[str, Variant] = {}
    swept = set(sweep.chosen)
    for layer, dim, dtype, rescore in product(
        sweep.layer or (None,),
        sweep.dim or (usual.dim,),
        sweep.dtype or (usual.dtype,),
        sweep.rescore or (usual.rescore,),
    ):
        columns = None
        identity = model.identity
        if layers is not None and layer is not None:
            start = layers.layers.index(layer) * layers.width
            columns = (start, start + layers.width)
            identity = identity_of_layer(layers.model.identity, layer)
        again = rescore if dtype in SEARCHED else 0
        derivation = Derivation(dim, dtype, again, columns)
        asked = {"layer": layer, "dim": dim, "dtype": dtype, "rescore": again}
        options = {key: value for key, value in asked.items() if key in swept}
        layered = {} if layer is None else {"layer": layer}
        try:
            made = derive(model, derivation, name, whole=whole, identity=identity)
        except BenchmarkError as error:
            label = _label(name, {**layered, **derivation.options})
            found[label] = Variant(label, options, dtype, error=str(error))
            continue
        label = _label(name, {**layered, **made.derivation.options})
        found[label] = Variant(label, options, dtype, replace(made, label=label))
    return list(found.values())


def _label(name: str, options: Mapping[str, Any]) -> str:
    """The model's URI with the options of a combination that it does not have already."""
    for key, value in options.items():
        if not re.search(rf"[?&]{key}=", name):
            name = with_option(name, key, str(value))
    return name


def _with_index(variant: Variant, task: Task, index: str | None) -> Variant:
    """The combination with an index, where that is not the task's own."""
    if index is None:
        return variant
    options = {**variant.options, "index": index}
    own = _index_of(task)
    if variant.model is None or index == own:
        return replace(variant, options=options)
    identity = variant.model.identity
    parts = [part for part in identity.slug.split("__") if part]
    identity = replace(
        identity,
        options={**identity.options, "index": index},
        slug="__".join(sorted([*parts, f"index_{index}"])),
    )
    label = with_option(variant.label, "index", index)
    model = replace(variant.model, identity=identity, label=label)
    return replace(variant, label=label, options=options, model=model)


def _task_with_index(task: Task, index: str | None) -> Task:
    """The task searched by an index; its digest stays, since the identity of the result says it."""
    if index is None:
        return task
    parts = tuple(_task_with_index(part, index) for part in task.parts)
    return replace(task, options={**task.options, "index": index}, parts=parts)


def _index_of(task: Task) -> str:
    return str(task.options.get("index", EXACT))


def _searching(choices: Sequence[Choice], sweep: Sweep, listener: Listener) -> list[Choice]:
    """The tasks that a sweep can tell anything of."""
    if not {"index", "rescore"} & set(sweep.chosen):
        return list(choices)
    found = []
    for choice in choices:
        tasks = choice.task.parts or (choice.task,)
        if all("index" in load_kind(task.kind).OPTIONS for task in tasks):
            found.append(choice)
        else:
            listener.note(f"{choice.task.name} searches no corpus and is left out of the sweep")
    if not found:
        raise UsageError("none of these tasks searches a corpus, as index and rescore need")
    return found


@dataclass(slots=True)
class _Following:
    """A listener of one model's combinations: jobs counted over all, a finding told once."""

    listener: Listener
    name: str
    jobs: int = 0
    number: int = 0
    labels: Sequence[str] = ()
    told: set[str] = field(default_factory=set)
    left_out: list[str] = field(default_factory=list)

    def job(self, model: str, task: str, number: int, jobs: int) -> None:
        self.number += 1
        self.listener.job(model, task, self.number, self.jobs)

    def progress(self, share: float, pace: str) -> None:
        done = self.number - 1 + share % 1 if self.number else 0.0
        self.listener.progress(min(1.0, done / max(1, self.jobs)), pace)

    def note(self, message: str) -> None:
        label = next((each for each in self.labels if message.startswith(each)), "")
        message = self.name + message[len(label) :] if label else message
        if message not in self.told:
            self.told.add(message)
            self.listener.note(message)

    def rows(self, rows: Sequence[Row]) -> None:
        self.listener.rows(rows)

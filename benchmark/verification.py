"""Verify a result: that its task, data, vectors, records and scores are still what it says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmark._version import PROTOCOL
from benchmark.aggregate import AGGREGATE
from benchmark.analysis.agreement import (
    Verdict,
    compare_columns,
    compare_metrics,
    within,
)
from benchmark.analysis.examples import TEXT
from benchmark.catalog import Choice, checked, find_tasks
from benchmark.encode import Share
from benchmark.errors import BenchmarkError, ModelError, ResultError
from benchmark.jobs import Reader
from benchmark.measure import can_measure, measure_part
from benchmark.models.table import Settings, load_model
from benchmark.models.tokens import TokenCount
from benchmark.models.uri import uri_of
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Identity, Model
from benchmark.reencoding import reencode
from benchmark.results.record import Part, Result, plain
from benchmark.results.samples import VALUE, Columns, read_samples, samples_path
from benchmark.results.store import read_result
from benchmark.task import Task

_SHOWN = 3  # of the examples or metrics that differ
_WORST: tuple[Verdict, ...] = ("within tolerance", "identical")
_FACTS = ("name", "revision", "adapter", "options", "slug")
_BY_THE_MODEL = ("vectors", "similarities", "examples", "scores")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ``what`` of ``where`` (split and subset, '' for the whole)."""

    verdict: Verdict
    what: str
    where: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found about one result file."""

    path: Path
    model: str
    experiment: str
    task: str
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of what was checked; ``not checked`` where the model shows nothing of it."""
        found = [check for check in self.checks if check.verdict != "not checked"]
        verdicts = {check.verdict for check in found}
        if "different" in verdicts:
            return "different"
        if not {check.what for check in found}.intersection(_BY_THE_MODEL):
            return "not checked"
        return next(verdict for verdict in _WORST if verdict in verdicts)


@dataclass
class Verifier:
    """What results are verified with.

    ``tasks`` by name are looked for before the project's own, and ``uris`` are models that results
    do not say how to load. State: the data of tasks and the models, kept for the next file.
    """

    cache: Path | None
    settings: Settings = Settings()
    tasks: Mapping[str, Task] = field(default_factory=dict)
    uris: Sequence[str] = ()
    trust: bool = False
    _readers: dict[tuple[Any, ...], Reader] = field(default_factory=dict)
    _models: dict[str, Any] = field(default_factory=dict)

    def verify(self, path: Path) -> Verification:
        """All that can be checked of one result file; ResultError when it is unreadable."""
        result = read_result(path)
        if result is None:
            raise ResultError(f"{path}: no such file; 'embedmark results list --json' shows paths")
        checks = tuple(self._checks(path, result))
        of = result.identity
        return Verification(path, of.name, of.slug, result.task, checks)

    def _checks(self, path: Path, result: Result) -> Iterator[Check]:
        digests = {key: part.samples_digest for key, part in result.parts.items()}
        samples, problems = read_samples(samples_path(path), digests)
        there = samples_path(path).is_file()
        for problem in problems:
            yield Check("different" if there else "not checked", "records", message=problem)
        for then in result.parts.values():
            yield from _in_the_file(result, then, samples.get(then.key, {}))
        if result.kind == AGGREGATE:
            yield Check("not checked", "scores", message="made of other results; verify these")
            return
        if result.protocol != PROTOCOL:
            message = f"measured under protocol {result.protocol}, now {PROTOCOL}"
            yield Check("not checked", "scores", message=message)
            return
        try:
            task = self._task(result.task)
            if task.digest != result.task_digest:
                message = "the task file is not the one that it was measured with"
                yield Check("different", "task", message=message)
                return
            yield Check("identical", "task")
            prepared = self._prepared(task, result)
        except BenchmarkError as error:
            yield Check("not checked", "data", message=str(error))
            return
        of_data = [_of_data(part, result.parts[_key(part)]) for part in prepared.parts]
        yield from of_data
        try:
            model = self._model(result.identity)
        except BenchmarkError as error:
            yield Check("not checked", "model", message=str(error))
            return
        if model.identity != result.identity:
            yield Check("different", "model", message=_other(model.identity, result.identity))
            return
        for part, check in zip(prepared.parts, of_data, strict=True):
            then = result.parts[_key(part)]
            if check.verdict == "identical" and not then.error:
                yield from self._measured(model, prepared, part, then, samples.get(then.key, {}))

    def _task(self, name: str) -> Task:
        return self.tasks[name] if name in self.tasks else find_tasks([name], trust=self.trust)[0]

    def _prepared(self, task: Task, result: Result) -> Prepared:
        parts = result.parts.values()
        splits = tuple(dict.fromkeys(part.split for part in parts))
        subsets = tuple(dict.fromkeys(part.subset for part in parts))
        reader = self._readers.setdefault((result.limit, splits, subsets), Reader(result.limit))
        found = reader.read(checked(Choice(task, splits, subsets)))
        return replace(found, parts=tuple(p for p in found.parts if _key(p) in result.parts))

    def _model(self, identity: Identity) -> Model:
        """The model given for an identity, else the one that it names itself."""
        for uri in self.uris:
            model = self._loaded(uri)
            if (model.identity.name, model.identity.slug) == (identity.name, identity.slug):
                return model
        return self._loaded(uri_of(identity))

    def _loaded(self, uri: str) -> Model:
        if uri not in self._models:
            for old in set(self._models).difference(self.uris):  # one at a time in memory
                del self._models[old]
            try:
                self._models[uri] = load_model(uri, self.settings)
            except BenchmarkError as error:
                self._models[uri] = error
        found: Any = self._models[uri]
        if isinstance(found, BenchmarkError):
            raise found
        model: Model = found
        return model

    def _measured(
        self, model: Model, prepared: Prepared, part: PreparedPart, then: Part, samples: Columns
    ) -> Iterator[Check]:
        """What needs the model: its vectors of a few texts, and scores of cached ones."""
        try:
            if not can_measure(model, prepared.kind):
                raise ModelError(f"{model.identity.name} does not run on this kind of task")
            found = reencode(model, prepared, part, then, samples, self.cache)
            yield from (Check(v, what, then.key, message) for v, what, message in found.checks)
            if not found.complete:
                return
            counted = Share(tokens=then.tokens or TokenCount(0, 0, 0, None))  # not counted again
            now = measure_part(model, prepared, part, self.cache, _silent, share=counted)
        except BenchmarkError as error:
            yield Check("not checked", "scores", then.key, str(error))
            return
        yield _of_scores(now, then)
        if samples:
            yield _of_examples(now, then, samples)


def _in_the_file(result: Result, part: Part, samples: Columns) -> Iterator[Check]:
    """Whether a main score is its metric, and the mean of its examples where it is one."""
    if part.main_score is None:
        return
    metric = part.metrics.get(result.main_score_name)
    if not within(metric, part.main_score):
        message = f"main_score is {part.main_score}, and {result.main_score_name} {metric}"
        yield Check("different", "file", part.key, message)
    if VALUE in samples and result.main_score_name not in part.degenerate:
        mean = float(samples[VALUE].mean())
        if math.isfinite(mean) and not within(mean, part.main_score):
            message = (
                f"{result.main_score_name} is {part.main_score}, and the mean of its "
                f"{len(samples[VALUE])} examples {mean}"
            )
            yield Check("different", "file", part.key, message)


def _of_data(part: PreparedPart, then: Part) -> Check:
    if part.error:
        return Check("not checked", "data", then.key, part.error)
    if part.fingerprint != then.fingerprint:
        message = (
            f"fingerprint {_short(then.fingerprint)} when measured, {_short(part.fingerprint)} now"
        )
        return Check("different", "data", then.key, message)
    return Check("identical", "data", then.key)


def _other(now: Identity, then: Identity) -> str:
    """Which facts of a model are not those of the result."""
    apart = [name for name in _FACTS if getattr(then, name) != getattr(now, name)]
    pairs = [(_short(str(getattr(each, name))) for each in (then, now)) for name in apart]
    return "; ".join(
        f"{name} {old} when measured, {new} now"
        for name, (old, new) in zip(apart, pairs, strict=True)
    )


def _of_scores(now: Part, then: Part) -> Check:
    found = list(compare_metrics(plain(now.metrics), dict(then.metrics)))
    if now.main_score != then.main_score:
        found = [("main_score", now.main_score, then.main_score), *found]
    if not found:
        return Check("identical", "scores", then.key, f"{len(then.metrics)} metrics")
    apart = [each for each in found if not within(each[1], each[2])]
    if not apart:
        most = max(abs(new - old) for _, new, old in found)
        return Check("within tolerance", "scores", then.key, f"at most {most:.1g} from before")
    told = ", ".join(f"{name} {old} in the file, {new} now" for name, new, old in apart[:_SHOWN])
    more = f", and {len(apart) - _SHOWN} more" if len(apart) > _SHOWN else ""
    return Check("different", "scores", then.key, told + more)


def _of_examples(now: Part, then: Part, samples: Columns) -> Check:
    """The records of all examples, but for kept texts."""
    kept = {name: values for name, values in samples.items() if not name.startswith(TEXT)}
    found = [each for each in compare_columns(now.samples, kept) if each[1].verdict != "identical"]
    if not found:
        return Check("identical", "examples", then.key, f"{then.examples} examples")
    told = []
    for name, agreement in found:
        if agreement.verdict == "different":
            shown = ", ".join(_named(samples, row) for row in agreement.rows[:_SHOWN])
            count = f"{len(agreement.rows)} differ: {shown}" if shown else "is not there in both"
            told.append(f"{name}: {count}" + (", ..." if len(agreement.rows) > _SHOWN else ""))
    if told:
        return Check("different", "examples", then.key, "; ".join(told))
    most = max(agreement.greatest for _, agreement in found)
    return Check("within tolerance", "examples", then.key, f"at most {most:.1g} from before")


def _named(samples: Columns, row: int) -> str:
    """An example as ``results samples`` names it: its id, or the number of its row."""
    column = samples.get("id", samples.get("row"))
    return str(row if column is None else column[row])


def _key(part: PreparedPart) -> str:
    return f"{part.split}/{part.subset}"


def _short(text: str) -> str:
    """A digest as a person compares it."""
    return text.removeprefix("sha256:")[:12] if len(text) >= 40 and " " not in text else text


def _silent(done: int, total: int) -> None:
    pass

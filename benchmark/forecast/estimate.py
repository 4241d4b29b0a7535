"""What a run would take: each model's prompts by role, and time, tokens and cost by a probe."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.encode import Wanted, groups_of, joint_groups
from benchmark.errors import BenchmarkError
from benchmark.forecast.probe import (
    Pace,
    Sample,
    pace_of,
    pace_of_pairs,
    rate_of,
    rates_of,
    sample_of,
    sends_texts,
)
from benchmark.forecast.rehearsal import Rehearsal
from benchmark.forecast.work import Work
from benchmark.guard import call_model
from benchmark.measure import can_measure
from benchmark.models.composite import leaves
from benchmark.models.http.spending import estimate_tokens
from benchmark.models.identity import hub_folder
from benchmark.models.table import Settings, find_scheme, load_model
from benchmark.models.tokens import count_pairs, count_plan
from benchmark.prepare import Prepared, PreparedPart
from benchmark.protocols import Encoder, Fitted, Lookup, Request, Reranker, Searcher

if TYPE_CHECKING:
    from benchmark.encode import Group

_PAIRS = 32  # of a split and subset, that are probed
_FROM_THE_HUB = {"torch", "m2v", "onnx"}


@dataclass(slots=True)
class Forecast:
    """What one model would do; state while tasks are read.

    ``prompts`` are those put before texts, by role, in order of first use. ``texts`` counts each
    text once a task; for a model that reads query and document together they are pairs. ``start``
    is the time to load the model and what first calls take longer; ``pace`` and ``rates`` are the
    seconds and tokens of a character, by octave of a text's length. ``seconds``, ``tokens`` and
    ``cost`` are None where nothing tells them, and ``note`` says why there is no time; ``failed``
    is why the model does not load or run.
    """

    model: str
    loaded: Any = None
    prompts: dict[str, list[str]] = field(default_factory=dict)
    start: float = 0.0
    tokens: int | None = None
    cost: float | None = None
    note: str = ""
    failed: str = ""
    works: list[Work] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    rehearsal: Rehearsal = field(default_factory=Rehearsal)
    pace: Pace | None = None
    rates: Mapping[int, float] = field(default_factory=dict)

    @property
    def texts(self) -> int:
        """Those of all tasks."""
        return sum(work.texts for work in self.works)

    @property
    def characters(self) -> int:
        """Those of all tasks, prompts included."""
        return sum(work.characters for work in self.works)

    @property
    def seconds(self) -> float | None:
        """From the model's loading to the last score."""
        seconds = [work.seconds for work in self.works]
        known = [each for each in seconds if each is not None]
        return self.start + sum(known) if known and len(known) == len(seconds) else None

    def to_json(self) -> dict[str, Any]:
        """For a listing."""
        names = ("model", "prompts", "texts", "characters", "seconds", "tokens", "cost", "note")
        told = {name: getattr(self, name) for name in names}
        works = [work.to_json() for work in self.works]
        return told | {"error": self.failed or None, "start": round(self.start, 4), "tasks": works}


def begin(uris: Sequence[str], settings: Settings) -> list[Forecast]:
    """Load every model that lies on this machine; a composite stands as its parts.

    Raises UsageError for an unknown scheme.
    """
    return [_begin(leaf, uri, settings) for uri in uris for leaf in leaves(uri)]


def add(forecast: Forecast, prepared: Prepared) -> None:
    """Add what a task asks of the model, and time how long its scores would take to compute."""
    if forecast.loaded is None or not can_measure(forecast.loaded, prepared.kind):
        return
    try:
        forecast.works.append(_asked(forecast, prepared))
    except BenchmarkError as error:
        forecast.failed = forecast.failed or f"{prepared.task.name}: {error}"


def work_of(forecast: Forecast, prepared: Prepared) -> Work:
    """What a task asks of a model that was probed."""
    work = _asked(forecast, prepared)
    _estimate(forecast, work)
    return work


def finish(forecast: Forecast) -> None:
    """Estimate; a model on this machine encodes a few of the texts, any other is sent none.

    A text takes the time of probed ones that are about as long, for each of its characters; so do
    tokens.
    """
    model = forecast.loaded
    if model is None or forecast.failed:
        return
    try:
        _probe(forecast, model)
    except BenchmarkError as error:
        forecast.failed = str(error)
        return
    forecast.start += forecast.rehearsal.start + (forecast.pace.start if forecast.pace else 0.0)
    for work in forecast.works:
        _estimate(forecast, work)
    if forecast.rates:
        forecast.tokens = sum(work.tokens or 0 for work in forecast.works)
    if hasattr(model, "endpoint") and model.endpoint.meter.price is not None:
        forecast.cost = sum(work.cost or 0.0 for work in forecast.works)


def _probe(forecast: Forecast, model: Any) -> None:
    if isinstance(model, Lookup):
        forecast.note, forecast.pace = "has its vectors already", Pace({0: 0.0})
    elif not forecast.samples and not forecast.pairs:
        second = " in two:" in forecast.model
        forecast.note = "scores what the first finds" if second else "runs on none of these"
    elif sends_texts(model):
        forecast.note = "an endpoint, sent nothing before consent"
        texts = [text for pair in forecast.pairs for text in pair]
        whole = rate_of(texts, _estimated) or 0.0
        forecast.rates = rates_of(forecast.samples, _estimated) or {0: whole}
    elif forecast.pairs:
        queries, documents = map(list, zip(*forecast.pairs, strict=True))
        counted = count_pairs(model, queries, documents)
        shown = sum(map(len, queries)) + sum(map(len, documents))
        forecast.rates = {0: counted.tokens / max(shown, 1)} if counted else {}
        forecast.pace = pace_of_pairs(model, queries, documents)
    else:
        forecast.rates = rates_of(forecast.samples, partial(_counted, model))
        forecast.pace = pace_of(model, forecast.samples, forecast.rehearsal.patience)


def _estimate(forecast: Forecast, work: Work) -> None:
    """Fill in what the probe tells of a task."""
    if forecast.rates:
        work.tokens = round(Pace(forecast.rates).of(work.sizes))
    if forecast.pace:
        work.encode = forecast.pace.fixed * work.parts + forecast.pace.of(work.sizes)
    endpoint = getattr(forecast.loaded, "endpoint", None)
    if endpoint is None:
        work.cost = 0.0
    elif endpoint.meter.price is not None:
        work.cost = endpoint.meter.cost(work.tokens or 0)


def _estimated(texts: list[str]) -> int:
    return sum(map(estimate_tokens, texts))


def _counted(model: Any, texts: list[str]) -> int | None:
    import pyarrow as pa

    found = count_plan(model, {"": Request(pa.array(texts, pa.large_string()))}, {})
    return found.tokens if found else None


def _asked(forecast: Forecast, prepared: Prepared) -> Work:
    """What a task asks of the model, before anything is known of its pace."""
    model, work = forecast.loaded, Work(prepared.task.name)
    parts = [part for part in prepared.parts if not part.error]
    work.parts, work.read = len(parts), sum(part.seconds for part in prepared.parts)
    if isinstance(model, Lookup):
        for part in parts:
            work.texts += sum(len(request.texts) for request in part.plan.values())
            call_model(model, partial(model.look_up, part.plan))  # whether it has all
    elif _reads_pairs(model):
        for part in parts:
            _add_pairs(forecast, work, prepared, part)
    else:
        for group in _groups(model, prepared, parts):
            _add_group(forecast, work, group)
    work.score = forecast.rehearsal.seconds(model, prepared, parts)
    return work


def _begin(uri: str, whole: str, settings: Settings) -> Forecast:
    label = uri if uri == whole else f"{uri} in {whole}"
    parts, scheme = find_scheme(uri)
    if scheme.extra == "mteb" or (
        scheme.extra in _FROM_THE_HUB and not _is_here(parts.target, parts.revision)
    ):
        return Forecast(label, note="not on this machine yet, or not known to be")
    start = time.perf_counter()
    try:
        model = load_model(uri, settings)
    except BenchmarkError as error:
        return Forecast(label, failed=str(error))
    return Forecast(label, model, start=time.perf_counter() - start)


def _is_here(target: str, revision: str | None) -> bool:
    if Path(target).exists():
        return True
    name = target if "/" in target else f"sentence-transformers/{target}"
    try:
        return hub_folder(name, revision or "main") is not None
    except Exception:  # noqa: BLE001 -- no huggingface_hub, or no such name: loading says which
        return True


def _groups(model: Any, prepared: Prepared, parts: Sequence[PreparedPart]) -> list[Group]:
    """The texts of a task, each once; of a model that is fitted, each once a part."""
    task, task_type = prepared.task, prepared.task_type
    if isinstance(model, Encoder):
        return joint_groups(model, [Wanted(part.plan, task, task_type) for part in parts])
    return [group for part in parts for group in groups_of(model, part.plan, task, task_type)]


def _add_group(forecast: Forecast, work: Work, group: Group) -> None:
    prompts = forecast.prompts.setdefault(group.role or "text", [])
    if group.prompt and group.prompt not in prompts:
        prompts.append(group.prompt)
    sizes, samples = sample_of(group)
    work.texts += len(group.unique)
    for octave, characters in sizes.items():
        work.characters += characters
        work.sizes[octave] = work.sizes.get(octave, 0) + characters
    forecast.samples += samples


def _reads_pairs(model: Any) -> bool:
    """Whether a model is shown query and document together, and no vectors or rankings of texts."""
    return isinstance(model, Reranker) and not isinstance(model, Encoder | Fitted | Searcher)


def _add_pairs(forecast: Forecast, work: Work, prepared: Prepared, part: PreparedPart) -> None:
    """Add the candidates of a part, and some of them to probe."""
    import numpy as np
    import pyarrow.compute as pc

    kind: Any = prepared.kind
    query, document = kind.pairs(part.data)
    texts = part.plan["queries"].texts, part.plan["corpus"].texts
    for rows, column in zip((query, document), texts, strict=True):
        lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False)
        work.characters += int(lengths[rows].sum())
    work.sizes[0] = work.characters
    work.texts += len(query)
    for row in np.linspace(0, len(query) - 1, min(_PAIRS, len(query)), dtype=int):
        pair = texts[0][int(query[row])].as_py(), texts[1][int(document[row])].as_py()
        forecast.pairs.append(pair)

"""What a run would take: each model's prompts by role, and time, tokens and cost by a probe."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.encode import Group, Sizes, batches, groups_of
from benchmark.errors import BenchmarkError
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
    import pyarrow as pa

_OF_A_GROUP = 4  # texts of each part and role that are probed
_AT_ONCE = 32
_SECONDS = 3.0  # after which a probe ends
_FROM_THE_HUB = {"torch", "m2v", "onnx"}


@dataclass(slots=True)
class Forecast:
    """What one model would do; state while tasks are read.

    ``prompts`` are those put before texts, by role, in order of first use. ``texts`` counts each
    text once a task; for a model that reads query and document together they are pairs.
    ``seconds``, ``tokens`` and ``cost`` are None where nothing tells them, and ``note`` says why
    there is no time; ``failed`` is why the model does not load or run.
    """

    model: str
    loaded: Any = None
    prompts: dict[str, list[str]] = field(default_factory=dict)
    texts: int = 0
    characters: int = 0
    seconds: float | None = None
    tokens: int | None = None
    cost: float | None = None
    note: str = ""
    failed: str = ""
    samples: list[tuple[Group, pa.Array]] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """For a listing."""
        names = ("model", "prompts", "texts", "characters", "seconds", "tokens", "cost", "note")
        return {name: getattr(self, name) for name in names} | {"error": self.failed or None}


def begin(uris: Sequence[str], settings: Settings) -> list[Forecast]:
    """Load every model that lies on this machine; a composite stands as its parts.

    Raises UsageError for an unknown scheme.
    """
    return [_begin(leaf, uri, settings) for uri in uris for leaf in leaves(uri)]


def add(forecast: Forecast, prepared: Prepared) -> None:
    """Add what a task asks of the model."""
    model = forecast.loaded
    if model is None or not can_measure(model, prepared.kind):
        return
    for part in prepared.parts:
        if not part.error and isinstance(model, Lookup):
            _look_up(forecast, prepared, part)
            continue
        if not part.error and _reads_pairs(model):
            _add_pairs(forecast, prepared, part)
            continue
        for group in groups_of(model, part.plan, prepared.task, prepared.task_type):
            prompts = forecast.prompts.setdefault(group.role or "text", [])
            if group.prompt and group.prompt not in prompts:
                prompts.append(group.prompt)
            count = len(group.unique)
            forecast.texts += count
            forecast.characters += _characters(group, group.unique)
            if count:
                rows = range(0, count, -(-count // _OF_A_GROUP))
                forecast.samples.append((group, group.unique.take(list(rows))))


def finish(forecast: Forecast) -> None:
    """Estimate; a model on this machine encodes a few of the texts, any other is sent none.

    Time and tokens grow with characters, so they are those of the probe times its share of these.
    """
    model = forecast.loaded
    probed = sum(_characters(group, texts) for group, texts in forecast.samples)
    probed += sum(len(query) + len(document) for query, document in forecast.pairs)
    if model is None or not probed:
        if isinstance(model, Lookup):
            forecast.note = "has its vectors already"
        elif model is not None:
            second = " in two:" in forecast.model
            forecast.note = "scores what the first finds" if second else "runs on none of these"
        return
    scale = forecast.characters / probed
    try:
        if hasattr(model, "endpoint"):
            sent = [
                (group.prompt or "") + text
                for group, texts in forecast.samples
                for text in texts.to_pylist()
            ] + [text for pair in forecast.pairs for text in pair]
            forecast.tokens = round(scale * sum(map(estimate_tokens, sent)))
            meter = model.endpoint.meter
            forecast.cost = None if meter.price is None else meter.cost(forecast.tokens)
            forecast.note = "an endpoint, sent nothing before consent"
            return
        counts = [
            count_plan(model, {"": Request(texts)}, {"text": group.prompt or ""})
            for group, texts in forecast.samples
        ]
        if forecast.pairs:
            queries, documents = map(list, zip(*forecast.pairs, strict=True))
            counts = [count_pairs(model, queries, documents)]
            forecast.seconds = forecast.characters * _pace_of_pairs(model, queries, documents)
        if all(counts):
            forecast.tokens = round(scale * sum(count.tokens for count in counts if count))
        if forecast.pairs:
            return
        if isinstance(model, Encoder):
            forecast.seconds = forecast.characters * _pace(model, forecast.samples)
        else:
            forecast.note = _why_untimed(model)
    except BenchmarkError as error:
        forecast.failed = str(error)


def _begin(uri: str, whole: str, settings: Settings) -> Forecast:
    label = uri if uri == whole else f"{uri} in {whole}"
    parts, scheme = find_scheme(uri)
    if scheme.extra == "mteb" or (
        scheme.extra in _FROM_THE_HUB and not _is_here(parts.target, parts.revision)
    ):
        return Forecast(label, note="not on this machine yet, or not known to be")
    try:
        return Forecast(label, load_model(uri, settings))
    except BenchmarkError as error:
        return Forecast(label, failed=str(error))


def _is_here(target: str, revision: str | None) -> bool:
    if Path(target).exists():
        return True
    name = target if "/" in target else f"sentence-transformers/{target}"
    try:
        return hub_folder(name, revision or "main") is not None
    except Exception:  # noqa: BLE001 -- no huggingface_hub, or no such name: loading says which
        return True


def _pace(model: Encoder, samples: Sequence[tuple[Group, pa.Array]]) -> float:
    """Seconds a character, after a first batch that warms the model up."""
    import numpy as np

    joined: dict[tuple[Any, Any], tuple[Group, list[str]]] = {}
    for group, texts in samples:
        joined.setdefault((group.role, group.prompt), (group, []))[1].extend(texts.to_pylist())
    parts = [
        (group, [texts[row] for row in batch[start : start + _AT_ONCE]])
        for group, texts in joined.values()
        for batch in batches(Sizes(np.array([len(text) for text in texts])))
        for start in range(0, len(batch), _AT_ONCE)
    ]
    random.Random(0).shuffle(parts)  # long and short ones, also when the time is soon up
    _encode(model, parts[0][0], parts[0][1][:4])
    characters, start = 0, time.perf_counter()
    for group, texts in parts:
        _encode(model, group, texts)
        characters += sum(map(len, texts)) + len(texts) * len(group.prompt or "")
        if time.perf_counter() - start > _SECONDS:
            break
    return (time.perf_counter() - start) / max(characters, 1)


def _look_up(forecast: Forecast, prepared: Prepared, part: PreparedPart) -> None:
    """Whether a file of vectors has all that a part needs."""
    model: Lookup = forecast.loaded
    forecast.texts += sum(len(request.texts) for request in part.plan.values())
    try:
        call_model(model, partial(model.look_up, part.plan))
    except BenchmarkError as error:
        forecast.failed = forecast.failed or f"{prepared.task.name}: {error}"


def _reads_pairs(model: Any) -> bool:
    """Whether a model is shown query and document together, and no vectors or rankings of texts."""
    return isinstance(model, Reranker) and not isinstance(model, Encoder | Fitted | Searcher)


def _add_pairs(forecast: Forecast, prepared: Prepared, part: PreparedPart) -> None:
    """Add the candidates of a part, and some of them to probe."""
    import numpy as np
    import pyarrow.compute as pc

    kind: Any = prepared.kind
    query, document = kind.pairs(part.data)
    texts = part.plan["queries"].texts, part.plan["corpus"].texts
    for rows, column in zip((query, document), texts, strict=True):
        lengths = pc.utf8_length(column).to_numpy(zero_copy_only=False)
        forecast.characters += int(lengths[rows].sum())
    forecast.texts += len(query)
    for row in np.linspace(0, len(query) - 1, min(_AT_ONCE, len(query)), dtype=int):
        pair = texts[0][int(query[row])].as_py(), texts[1][int(document[row])].as_py()
        forecast.pairs.append(pair)


def _pace_of_pairs(model: Any, queries: list[str], documents: list[str]) -> float:
    """Seconds a character, after a first batch that warms the model up."""
    call_model(model, lambda: model.score(queries[:4], documents[:4]))
    characters, start = 0, time.perf_counter()
    for at in range(0, len(queries), _AT_ONCE):
        chosen = queries[at : at + _AT_ONCE], documents[at : at + _AT_ONCE]
        call_model(model, partial(model.score, *chosen))
        characters += sum(len(text) for texts in chosen for text in texts)
        if time.perf_counter() - start > _SECONDS:
            break
    return (time.perf_counter() - start) / max(characters, 1)


def _encode(model: Encoder, group: Group, texts: list[str]) -> None:
    call_model(model, partial(model.encode, texts, role=group.role, prompt=group.prompt))


def _why_untimed(model: Any) -> str:
    if isinstance(model, Fitted):
        return "fitted on all texts of a task"
    return "searches the texts itself" if isinstance(model, Searcher) else "scores pairs of texts"


def _characters(group: Group, texts: pa.Array) -> int:
    """Characters of texts with the group's prompt before each."""
    import pyarrow.compute as pc

    return int(pc.sum(pc.utf8_length(texts)).as_py() or 0) + len(texts) * len(group.prompt or "")

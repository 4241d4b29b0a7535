"""What a run would send to other machines, counted and agreed to before anything runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchmark.cache import open_store, text_keys
from benchmark.catalog import Choice, expanded
from benchmark.encode import groups_of
from benchmark.errors import BenchmarkError, ResultError
from benchmark.measure import can_measure
from benchmark.models.composite import leaves
from benchmark.models.http.consent import Outgoing
from benchmark.models.http.setting import outgoing
from benchmark.models.http.spending import estimate_tokens
from benchmark.models.mteb import calls_a_service
from benchmark.models.table import Settings, find_scheme, load_model
from benchmark.pair_scores import pair_keys
from benchmark.prepare import Prepared, PreparedPart, prepare
from benchmark.protocols import Encoder
from benchmark.results.store import limited_root, read_result, result_path, why_not_reused


@dataclass(slots=True)
class _Count:
    """The texts that one model would be sent, each once; state while tasks are read.

    ``alone`` is false for a part of another model, which results of its own do not spare.
    """

    model: Any
    alone: bool
    seen: set[tuple[Any, ...]] = field(default_factory=set)
    texts: int = 0
    characters: int = 0
    tokens: int = 0


class RunSettings(Protocol):
    """What is asked of the settings of a run."""

    @property
    def output(self) -> Path | None: ...
    @property
    def cache(self) -> Path | None: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def fresh(self) -> bool: ...
    @property
    def model(self) -> Settings: ...


def agree(models: Sequence[Any], choices: Sequence[Choice], settings: RunSettings) -> None:
    """Ask consent for all that the endpoints among ``models`` would be sent; once for each.

    Counted are texts of parts without a result to reuse, less what the cache holds. An endpoint on
    this machine asks for nothing. A model that does not load is left to the run, which says why.
    Raises UsageError when consent is not given.
    """
    counts = list(_remote(models, settings.model))
    if not counts:
        return
    root = limited_root(settings.output, settings.limit) if settings.output else None
    for choice in expanded(choices):
        if choice.task.parts:
            continue  # the tasks that it is made of stand beside it
        prepared = prepare(choice, limit=settings.limit)
        for count in counts:
            if not can_measure(count.model, prepared.kind):
                continue
            reuses = count.alone and not settings.fresh
            done = _measured(root, prepared, count.model) if reuses else set()
            for part in prepared.parts:
                if not part.error and (f"{part.split}/{part.subset}", part.fingerprint) not in done:
                    _add(count, prepared, part, settings.cache)
    for count in counts:
        if count.texts:
            settings.model.consent(_outgoing(count))


def _remote(models: Sequence[Any], settings: Settings) -> Iterator[_Count]:
    """The models behind other machines, also as parts; no other adapter is loaded for it.

    What the second stage of ``two`` is sent depends on the first, so a reranker there is counted
    only where candidates are given, and else asks when it is reached.
    """
    found: dict[str, bool] = {}
    for item in models:
        for uri in filter(_sends, _leaves(item)):
            found[uri] = found.get(uri, True) and uri == item
    for uri, alone in found.items():
        try:
            model: Any = load_model(uri, settings)
        except BenchmarkError:
            continue
        if not (hasattr(model, "endpoint") and model.endpoint.address.local):
            yield _Count(model, alone)


def _sends(uri: str) -> bool:
    """Whether a model may send texts away, as its URI and mteb's registry say."""
    try:
        parts, scheme = find_scheme(uri)
        if scheme.extra == "mteb":
            return calls_a_service(parts.target, parts.revision)
    except BenchmarkError:
        return False  # the run says what is wrong with it
    return scheme.extra == "endpoint"


def _outgoing(count: _Count) -> Outgoing:
    """What a model would be sent, with its price where one is known."""
    size = {"texts": count.texts, "characters": count.characters, "tokens": count.tokens}
    model = count.model
    return (
        outgoing(model.endpoint, **size) if hasattr(model, "endpoint") else model.outgoing(**size)
    )


def _leaves(item: Any) -> list[str]:
    try:
        return leaves(item) if isinstance(item, str) else []
    except BenchmarkError:
        return []  # the run says what is wrong with it


def _measured(root: Path | None, prepared: Prepared, model: Any) -> set[tuple[str, str]]:
    """The parts, by key and fingerprint, whose stored result the run will reuse."""
    if root is None:
        return set()
    try:
        old = read_result(result_path(root, model.identity, prepared.task.name))
    except ResultError:
        return set()
    if old is None or why_not_reused(old, prepared.task.digest, model.identity):
        return set()
    return {(key, part.fingerprint) for key, part in old.parts.items() if not part.error}


def _add(count: _Count, prepared: Prepared, part: PreparedPart, cache: Path | None) -> None:
    """Count what a part adds."""
    model = count.model
    if isinstance(model, Encoder):
        for group in groups_of(model, part.plan, prepared.task, prepared.task_type):
            # What mteb is told of a task is no text before the others.
            prompt = (group.prompt or "") if hasattr(model, "endpoint") else ""
            texts = [prompt + text for text in group.unique.to_pylist()]
            keys = text_keys(group.unique.to_pylist())
            _add_texts(count, keys, texts, (group.role, group.prompt), cache)
        return
    kind: Any = prepared.kind
    query, document = kind.pairs(part.data)
    queries = part.plan["queries"].texts.take(query).to_pylist()
    documents = part.plan["corpus"].texts.take(document).to_pylist()
    joined = [q + d for q, d in zip(queries, documents, strict=True)]
    _add_texts(count, pair_keys(queries, documents), joined, (None, None), cache)


def _add_texts(
    count: _Count, keys: Any, texts: Sequence[str], how: tuple[Any, Any], cache: Path | None
) -> None:
    if cache:
        store = open_store(cache, getattr(count.model, "base", count.model).identity, *how)
        held = store.find(keys) >= 0
        store.close()
    for row, (key, text) in enumerate(zip(keys.tolist(), texts, strict=True)):
        if (cache and held[row]) or (*how, key) in count.seen:
            continue
        count.seen.add((*how, key))
        count.texts += 1
        count.characters += len(text)
        count.tokens += estimate_tokens(text)

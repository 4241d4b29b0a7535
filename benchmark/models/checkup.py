"""A look at a model before a long run: a dozen texts, and what its vectors are like."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError
from benchmark.models.derived import DerivedModel
from benchmark.models.prompts import choose_prompt
from benchmark.models.table import Settings, load_model
from benchmark.models.tokens import count_pairs
from benchmark.models.vectors import VectorFile
from benchmark.protocols import Composite, Encoder, Fitted, Model, Reranker, Role, Searcher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEXTS: tuple[str, ...] = (
    "A man is playing the guitar on a stage.",
    "Someone performs music in front of an audience.",
    "The central bank raised interest rates by a quarter of a point.",
    "Ein Mann spielt auf einer Bühne Gitarre.",
    "Un homme joue de la guitare.",
    "男人在台上弹吉他。",
    "रेलगाड़ी समय पर पहुँची।",
    "def area(radius): return 3.14159 * radius ** 2",
    "what is the boiling point of water at high altitude",
    "3.5 + 4 = 7.5",
    "word",
    "The report is long, and it repeats itself. " * 40,
)
_SPEED_TEXTS = 32 * 4
_KINDS: tuple[tuple[str, Role], ...] = (
    ("Retrieval", "query"),
    ("Retrieval", "document"),
    ("STS", None),
    ("Classification", None),
    ("Clustering", None),
)


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found; a field is None where the model has no such thing.

    ``norms`` are the smallest and largest lengths of vectors. Of sparse vectors, ``active`` is the
    mean of how many numbers are not 0, ``heaviest`` the names of the first text's largest.
    ``deterministic``: two encodings give equal bytes. ``batch_difference`` is the largest
    difference of a number between batches of 1 and of 32. ``role_effect`` and ``prompt_effect`` are
    1 minus the mean cosine between the vectors of the same texts as query and document, and with
    and without their prompts. ``truncated`` counts the dozen texts longer than ``max_tokens``; of a
    model that scores, texts are pairs. Speeds are per second, memory in megabytes.
    """

    name: str
    revision: str
    adapter: str
    slug: str
    gives: str
    similarity: str
    dimension: int | None = None
    norms: tuple[float, float] | None = None
    active: float | None = None
    heaviest: tuple[str, ...] = ()
    deterministic: bool | None = None
    batch_difference: float | None = None
    role_effect: float | None = None
    prompt_effect: float | None = None
    prompts: tuple[tuple[str, str], ...] = ()
    max_tokens: int | None = None
    tokens: int | None = None
    truncated: int | None = None
    texts_per_second: float | None = None
    tokens_per_second: float | None = None
    memory_mb: float | None = None
    notes: tuple[str, ...] = ()


def describe(model: Model) -> Checkup:
    """What is known of a loaded model without encoding anything."""
    identity = model.identity
    gives = [
        word
        for word, protocol in (
            ("vectors", Encoder),
            ("vectors fitted on the task's texts", Fitted),
            ("rankings", Searcher),
            ("scores of candidates", Reranker),
            ("a ranking of its parts; check each of these by itself", Composite),
        )
        if isinstance(model, protocol)
    ]
    prompts: dict[str, str] = {}
    for task_type, role in _KINDS:
        prompt = _prompt_for(model, task_type, role)
        if prompt:
            prompts[f"{task_type} {role}" if role else task_type] = prompt
    return Checkup(
        name=identity.name,
        revision=identity.revision,
        adapter=identity.adapter,
        slug=identity.slug,
        gives=" and ".join(gives),
        similarity=model.similarity,
        prompts=tuple(prompts.items()),
        max_tokens=getattr(model, "max_tokens", None),
        notes=tuple(getattr(model, "notes", ())),
    )


def check(uri: str, settings: Settings, memory: Callable[[], float]) -> Checkup:
    """Load a model and encode the dozen texts, alone and in batches of 32.

    Of a file of vectors, all that it has. ``memory()`` is the peak so far, in megabytes. Raises
    ModelError when vectors are not finite.
    """
    import numpy as np

    model = load_model(uri, replace(settings, batch_size=32))
    found = describe(model)
    if isinstance(model, Reranker) and not isinstance(model, Encoder | Fitted):
        return _check_scores(model, found, memory)
    if isinstance(model, VectorFile):
        norms = np.linalg.norm(model.vectors, axis=1)
        return replace(
            found,
            gives=f"vectors of {len(norms):,} {'ids' if model.by_id else 'texts'}",
            dimension=model.vectors.shape[1],
            norms=(float(norms.min(initial=np.inf)), float(norms.max(initial=0))),
            memory_mb=memory(),
        )
    fitted = model.fit(TEXTS) if isinstance(model, Fitted) else model
    if not isinstance(fitted, Encoder):
        return replace(found, memory_mb=memory())
    # Codes are calibrated on the texts beside them, so what depends on these is the model's own.
    own: Encoder = fitted.base if isinstance(fitted, DerivedModel) else fitted
    vectors = own.encode(TEXTS)
    first, second = _dense(vectors), _dense(own.encode(TEXTS))
    return replace(
        found,
        **_words(own, vectors),
        **_shape(uri, first if own is fitted else _dense(fitted.encode(TEXTS))),
        **_effects(own, first),
        **_tokens(own, TEXTS),
        **_speed(own),
        deterministic=first.tobytes() == second.tobytes(),
        batch_difference=_batch_difference(own),
        memory_mb=memory(),
    )


def _shape(uri: str, vectors: NDArray[np.float32]) -> dict[str, Any]:
    import numpy as np

    if vectors.shape[0] != len(TEXTS) or vectors.ndim != 2:
        raise ModelError(f"model '{uri}' gives shape {vectors.shape} for {len(TEXTS)} texts")
    bad = int((~np.isfinite(vectors)).any(axis=1).sum())
    if bad:
        raise ModelError(
            f"model '{uri}' gives NaN or infinite vectors for {bad} of {len(TEXTS)} plain texts; "
            "try another dtype or device"
        )
    norms = np.linalg.norm(vectors, axis=1)
    return {"dimension": vectors.shape[1], "norms": (float(norms.min()), float(norms.max()))}


def _words(model: Any, vectors: Any) -> dict[str, Any]:
    """Of sparse vectors how many numbers a text has, and the names of those that weigh most."""
    found: dict[str, Any] = {}
    if hasattr(vectors, "tocsr"):
        found["active"] = round(vectors.tocsr().nnz / len(TEXTS), 1)
    if hasattr(model, "explain"):
        (weighed,) = model.explain(TEXTS[:1], top=5)
        found["heaviest"] = tuple(word for word, _ in weighed)
    return found


def _effects(model: Encoder, plain: NDArray[np.float32]) -> dict[str, Any]:
    query = _dense(model.encode(TEXTS, role="query"))
    document = _dense(model.encode(TEXTS, role="document"))
    asked = [_prompt_for(model, "Retrieval", role) for role in ("query", "document", None)]
    prompt = next((text for text in asked if text), None)
    effect = None
    if prompt:
        effect = _apart(plain, _dense(model.encode(TEXTS, prompt=prompt)))
    return {"role_effect": _apart(query, document), "prompt_effect": effect}


def _tokens(model: Any, texts: Sequence[str]) -> dict[str, Any]:
    if not hasattr(model, "count_tokens"):
        return {}
    counted = model.count_tokens(texts)
    limit = getattr(model, "max_tokens", None)
    cut = int((counted > limit).sum()) if limit else 0
    return {"tokens": int(counted.sum()), "truncated": cut}


def _speed(model: Any) -> dict[str, Any]:
    """A warm pass over a hundred texts of everyday length."""
    texts = [f"{TEXTS[number % 11]} {number}" for number in range(_SPEED_TEXTS)]
    start = time.perf_counter()
    model.encode(texts)
    seconds = time.perf_counter() - start
    found = {"texts_per_second": round(len(texts) / seconds, 1)}
    if hasattr(model, "count_tokens"):
        found["tokens_per_second"] = round(int(model.count_tokens(texts).sum()) / seconds, 1)
    return found


def _batch_difference(model: Encoder) -> float:
    """Among 32 texts, padded to the longest of them, and alone."""
    import numpy as np

    alone = np.concatenate([_dense(model.encode([text])) for text in TEXTS])
    together = _dense(model.encode((TEXTS * 3)[:32]))[: len(TEXTS)]
    return float(np.abs(alone - together).max())


def _check_scores(model: Reranker, found: Checkup, memory: Callable[[], float]) -> Checkup:
    import numpy as np

    queries, documents = [TEXTS[8]] * len(TEXTS), list(TEXTS)
    first, second = model.score(queries, documents), model.score(queries, documents)
    alone = [model.score([q], [d])[0] for q, d in zip(queries, documents, strict=True)]
    start = time.perf_counter()
    model.score(queries * 4, documents * 4)
    seconds = time.perf_counter() - start
    counted = count_pairs(model, queries, documents)
    return replace(
        found,
        deterministic=first.tobytes() == second.tobytes(),
        batch_difference=float(np.abs(np.asarray(alone) - first).max()),
        tokens=counted.tokens if counted else None,
        truncated=counted.truncated if counted else None,
        texts_per_second=round(4 * len(TEXTS) / seconds, 1),
        tokens_per_second=round(4 * counted.tokens / seconds, 1) if counted else None,
        memory_mb=memory(),
    )


def _apart(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    import numpy as np

    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines = (one * other).sum(1) / np.maximum(norms, 1e-12)
    return max(0.0, round(float(1 - cosines.mean()), 6))


def _dense(vectors: Any) -> Any:
    return vectors.toarray() if hasattr(vectors, "toarray") else vectors


def _prompt_for(model: Any, task_type: str, role: Role) -> str | None:
    """The prompt of a task whose file has none."""
    if hasattr(model, "prompting"):
        return choose_prompt(model.prompting, "", task_type, role)
    return None

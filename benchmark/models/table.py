"""The table of model adapters, and loading a model from its URI.

A new adapter is one module with OPTIONS and ``load(scheme, target, revision, options, settings)``,
and one line here. A model made of models has ``compose(scheme, target, options, load)`` instead.
A package outside names its adapter in the entry point group ``embedmark.models``.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmark.errors import ModelError, UsageError, nearest
from benchmark.models.derived import OPTIONS as DERIVED_OPTIONS
from benchmark.models.derived import Derivation, derive
from benchmark.models.http.consent import Consent, refuse
from benchmark.models.http.spending import Spending
from benchmark.models.hub import from_cache_when_unreachable
from benchmark.models.uri import ModelURI, parse_uri
from benchmark.protocols import Model


@dataclass(frozen=True, slots=True)
class Scheme:
    """One adapter: its module, the extra that brings what it needs, and what it is."""

    module: str
    extra: str
    description: str


FROM_THE_HUB = frozenset(("torch", "onnx", "m2v", "mteb"))
"""The extras whose adapters may fetch a model."""

SCHEMES: Mapping[str, Scheme] = {
    "wordllama": Scheme(
        "benchmark.models.wordllama", "starter", "static word vectors, 256-d, inside its wheel"
    ),
    "st": Scheme("benchmark.models.st", "torch", "sentence-transformers: a hub name or a folder"),
    "hf": Scheme(
        "benchmark.models.hf", "torch", "transformers: any encoder or decoder, pooled as you say"
    ),
    "onnx": Scheme("benchmark.models.onnx", "onnx", "an ONNX model and its tokenizer.json"),
    "m2v": Scheme("benchmark.models.m2v", "m2v", "model2vec: static word vectors"),
    "ce": Scheme("benchmark.models.ce", "torch", "a cross-encoder: scores given candidates"),
    "colbert": Scheme("benchmark.models.colbert", "torch", "a vector a token, compared by MaxSim"),
    "sparse": Scheme("benchmark.models.sparse", "torch", "SPLADE-like: weights of words, sparse"),
    "openai": Scheme("benchmark.models.openai", "endpoint", "an endpoint of OpenAI's embeddings"),
    "rerank": Scheme("benchmark.models.rerank", "endpoint", "an endpoint that scores candidates"),
    "mteb": Scheme("benchmark.models.mteb", "mteb", "a model of mteb's registry, as mteb runs it"),
    "py": Scheme("benchmark.models.py", "", "a Python file with encode(texts)"),
    "vectors": Scheme("benchmark.models.vectors", "", "made elsewhere: .npz, .npy or .parquet"),
    "tfidf": Scheme("benchmark.models.lexical", "", "tf-idf of words, fitted on the task's texts"),
    "bow": Scheme("benchmark.models.lexical", "", "word counts, fitted on the task's texts"),
    "bm25": Scheme("benchmark.models.bm25", "bm25", "BM25 ranking, for retrieval"),
    "hybrid": Scheme("benchmark.models.composite", "", "(A)+(B): rankings fused, for retrieval"),
    "two": Scheme("benchmark.models.composite", "", "(A)|(B): B scores again what A ranks best"),
    "random": Scheme("benchmark.models.gates", "", "random vectors: what chance scores"),
    "constant": Scheme("benchmark.models.gates", "", "one vector for all: what no model scores"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is run, where that is not part of what it is: no number depends on it."""

    batch_size: int | None = None
    device: str = "auto"
    trust: bool = False
    """Whether a model may run code that comes with it."""
    price: float | None = None
    """What an endpoint takes for a million tokens."""
    spending: Spending | None = None
    """The money of the run, where it has a limit."""
    consent: Consent = refuse
    """Whether texts may be sent to another machine; asked once a model."""
    workers: int = 1
    """Processes that encode, at least one for each device of a list (``cuda:0,cuda:1``)."""


def load_model(uri: str, settings: Settings = Settings()) -> Model:
    """Load a model by its URI.

    Raises UsageError for an unknown scheme or option, MissingExtraError when its package is not
    installed, ModelError when it does not load.
    """
    parts, scheme = find_scheme(uri)
    module = scheme_module(parts.scheme, scheme)
    known: Mapping[str, Any] = module.OPTIONS.get(parts.scheme, {})
    options: dict[str, Any] = {}
    derived: dict[str, Any] = {}
    for name, text in parts.options.items():
        convert = known.get(name) or DERIVED_OPTIONS.get(name)
        if convert is None:
            raise UsageError(
                f"model '{uri}': '{parts.scheme}' has no option '{name}'"
                f"{nearest(name, [*known, *DERIVED_OPTIONS])}"
            )
        try:
            (options if name in known else derived)[name] = convert(text)
        except ValueError:
            wanted = getattr(convert, "__name__", "value")
            wanted = {"int": "whole number", "float": "number"}.get(wanted, wanted)
            raise UsageError(
                f"model '{uri}': option {name} must be of type {wanted}, not '{text}'"
            ) from None
    if parts.revision and scheme.extra != "endpoint" and Path(parts.target).exists():
        raise UsageError(
            f"model '{uri}' lies on this machine, where it has no revision but its content; leave "
            f"out '@{parts.revision}'"
        )
    model: Model
    if hasattr(module, "compose"):
        load = partial(load_model, settings=settings)
        model = module.compose(parts.scheme, parts.target, options, load)
    else:
        far = scheme.extra in FROM_THE_HUB and not Path(parts.target).exists()
        with from_cache_when_unreachable() if far else nullcontext():
            model = module.load(parts.scheme, parts.target, parts.revision, options, settings)
    return derive(model, Derivation(**derived), uri) if derived else model


def find_scheme(uri: str) -> tuple[ModelURI, Scheme]:
    """The parts of a URI and its adapter; UsageError when nobody knows the scheme.

    Packages outside are asked only for a scheme that is not in the table.
    """
    try:
        parts = parse_uri(uri, SCHEMES)
    except UsageError:
        outside = plugged_in()
        if not outside:
            raise
        parts = parse_uri(uri, {**SCHEMES, **outside})
        return parts, {**outside, **SCHEMES}[parts.scheme]
    return parts, SCHEMES[parts.scheme]


def plugged_in() -> Mapping[str, Scheme]:
    """The adapters of installed packages, by their entry points; none replaces one of the table."""
    from importlib.metadata import entry_points

    return {
        point.name: Scheme(point.value, "", f"from the package {point.dist.name}")
        for point in sorted(entry_points(group="embedmark.models"), key=lambda point: point.name)
        if point.name not in SCHEMES and point.dist
    }


def scheme_module(name: str, scheme: Scheme) -> Any:
    """The module of an adapter; ModelError when that of a package outside is none."""
    if scheme.module.startswith("benchmark."):
        return importlib.import_module(scheme.module)
    where = f"model '{name}:' {scheme.description}"
    try:
        module: Any = importlib.import_module(scheme.module)
    except Exception as error:  # noqa: BLE001 -- another's code may raise anything
        raise ModelError(
            f"{where} does not import ({type(error).__name__}: {error}); update or remove it"
        ) from None
    if not isinstance(getattr(module, "OPTIONS", None), Mapping) or not (
        hasattr(module, "load") or hasattr(module, "compose")
    ):
        raise ModelError(
            f"{where} is no adapter: {scheme.module} has no OPTIONS and load; update or remove it"
        )
    return module


def slug_of(options: Mapping[str, Any]) -> str:
    """The experiment folder of options that change numbers, as mteb writes it.

    >>> slug_of({"dim": 64, "dtype": "int8"})
    'dim_64__dtype_int8'
    """
    return "__".join(f"{name}_{value}" for name, value in sorted(options.items()))

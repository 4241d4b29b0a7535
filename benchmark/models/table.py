"""The table of model adapters, and loading a model from its URI.

A new adapter is one module with ``load(target, revision, options) -> model`` and OPTIONS, and one
line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmark.errors import UsageError, nearest
from benchmark.models.http.consent import Consent, refuse
from benchmark.models.http.spending import Spending
from benchmark.models.uri import parse_uri
from benchmark.protocols import Model


@dataclass(frozen=True, slots=True)
class Scheme:
    """One adapter: its module, the extra that brings what it needs, and what it is."""

    module: str
    extra: str
    description: str


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
    "py": Scheme("benchmark.models.py", "", "a Python file with encode(texts)"),
    "vectors": Scheme("benchmark.models.vectors", "", "vectors made elsewhere: .npz or .parquet"),
    "tfidf": Scheme("benchmark.models.lexical", "", "tf-idf of words, fitted on the task's texts"),
    "bow": Scheme("benchmark.models.lexical", "", "word counts, fitted on the task's texts"),
    "bm25": Scheme("benchmark.models.bm25", "bm25", "BM25 ranking, for retrieval"),
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


def load_model(uri: str, settings: Settings = Settings()) -> Model:
    """Load a model by its URI.

    Raises UsageError for an unknown scheme or option, MissingExtraError when its package is not
    installed, ModelError when it does not load.
    """
    parts = parse_uri(uri, SCHEMES)
    module: Any = importlib.import_module(SCHEMES[parts.scheme].module)
    known: Mapping[str, Any] = module.OPTIONS.get(parts.scheme, {})
    options = {}
    for name, text in parts.options.items():
        if name not in known:
            raise UsageError(
                f"model '{uri}': '{parts.scheme}' has no option '{name}'{nearest(name, known)}"
            )
        try:
            options[name] = known[name](text)
        except ValueError:
            wanted = getattr(known[name], "__name__", "value")
            raise UsageError(
                f"model '{uri}': option {name} must be of type {wanted}, not '{text}'"
            ) from None
    model: Model = module.load(parts.scheme, parts.target, parts.revision, options, settings)
    return model


def slug_of(options: Mapping[str, Any]) -> str:
    """The experiment folder of options that change numbers, as mteb writes it.

    >>> slug_of({"dim": 64, "dtype": "int8"})
    'dim_64__dtype_int8'
    """
    return "__".join(f"{name}_{value}" for name, value in sorted(options.items()))

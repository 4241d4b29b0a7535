"""A model whose vectors are made from another's: cut, in half precision, in bytes or bits.

``dim=``, ``dtype=`` and ``rescore=`` are options of every model with dense vectors. What is encoded
and kept in the cache are the other's whole vectors, so each question about them costs no encoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.protocols import Compression, Embeddings, Encoder, Lookup, Plan, Request, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

DTYPES = ("float32", "float16", "int8", "uint8", "binary")
SEARCHED = ("int8", "uint8", "binary")
"""The types whose codes are compared in other ways than the vectors, so may be scored again."""
_PASSED_ON = frozenset(
    ("count_tokens", "endpoint", "max_tokens", "notes", "prompt_for", "result_notes", "usage")
)


@dataclass(frozen=True, slots=True)
class Derivation:
    """What is made of vectors: the first ``dim`` dimensions, in ``dtype``; nothing by default.

    ``rescore`` times the best documents of a search in codes are scored again by whole queries;
    0 for not at all. ``columns`` are those of the vectors that count, where a layer is among them.
    """

    dim: int | None = None
    dtype: str = "float32"
    rescore: int = 0
    columns: tuple[int, int] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What differs from the whole vectors, as the options of a URI."""
        usual = Derivation()
        chosen = {name: getattr(self, name) for name in ("dim", "dtype", "rescore")}
        return {name: value for name, value in chosen.items() if value != getattr(usual, name)}


@dataclass(frozen=True, slots=True)
class DerivedModel:
    """``base`` with a derivation of its vectors; its other abilities are those of ``base``.

    Models that share ``whole`` have the base encode once, also without a cache.
    """

    base: Any
    identity: Identity
    derivation: Derivation
    label: str = ""
    whole: WholeVectors = field(default_factory=lambda: WholeVectors())

    @property
    def similarity(self) -> str:
        """How the base compares its vectors."""
        return str(self.base.similarity)

    @property
    def manifest(self) -> dict[str, Any]:
        """Those of the base, and what is made of its vectors."""
        chosen = {"dtype": self.derivation.dtype, **self.derivation.options}
        return {**getattr(self.base, "manifest", {}), **chosen}

    def __getattr__(self, name: str) -> Any:
        if name in _PASSED_ON:  # which an adapter may have or lack
            found = getattr(self.base, name)
            return partial(self.whole.count, found) if name == "count_tokens" else found
        raise AttributeError(name)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """The codes as numbers, ``(n, d)`` float32, calibrated by these texts alone."""
        import pyarrow as pa

        from benchmark.metrics.search import numbers_of

        found = Embeddings({"": self.base.encode(texts, role=role, prompt=prompt)}, self.similarity)
        plan = {"": Request(pa.array(texts, pa.large_string()), role)}
        vectors: NDArray[np.float32] = numbers_of(self.derive(found, plan), "")
        return vectors

    def derive(self, whole: Embeddings, plan: Plan) -> Embeddings:
        """What is made of the base's vectors of a plan.

        A cut is brought to unit length. Integers are calibrated on the texts with the role of
        documents, on all texts where none has it, and are those of unit vectors where the model
        compares by cosine. Raises ModelError for sparse vectors, or fewer dimensions than asked.
        """
        from benchmark.metrics import quantization
        from benchmark.metrics.similarity import normalised

        chosen = self.derivation
        vectors: dict[str, Any] = {}
        for name, found in whole.vectors.items():
            if hasattr(found, "tocsr"):
                raise ModelError(
                    f"{self.identity.name} gives sparse vectors; dim= and dtype= take dense ones"
                )
            part: Any = found[:, slice(*chosen.columns)] if chosen.columns else found
            if len(part):
                check_width(self.identity.name, chosen.dim, part.shape[1])
            if chosen.dim is not None and chosen.dim < part.shape[1]:
                part = quantization.cut(part, chosen.dim)
            vectors[name] = part
        if chosen.dtype == "float32":
            return Embeddings(vectors, self.similarity)
        ranges = None
        if chosen.dtype in quantization.INTEGERS:
            if self.similarity == "cosine":
                vectors = {name: normalised(part) for name, part in vectors.items()}
            documents = [name for name in vectors if plan[name].role == "document"]
            ranges = quantization.ranges_of([vectors[name] for name in documents or vectors])
        codes = {
            name: quantization.quantised(part, chosen.dtype, ranges)
            for name, part in vectors.items()
        }
        width = max((part.shape[1] for part in vectors.values()), default=1)
        queries = {n: part for n, part in vectors.items() if plan[n].role == "query"}
        how = Compression(
            chosen.dtype, width, ranges, chosen.rescore, queries if chosen.rescore else {}
        )
        return Embeddings(codes, self.similarity, how)


@dataclass(slots=True)
class WholeVectors:
    """What a model gave for the last plans, so that all that is derived from it is encoded once.

    State: the plans and what was encoded of each, the newest last, up to ``most_bytes`` and at
    least the newest; nothing by default.
    """

    most_bytes: int = 0
    kept: list[tuple[str, Plan, Any]] = field(default_factory=list)
    counts: dict[bytes, Any] = field(default_factory=dict)

    def of(self, task: str, plan: Plan, encode: Callable[[], Any]) -> Any:
        """What ``encode()`` gave for these texts of the task, or gives now."""
        for name, known, encoded in self.kept:
            if name == task and _same_texts(known, plan):
                return encoded
        encoded = encode()
        if not self.most_bytes:
            return encoded
        self.kept.append((task, plan, encoded))
        while (
            len(self.kept) > 1 and sum(_bytes(found) for *_, found in self.kept) > self.most_bytes
        ):
            del self.kept[0]
        return encoded

    def forget(self) -> None:
        """Let go of everything."""
        self.kept.clear()
        self.counts.clear()

    def count(self, count: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> Any:
        """The tokens of each text, counted once."""
        key = hashlib.sha256("\0".join([str(len(texts)), *texts]).encode()).digest()
        if key not in self.counts:
            self.counts[key] = count(texts)
        return self.counts[key]


def derive(
    model: Any,
    derivation: Derivation,
    uri: str,
    *,
    label: str = "",
    whole: WholeVectors | None = None,
    identity: Identity | None = None,
) -> Any:
    """The model with a derivation; the model itself where this changes nothing and shares nothing.

    ``identity`` is that of the vectors before, where the model has several.

    Raises UsageError for a model without vectors of its own, for more dimensions than it has, and
    for codes to be scored again where there are none.
    """
    if not isinstance(model, Encoder | Lookup):
        asked = " and ".join(f"{name}=" for name in derivation.options)
        raise UsageError(
            f"model '{uri}' gives no dense vectors of single texts, which {asked} take"
        )
    width = getattr(model, "width", None)
    check_width(f"model '{uri}'", derivation.dim, width, UsageError)
    if derivation.dim is not None and derivation.dim == width:
        derivation = replace(derivation, dim=None)
    if derivation.rescore and derivation.dtype not in SEARCHED:
        raise UsageError(f"model '{uri}': rescore= needs dtype=int8, uint8 or binary")
    options = derivation.options
    if not options and whole is None:
        return model
    identity = identity or model.identity
    assert identity is not None
    if options:
        parts = [part for part in identity.slug.split("__") if part]
        parts += [f"{name}_{value}" for name, value in options.items()]
        identity = replace(
            identity, options={**identity.options, **options}, slug="__".join(sorted(parts))
        )
    return DerivedModel(model, identity, derivation, label, whole or WholeVectors())


def check_width(
    who: str, dim: int | None, width: int | None, error: type[Exception] = ModelError
) -> None:
    """Raise ``error`` when a model of a known width is asked for more dimensions than it has."""
    if dim is not None and width is not None and dim > width:
        raise error(f"{who} has {width} dimensions; dim must be at most that, not {dim}")


def dtype_option(text: str) -> str:
    """The value of ``dtype=``: the type of vectors. That of weights is ``weights=``."""
    if text not in DTYPES:
        raise ValueError(text)
    return text


dtype_option.__name__ = "float32, float16, int8, uint8 or binary (weights have weights=)"


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


_positive.__name__ = "whole number from 1"

OPTIONS: Mapping[str, Callable[[str], Any]] = {
    "dim": _positive,
    "dtype": dtype_option,
    "rescore": _positive,
}
"""Options of every model with dense vectors, where its adapter has none of that name."""


def _same_texts(one: Plan, other: Plan) -> bool:
    return one.keys() == other.keys() and all(
        request.role == other[name].role
        and request.texts.equals(other[name].texts)
        and (request.ids is None) == (other[name].ids is None)
        and (request.ids is None or request.ids.equals(other[name].ids))
        for name, request in one.items()
    )


def _bytes(encoded: Any) -> int:
    return sum(int(getattr(part, "nbytes", 0)) for part in encoded.embeddings.vectors.values())

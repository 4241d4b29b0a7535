"""A model of the user's: a Python file, or any object, with ``encode(texts)``."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.table import Settings
from benchmark.protocols import UNVERSIONED, Identity, Model, Role

if TYPE_CHECKING:
    from benchmark.protocols import Vectors

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"py": {}}
ADAPTER = "py/1"


@dataclass(frozen=True, slots=True)
class CallableModel:
    """A callable ``encode(texts)``, told role and prompt when it has parameters of these names."""

    identity: Identity
    function: Callable[..., Any]
    accepts: frozenset[str]
    similarity: str = "cosine"

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Vectors:
        """Whatever the user's function returns; the engine checks its shape and type."""
        given = {"role": role, "prompt": prompt}
        arguments = {name: value for name, value in given.items() if name in self.accepts}
        inputs = list(texts)
        if prompt and "prompt" not in self.accepts:
            inputs = [prompt + text for text in inputs]
        vectors: Vectors = self.function(inputs, **arguments)
        return vectors


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> CallableModel:
    """Run the file and take its ``encode`` function, or the ``encode`` of its ``Model`` class.

    The file was named on the command line, which is the user's consent to run it. The model's
    revision is a digest of the file's bytes, and of ``revision`` where the file or class sets one:
    a file that loads weights from elsewhere says by it that these have changed.
    """
    path = Path(target)
    if not path.is_file():
        raise UsageError(f"model 'py:{target}': no such file; check the path")
    spec = importlib.util.spec_from_file_location(f"embedmark_model_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"model 'py:{target}': is no Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        source = module.Model() if hasattr(module, "Model") else module
    except Exception as error:  # noqa: BLE001 -- the user's code may raise anything
        raise ModelError(f"{path}: fails when run ({type(error).__name__}: {error})") from None
    function = getattr(source, "encode", None)
    if not callable(function):
        raise ModelError(f"{path}: defines no encode(texts), nor a class Model that has one")
    content = path.read_bytes() + str(getattr(source, "revision", "")).encode()
    digest = hashlib.sha256(content).hexdigest()[:40]
    identity = Identity(f"local/{path.stem}", digest, ADAPTER)
    return _callable_model(identity, function, source)


def wrap(model: object) -> Any:
    """Any object with ``encode(texts)`` as a model; one that has an identity is passed through."""
    if hasattr(model, "identity") and hasattr(model, "similarity"):
        return model
    function = getattr(model, "encode", model if callable(model) else None)
    if not callable(function):
        raise UsageError(
            f"a model must be a URI or have encode(texts); {type(model).__name__} has neither"
        )
    if any(kind.__name__ == "SentenceTransformer" for kind in type(model).__mro__):
        from benchmark.models.st import of_object

        return of_object(model)
    name = getattr(model, "__name__", type(model).__name__)
    return _callable_model(Identity(f"local/{name}", UNVERSIONED, ADAPTER), function, model)


def refuse_namesake(item: Any, model: Model, seen: dict[tuple[str, ...], Any]) -> None:
    """Refuse a model whose name, revision and slug another of the run has that may differ from it.

    Such are two objects without a version, and equal files, which may load what lies beside them;
    their results would lie in one place. ``seen`` is the run's. Raises ModelError.
    """
    identity = model.identity
    key = (identity.name, identity.revision, identity.slug)
    other, known = seen.setdefault(key, (item, identity))
    alike = other is item or (isinstance(item, str) and other == item)
    sure = known == identity and identity.revision != UNVERSIONED and identity.adapter != ADAPTER
    if not (alike or sure):
        label = item if isinstance(item, str) else identity.name
        raise ModelError(
            f"{label}: another model of this run is {identity.name} too, and what they load may "
            "differ; set revision in the file, or give it another name"
        )


def _callable_model(identity: Identity, function: Callable[..., Any], owner: Any) -> CallableModel:
    try:
        parameters = frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        parameters = frozenset()
    similarity = getattr(owner, "similarity", "cosine")
    if not isinstance(similarity, str):
        similarity = "cosine"  # a method of that name says nothing
    if similarity not in ("cosine", "dot", "euclidean"):
        raise ModelError(
            f"{identity.name}: similarity must be the word cosine, dot or euclidean; mend it"
        )
    return CallableModel(identity, function, parameters, similarity)

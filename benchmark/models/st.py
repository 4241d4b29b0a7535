"""sentence-transformers: a model of the hub or a local folder, with its own prompts."""

from __future__ import annotations

import hashlib
import importlib
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import MissingExtraError, ModelError, UsageError
from benchmark.models.prompts import resolve_prompt
from benchmark.models.table import Settings, slug_of
from benchmark.protocols import Identity, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {"st": {"dim": int, "max_tokens": int}}
_BATCH_SIZE = 32  # sentence-transformers' own default
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class SentenceTransformerModel:
    """A loaded SentenceTransformer; ``prompts`` are those it ships."""

    identity: Identity
    model: Any
    prompts: Mapping[str, str]
    batch_size: int
    similarity: str

    def prompt_for(self, task_name: str, task_type: str, role: Role) -> str | None:
        """The prompt that mteb would put before the texts of this task and role."""
        found = resolve_prompt(self.prompts, task_name, task_type, role)
        default = self.model.default_prompt_name
        return found if found is not None or default is None else self.prompts.get(default)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Vectors as the model gives them, ``(n, d)`` float32, not normalised by us."""
        function = {
            "query": getattr(self.model, "encode_query", self.model.encode),
            "document": getattr(self.model, "encode_document", self.model.encode),
            None: self.model.encode,
        }[role]
        vectors: NDArray[np.float32] = function(
            list(texts),
            # An empty prompt, not None: with None these functions would look one up themselves.
            prompt=prompt or "",
            batch_size=self.batch_size,
            show_progress_bar=False,
            convert_to_numpy=True,
        ).astype("float32")
        return vectors


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> SentenceTransformerModel:
    """Load a folder, or a model of the hub at a revision; never with remote code."""
    if not target:
        raise UsageError("model 'st:' needs a name or folder, for example st:org/model")
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError:
        raise MissingExtraError("sentence-transformers", "torch", f"the model '{target}'") from None
    device = None if settings.device == "auto" else settings.device
    try:
        with _without_bar():
            model = SentenceTransformer(
                target,
                revision=revision,
                device=device,
                truncate_dim=options.get("dim"),
                trust_remote_code=False,
            )
    except Exception as error:  # noqa: BLE001 -- hub, disk and torch raise what they like
        reason = " ".join(str(error).split())[:200]
        raise ModelError(
            f"model 'st:{target}' does not load ({type(error).__name__}: {reason}); "
            "check the name, the folder and the network"
        ) from None
    if "max_tokens" in options:
        model.max_seq_length = options["max_tokens"]
    identity = _identify(target, revision, model, options)
    similarity = str(getattr(model, "similarity_fn_name", None) or "cosine")
    return SentenceTransformerModel(
        identity=identity,
        model=model,
        prompts={name: text for name, text in model.prompts.items() if text},
        batch_size=settings.batch_size or _BATCH_SIZE,
        similarity=similarity if similarity in ("cosine", "dot", "euclidean") else "cosine",
    )


@contextmanager
def _without_bar() -> Iterator[None]:
    """No progress bar of transformers' own while weights load, where stderr is no terminal."""
    logging = importlib.import_module("transformers.utils.logging")
    if sys.stderr.isatty() or not logging.is_progress_bar_enabled():
        yield
        return
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.enable_progress_bar()


def _identify(
    target: str, revision: str | None, model: Any, options: Mapping[str, Any]
) -> Identity:
    folder = Path(target)
    if folder.is_dir():
        name, found = f"local/{folder.resolve().name}", digest_folder(folder)
    else:
        name = target if "/" in target else f"sentence-transformers/{target}"
        found = _hub_commit(model) or revision or ""
        if not _COMMIT.fullmatch(found):
            raise ModelError(
                f"model 'st:{target}': its commit could not be resolved; "
                f"pin one with st:{target}@<40-digit commit>"
            )
    return Identity(name, found, "st/1", dict(options), slug_of(options))


def digest_folder(folder: Path) -> str:
    """A digest of a folder's files, names and bytes: what identifies a local model."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:40]


def _hub_commit(model: Any) -> str | None:
    """The commit that transformers recorded when it resolved the name."""
    for module in model:
        config = getattr(getattr(module, "auto_model", None), "config", None)
        commit = getattr(config, "_commit_hash", None)
        if commit:
            return str(commit)
    return None

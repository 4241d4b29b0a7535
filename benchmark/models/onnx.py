"""onnxruntime: a model in ONNX beside its tokenizer.json, without torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.facts import facts_of
from benchmark.models.hf_settings import read_settings
from benchmark.models.identity import identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    check_target,
    choice,
    guarded,
    needed,
    positive,
    tokens_at_once,
    yes_or_no,
)
from benchmark.models.pooling import POOLINGS, pool
from benchmark.models.prompts import (
    PROMPT_OPTIONS,
    Prompting,
    choose_prompt,
    notes_on_prompts,
    prompting_of,
)
from benchmark.models.table import Settings
from benchmark.models.tokenizing import limit_of, token_lengths
from benchmark.protocols import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from benchmark.protocols import Identity

OPTIONS: Mapping[str, Mapping[str, Callable[[str], Any]]] = {
    "onnx": {
        "file": str,
        "pooling": choice(*(name for name in POOLINGS if name != "eos")),
        "max_tokens": positive,
        "normalize": yes_or_no,
        **PROMPT_OPTIONS,
    }
}
_FILES = ("model.onnx", "onnx/model.onnx")


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """An inference session; ``output`` is its pooled vectors where it has any, else its tokens'."""

    identity: Identity
    session: Any
    tokenizer: Any
    inputs: tuple[str, ...]
    output: str
    prompting: Prompting
    pooling: str
    normalize: bool
    batch_size: int
    batch_tokens: int
    batch_texts: int | None
    max_tokens: int | None
    notes: tuple[str, ...] = ()
    similarity: str = "cosine"

    @property
    def device(self) -> str:
        """What the session prefers to run on."""
        return str(self.session.get_providers()[0].removesuffix("ExecutionProvider").lower())

    @property
    def manifest(self) -> dict[str, Any]:
        """Who pools, where the graph does."""
        return {"pooling": "in the graph"} if self.output == "sentence_embedding" else {}

    def prompt_for(
        self,
        task_name: str,
        task_type: str,
        role: Role,
        task_prompts: Mapping[str, str] | None = None,
    ) -> str | None:
        """The prompt that mteb would put before the texts of this task and role."""
        return choose_prompt(self.prompting, task_name, task_type, role, task_prompts)

    def encode(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> NDArray[np.float32]:
        """Pooled vectors, ``(n, d)`` float32."""
        import numpy as np

        encoded = self.tokenizer.encode_batch([(prompt or "") + text for text in texts])
        order = np.argsort([-len(item.ids) for item in encoded], kind="stable")
        parts = [
            self._run([encoded[row] for row in order[start : start + self.batch_size]])
            for start in range(0, len(order), self.batch_size)
        ]
        return np.concatenate(parts)[np.argsort(order)]

    def tokenize(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Any:
        """What ``embed`` takes for a batch."""
        return self.tokenizer.encode_batch([(prompt or "") + text for text in texts])

    def embed(self, tokens: Any) -> NDArray[np.float32]:
        """The vectors of one batch: one call of the session, ``(n, d)`` float32."""
        return self._run(tokens)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.tokenizer, texts)

    def _run(self, encoded: list[Any]) -> NDArray[np.float32]:
        import numpy as np

        width = max(1, *(len(item.ids) for item in encoded))
        ids = np.zeros((len(encoded), width), np.int64)
        mask, kinds = np.zeros_like(ids), np.zeros_like(ids)
        for row, item in enumerate(encoded):
            ids[row, : len(item.ids)] = item.ids
            kinds[row, : len(item.ids)] = item.type_ids
            mask[row, : len(item.ids)] = 1
        given = {
            "input_ids": ids,
            "attention_mask": mask,
            "token_type_ids": kinds,
            "position_ids": np.arange(width)[None].repeat(len(ids), 0),
        }
        found = self.session.run([self.output], {name: given[name] for name in self.inputs})[0]
        vectors = found.astype(np.float32, copy=False)
        if vectors.ndim == 3:
            vectors = pool(vectors, mask.astype(np.float32), self.pooling)
        if self.normalize:
            norms = np.linalg.norm(vectors, axis=1, keepdims=True)
            vectors = vectors / np.maximum(norms, 1e-12)
        pooled: NDArray[np.float32] = vectors.astype(np.float32, copy=False)
        return pooled


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> OnnxModel:
    """Load a folder with tokenizer.json and model.onnx (or onnx/model.onnx, or ``file=``)."""
    uri = f"onnx:{target}"
    check_target(uri, target, ("tokenizer.json",))
    runtime = needed("onnxruntime", "onnx", uri)
    tokenizers = needed("tokenizers", "onnx", uri)
    folder, commit = _folder(uri, target, revision, options)
    files = (options["file"],) if "file" in options else _FILES
    path = next((folder / name for name in files if (folder / name).is_file()), None)
    if path is None:
        raise ModelError(
            f"model '{uri}': the folder holds no {' or '.join(files)}; name the file with file="
        )
    quiet = runtime.SessionOptions()
    quiet.log_severity_level = 3  # its warnings are about its own optimiser
    if settings.device == "cpu":
        providers = ["CPUExecutionProvider"]
    else:
        providers = runtime.get_available_providers()
    session, tokenizer = guarded(
        uri,
        target,
        revision,
        lambda: (
            runtime.InferenceSession(str(path), quiet, providers=providers),
            tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")),
        ),
    )
    inputs = tuple(item.name for item in session.get_inputs())
    unknown = set(inputs) - {"input_ids", "attention_mask", "token_type_ids", "position_ids"}
    if unknown:
        raise ModelError(f"model '{uri}' wants inputs that no tokenizer gives: {sorted(unknown)}")
    output = _output([item.name for item in session.get_outputs()], "pooling" in options)
    identity = identify("onnx/1", target, revision, commit, options)
    found, facts = read_settings(target, commit), facts_of(identity.name)
    prompting = prompting_of(identity.name, options, found.prompts, found.default_prompt)
    max_tokens = options.get("max_tokens") or limit_of(
        # What the owner says comes before the cut that a tokenizer.json happens to be saved with.
        found.max_tokens
        or (facts.max_tokens if facts else None)
        or (tokenizer.truncation or {}).get("max_length"),
        found.longest,
    )
    tokenizer.no_padding()
    if max_tokens:
        tokenizer.enable_truncation(max_tokens)
    pooling = options.get("pooling") or found.pooling or (facts.pooling if facts else None)
    normal = found.normalize if found.normalize is not None else bool(facts and facts.normalize)
    normal = options.get("normalize", normal)
    pooling = pooling or "mean"
    return OnnxModel(
        identity=in_effect(identity, max_tokens=max_tokens, pooling=pooling, normalize=normal),
        session=session,
        tokenizer=tokenizer,
        inputs=inputs,
        output=output,
        prompting=prompting,
        pooling=pooling,
        normalize=normal,
        batch_size=settings.batch_size or BATCH_SIZE,
        batch_tokens=tokens_at_once(
            settings, "cuda" if "CUDAExecutionProvider" in providers else "cpu"
        ),
        batch_texts=settings.batch_size,
        max_tokens=max_tokens,
        similarity=found.similarity,
        notes=(*notes_on_prompts(prompting), *found.notes),
    )


def _output(names: Sequence[str], pooled_by_us: bool) -> str:
    """Which output to take: vectors of texts where the model pools, else those of tokens."""
    wanted = ["last_hidden_state", "token_embeddings"]
    if not pooled_by_us:
        wanted.insert(0, "sentence_embedding")
    return next((name for name in wanted if name in names), names[0])


def _folder(
    uri: str, target: str, revision: str | None, options: Mapping[str, Any]
) -> tuple[Path, str | None]:
    """The folder of the files, fetched from the hub where the target is none; and the commit."""
    if Path(target).is_dir():
        return Path(target), None
    hub = needed("huggingface_hub", "onnx", uri)
    if "file" in options and options["file"].startswith(("/", ".")):
        raise UsageError(f"model '{uri}': file= is a path inside the model, as onnx/model.onnx")
    wanted = [options.get("file", "*model.onnx*"), "*.json"]
    found = guarded(
        uri,
        target,
        revision,
        lambda: hub.snapshot_download(target, revision=revision, allow_patterns=wanted),
    )
    return Path(found), Path(found).name

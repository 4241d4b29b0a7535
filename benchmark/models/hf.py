"""transformers directly: any encoder or decoder, with pooling, layer and attention as asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmark.errors import ModelError, UsageError
from benchmark.models.facts import facts_of
from benchmark.models.hf_settings import read_settings
from benchmark.models.identity import configured_name, identify, in_effect
from benchmark.models.loading import (
    BATCH_SIZE,
    calls_at_once,
    check_length,
    check_target,
    choice,
    device_of,
    guarded,
    needed,
    positive,
    tokens_at_once,
    trusted,
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
    "hf": {
        "pooling": choice(*POOLINGS),
        "layer": int,
        "attention": choice("causal", "bidirectional"),
        "max_tokens": positive,
        "weights": choice("float32", "float16", "bfloat16"),
        "normalize": yes_or_no,
        **PROMPT_OPTIONS,
    }
}


@dataclass(frozen=True, slots=True)
class TransformerModel:
    """A loaded transformer; ``layer`` None is the last, 0 the embedding layer."""

    identity: Identity
    model: Any
    tokenizer: Any
    prompting: Prompting
    pooling: str
    normalize: bool
    layer: int | None
    attention: str | None
    batch_size: int
    batch_tokens: int
    batch_texts: int | None
    max_tokens: int | None
    notes: tuple[str, ...] = ()
    parallel: int = 1
    similarity: str = "cosine"

    @property
    def width(self) -> int:
        """The dimensions of its vectors."""
        return int(self.model.config.get_text_config().hidden_size)

    @property
    def layers(self) -> int:
        """The layers above the embedding layer."""
        return int(self.model.config.get_text_config().num_hidden_layers)

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
        return self.encode_layers(texts, [self.layer], prompt=prompt)[0]

    def encode_layers(
        self, texts: Sequence[str], layers: Sequence[int | None], *, prompt: str | None = None
    ) -> list[NDArray[np.float32]]:
        """The vectors of several layers from one forward pass, each ``(n, d)`` float32."""
        import numpy as np
        import torch

        if not texts:
            return [np.zeros((0, self.width), np.float32) for _ in layers]
        inputs = [prompt + text for text in texts] if prompt else list(texts)
        ids = self._tokenize(inputs)
        order = np.argsort([-len(item) for item in ids], kind="stable")
        parts: list[list[Any]] = [[] for _ in layers]
        with torch.inference_mode():
            for start in range(0, len(order), self.batch_size):
                rows = [ids[row] for row in order[start : start + self.batch_size]]
                for place, vectors in enumerate(self._forward(self._pad(rows), layers)):
                    parts[place].append(vectors)
        back = np.argsort(order)
        return [np.concatenate(part)[back].astype(np.float32, copy=False) for part in parts]

    def tokenize(
        self, texts: Sequence[str], *, role: Role = None, prompt: str | None = None
    ) -> Any:
        """What ``embed`` takes for a batch."""
        return self._pad(self._tokenize([(prompt or "") + text for text in texts]))

    def embed(self, tokens: Any) -> NDArray[np.float32]:
        """The vectors of one batch: one forward pass, ``(n, d)`` float32."""
        return self.embed_layers(tokens, [self.layer])[0]

    def embed_layers(self, tokens: Any, layers: Sequence[int | None]) -> list[NDArray[np.float32]]:
        """The vectors of several layers of one batch, from one forward pass."""
        import torch

        with torch.inference_mode():
            return self._forward(tokens, layers)

    def count_tokens(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Tokens of each text before any cut, ``(n,)``."""
        return token_lengths(self.tokenizer, texts)

    def _tokenize(self, texts: list[str]) -> list[list[int]]:
        cut = {"truncation": True, "max_length": self.max_tokens} if self.max_tokens else {}
        found: list[list[int]] = self.tokenizer(texts, return_attention_mask=False, **cut)[
            "input_ids"
        ]
        end = self.tokenizer.eos_token_id
        if self.pooling == "eos":
            room = self.max_tokens or max(map(len, found), default=0) + 1
            found = [ids if ids and ids[-1] == end else [*ids[: room - 1], end] for ids in found]
        return [ids or [self.tokenizer.pad_token_id] for ids in found]

    def _pad(self, ids: list[list[int]]) -> Any:
        return self.tokenizer.pad({"input_ids": ids}, return_tensors="pt")

    def _forward(self, padded: Any, layers: Sequence[int | None]) -> list[Any]:
        import torch

        batch = padded.to(self.model.device)
        mask = batch["attention_mask"]
        given = mask
        if self.attention:
            given = _attention_mask(mask, self.attention == "causal", self.model.dtype)
        deep = any(layer is not None for layer in layers)
        out = self.model(
            input_ids=batch["input_ids"], attention_mask=given, output_hidden_states=deep
        )
        vectors = []
        for layer in layers:
            hidden = out.last_hidden_state if layer is None else out.hidden_states[layer]
            pooled = pool(hidden.float(), mask.float(), self.pooling)
            if self.normalize:
                pooled = torch.nn.functional.normalize(pooled, p=2, dim=1)
            vectors.append(pooled.cpu().numpy())
        return vectors


def load(
    scheme: str,
    target: str,
    revision: str | None,
    options: Mapping[str, Any],
    settings: Settings,
) -> TransformerModel:
    """Load a folder or a model of the hub; what no option says is read from its files."""
    uri = f"hf:{target}"
    check_target(uri, target, ("config.json",))
    package = needed("transformers", "torch", uri)
    torch = needed("torch", "torch", uri)
    pinned = trusted(uri, target, revision, settings)
    tokenizer, model = guarded(
        uri,
        target,
        revision,
        lambda: (
            package.AutoTokenizer.from_pretrained(target, **pinned),
            package.AutoModel.from_pretrained(target, **pinned),
        ),
    )
    if model.config.is_encoder_decoder:
        model = model.get_encoder()
    if "weights" in options:
        model.to(getattr(torch, options["weights"]))
    model.eval().to(device_of(settings))
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    commit = getattr(model.config, "_commit_hash", None)
    identity = identify("hf/1", target, pinned["revision"], commit, options)
    found = read_settings(target, identity.revision)
    facts = facts_of(identity.name)
    check_length(uri, options.get("max_tokens"), model)
    _check_layer(uri, model, options.get("layer"))
    prompting = prompting_of(identity.name, options, found.prompts, found.default_prompt)
    max_tokens = options.get("max_tokens") or limit_of(
        found.max_tokens or (facts.max_tokens if facts else None),
        tokenizer.model_max_length,
        getattr(model.config, "max_position_embeddings", None),
    )
    pooling = (
        options.get("pooling") or found.pooling or (facts.pooling if facts else None) or "mean"
    )
    normalize = options.get(
        "normalize", _first(found.normalize, facts.normalize if facts else None)
    )
    how = {"max_tokens": max_tokens, "pooling": pooling, "normalize": normalize}
    loaded = TransformerModel(
        identity=in_effect(identity, model, **how),
        model=model,
        tokenizer=tokenizer,
        prompting=prompting,
        pooling=pooling,
        normalize=normalize,
        layer=options.get("layer"),
        attention=options.get("attention"),
        batch_size=settings.batch_size or BATCH_SIZE,
        batch_tokens=tokens_at_once(settings, model.device),
        batch_texts=settings.batch_size,
        parallel=calls_at_once(model.device),
        max_tokens=max_tokens,
        similarity=found.similarity,
        notes=(*notes_on_prompts(prompting, configured_name(target)), *found.notes),
    )
    if loaded.pooling == "eos" and tokenizer.eos_token_id is None:
        raise ModelError(f"model '{uri}': its tokenizer has no end token; use pooling=last")
    if loaded.attention:
        _check_attention(uri, loaded)
    return loaded


def _first(*values: bool | None) -> bool:
    return next((value for value in values if value is not None), False)


def _check_layer(uri: str, model: Any, layer: int | None) -> None:
    layers = model.config.get_text_config().num_hidden_layers
    if layer is not None and not 0 <= layer <= layers:
        raise UsageError(
            f"model '{uri}': layer must be 0 (the embedding layer) to {layers}, not {layer}"
        )


def _attention_mask(mask: Any, causal: bool, dtype: Any) -> Any:
    """An additive mask ``(n, 1, t, t)``: 0 where a token may look, very low where not.

    transformers takes a mask of four dimensions as it is, in place of the architecture's own.
    """
    import torch

    length = mask.shape[1]
    allowed = mask[:, None, None, :].bool().expand(-1, 1, length, length)
    if causal:
        allowed = allowed & torch.ones(length, length, dtype=torch.bool, device=mask.device).tril()
    lowest = torch.finfo(dtype).min
    return torch.zeros(allowed.shape, dtype=dtype, device=mask.device).masked_fill(~allowed, lowest)


def _check_attention(uri: str, loaded: TransformerModel) -> None:
    """Whether a first token sees the last, as asked; some architectures do as they like."""
    import torch

    common = torch.tensor([[5, 6, 7, 8], [5, 6, 7, 9]], device=loaded.model.device)
    mask = _attention_mask(
        torch.ones_like(common), loaded.attention == "causal", loaded.model.dtype
    )
    try:
        with torch.inference_mode():
            hidden = loaded.model(input_ids=common, attention_mask=mask).last_hidden_state
        sees = not torch.allclose(hidden[0, 0].float(), hidden[1, 0].float(), atol=1e-6)
    except (RuntimeError, ValueError, TypeError, IndexError):
        sees = None
    if sees is not (loaded.attention == "bidirectional"):
        raise ModelError(
            f"model '{uri}': its architecture does not allow attention={loaded.attention}; "
            "leave the option out"
        )

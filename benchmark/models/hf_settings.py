"""What a sentence-transformers folder says of its transformer: pooling, length, norm, prompts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmark.models.loading import comparison
from benchmark.models.pooling import FROM_SENTENCE_TRANSFORMERS
from benchmark.models.tokenizing import limit_of


@dataclass(frozen=True, slots=True)
class FolderSettings:
    """None where the folder says nothing; ``notes`` name what only sentence-transformers does."""

    pooling: str | None = None
    normalize: bool | None = None
    max_tokens: int | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    default_prompt: str | None = None
    similarity: str = "cosine"
    notes: tuple[str, ...] = ()
    longest: int | None = None
    """What tokenizer and transformer can take at most, where ``max_tokens`` says nothing."""


def read_settings(target: str, commit: str | None) -> FolderSettings:
    """Read them from a folder, or from the hub at a commit; all None for a bare transformer."""
    modules = _read(target, "modules.json", commit)
    tokenizer = _read(target, "tokenizer_config.json", commit) or {}
    config = _read(target, "config.json", commit) or {}
    longest = limit_of(tokenizer.get("model_max_length"), config.get("max_position_embeddings"))
    if not isinstance(modules, list):
        return FolderSettings(longest=longest)
    length = _read(target, "sentence_bert_config.json", commit) or {}
    prompts = _read(target, "config_sentence_transformers.json", commit) or {}
    types = [str(module.get("type", "")).rpartition(".")[2] for module in modules]
    pooling: str | None = None
    pooled: Mapping[str, Any] = {}
    if "Pooling" in types:
        folder = modules[types.index("Pooling")].get("path", "1_Pooling")
        pooled = _read(target, f"{folder}/config.json", commit) or {}
        pooling = pooling_name(pooled)
    left_out = sorted(set(types) - {"Transformer", "Pooling", "Normalize"})
    notes = tuple(f"its {name} layer is not applied by hf; st applies it" for name in left_out)
    if "Pooling" in types and pooling is None:
        notes += ("its pooling is none that hf knows; choose one with pooling=",)
    if pooled.get("include_prompt") is False:
        notes += ("its pooling leaves a prompt out, and hf's does not; st applies it",)
    similarity, other = comparison(prompts.get("similarity_fn_name"))
    return FolderSettings(
        pooling=pooling,
        normalize="Normalize" in types,
        max_tokens=length.get("max_seq_length"),
        prompts=prompts.get("prompts") or {},
        default_prompt=prompts.get("default_prompt_name"),
        similarity=similarity,
        notes=(*notes, *other),
        longest=longest,
    )


def pooling_name(config: Mapping[str, Any]) -> str | None:
    """The pooling in the configuration of a Pooling module; None for one that is none of ours."""
    mode = config.get("pooling_mode")
    chosen = [mode] if mode else [key for key, on in config.items() if on is True]
    known = [
        FROM_SENTENCE_TRANSFORMERS[name]
        for name in chosen
        if isinstance(name, str) and name in FROM_SENTENCE_TRANSFORMERS
    ]
    others = [name for name in chosen if name not in FROM_SENTENCE_TRANSFORMERS]
    if len(known) != 1 or [name for name in others if str(name).startswith("pooling_mode")]:
        return None
    return known[0]


def _read(target: str, file: str, commit: str | None) -> Any:
    if Path(target).is_dir():
        path = Path(target) / file
        return json.loads(path.read_text("utf-8")) if path.is_file() else None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    try:
        found = hf_hub_download(target, file, revision=commit)
    except (EntryNotFoundError, LocalEntryNotFoundError):
        return None
    return json.loads(Path(found).read_text("utf-8"))

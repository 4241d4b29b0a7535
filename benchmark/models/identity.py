"""Names and revisions of models that lie in a folder or on the hub."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmark.errors import ModelError
from benchmark.models.table import slug_of
from benchmark.protocols import Identity

_COMMIT = re.compile(r"[0-9a-f]{40}")
_OF_TYPE = {
    "SentenceTransformer": "st",
    "CrossEncoder": "ce",
    "SparseEncoder": "sparse",
    "MultiVectorEncoder": "colbert",
}


def identify(
    adapter: str,
    target: str,
    revision: str | None,
    commit: str | None,
    options: Mapping[str, Any],
) -> Identity:
    """The identity of a model loaded by an adapter (``scheme/version``).

    A folder is named by its own name and a digest of its files, a model of the hub by its commit.
    An adapter that is not the model's usual one is part of the slug.
    """
    scheme = adapter.partition("/")[0]
    folder = Path(target)
    if folder.is_dir():
        name, found = f"local/{folder.resolve().name}", digest_folder(folder)
    else:
        name = target if "/" in target else f"sentence-transformers/{target}"
        cached = None if commit else hub_folder(target, revision or "main")
        found = commit or (cached.name if cached else revision) or ""
        if not _COMMIT.fullmatch(found):
            raise ModelError(
                f"model '{scheme}:{target}': its commit could not be resolved; "
                f"pin one with {scheme}:{target}@<40-digit commit>"
            )
        folder = hub_folder(target, found) or folder
    usual = usual_scheme(folder, name)
    return Identity(name, found, adapter, dict(options), slug_for(scheme, usual, options))


def in_effect(identity: Identity, model: Any = None, **settings: Any) -> Identity:
    """The identity with the settings that hold where no option says them, for the cache's key.

    They come from files, from the table of families and from the libraries, and a new version of
    one of these may bring others. ``model`` tells the type of its weights.
    """
    weights = next(iter(model.parameters()), None) if hasattr(model, "parameters") else None
    if weights is not None:
        settings["weights"] = str(weights.dtype).removeprefix("torch.")
    return replace(identity, effective=settings)


def slug_for(scheme: str, usual: str, options: Mapping[str, Any]) -> str:
    """The experiment folder: options that change numbers, and the adapter where it is not usual.

    A prompt stands in it by eight digits of its hash, since it may hold any character.

    >>> slug_for("hf", "st", {"pooling": "cls", "prompt": "query: "})
    'adapter_hf__pooling_cls__prompt_08a8bf6b'
    """
    shown = {
        name: hashlib.sha256(value.encode()).hexdigest()[:8]
        if name in ("prompt", "instruction")
        else value
        for name, value in options.items()
    }
    return slug_of(shown if scheme == usual else {"adapter": scheme, **shown})


def usual_scheme(folder: Path, name: str = "") -> str:
    """The adapter that a model's owner means, by the files in its folder; ``st`` if unsure."""
    declared = read_json(folder / "config_sentence_transformers.json").get("model_type")
    if declared in _OF_TYPE:
        return _OF_TYPE[declared]
    config = read_json(folder / "config.json")
    architecture = str((config.get("architectures") or [""])[0])
    if config.get("model_type") == "model2vec":
        return "m2v"
    if (folder / "modules.json").is_file():
        return "st"
    if architecture.endswith("ForSequenceClassification"):
        return "ce"
    if architecture == "HF_ColBERT" or "colbert" in name.lower():
        return "colbert"
    if architecture.endswith("ForMaskedLM") and "splade" in name.lower():
        return "sparse"
    weights = any(folder.glob("*.safetensors")) or any(folder.glob("pytorch_model*.bin"))
    if any(folder.glob("**/*.onnx")) and not weights:
        return "onnx"
    return "st"


def configured_name(target: str) -> str:
    """The name of the model that a folder's weights were made from, where it says so."""
    return str(read_json(Path(target) / "config.json").get("_name_or_path") or "")


def hub_folder(target: str, revision: str) -> Path | None:
    """The folder of the hub's cache that holds a commit, when there is one."""
    from huggingface_hub import try_to_load_from_cache

    for file in ("config.json", "modules.json", "tokenizer.json"):
        found = try_to_load_from_cache(target, file, revision=revision)
        if isinstance(found, str):
            return Path(found).parent
    return None


def digest_folder(folder: Path) -> str:
    """A digest of a folder's files, names and bytes: what identifies a local model."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder)}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:40]


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file; empty where there is none."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}

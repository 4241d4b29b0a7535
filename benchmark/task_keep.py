"""What a smaller task's file says in ``[keep]``: the examples it keeps, and what they stand for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmark.toml_file import (
    NUMBER,
    TABLE,
    TEXT,
    WHOLE,
    check_type,
    error_at,
    unknown_key,
)

KEEP_KEYS: Mapping[str, str] = {
    "file": TEXT,
    "digest": TEXT,
    "fingerprint": TEXT,
    "of": TEXT,
    "cost": NUMBER,
    "full": TABLE,
}
_NEEDED = ("file", "digest", "of")
_FULL_KEYS = ("examples", "kept", "models")
_MODEL_KEYS: Mapping[str, str] = {
    "model": TEXT,
    **dict.fromkeys(("full", "small", "same", "raised"), NUMBER),
}
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def check_keep(path: Path, content: Mapping[str, Any]) -> None:
    """Raise TaskFileError, with its line, for what is wrong in ``[keep]``."""
    keep = content["keep"]
    for key, value in keep.items():
        if key not in KEEP_KEYS:
            raise unknown_key(path, key, KEEP_KEYS, " in [keep]")
        check_type(path, key, value, KEEP_KEYS[key])
    for key in _NEEDED:
        if key not in keep:
            message = f"[keep] needs '{key}'; make the file with 'embedmark downsample samples'"
            raise error_at(path, "[keep]", message)
    if Path(keep["file"]).name != keep["file"] or keep["file"] in (".", ".."):
        message = "'file' of [keep] must name a file beside this one, not one in another folder"
        raise error_at(path, "file", message)
    for key in ("digest", "fingerprint"):
        if key in keep and not _DIGEST.fullmatch(keep[key]):
            raise error_at(path, key, f"'{key}' must be sha256: and 64 hex digits")
    for part, told in keep.get("full", {}).items():
        _check_full(path, part, told)


def check_base(path: Path, keep: Mapping[str, Any], name: str, digest: str) -> None:
    """Refuse a smaller task not named ``<whole>.<word>``, or whose whole task changed."""
    if not path.stem.startswith(f"{name}."):
        message = f"a smaller form of {name} is named {name}.<word>, not {path.stem}; rename the "
        raise error_at(path, "extends", message + "file, so that neither passes for the other")
    if keep["of"] != digest:
        raise error_at(
            path,
            "of",
            f"the task file of {name} changed since (digest {digest[:12]}, made of "
            f"{keep['of'][:12]}); make the smaller task again",
        )


def _check_full(path: Path, part: str, told: Any) -> None:
    check_type(path, part, told, TABLE)
    for key, value in told.items():
        if key not in _FULL_KEYS:
            raise unknown_key(path, key, _FULL_KEYS, f" in [keep.full] of {part}")
        if key != "models":
            check_type(path, key, value, WHOLE)
            continue
        for model in value if isinstance(value, list) else [value]:
            check_type(path, "models", model, TABLE)
            for name, number in model.items():
                if name not in _MODEL_KEYS:
                    raise unknown_key(path, name, _MODEL_KEYS, " in 'models' of [keep.full]")
                check_type(path, name, number, _MODEL_KEYS[name])
    if "examples" not in told or "kept" not in told or not 0 < told["kept"] <= told["examples"]:
        message = f"[keep.full] of {part} needs 'examples' and 'kept', which is not more of them"
        raise error_at(path, part, message)

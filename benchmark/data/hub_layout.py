"""Which files of a data set on the hub are which config and split: by its card, or by their names.

The rules are those of the ``datasets`` library (``data_files.py`` and ``load.py`` of 5.2.0), so
that both read the same files in the same order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from benchmark.errors import DataError, nearest

CARD = "README.md"
_FAMILIES: Mapping[str, str] = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".json": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
    ".arrow": "arrow",
}
"""Endings of data files, most usual first, and the format that they are read as together."""
_NO_DATA = {
    CARD,
    "config.json",
    "dataset_info.json",
    "dataset_infos.json",
    "dummy_data.zip",
    "dataset_dict.json",
}
_SHARD = r"(\w+(?:\.\w+)*)-\d{5}-of-\d{5}[^/]*\.[^/]*"
_SHARDED = re.compile(f"data/{_SHARD}")
_SHARDED_CONFIG = re.compile(f"(?:data/)?{_SHARD}")  # in a folder that a config is named after
_SPLITS: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "dev", "val"),
    "test": ("test", "testing", "eval", "evaluation"),
}
_BREAKS = "-._ 0-9"
_BY_FOLDER = (
    "**/{word}/**",
    "**/{word}[{sep}]*/**",
    "**/*[{sep}]{word}/**",
    "**/*[{sep}]{word}[{sep}]*/**",
)
_BY_NAME = ("**/{word}[{sep}]*", "**/*[{sep}]{word}[{sep}]*")
_OPTIONS = {"sep", "delimiter", "encoding", "field", "column_names", "names", "header"}
_SAID = {"config_name", "data_files", "data_dir", "default", "description", "version", "features"}


@dataclass(frozen=True, slots=True)
class Config:
    """A config: its files by split, in order, and what its card says about reading them."""

    name: str
    files: Mapping[str, tuple[str, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)


def read_card(text: str) -> Mapping[str, Any]:
    """The YAML at the top of a data set's card; empty where there is none that can be read."""
    import yaml

    lines = text.splitlines()
    if not lines or lines[0] != "---" or "---" not in lines[1:]:
        return {}
    try:
        found = yaml.safe_load("\n".join(lines[1 : lines.index("---", 1)]))
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def config_names(card: Mapping[str, Any]) -> list[str]:
    """The configs that the card names, in order; none means that the names of files tell."""
    return list(_configs(card))


def find_config(
    paths: Sequence[str], card: Mapping[str, Any], name: str | None, label: str
) -> Config:
    """The config of this name, or the data set's usual one when None.

    Raises DataError, which names the configs that there are.
    """
    configs = _configs(card)
    if configs:
        chosen = name if name is not None else _usual(configs, label)
        if chosen not in configs:
            raise DataError(f"{label}: has no config '{chosen}'{nearest(chosen, configs)}")
        return _of_card(paths, chosen, configs[chosen], label)
    script = f"{label.partition('@')[0].rpartition('/')[2]}.py"
    if script in paths:
        raise DataError(
            f"{label}: its data come from a script, {script}, which is never run; name the files "
            'in [source] (files = "...") or a revision whose files are data'
        )
    if name in (None, "default"):
        return Config("default", _by_names(paths, "", label))
    folder = f"{name}/"
    if any(path.startswith(folder) for path in paths):
        return Config(str(name), _by_names(paths, folder, label, _SHARDED_CONFIG))
    alone = [path for path in _data_files(paths) if _stem(path) == name]
    if alone:
        return Config(str(name), {"train": tuple(alone)})
    known = {path.partition("/")[0] for path in _data_files(paths) if "/" in path} | {"default"}
    raise DataError(f"{label}: has no config '{name}'{nearest(str(name), known)}")


def split_of(config: Config, split: str, label: str, *, only: bool = False) -> tuple[str, ...]:
    """The files of a split; with ``only``, of the only split where there is none of that name.

    Raises DataError, which names the splits that there are.
    """
    if split in config.files:
        return config.files[split]
    if only and len(config.files) == 1:
        return next(iter(config.files.values()))
    raise DataError(
        f"{label}: the config '{config.name}' has no split '{split}'{nearest(split, config.files)}"
    )


def globbed(paths: Sequence[str], patterns: Sequence[str], label: str) -> tuple[str, ...]:
    """The files that globs name, in the order of the globs; DataError when one names none.

    ``*`` stands for any part of a name, ``**`` for any folders.
    """
    found = []
    for pattern in patterns:
        matched = _matching(paths, pattern, label)
        if not matched:
            some = ", ".join(_data_files(paths)[:8]) or "none"
            raise DataError(f"{label}: no file '{pattern}' (data files there: {some})")
        found += matched
    return tuple(found)


def format_of(path: str) -> str:
    """The ending that tells a file's format, without that of a compression; '' when unknown."""
    return next((f".{part}" for part in path.lower().split(".")[1:] if f".{part}" in _FAMILIES), "")


def _configs(card: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    listed = card.get("configs")
    if not isinstance(listed, list):
        return {}
    named = {str(c["config_name"]): c for c in listed if isinstance(c, dict) and "config_name" in c}
    return {name: config for name, config in named.items() if name.isprintable()}


def _usual(configs: Mapping[str, Mapping[str, Any]], label: str) -> str:
    for name, config in configs.items():
        if len(configs) == 1 or name == "default" or config.get("default"):
            return name
    known = ", ".join(list(configs)[:20]) + (", ..." if len(configs) > 20 else "")
    raise DataError(f"{label}: has several configs; name one in [source]: {known}")


def _of_card(paths: Sequence[str], name: str, config: Mapping[str, Any], label: str) -> Config:
    folder = f"{str(config['data_dir']).strip('/')}/" if config.get("data_dir") else ""
    foreign = [key for key in config if key not in _OPTIONS | _SAID]
    options = {key: config[key] for key in config if key in _OPTIONS}
    if foreign:
        options["foreign"] = foreign
    listed = config.get("data_files")
    if listed is None:
        return Config(name, _by_names(paths, folder, label), options)
    files = {}
    for split, patterns in _by_split(listed).items():
        matched = []
        for pattern in patterns:
            found = _matching(paths, folder + pattern.removeprefix("./"), label)
            if not found and not _is_glob(pattern):
                raise DataError(
                    f"{label}: its card names the file '{pattern}', which is absent; "
                    "name another revision, or files in [source]"
                )
            matched += [path for path in found if format_of(path) or path.endswith(".zip")]
        files[split] = tuple(matched)
    return Config(name, files, options)


def _by_split(listed: Any) -> dict[str, list[str]]:
    """``data_files`` of a card: a path, paths, or a list of ``split`` and ``path``."""
    if isinstance(listed, list) and any(isinstance(item, dict) for item in listed):
        items = [item for item in listed if isinstance(item, dict)]
        return {str(i.get("split", "train")): _as_list(i.get("path", [])) for i in items}
    return {"train": _as_list(listed)}


def _as_list(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _by_names(
    paths: Sequence[str], folder: str, label: str, sharded: re.Pattern[str] = _SHARDED
) -> dict[str, tuple[str, ...]]:
    """Splits by the names of files and folders: the first rule that finds a file is used."""
    data = _data_files([path.removeprefix(folder) for path in paths if path.startswith(folder)])
    if not data:
        raise DataError(f"{label}: holds no data file{f' in {folder}' if folder else ''}")
    found: dict[str, list[str]] = {}
    for path in data:
        if matched := sharded.fullmatch(path):
            found.setdefault(matched[1], []).append(path)
    usual = [split for split in _SPLITS if split in found]
    found = {split: found[split] for split in (*usual, *sorted(set(found) - set(usual)))}
    found = found or _by_words(data, _BY_FOLDER, label) or _by_words(data, _BY_NAME, label)
    return _of_one_format(found or {"train": data}, folder)


def _by_words(data: Sequence[str], patterns: Sequence[str], label: str) -> dict[str, list[str]]:
    found = {}
    for split, words in _SPLITS.items():
        files: list[str] = []
        for word in words:
            for pattern in patterns:
                files += _matching(data, pattern.format(word=word, sep=_BREAKS), label)
        if files:
            found[split] = files
    return found


def _of_one_format(found: Mapping[str, Sequence[str]], folder: str) -> dict[str, tuple[str, ...]]:
    """Only the files of the most usual format of the first split, the more usual one of a draw."""
    endings = list(_FAMILIES)
    count = Counter(format_of(path) for path in next(iter(found.values())))
    best = max(count, key=lambda ending: (count[ending], -endings.index(ending)))
    return {
        split: tuple(folder + p for p in files if _FAMILIES[format_of(p)] == _FAMILIES[best])
        for split, files in found.items()
    }


def _data_files(paths: Sequence[str]) -> list[str]:
    """Paths with a data file's ending, none of them hidden or in a folder ``__name``."""
    found = []
    for path in paths:
        parts = PurePosixPath(path).parts
        hidden = any(part.startswith(".") for part in parts)
        special = any(part.startswith("__") for part in parts[:-1])
        if format_of(parts[-1]) and parts[-1] not in _NO_DATA and not hidden and not special:
            found.append(path)
    return sorted(found)


def _stem(path: str) -> str:
    return path.partition(".")[0]


def _is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")


def _matching(paths: Sequence[str], pattern: str, label: str) -> list[str]:
    """Paths that a glob matches, sorted; hidden ones and notes only when they are named."""
    from fsspec.utils import glob_translate

    if "://" in pattern or pattern.startswith("/") or ".." in pattern.split("/"):
        raise DataError(f"{label}: '{pattern}' lies outside the repository; name files in it")
    if not _is_glob(pattern):
        return [pattern] if pattern in paths else []
    try:
        matches = re.compile(glob_translate(pattern)).match
    except ValueError:
        raise DataError(f"{label}: '{pattern}' is no glob; ** stands alone between /") from None
    name = PurePosixPath(pattern).name
    return sorted(
        path
        for path in paths
        if matches(path)
        and (PurePosixPath(path).name not in _NO_DATA or PurePosixPath(path).name == name)
        and _hidden(path, ".") == _hidden(pattern, ".")
        and _hidden(str(PurePosixPath(path).parent), "__")
        == _hidden(str(PurePosixPath(pattern).parent), "__")
    )


def _hidden(path: str, start: str) -> int:
    return sum(part.startswith(start) and set(part) != {"."} for part in PurePosixPath(path).parts)

"""Which files of a folder hold which split and subset, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmark.data.formats import split_suffixes

BESIDE = ("references", "candidates")
TRAIN, SPLITS = "train", ("test", "dev", "validation", "val", "train")


@dataclass(frozen=True, slots=True)
class Files:
    """The data files of a folder by split and subset, the pattern of their names, and one file."""

    splits: tuple[str, ...]
    subsets: tuple[str, ...]
    pattern: str
    first: Path
    beside: tuple[str, ...] = ()
    """Tables that are neither splits nor subsets: ``references``, ``candidates``."""


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, without what systems and editors hide there."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def find_files(folder: Path) -> Files | None:
    """The data files of a folder: splits, splits and subsets by pattern, or folders of subsets.

    Other names are subsets; a single one is the rows of ``test``. A table ``beside`` the rows is no
    subset. None where there is no data file.
    """
    every = [path for path in visible(folder) if path.is_file() and split_suffixes(path)[1]]
    files = [path for path in every if split_suffixes(path)[0] not in BESIDE] or every
    if not files:
        inner = [path for path in visible(folder) if path.is_dir()]
        found = [(path.name, find_files(path)) for path in inner]
        known = [(name, files) for name, files in found if files and not files.pattern]
        if not known:
            return None
        return replace(known[0][1], subsets=tuple(name for name, _ in known))
    beside = tuple(split_suffixes(path)[0] for path in every if path not in files)
    return replace(_by_names(files), beside=beside)


def _by_names(files: list[Path]) -> Files:
    stems = {split_suffixes(path)[0]: path for path in files}
    plain = tuple(split for split in SPLITS if split in stems)
    if plain:
        return Files(plain, (), "", stems[plain[0]])
    if len(files) == 1:
        return _by_pattern(stems) or Files(("test",), (), files[0].name, files[0])
    return _by_pattern(stems) or Files(("test",), tuple(stems), "{subset}", files[0])


def _by_pattern(stems: Mapping[str, Path]) -> Files | None:
    """Names such as ``stsb-de-test.csv``: one part is the split, one that varies the subset."""
    parts = [re.split(r"([-_.])", stem) for stem in stems]
    if len({len(part) for part in parts}) != 1:
        return None
    template: list[str] = []
    splits: set[str] = set()
    subsets: list[str] = []
    for values in zip(*parts, strict=True):
        different = dict.fromkeys(values)
        if set(different) <= set(SPLITS) and not splits:
            splits = set(different)
            template.append("{split}")
        elif len(different) == 1:
            template.append(values[0])
        elif not subsets:
            subsets = list(different)
            template.append("{subset}")
        else:
            return None
    if not splits:
        return None
    path = next(iter(stems.values()))
    endings = {path.name[len(stem) :] for stem, path in stems.items()}
    ending = endings.pop() if len(endings) == 1 else ""
    ordered = tuple(split for split in SPLITS if split in splits)
    return Files(ordered, tuple(subsets), "".join(template) + ending, path)

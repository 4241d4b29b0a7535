"""The names of emoji in 14 languages, as the package emoji carries them from Unicode's CLDR."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import wrong_shape
from benchmark.data.readers.json_file import read_object
from benchmark.data.readers.order import once, seed_of, shuffled, text_table

_FULLY_QUALIFIED = 2  # the package's status for the form that a keyboard gives
# A figure in five skin tones is five names that differ in a word: those tell nothing new.
_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")


def names(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """The English names of emoji beside those in another language; the subset is ``en-<code>``.

    ``path`` is the package's folder ``unicode_codes``. Left out: figures of a skin tone, names that
    stand twice in either language, and, since string comparison finds them, names that are the
    same in both.
    ``limit`` keeps that many pairs, drawn by the seed.
    """
    english = _english(path)
    other = _names_in(path, subset.partition("-")[2])
    pairs = [(english[key], other[key]) for key in english if key in other]
    pairs = [pair for pair in pairs if pair[0].casefold() != pair[1].casefold()]
    pairs = once(pairs, [left for left, _ in pairs], [right for _, right in pairs])
    pairs = shuffled(pairs, seed_of(arguments))[: arguments.get("limit")]
    return {
        "rows": text_table(
            sentence1=[left for left, _ in pairs], sentence2=[right for _, right in pairs]
        )
    }


def languages(
    path: Path, arguments: Mapping[str, Any], subset: str, split: str
) -> dict[str, pa.Table]:
    """Names of emoji labelled with the language that they are in.

    ``languages`` lists the codes, ``train`` and ``test`` how many names of each language go into
    the tables. One emoji is named in one language only, and no name stands twice, so that a test
    text is in no way the translation of a training text.
    """
    codes = list(arguments["languages"])
    english = _english(path)
    tables = {code: english if code == "en" else _names_in(path, code) for code in codes}
    seed = seed_of(arguments)
    shared = [key for key in english if all(key in table for table in tables.values())]
    keys = shuffled(shared, seed)
    per_language = len(keys) // len(codes)
    train, test = int(arguments["train"]), int(arguments["test"])
    seen: set[str] = set()
    rows: dict[str, list[tuple[str, str]]] = {"train": [], "rows": []}
    for position, code in enumerate(codes):
        own = keys[position * per_language : (position + 1) * per_language]
        texts = list(dict.fromkeys(tables[code][key] for key in own))
        texts = [text for text in texts if text.casefold() not in seen]
        seen.update(text.casefold() for text in texts)
        if len(texts) < train + test:
            raise wrong_shape(path, f"only {len(texts)} names for '{code}'")
        rows["train"] += [(text, code) for text in texts[:train]]
        rows["rows"] += [(text, code) for text in texts[train : train + test]]
    return {
        name: text_table(text=[text for text, _ in mixed], label=[code for _, code in mixed])
        for name, mixed in ((name, shuffled(table, seed)) for name, table in rows.items())
    }


def _english(path: Path) -> dict[str, str]:
    file = path / "emoji.json"
    data = read_object(file)
    if not all(isinstance(entry, dict) and "en" in entry for entry in data.values()):
        raise wrong_shape(file, "an emoji without an English name")
    return {
        key: _words(entry["en"])
        for key, entry in data.items()
        if entry.get("status") == _FULLY_QUALIFIED and not _SKIN_TONES & set(key)
    }


def _names_in(path: Path, code: str) -> dict[str, str]:
    file = path / f"emoji_{code}.json"
    data = read_object(file)
    if not all(isinstance(name, str) for name in data.values()):
        raise wrong_shape(file, "not a table of emoji to names")
    return {key: _words(name) for key, name in data.items()}


def _words(name: str) -> str:
    """``:flag_for_Chad:`` as text: colons off, underscores as spaces."""
    return name.strip(":").replace("_", " ").strip()

"""Names of countries, languages and currencies in many languages, from pycountry's iso-codes."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import wrong_shape
from benchmark.data.readers.json_file import read_object
from benchmark.data.readers.order import once, seed_of, shuffled, text_table


def names(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """The English names of one standard beside their translation; the subset is ``en-<locale>``.

    ``path`` is the folder of pycountry, ``standard`` the number of the ISO standard (``3166-1``,
    ``639-3``, ``4217``). Left out: names without a translation, names that stand twice in either
    language, and, since string comparison finds them, names that are the same in both. ``limit``
    keeps that many pairs, drawn by the seed.
    """
    standard = str(arguments["standard"])
    database = path / "databases" / f"iso{standard}.json"
    entries = read_object(database).get(standard)
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and "name" in entry for entry in entries
    ):
        raise wrong_shape(database, f"no list of names under '{standard}'")
    translations = _translations(path, subset.partition("-")[2], standard)
    english = [str(entry["name"]) for entry in entries]
    pairs = [(name, translations.gettext(name)) for name in english]
    pairs = [pair for pair in pairs if pair[0].casefold() != pair[1].casefold()]
    pairs = once(pairs, [left for left, _ in pairs], [right for _, right in pairs])
    pairs = shuffled(pairs, seed_of(arguments))[: arguments.get("limit")]
    return {
        "rows": text_table(
            sentence1=[left for left, _ in pairs], sentence2=[right for _, right in pairs]
        )
    }


def _translations(path: Path, locale: str, standard: str) -> gettext.GNUTranslations:
    # The file is opened by its path: gettext.translation would add the locales of the environment.
    file = path / "locales" / locale / "LC_MESSAGES" / f"iso{standard}.mo"
    try:
        with file.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    except OSError as error:
        raise wrong_shape(file, f"cannot be read ({error.strerror})") from None
    except ValueError:
        raise wrong_shape(file, "not a gettext catalogue") from None

"""What a task's data are made of, in numbers: sizes, lengths, repeats, labels, scripts."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.care.near import text_hashes
from benchmark.kinds.common import column

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmark.protocols import Tables

Count = Callable[[Sequence[str]], "NDArray[np.int64]"]
"""Counts the tokens of texts."""

SIMPLE = "runs of letters and digits, other marks and characters of unspaced scripts one by one"
# Letters and digits but for the scripts above: RE2 has no difference of classes.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_TOKEN = rf"[{_UNSPACED}]|(?:[^\P{{L}}{_UNSPACED}]|\p{{M}}|\p{{N}})+|[^\s\p{{L}}\p{{M}}\p{{N}}]"
_BATCH = 2_000
# ISO 15924 by the first word of a character's name; others keep that word.
_SCRIPTS: Mapping[str, str] = {
    "ARABIC": "Arab", "ARMENIAN": "Armn", "BENGALI": "Beng", "CJK": "Hani", "CYRILLIC": "Cyrl",
    "DEVANAGARI": "Deva", "ETHIOPIC": "Ethi", "GEORGIAN": "Geor", "GREEK": "Grek",
    "GUJARATI": "Gujr", "GURMUKHI": "Guru", "HANGUL": "Hang", "HEBREW": "Hebr",
    "HIRAGANA": "Hira", "KANNADA": "Knda", "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana",
    "KHMER": "Khmr", "LAO": "Laoo", "LATIN": "Latn", "FULLWIDTH": "Latn", "MALAYALAM": "Mlym",
    "MYANMAR": "Mymr", "ORIYA": "Orya", "SINHALA": "Sinh", "TAMIL": "Taml", "TELUGU": "Telu",
    "THAI": "Thai", "TIBETAN": "Tibt",
}  # fmt: skip


def simple_tokens(texts: pa.Array) -> NDArray[np.int64]:
    """Tokens of each text by ``SIMPLE``, ``(n,)``; no model counts so, and all are near it."""
    import pyarrow.compute as pc

    found: NDArray[np.int64] = np.asarray(pc.count_substring_regex(texts, _TOKEN), np.int64)
    return found


def profile(
    tables: Tables, fields: Mapping[str, Mapping[str, str]], count: Count | None = None
) -> dict[str, Any]:
    """Facts of each table of one split and subset, by table; none holds a text or a label.

    ``count`` counts tokens; without it ``simple_tokens`` does.
    """
    found: dict[str, Any] = {}
    for name, table in tables.items():
        facts: dict[str, Any] = {"rows": table.num_rows}
        texts = {
            field: _text_facts(column(table, field), count)
            for field, kind in fields[name].items()
            if kind.rstrip("?") == "text" and field in table.column_names
        }
        if texts:
            facts["texts"] = texts
        if "label" in table.column_names:
            facts["labels"] = _label_facts(column(table, "label"))
        found[name] = facts
    if "qrels" in tables and "queries" in tables:
        found["queries"]["relevant"] = _relevant(tables["qrels"], tables["queries"])
    return found


def hashes_of(
    tables: Tables, fields: Mapping[str, Mapping[str, str]]
) -> dict[str, NDArray[np.uint64]]:
    """The hashes of all texts of each table, each once: what ``shared`` compares."""
    found = {}
    for name, table in tables.items():
        parts = [
            text_hashes(column(table, field))
            for field, kind in fields[name].items()
            if kind.rstrip("?") == "text" and field in table.column_names
        ]
        if parts:
            found[name] = np.unique(np.concatenate(parts))
    return found


def shared(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> int:
    """How many different texts two tables have in common, but for case and white space."""
    return len(np.intersect1d(one, other, assume_unique=True))


def lengths(values: NDArray[np.int64]) -> dict[str, float]:
    """Smallest, mean, median, 95th percentile and largest; all 0 of none."""
    if not len(values):
        return dict.fromkeys(("least", "mean", "median", "p95", "most", "sum"), 0)
    return {
        "least": int(values.min()),
        "mean": round(float(values.mean()), 2),
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "most": int(values.max()),
        "sum": int(values.sum()),
    }


def histogram(values: NDArray[np.int64]) -> list[int]:
    """How many values have 0, 1, 2-3, 4-7, ... up to the power of two that holds the largest."""
    return np.bincount(np.frexp(values.astype(float))[1]).tolist() if len(values) else []


def scripts(texts: pa.Array) -> dict[str, float]:
    """Share of each script among the letters of all texts, largest first; {} without letters."""
    counts = np.zeros(0, np.int64)
    for start in range(0, len(texts), _BATCH):
        joined = "".join(texts.slice(start, _BATCH).to_pylist())
        points = np.frombuffer(joined.encode("utf-32-le"), "<u4")
        more = np.bincount(points, minlength=len(counts))
        more[: len(counts)] += counts
        counts = more
    found: dict[str, int] = {}
    for point in np.flatnonzero(counts).tolist():
        letter = chr(point)
        if letter.isalpha():
            word = unicodedata.name(letter, "OTHER").partition(" ")[0]
            name = _SCRIPTS.get(word, word.title())
            found[name] = found.get(name, 0) + int(counts[point])
    whole = sum(found.values())
    order = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return {name: round(number / whole, 4) for name, number in order}


def _text_facts(texts: pa.Array, count: Count | None) -> dict[str, Any]:
    import pyarrow.compute as pc

    characters = np.asarray(pc.utf8_length(texts), np.int64)
    if count is None:
        tokens = simple_tokens(texts)
    else:
        parts = [
            count(texts.slice(start, _BATCH).to_pylist()) for start in range(0, len(texts), _BATCH)
        ]
        tokens = np.concatenate(parts) if parts else np.empty(0, np.int64)
    bare = np.asarray(pc.utf8_length(pc.utf8_trim_whitespace(texts)), np.int64)
    return {
        "characters": lengths(characters),
        "tokens": lengths(tokens),
        "empty": int((bare == 0).sum()),
        "repeated": len(texts) - len(np.unique(text_hashes(texts))),
        "scripts": scripts(texts),
        "histogram": histogram(characters),
    }


def _label_facts(labels: pa.Array) -> dict[str, Any]:
    """How many labels there are and how even they are: 1 when all are as frequent, 0 for one."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = pa.types.is_list(labels.type)
    flat = labels.flatten() if lists else labels
    counts = np.asarray(pc.value_counts(flat).field("counts"), np.int64)
    share = counts / max(counts.sum(), 1)
    even = float(-(share * np.log(share)).sum() / np.log(len(share))) if len(share) > 1 else 0.0
    found: dict[str, Any] = {
        "labels": len(counts),
        "largest_share": round(float(share.max(initial=0)), 4),
        "smallest_share": round(float(share.min()), 4) if len(share) else 0.0,
        "evenness": round(even, 4),
    }
    if lists:
        found["labels_a_row"] = round(len(flat) / max(len(labels), 1), 4)
    return found


def _relevant(qrels: pa.Table, queries: pa.Table) -> dict[str, Any]:
    """Relevant documents of each query, those with a score of at least 1 or none given."""
    import pyarrow.compute as pc

    asked = column(qrels, "query-id")
    if "score" in qrels.column_names:
        asked = asked.filter(pc.fill_null(pc.greater_equal(column(qrels, "score"), 1), True))
    at = np.asarray(pc.fill_null(pc.index_in(asked, value_set=column(queries, "id")), -1), np.int64)
    counts = np.bincount(at[at >= 0], minlength=queries.num_rows)
    return {**lengths(counts), "without": int((counts == 0).sum())}

"""Readers of the data that installed packages carry.

To add one, write ``reader(path, arguments, subset, split) -> {table: Arrow table}`` in a module of
this package and name it below as ``"module:function"``. ``path`` is the file or folder that the
task names, ``arguments`` its ``[source.arguments]``; the tables have the columns of the task's
kind. A reader imports no package but reads its files, drops what would make the task unfair
(repeated texts), puts rows and ids in an order drawn by a seed, and raises DataError for a file of
another shape.
"""

from __future__ import annotations

from collections.abc import Mapping

READERS: Mapping[str, str] = {
    "docstring_modules": "benchmark.data.readers.docstrings:modules",
    "docstring_pairs": "benchmark.data.readers.docstrings:pairs",
    "docstring_summaries": "benchmark.data.readers.docstrings:summaries",
    "emoji_languages": "benchmark.data.readers.emoji:languages",
    "emoji_names": "benchmark.data.readers.emoji:names",
    "iso_names": "benchmark.data.readers.iso_codes:names",
    "lee_leads": "benchmark.data.readers.lee:leads",
    "lee_similarities": "benchmark.data.readers.lee:similarities",
    "us_gaap_items": "benchmark.data.readers.us_gaap:items",
    "us_gaap_labels": "benchmark.data.readers.us_gaap:labels",
    "us_gaap_pairs": "benchmark.data.readers.us_gaap:pairs",
}

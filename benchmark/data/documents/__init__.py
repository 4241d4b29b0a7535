"""Retrieval tasks made of documents without any label: read, cut into passages, construct.

To add a construction, write ``construction(material, seed) -> Made`` in ``construct`` and name it
below as ``"module:function"``, with what it is; its name is that of the task's subset.
"""

from __future__ import annotations

from collections.abc import Mapping

CONSTRUCTIONS: Mapping[str, str] = {
    "title": "benchmark.data.documents.construct:title",
    "cloze": "benchmark.data.documents.construct:cloze",
    "opening": "benchmark.data.documents.construct:opening",
}

MEANINGS: Mapping[str, str] = {
    "title": "a title to the rest of its document",
    "cloze": "a sentence to the passage that it was cut from",
    "opening": "a sentence of the opening to a later passage of its document",
}

PROSE = (".txt", ".md", ".html", ".htm", ".pdf")
"""Endings of files that are one document each; a file of rows has one a row."""

SEED = 42

MADE_OF_DOCUMENTS = (
    "made from the documents themselves, with no person's judgement: a query shares words with its "
    "answer, which rewards lexical overlap, and says little of what users would ask; compare "
    "models on it, beside bm25, and do not publish it as retrieval quality"
)
"""What a score on such a task can and cannot tell; a note of every result."""

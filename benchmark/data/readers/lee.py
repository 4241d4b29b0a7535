"""The Lee corpora in gensim's test data: short news texts and human similarities of their pairs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import wrong_shape
from benchmark.data.readers.order import once, retrieval_tables, seed_of, shuffled, text_table

DOCUMENTS = 50  # lee.cor; its pairs were rated by 83 people (Lee, Pincombe and Welsh, 2005)
# A sentence ends at . ! or ?, perhaps inside quotes, before a capital or an opening quote.
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"']?\s+(?=[\"'(]?[A-Z])")


def similarities(
    path: Path, arguments: Mapping[str, Any], subset: str, split: str
) -> dict[str, pa.Table]:
    """Every pair of the 50 documents of ``lee.cor`` with its mean human similarity, 0 to 1.

    ``path`` is the folder of gensim's test data; the upper triangle of ``similarities0-1.txt`` is
    read, without its diagonal. Raises DataError when the files are of another shape.
    """
    documents = articles(path / "lee.cor")
    table = path / "similarities0-1.txt"
    try:
        matrix = [[float(cell) for cell in row] for row in map(str.split, _lines(table)) if row]
    except ValueError:
        raise wrong_shape(table, "not a table of numbers") from None
    if len(documents) != DOCUMENTS or [len(row) for row in matrix] != [DOCUMENTS] * DOCUMENTS:
        raise wrong_shape(table, f"not the {DOCUMENTS} documents and {DOCUMENTS}x{DOCUMENTS} table")
    pairs = [(i, j) for i in range(DOCUMENTS) for j in range(i + 1, DOCUMENTS)]
    pairs = shuffled(pairs, seed_of(arguments))
    return {
        "rows": text_table(
            sentence1=[documents[i] for i, _ in pairs],
            sentence2=[documents[j] for _, j in pairs],
            score=[matrix[i][j] for i, j in pairs],
        )
    }


def leads(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """Find an article by its first sentence: the queries; the corpus is the rest of each article.

    ``path`` is a corpus of one article a line. Repeated articles and articles of one sentence are
    left out.
    """
    found = [_SENTENCE_END.split(text, maxsplit=1) for text in articles(path)]
    parts = [(part[0], part[1]) for part in found if len(part) == 2]
    parts = once(parts, [lead for lead, _ in parts], [rest for _, rest in parts])
    if not parts:
        raise wrong_shape(path, "no line with more than one sentence")
    queries = [(lead, [index]) for index, (lead, _) in enumerate(parts)]
    return retrieval_tables(queries, [rest for _, rest in parts], seed_of(arguments))


def articles(path: Path) -> list[str]:
    """The articles of a corpus file of one article a line, each text once, in the file's order."""
    return list(dict.fromkeys(line for line in map(str.strip, _lines(path)) if line))


def _lines(path: Path) -> list[str]:
    try:
        # gensim's own test reads both corpora as Latin-1: lee.cor has a pound sign in it.
        return path.read_text("latin-1").split("\n")
    except OSError as error:
        raise wrong_shape(path, f"cannot be read ({error.strerror})") from None

"""Docstrings of a package's functions and classes, read with ast from its source files."""

from __future__ import annotations

import ast
import random
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import wrong_shape
from benchmark.data.readers.order import once, retrieval_tables, seed_of, shuffled, text_table

_HEADING = re.compile(r"^[A-Z][A-Za-z ]+\n[-=]{3,}", re.MULTILINE)
_SUMMARY_WORDS, _BODY_WORDS = 4, 12  # shorter ones ("Returns a copy.") say too little to be found


@dataclass(frozen=True, slots=True)
class Docstring:
    """The first paragraph of a docstring, the prose that follows, and the module it stands in."""

    summary: str
    body: str
    module: tuple[str, ...]


def summaries(
    path: Path, arguments: Mapping[str, Any], subset: str, split: str
) -> dict[str, pa.Table]:
    """Find the prose of a docstring by its summary line; ``path`` is the package's folder.

    The prose is what stands between the summary and the first heading (Parameters, Returns), and
    does not hold the summary. Summaries and bodies that stand twice are left out.
    """
    found = read_docstrings(path)
    found = once(found, [doc.summary for doc in found], [doc.body for doc in found])
    queries = [(doc.summary, [index]) for index, doc in enumerate(found)]
    return retrieval_tables(queries, [doc.body for doc in found], seed_of(arguments))


def modules(
    path: Path, arguments: Mapping[str, Any], subset: str, split: str
) -> dict[str, pa.Table]:
    """Summaries and prose labelled with the subpackage that they come from.

    ``depth`` names how many folders make a label, ``at_least`` drops labels with fewer texts.
    """
    depth, at_least = int(arguments["depth"]), int(arguments["at_least"])
    found = [doc for doc in read_docstrings(path, body_words=0) if len(doc.module) >= depth]
    rows = [(f"{doc.summary} {doc.body}".strip(), "/".join(doc.module[:depth])) for doc in found]
    rows = once(rows, [text for text, _ in rows])
    counts = Counter(label for _, label in rows)
    rows = shuffled((row for row in rows if counts[row[1]] >= at_least), seed_of(arguments))
    return {"rows": text_table(text=[text for text, _ in rows], label=[label for _, label in rows])}


def pairs(path: Path, arguments: Mapping[str, Any], subset: str, split: str) -> dict[str, pa.Table]:
    """Do a summary and a prose belong together? Label 1: of one docstring; 0: of one file.

    Every summary stands in one pair, half of them with another prose of its file drawn by the seed.
    Files of one docstring are left out.
    """
    seed = seed_of(arguments)
    found = shuffled(read_docstrings(path), seed)
    found = once(found, [doc.summary for doc in found], [doc.body for doc in found])
    counts = Counter(doc.module for doc in found)
    found = [doc for doc in found if counts[doc.module] > 1]
    draws = random.Random(seed)
    rows = []
    for position, doc in enumerate(found):
        label = position % 2
        others = [other.body for other in found if other.module == doc.module and other is not doc]
        rows.append((doc.summary, doc.body if label else draws.choice(others), label))
    return {
        "rows": text_table(
            sentence1=[row[0] for row in rows],
            sentence2=[row[1] for row in rows],
            label=[row[2] for row in rows],
        )
    }


def read_docstrings(path: Path, body_words: int = _BODY_WORDS) -> list[Docstring]:
    """Docstrings with a summary and at least so many words of prose, by file and line.

    Tests are passed over. Raises DataError when a file does not parse or nothing is found.
    """
    found = [
        doc
        for doc in _parsed(path)
        if len(doc.summary.split()) >= _SUMMARY_WORDS and len(doc.body.split()) >= body_words
    ]
    if not found:
        raise wrong_shape(path, "no docstring of a summary and prose")
    return found


@lru_cache(maxsize=1)  # several tasks read one package
def _parsed(path: Path) -> tuple[Docstring, ...]:
    return tuple(
        doc
        for file in sorted(path.rglob("*.py"), key=lambda file: file.as_posix())
        if "tests" not in file.relative_to(path).parts
        for doc in _docstrings_of(file, file.relative_to(path).with_suffix("").parts)
    )


def _docstrings_of(file: Path, module: tuple[str, ...]) -> Iterator[Docstring]:
    try:
        # Parsing warns of escapes such as \\s in plain strings; the package is not ours to mend.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        raise wrong_shape(file, "not a Python file in UTF-8") from None
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        summary, _, rest = (ast.get_docstring(node) or "").partition("\n\n")
        summary = " ".join(summary.split())
        body = " ".join(_HEADING.split(rest, maxsplit=1)[0].split())
        body = " ".join(body.replace(summary, " ").split()) if summary else body
        yield Docstring(summary, body, module)

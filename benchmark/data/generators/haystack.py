"""Hide one sentence in each of many long documents of news, after LongEmbed's construction.

Source: Zhu et al., LongEmbed: Extending Embedding Models for Long Context Retrieval (2024). Unlike
there the filler differs between documents, and every document is asked for.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmark.data.package import find_file
from benchmark.data.readers.lee import articles
from benchmark.data.readers.order import retrieval_tables
from benchmark.errors import DataError

# A document of n tokens has 0.75 n words. The Lee background corpus has 1.22 tokens a word with
# BERT's WordPiece and 1.42 with Llama 2's BPE, so that 4/3 stands between.
WORDS_PER_TOKEN = 0.75
_LENGTH = re.compile(r"\D*_(\d+)")


def hide(
    facts: Sequence[tuple[str, str]], arguments: Mapping[str, Any], seed: int, split: str
) -> dict[str, pa.Table]:
    """Corpus, queries and qrels: one document a fact, of the length that the split's name ends in.

    ``facts`` are ``(sentence, question)``. ``arguments`` names the filler (``package``, ``path``: a
    corpus of one text a line). A document is whole texts in a drawn order, cut to the length, with
    the fact between two sentences; the fact's place is uniform over them. Raises DataError when the
    split has no length, the package no filler, or the filler is too short.
    """
    match = _LENGTH.fullmatch(split)
    if match is None:
        raise DataError(f"split '{split}': has no length; name it for its tokens, like 'test_1024'")
    length = round(int(match[1]) * WORDS_PER_TOKEN)
    filler = [text.split() for text in articles(_filler(arguments))]
    longest = max(len(fact.split()) for fact, _ in facts)
    if not longest < length <= sum(map(len, filler)) // 2:
        raise DataError(
            f"split '{split}': {length} words do not fit the filler; name a split of other length"
        )
    draws = random.Random(f"{seed} {split}")
    documents = [_document(fact.split(), filler, length, draws) for fact, _ in facts]
    queries = [(question, [index]) for index, (_, question) in enumerate(facts)]
    return retrieval_tables(queries, documents, seed)


def _filler(arguments: Mapping[str, Any]) -> Path:
    return find_file(str(arguments["package"]), str(arguments["path"]))


def _document(
    fact: Sequence[str], filler: Sequence[Sequence[str]], length: int, draws: random.Random
) -> str:
    order = list(range(len(filler)))
    draws.shuffle(order)
    words: list[str] = []
    for index in order:
        words.extend(filler[index])
        if len(words) >= length:
            break
    del words[length - len(fact) :]
    places = [0] + [
        place for place, word in enumerate(words, 1) if word.rstrip("\"'")[-1:] in ".!?"
    ]
    place = draws.choice(places)
    return " ".join([*words[:place], *fact, *words[place:]])

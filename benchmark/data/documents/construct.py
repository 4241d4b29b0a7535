"""Make queries, a corpus and their judgements of documents that nobody has labelled.

Each query has exactly one relevant document, and what is drawn depends on the seed and on the
document alone. The tasks are those that dense retrievers are pre-trained on.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from benchmark.data.documents.duplicates import Distinct, find_distinct
from benchmark.data.documents.passages import LEAST_WORDS, cut, ends_sentence
from benchmark.data.documents.record import Document, fold, words_of

Item = TypeVar("Item")

MOST_QUERIES = 1000
"""More are drawn from: the standard error of a mean of so many scores is at most 0.016."""
SENTENCE_WORDS = (5, 100)
"""A query of fewer words is a label or an exclamation, one of more a list or a table."""
_MARKS = ("|", "```")  # of tables and code in Markdown, whose cells and lines are no sentences


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document; its sentences joined are its text."""

    id: str
    document: str
    sentences: tuple[str, ...]
    fields: bool

    @property
    def text(self) -> str:
        """The passage without white space at its ends."""
        return "".join(self.sentences).strip()


@dataclass(frozen=True, slots=True)
class Material:
    """What is made tasks of: documents and passages without duplicates, and these counted.

    ``common`` are sentences, folded, that occur several times: they point at no one passage;
    ``empty`` is how many documents hold no text but perhaps a title.
    """

    documents: tuple[Document, ...]
    passages: tuple[Passage, ...]
    common: frozenset[str]
    empty: int
    document_duplicates: Distinct
    passage_duplicates: Distinct


@dataclass(frozen=True, slots=True)
class Made:
    """A retrieval: ids and texts of corpus and queries by id, the answer of each query, counts."""

    corpus: Mapping[str, str]
    queries: Mapping[str, str]
    answers: Mapping[str, str]
    counts: Mapping[str, int] = field(default_factory=dict)


def gather(documents: Iterable[Document]) -> Material:
    """Set duplicates aside, by the order of ids, and cut into passages what is left."""
    every = list(documents)
    some = [document for document in every if document.paragraphs]
    whole = find_distinct([document.text for document in some])
    kept = [some[number] for number in whole.kept]
    passages = [
        Passage(f"{document.id}#{number}", document.id, sentences, document.fields)
        for document in kept
        for number, sentences in enumerate(cut(document.paragraphs), 1)
    ]
    counts = Counter(fold(s).casefold() for passage in passages for s in passage.sentences)
    parts = find_distinct([passage.text for passage in passages])
    return Material(
        tuple(kept),
        tuple(passages[number] for number in parts.kept),
        frozenset(sentence for sentence, count in counts.items() if count > 1),
        len(every) - len(some),
        whole,
        parts,
    )


def title(material: Material, seed: int) -> Made:
    """A title to the rest of its document, as text embedding models are pre-trained.

    The corpus is every document. No query has a document without a title, with the title of
    another one, or with fewer than ``LEAST_WORDS`` words below it. Source: the pairs of title and
    body or passage of Wang et al., Text Embeddings by Weakly-Supervised Contrastive Pre-training
    (E5, 2022), and Li et al., Towards General Text Embeddings with Multi-stage Contrastive Learning
    (GTE, 2023).
    """
    counts: Counter[str] = Counter()
    titles = Counter(document.title.casefold() for document in material.documents)
    usable = []
    for document in material.documents:
        if not document.title:
            counts["document_without_title"] += 1
        elif titles[document.title.casefold()] > 1:
            counts["title_occurs_again"] += 1
        elif len(words_of(document.text)) < LEAST_WORDS:
            counts["document_too_short"] += 1
        else:
            usable.append(document)
    drawn = _drawn(usable, seed, lambda document: "", lambda document: document.id)
    return Made(
        {document.id: document.text for document in material.documents},
        {f"{document.id}#title": document.title for document in drawn},
        {f"{document.id}#title": document.id for document in drawn},
        counts,
    )


def cloze(material: Material, seed: int) -> Made:
    """A sentence to the passage that it was cut from: the inverse cloze task.

    The corpus is every passage, those of queries without their sentence. A sentence that occurs
    elsewhere too is no query; ``LEAST_WORDS`` words of its passage must be left. Documents take
    turns. Source: Lee, Chang and Toutanova, Latent Retrieval for Weakly Supervised Open Domain
    Question Answering (ORQA, 2019), which leaves the sentence in one of ten passages; here it never
    is, or a query would be found by its own words.
    """
    pairs: dict[str, tuple[str, str]] = {}
    for passage in material.passages:
        asked = _asked(passage, material, _draws(seed, passage.id))
        found = next(filter(None, (_without(passage, number) for number in asked)), None)
        if found:
            pairs[passage.id] = found
    able = [passage for passage in material.passages if passage.id in pairs]
    chosen = _drawn(able, seed, lambda passage: passage.document, lambda passage: passage.id)
    without = {passage.id: pairs[passage.id] for passage in chosen}
    short = len(material.documents) - len({passage.document for passage in able})
    return Made(
        {p.id: without[p.id][1] if p.id in without else p.text for p in material.passages},
        {f"{name}#sentence": sentence for name, (sentence, _) in without.items()},
        {f"{name}#sentence": name for name in without},
        {"document_too_short": short} if short else {},
    )


def opening(material: Material, seed: int) -> Made:
    """A sentence of the opening to a later passage of the same document: body first selection.

    The corpus is one later passage a document, drawn, since every other one would be as right.
    Source: Chang et al., Pre-training Tasks for Embedding-based Large-scale Retrieval (2020), whose
    query is a sentence of the first section of an article and whose answer another passage of it.
    Their wiki link prediction needs links between documents, and is not made here.
    """
    passages = defaultdict(list)
    for passage in material.passages:
        passages[passage.document].append(passage)
    corpus: dict[str, str] = {}
    queries: dict[str, str] = {}
    answers: dict[str, str] = {}
    short = len(material.documents)
    for name, parts in passages.items():
        draws = _draws(seed, name)
        later = [part for part in parts[1:] if len(words_of(part.text)) >= LEAST_WORDS]
        if not later:
            continue
        answer = draws.choice(later)
        corpus[answer.id] = answer.text
        if parts[0].id != f"{name}#1":  # the opening was a duplicate
            continue
        for number in _asked(parts[0], material, draws):
            sentence = fold(parts[0].sentences[number])
            if not _within(sentence, answer.text):
                queries[f"{name}#opening"] = sentence
                answers[f"{name}#opening"] = answer.id
                short -= 1
                break
    kept = _drawn(list(queries), seed, lambda query: "", lambda query: query)
    return Made(
        corpus,
        {query: queries[query] for query in kept},
        {query: answers[query] for query in kept},
        {"document_too_short": short} if short else {},
    )


def _without(passage: Passage, number: int) -> tuple[str, str] | None:
    """A sentence of a passage and the passage without it.

    None where the sentence would still stand in what is left, or too little is.
    """
    sentence = fold(passage.sentences[number])
    rest = "".join(s for n, s in enumerate(passage.sentences) if n != number).strip()
    if len(words_of(rest)) < LEAST_WORDS or _within(sentence, rest):
        return None
    return sentence, rest


def _asked(passage: Passage, material: Material, draws: random.Random) -> Iterator[int]:
    """The numbers of the sentences of a passage that may be a query, in a drawn order."""
    least, most = SENTENCE_WORDS
    numbers = list(range(len(passage.sentences)))
    draws.shuffle(numbers)
    for number in numbers:
        sentence = passage.sentences[number]
        if (
            (passage.fields or ends_sentence(sentence))
            and least <= len(words_of(sentence)) <= most
            and not any(mark in sentence for mark in _MARKS)
            and fold(sentence).casefold() not in material.common
        ):
            yield number


def _within(sentence: str, text: str) -> bool:
    return fold(sentence).casefold() in fold(text).casefold()


def _draws(seed: int, name: str) -> random.Random:
    """Draws of one document, which no other document moves."""
    return random.Random(f"{seed} {name}")


def _drawn(
    items: Sequence[Item],
    seed: int,
    group_of: Callable[[Item], str],
    name_of: Callable[[Item], str],
) -> list[Item]:
    """At most ``MOST_QUERIES`` of the items in their order: groups take turns, else at random."""
    mixed = sorted(items, key=lambda item: _draws(seed, f"turn {name_of(item)}").random())
    turns: Counter[str] = Counter()
    ranked = []
    for place, item in enumerate(mixed):
        group = group_of(item) or name_of(item)
        ranked.append((turns[group], place, item))
        turns[group] += 1
    ranked.sort(key=lambda entry: entry[:2])
    chosen = {name_of(item) for _, _, item in ranked[:MOST_QUERIES]}
    return [item for item in items if name_of(item) in chosen]

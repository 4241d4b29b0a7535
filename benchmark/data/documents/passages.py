"""Divide texts into sentences, and documents into passages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from benchmark.data.documents.record import words_of

PASSAGE_WORDS = 200
"""A passage has at most so many words, below the 288 word pieces of Lee et al. (2019)."""
LEAST_WORDS = 20
"""What has fewer says too little to be found by: it is joined to its neighbour, or no answer."""

# Full stops of Latin, Greek, Cyrillic, Arabic, Urdu and Indic writing need a space after them; the
# wide ones of Chinese and Japanese do not.
_SPACED = ".!?…؟۔।॥"  # noqa: RUF001
_WIDE = "。！？｡"  # noqa: RUF001
_CLOSING = "\"'”’»)]」』】）》*_`"  # noqa: RUF001
_CLOSED = re.escape(_CLOSING)
# Possessive, and from the first mark of several on, so that a file of full stops takes no longer.
_END = re.compile(rf"(?<![{_SPACED}])[{_SPACED}]++[{_CLOSED}]*+\s++|[{_WIDE}]++[{_CLOSED}]*+\s*+")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:[^\W\d_]|al|cf|dr|e\.g|eq|etc|fig|i\.e|mr|mrs|ms|no|nr|pp|prof|st|vs)\.\s+\Z",
    re.IGNORECASE,
)


def split_sentences(text: str) -> list[str]:
    """Divide a text after full stops, question and exclamation marks of many writings.

    The parts joined are the text. Not after an initial or a common abbreviation, nor before a small
    letter; Thai and others without such marks stay whole. A simple rule on purpose: a wrong cut
    makes an odd query, not a wrong answer.

    >>> split_sentences("Dr. A. Smith saw it. 3.5 m? Yes! 見た。走った。")
    ['Dr. A. Smith saw it. ', '3.5 m? ', 'Yes! ', '見た。', '走った。']
    """
    parts, start = [], 0
    for match in _END.finditer(text):
        end = match.end()
        spaced = match[0][0] in _SPACED
        apart = match.start() and text[match.start() - 1].isspace()  # tokenised text
        if end < len(text) and spaced and not apart:
            before = text[max(start, end - 12) : end]
            if text[end].islower() or _ABBREVIATED.search(before):
                continue
        parts.append(text[start:end])
        start = end
    return [*parts, text[start:]] if start < len(text) else parts


def ends_sentence(text: str) -> bool:
    """Whether a text ends as a sentence does: headings, code and cells of tables do not.

    >>> ends_sentence("It barks."), ends_sentence("吠えた。」"), ends_sentence("On dogs")
    (True, True, False)
    """
    return text.rstrip().rstrip(_CLOSING)[-1:] in set(_SPACED + _WIDE)


def cut(paragraphs: Sequence[str]) -> list[tuple[str, ...]]:
    """Divide a document into passages, each a tuple of sentences that joined are its text.

    Whole paragraphs are put together up to ``PASSAGE_WORDS``; a longer one is divided between
    sentences, and a longer sentence stands alone. The last passage is joined to the one before when
    it has fewer than ``LEAST_WORDS``.
    """
    passages: list[list[str]] = [[]]
    length = 0
    for paragraph in paragraphs:
        sentences = split_sentences(paragraph)
        if not sentences:
            continue
        sentences[-1] += "\n"
        sizes = [len(words_of(sentence)) for sentence in sentences]
        if passages[-1] and length + sum(sizes) > PASSAGE_WORDS >= sum(sizes):
            passages.append([])
            length = 0
        for sentence, size in zip(sentences, sizes, strict=True):
            if passages[-1] and length + size > PASSAGE_WORDS:
                passages.append([])
                length = 0
            passages[-1].append(sentence)
            length += size
    if len(passages) > 1 and length < LEAST_WORDS:
        rest = passages.pop()
        passages[-1] += rest
    return [tuple(passage) for passage in passages if passage]

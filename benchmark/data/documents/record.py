"""What is known of a document: its id, title and paragraphs, and how texts are compared."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Kana, Chinese characters (with extension A and the compatibility ones) and those beyond the BMP:
# written without spaces, so that each stands for a word.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# Vowel signs and other marks, which Python takes for no part of a word: combining ones, those of
# Hebrew and Arabic, and whole blocks from Devanagari to Myanmar, and Khmer, without the danda.
_SIGNS = (
    "\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0963\u0966-\u109f"
    "\u1780-\u17d3"
)
_WORD = re.compile(rf"[{_UNSPACED}]|(?:[^\W{_UNSPACED}]|[{_SIGNS}])+")
_BREAK = re.compile(r"\n[ \t\r\f\v]*\n")


@dataclass(frozen=True, slots=True)
class Document:
    """One document; ``id`` is its path below the folder, with the row's number where it is one.

    ``title`` is '' where there is none, and stands in no paragraph. ``fields`` says that each
    paragraph is a ``column: value`` of a row rather than prose.
    """

    id: str
    title: str
    paragraphs: tuple[str, ...]
    fields: bool = False

    @property
    def text(self) -> str:
        """The paragraphs, one a line."""
        return "\n".join(self.paragraphs)


def fold(text: str) -> str:
    r"""White space as single spaces, none at the ends.

    >>> fold(" one\n\ttwo ")
    'one two'
    """
    return " ".join(text.split())


def paragraphs_of(text: str) -> tuple[str, ...]:
    r"""What empty lines divide, each folded.

    >>> paragraphs_of("one\nline\n \ntwo\n")
    ('one line', 'two')
    """
    return tuple(filter(None, map(fold, _BREAK.split(text))))


def words_of(text: str) -> list[str]:
    """The words of a text in small letters; a Chinese or Japanese character is one.

    >>> words_of("A dog's 2 bones, 犬の骨")
    ['a', 'dog', 's', '2', 'bones', '犬', 'の', '骨']
    """
    return _WORD.findall(text.casefold())

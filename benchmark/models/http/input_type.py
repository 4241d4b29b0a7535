"""The words by which some endpoints are told what a text is for: ``input_type`` and its like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmark.protocols import Role

_FIELD = "input_type"  # Cohere, NVIDIA and Voyage; Jina calls it task


@dataclass(frozen=True, slots=True)
class InputType:
    """The field of a request, and its word by role; a role without a word sends none."""

    name: str = _FIELD
    words: Mapping[str, str] = field(default_factory=dict)

    def fields(self, role: Role) -> dict[str, str]:
        """What is added to a request for texts of this role."""
        word = self.words.get(role or "text")
        return {self.name: word} if word else {}


def input_type_option(text: str) -> str:
    """The value of ``input_type=``, checked; ValueError for fewer than two words."""
    read_input_type(text)
    return text


input_type_option.__name__ = (
    "QUERY,DOCUMENT or QUERY,DOCUMENT,OTHER words, after FIELD: if not its own"
)


def read_input_type(text: str) -> InputType:
    """Words for queries, for documents, and for texts without a role, after ``FIELD:`` if any.

    >>> read_input_type("query,passage").fields("document")
    {'input_type': 'passage'}
    >>> read_input_type("task:retrieval.query,retrieval.passage,text-matching").fields(None)
    {'task': 'text-matching'}
    >>> read_input_type("query,document").fields(None)
    {}
    """
    if not text:
        return InputType()
    before, colon, after = text.partition(":")
    words = (after if colon else before).split(",")
    if not 2 <= len(words) <= 3 or (colon and not before.isidentifier()):
        raise ValueError(text)
    named = zip(("query", "document", "text"), words, strict=False)
    return InputType(before if colon else _FIELD, dict(named))

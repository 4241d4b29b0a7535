"""Bags of words, and of characters for writing without spaces."""

from __future__ import annotations

from typing import Any

import pytest

from benchmark.errors import UsageError
from benchmark.models.table import load_model


def vectors(uri: str, *texts: str) -> list[list[float]]:
    """The vectors of texts that the model was fitted on."""
    model: Any = load_model(uri)
    found: list[list[float]] = model.fit(texts).encode(texts).toarray().tolist()
    return found


def test_words_are_counted() -> None:
    """Lower-cased, one letter long too; in the order of the vocabulary: a, b, word."""
    assert vectors("bow", "A word, a word", "b") == [[2, 0, 2], [0, 1, 0]]


def test_characters_are_counted_where_no_space_parts_words() -> None:
    """A sentence of Chinese is one word, and has four characters."""
    assert vectors("bow", "借呗额度", "额度！") == [[1, 0], [0, 1]]
    assert vectors("bow?unit=character", "借呗额度", "额度！") == [[1, 1, 1, 1], [0, 0, 1, 1]]


def test_the_unit_is_part_of_who_the_model_is() -> None:
    """Words are the default, so that naming them changes nothing."""
    plain, named, other = (
        load_model(f"tfidf{option}").identity for option in ("", "?unit=word", "?unit=character")
    )

    assert plain == named
    assert (other.name, other.slug) == (plain.name, "unit_character")


def test_an_unknown_unit_names_both() -> None:
    """Before anything is fitted."""
    with pytest.raises(UsageError, match="word or character"):
        load_model("tfidf?unit=letter")

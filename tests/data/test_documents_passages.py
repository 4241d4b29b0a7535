"""Sentences, passages and duplicates of documents."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.data.documents.duplicates import NEAR, find_distinct
from benchmark.data.documents.markup import read_markdown
from benchmark.data.documents.passages import (
    LEAST_WORDS,
    PASSAGE_WORDS,
    cut,
    ends_sentence,
    split_sentences,
)
from benchmark.data.documents.record import fold, words_of

WRITING = st.text("aB1 .!?。！…\"')」-\u00e9\u72ac\u0645\u061f\u0964", max_size=80)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One. ", "Two! ", "Three? ", "Four"]),
        ('He said "Stop." Then he ran.', ['He said "Stop." ', "Then he ran."]),
        ("See e.g. this one, i.e. that. Next.", ["See e.g. this one, i.e. that. ", "Next."]),
        ("Mr. Smith met J. R. Jones at St. Ives.", ["Mr. Smith met J. R. Jones at St. Ives."]),
        ("It costs 3.50 in v1.2.3.", ["It costs 3.50 in v1.2.3."]),
        ("Wait... what? Yes.", ["Wait... what? ", "Yes."]),
        ("犬が走る。「吠えた。」本当？はい！", ["犬が走る。", "「吠えた。」", "本当？", "はい！"]),
        ("狗在跑。猫在睡", ["狗在跑。", "猫在睡"]),
        ("कुत्ता दौड़ता है। बिल्ली सोती है।", ["कुत्ता दौड़ता है। ", "बिल्ली सोती है।"]),
        ("هل هذا صحيح؟ نعم.", ["هل هذا صحيح؟ ", "نعم."]),
        ("the wing is thin . it lifts . so", ["the wing is thin . ", "it lifts . ", "so"]),
        ("", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    """In several writings, not after abbreviations, initials and numbers."""
    assert sentences == split_sentences(text)


@given(WRITING)
def test_sentences_joined_are_the_text(text: str) -> None:
    """Nothing is lost, and no part is empty."""
    found = split_sentences(text)

    assert text == "".join(found)
    assert all(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("It is. ", True), ("It is.)", True), ("是。", True), ("1. ", True), ("| a |", False),
     ("x = 1", False), ("", False)],
)  # fmt: skip
def test_what_ends_as_a_sentence(text: str, expected: bool) -> None:
    """Headings, code and cells do not."""
    assert expected == ends_sentence(text)


@given(st.lists(st.tuples(st.integers(1, 260), st.integers(3, 30)), max_size=8))
def test_passages_hold_the_whole_document_in_order(shape: list[tuple[int, int]]) -> None:
    """Paragraphs of any length: nothing lost, none too long but by a rest that joined it."""
    numbers = iter(range(10**6))
    paragraphs = []
    for words, of_sentence in shape:
        names = [f"w{next(numbers)}" for _ in range(words)]
        starts = range(0, words, of_sentence)
        paragraphs.append(
            " ".join(" ".join(names[s : s + of_sentence]).capitalize() + "." for s in starts)
        )

    passages = cut(paragraphs)

    assert "".join(p + "\n" for p in paragraphs) == "".join("".join(p) for p in passages)
    sizes = [sum(len(words_of(sentence)) for sentence in passage) for passage in passages]
    assert all(size <= PASSAGE_WORDS for size in sizes[:-1])
    assert all(size < PASSAGE_WORDS + LEAST_WORDS for size in sizes)
    assert len(sizes) < 2 or sizes[-1] >= LEAST_WORDS


def test_whole_paragraphs_stay_together() -> None:
    """Where they fit."""
    one, two = "A dog. " * 60, "A cat. " * 60

    assert [120, 120] == [sum(len(words_of(s)) for s in p) for p in cut([one, two])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dogs, 2 cats", ["dogs", "2", "cats"]),
        ("東京の犬 runs", ["東", "京", "の", "犬", "runs"]),
        ("मैं हूँ।", ["मैं", "हूँ"]),
        ("שָׁלוֹם", ["שָׁלוֹם"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    """A character is a word where none are divided by spaces; marks belong to their letters."""
    assert words == words_of(text)


def test_duplicates_are_set_aside() -> None:
    """Equal but for white space; nearly equal; short texts only when equal."""
    draws = random.Random(1)
    text = [f"word{draws.randrange(500)}" for _ in range(200)]
    changed = [*text[:100], "another", *text[101:]]  # 3 of 198 runs differ on both sides
    half = [*text[:100], *(f"other{n}" for n in range(100))]
    texts = [" ".join(text), "\n".join(text), " ".join(changed), " ".join(half), "ok", "ok ", "no"]

    found = find_distinct(texts)

    assert ((0, 3, 4, 6), 2, 1) == (found.kept, found.same, found.near)


@given(st.integers(0, 10**6), st.floats(0, 1))
def test_near_is_what_the_jaccard_index_says(seed: int, share: float) -> None:
    """A pair is set aside when the index, computed from sets, is well above, and never below."""
    draws = random.Random(seed)
    one = [f"a{draws.randrange(10**6)}" for _ in range(120)]
    other = [word if draws.random() < share else f"b{word}" for word in one]
    runs = [{tuple(t[n : n + 3]) for n in range(len(t) - 2)} for t in (one, other)]
    index = len(runs[0] & runs[1]) / len(runs[0] | runs[1])

    found = find_distinct([" ".join(one), " ".join(other)])

    if index >= 0.85 and one != other:
        assert found.near == 1
    if index < NEAR:
        assert found.near == 0


@given(st.lists(st.sampled_from(["a b c d", "a  b c d", "e f g h", "x", "x ", ""]), max_size=8))
def test_each_text_is_kept_once(texts: list[str]) -> None:
    """The first of its kind, and the counts add up."""
    found = find_distinct(texts)

    kept = [fold(texts[number]) for number in found.kept]
    assert len(kept) == len(set(kept)) == len({fold(text) for text in texts})
    assert len(texts) == len(kept) + found.same + found.near


@pytest.mark.parametrize(
    "text",
    [
        "." * 300_000 + "x",
        ".)" * 150_000,
        '."' + '"' * 300_000 + "x",
        ". " * 150_000,
        "。" * 300_000,
    ],
    ids=["dots", "closed dots", "quotes", "sentences", "wide"],
)
def test_a_hostile_text_is_no_endless_work(text: str) -> None:
    """Steps grow with the length; with its square these would take minutes."""
    assert text == "".join(split_sentences(text))
    ends_sentence(text)


@pytest.mark.parametrize(
    "text", ["# " + " " * 300_000 + "x", "# x" + " #" * 150_000 + "x", "<!--" * 100_000,
             "---\ntitle: x" + " " * 300_000 + "y\n---\n", "```" * 100_000, "> " * 150_000],
    ids=["spaces", "marks", "comments", "title", "fences", "quotes"],
)  # fmt: skip
def test_hostile_markdown_is_no_endless_work(text: str) -> None:
    """Neither is this."""
    title, paragraphs = read_markdown(text)

    assert len(title) + sum(map(len, paragraphs)) <= len(text)

"""Title to body, inverse cloze and body first: what holds for any documents."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmark.data.documents import CONSTRUCTIONS, MEANINGS, construct
from benchmark.data.documents.construct import MOST_QUERIES, Made, Material, cloze, gather, opening
from benchmark.data.documents.construct import title as titled
from benchmark.data.documents.passages import LEAST_WORDS
from benchmark.data.documents.record import Document, fold, words_of

MAKE: dict[str, Callable[[Material, int], Made]] = {
    "title": titled,
    "cloze": cloze,
    "opening": opening,
}


@st.composite
def folders(draw: st.DrawFn) -> list[Document]:
    """Documents of few different words, so that sentences, titles and whole texts come again."""
    random_of = random.Random(draw(st.integers(0, 10**6)))
    vocabulary = [f"w{number}" for number in range(draw(st.sampled_from((4, 30, 3000))))]

    def sentence() -> str:
        words = random_of.choices(vocabulary, k=random_of.randint(3, 14))
        return " ".join(words).capitalize() + random_of.choice((".", ".", "?", ""))

    def document(number: int) -> Document:
        paragraphs = tuple(
            " ".join(sentence() for _ in range(random_of.randint(1, 12)))
            for _ in range(random_of.randint(0, 6))
        )
        title = random_of.choice(("", sentence(), "The same", "the same"))
        return Document(f"{number}.txt", title, paragraphs, random_of.random() < 0.2)

    some = [document(number) for number in range(draw(st.integers(0, 12)))]
    again = [Document(f"again/{d.id}", d.title, d.paragraphs) for d in some[:2]]
    return [*some, *again]


@pytest.mark.parametrize("name", MAKE)
@given(folders(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_each_query_has_exactly_its_document(
    name: str, documents: list[Document], seed: int
) -> None:
    """One answer a query, in the corpus; queries and documents are all different."""
    made = MAKE[name](gather(documents), seed)

    assert set(made.queries) == set(made.answers)
    assert set(made.answers.values()) <= set(made.corpus)
    assert len(set(made.answers.values())) == len(made.answers)
    texts = [fold(text) for text in made.queries.values()]
    assert len(set(texts)) == len(texts)
    assert all(texts)
    assert all(len(words_of(made.corpus[a])) >= LEAST_WORDS for a in made.answers.values())
    assert not set(made.queries) & set(made.corpus)


@given(folders(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_the_sentence_is_in_no_passage(documents: list[Document], seed: int) -> None:
    """Not in the one it was cut from, and as a sentence nowhere; the rest of it is all there."""
    material = gather(documents)
    passages = {passage.id: passage for passage in material.passages}
    made = cloze(material, seed)

    for query, sentence in made.queries.items():
        answer = made.answers[query]
        assert sentence.casefold() not in fold(made.corpus[answer]).casefold()
        parts = [fold(part) for part in passages[answer].sentences]
        assert parts.count(sentence) == 1
        parts.remove(sentence)
        assert "".join(parts).replace(" ", "") == "".join(made.corpus[answer].split())
        others = [p for name, p in passages.items() if name != answer]
        assert not any(sentence == fold(part) for p in others for part in p.sentences)
    untouched = set(made.corpus) - set(made.answers.values())
    assert all(made.corpus[name] == passages[name].text for name in untouched)


@given(folders(), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_the_opening_asks_for_a_later_passage(documents: list[Document], seed: int) -> None:
    """Of the same document, without the sentence, and the only one of it in the corpus."""
    made = opening(gather(documents), seed)

    places = [name.rpartition("#") for name in made.corpus]
    assert all(int(number) > 1 for _, _, number in places)
    assert len({document for document, _, _ in places}) == len(places)
    for query, answer in made.answers.items():
        assert query.removesuffix("#opening") == answer.rpartition("#")[0]
        assert made.queries[query].casefold() not in fold(made.corpus[answer]).casefold()


@given(folders(), st.integers(0, 3), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_a_document_is_not_moved_by_others(
    documents: list[Document], seed: int, random_of: random.Random
) -> None:
    """One more document, which shares nothing with them, changes no query of the others."""
    stranger = Document(
        "zz.txt", "Stranger", ("X1 x2 x3 x4 x5 x6. " * 3 + "Y1 y2 y3 y4 y5 y6 y7.",)
    )
    for make in MAKE.values():
        before = make(gather(documents), seed)
        after = make(gather([*documents, stranger]), seed)
        assert before.queries.items() <= after.queries.items()


def unlike(name: object, words: int) -> str:
    """Sentences of ten words that occur nowhere else."""
    draws = random.Random(str(name))
    names = [f"n{draws.randrange(10**6)}" for _ in range(words)]
    return " ".join(" ".join(names[s : s + 10]).capitalize() + "." for s in range(0, words, 10))


@pytest.mark.parametrize("name", MAKE)
def test_the_seed_decides(name: str) -> None:
    """The same seed gives the same, another one another, where anything is drawn."""
    count = MOST_QUERIES + 30
    texts = [(unlike(n, 30), unlike(f"more {n}", 190)) for n in range(count)]
    material = gather([Document(f"{n}.txt", f"Number {n}", text) for n, text in enumerate(texts)])

    one, same, other = (MAKE[name](material, seed) for seed in (1, 1, 2))

    assert one == same
    assert one != other
    assert MOST_QUERIES == len(one.queries)
    assert len(one.corpus) >= count


def test_documents_take_turns() -> None:
    """A long one does not crowd out the others."""
    long = Document("long.txt", "", tuple(unlike(n, 150) for n in range(MOST_QUERIES + 200)))
    short = [Document(f"{n}.txt", "", (unlike(f"-{n}", 60),)) for n in range(1, 9)]
    material = gather([long, *short])

    made = cloze(material, 42)

    assert MOST_QUERIES == len(made.queries)
    assert 8 == sum(not name.startswith("long.txt#") for name in made.queries)


def test_what_is_too_short_or_alike_is_counted() -> None:
    """Documents without a title, with the same one, too short, empty, equal and nearly equal."""
    whole = unlike(1, 120)
    documents = [
        Document("a", "One", (whole,)),
        Document("b", "Equal", (whole.replace(". ", ".\n"),)),
        Document("c", "Near", (f"{whole} More.",)),
        Document("d", "Both", (unlike(2, 120),)),
        Document("e", "both", (unlike(3, 120),)),
        Document("f", "Short", ("Too little.",)),
        Document("g", "", (unlike(4, 500),)),
        Document("h", "Empty", ()),
    ]

    material = gather(documents)
    made = {name: make(material, 42) for name, make in MAKE.items()}

    assert (1, 1, 1) == (
        material.empty,
        material.document_duplicates.same,
        material.document_duplicates.near,
    )
    assert ["a", "d", "e", "f", "g"] == list(made["title"].corpus)
    assert {"a#title": "One"} == made["title"].queries
    counts = {"document_without_title": 1, "title_occurs_again": 2, "document_too_short": 1}
    assert counts == made["title"].counts
    assert {"document_too_short": 1} == made["cloze"].counts
    assert {"document_too_short": 4} == made["opening"].counts
    assert ["g#opening"] == list(made["opening"].queries)


def test_a_row_is_asked_for_by_a_field_of_words() -> None:
    """A row has no sentences; cells of few words, and those that come again, are not asked."""
    rows = [
        Document(f"t.csv:{n}", "", (f"size: {n}", f"about: {unlike(n, 9)[:-1]}", more), True)
        for n, more in enumerate(unlike(f"-{n}", 30) for n in range(4))
    ]

    made = cloze(gather(rows), 1)

    assert 4 == len(made.queries)
    assert not any(sentence.startswith("size") for sentence in made.queries.values())


def test_cells_and_code_of_markdown_are_no_sentences() -> None:
    """Though they end as one does."""
    lines = ("| one two three four five. |", "```sh run one two three four.", "| a b c d e. f |.")
    prose = [unlike(n, 300).replace(".", "") for n in range(4)]
    material = gather([Document(f"{n}.md", "", (text, *lines)) for n, text in enumerate(prose)])

    assert {} == cloze(material, 1).queries


def test_every_construction_is_named() -> None:
    """In one table, with what it is."""
    assert list(MAKE) == list(CONSTRUCTIONS) == list(MEANINGS)
    for name, target in CONSTRUCTIONS.items():
        assert target == f"{construct.__name__}:{name}"

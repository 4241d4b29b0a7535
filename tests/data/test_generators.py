"""The generated long documents: length, one fact each, equal from the same seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmark.data.generators import GENERATORS, haystack, needle, passkey
from benchmark.data.sources import resolve
from benchmark.errors import DataError, MissingExtraError

ARGUMENTS: dict[str, Any] = {"package": "filler", "path": "news.cor", "documents": 20}


@pytest.fixture(autouse=True)
def filler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty texts of three sentences instead of a package's."""
    path = tmp_path / "news.cor"
    lines = [f"Text {n} begins here. It goes on for a while. It ends at {n}." for n in range(60)]
    path.write_text("\n".join(lines), "utf-8")
    monkeypatch.setattr(haystack, "find_file", lambda package, name: path)


def answers(tables: dict[str, pa.Table]) -> list[tuple[str, str]]:
    """Each query's text with its document's, in the order of the queries' ids."""
    documents = dict(zip(*tables["corpus"].to_pydict().values(), strict=True))
    queries = dict(zip(*tables["queries"].to_pydict().values(), strict=True))
    return [
        (queries[row["query-id"]], documents[row["corpus-id"]])
        for row in tables["qrels"].to_pylist()
    ]


def test_every_generator_of_the_table_exists() -> None:
    """A name in GENERATORS resolves to a function."""
    assert all(callable(resolve(target)) for target in GENERATORS.values())


@pytest.mark.parametrize("generator", [passkey, needle])
@pytest.mark.parametrize(("split", "words"), [("test_64", 48), ("test_256", 192)])
def test_every_document_has_the_length_of_its_split(generator: Any, split: str, words: int) -> None:
    """Three words to four tokens."""
    tables = generator.generate(ARGUMENTS, 42, "default", split)

    assert [words] * 20 == [len(text.split()) for text in tables["corpus"]["text"].to_pylist()]


def test_a_document_holds_the_key_of_its_person_and_of_no_other() -> None:
    """Each query's person is named in one document, the one that is judged relevant."""
    tables = passkey.generate(ARGUMENTS, 42, "default", "test_128")
    texts = tables["corpus"]["text"].to_pylist()

    for query, document in answers(tables):
        person = re.sub(r"What is the pass key for (.*)\?", r"\1", query)
        assert [document] == [text for text in texts if person in text]
        assert 2 == len(re.findall(r"\b\d{5}\b", document))


def test_a_document_holds_the_fact_that_answers_its_question() -> None:
    """Goods and city of a query stand together in one document."""
    tables = needle.generate(ARGUMENTS, 42, "default", "test_128")
    texts = tables["corpus"]["text"].to_pylist()

    for query, document in answers(tables):
        match = re.fullmatch(r"Who sells (.*) in (.*)\?", query)
        assert match is not None
        assert [document] == [text for text in texts if match[1] in text and match[2] in text]


def test_goods_or_cities_alone_do_not_tell_the_documents_apart() -> None:
    """Of a hundred facts, most share their goods and their city with another."""
    tables = needle.generate({**ARGUMENTS, "documents": 100}, 42, "default", "test_64")
    cities = [query.rpartition(" in ")[2] for query in tables["queries"]["text"].to_pylist()]

    assert 20 >= len(set(cities))


def test_splits_differ_in_length_only() -> None:
    """The questions are the same in every split."""
    short = passkey.generate(ARGUMENTS, 42, "default", "test_64")
    long = passkey.generate(ARGUMENTS, 42, "default", "test_256")

    assert short["queries"].equals(long["queries"])


def test_the_seed_decides_everything() -> None:
    """Equal seeds give equal tables, others give others."""
    first, again, other = (
        needle.generate(ARGUMENTS, seed, "default", "test_128") for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


@pytest.mark.parametrize("split", ["test", "test_", "test_8", "test_99999", "256"])
def test_a_split_without_a_fitting_length_is_an_error(split: str) -> None:
    """Too short for the fact, too long for the filler, or no number at all."""
    with pytest.raises(DataError, match=f"split '{split}'.*; name"):
        passkey.generate(ARGUMENTS, 42, "default", split)


def test_a_missing_filler_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """The generator needs a package's file like any reader."""
    from benchmark.data.package import find_file

    monkeypatch.setattr(haystack, "find_file", find_file)

    with pytest.raises(MissingExtraError, match=r"embedmark\[starter\]"):
        passkey.generate({**ARGUMENTS, "package": "no-such-package"}, 42, "default", "test_64")

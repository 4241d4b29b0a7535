"""The readers of packaged data, on small files of the same shape."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmark.data.package import find_file
from benchmark.data.readers import READERS, docstrings, emoji, iso_codes, lee, us_gaap
from benchmark.data.readers.order import once, retrieval_tables, shuffled_ids
from benchmark.data.sources import resolve
from benchmark.errors import DataError, MissingExtraError

Reader = Callable[[Path, Mapping[str, Any], str, str], dict[str, pa.Table]]


def test_every_reader_of_the_table_exists() -> None:
    """A name in READERS resolves to a function."""
    assert all(callable(resolve(target)) for target in READERS.values())


def test_find_file_finds_a_packages_file_without_importing_it() -> None:
    """numpy's own version file is found by its path in the distribution."""
    assert find_file("numpy", "numpy/version.py").name == "version.py"


def test_a_missing_package_names_the_extra() -> None:
    """The error is the one line that says what to install."""
    with pytest.raises(MissingExtraError) as error:
        find_file("no-such-package", "x", "the task 'T'")

    expected = (
        "the task 'T' needs the package 'no-such-package'; run: pip install 'embedmark[starter]'"
    )

    assert expected == str(error.value)


@pytest.mark.parametrize("path", ["../outside.txt", "/etc/passwd"])
def test_a_path_stays_inside_the_installation(path: str) -> None:
    """A task file cannot name a file elsewhere on the machine."""
    with pytest.raises(DataError, match="leaves the package"):
        find_file("numpy", path)


def test_a_missing_file_names_package_version_and_remedy() -> None:
    """A package of another version may lack a file; the message says what to install."""
    with pytest.raises(DataError, match=r"numpy \d.*no file 'numpy/none.txt'; install.*pip"):
        find_file("numpy", "numpy/none.txt")


def test_ids_are_a_permutation_that_says_nothing_of_the_row() -> None:
    """Each id once, not in row order, and other for queries than for documents."""
    documents, queries = shuffled_ids(100, "d", 42), shuffled_ids(100, "q", 42)

    assert [f"d{n:02d}" for n in range(100)] == sorted(documents)
    assert sorted(documents) != documents
    assert [name[1:] for name in documents] != [name[1:] for name in queries]


def test_texts_that_stand_twice_are_dropped_on_both_sides() -> None:
    """A pair goes when either of its texts has a twin."""
    pairs = [("a", "x"), ("a", "y"), ("b", "z"), ("c", "z"), ("d", "w")]

    assert [("d", "w")] == once(pairs, [p[0] for p in pairs], [p[1] for p in pairs])


def test_retrieval_tables_keep_who_answers_whom() -> None:
    """Through the drawn ids, every query still finds its documents."""
    tables = retrieval_tables([("first", [0, 2]), ("second", [1])], ["a", "b", "c"], seed=7)
    texts = dict(zip(*tables["corpus"].to_pydict().values(), strict=True))
    queries = dict(zip(*tables["queries"].to_pydict().values(), strict=True))
    judged = {
        (queries[row["query-id"]], texts[row["corpus-id"]]) for row in tables["qrels"].to_pylist()
    }

    assert {("first", "a"), ("first", "c"), ("second", "b")} == judged


def test_lee_similarities_are_the_upper_triangle(tmp_path: Path) -> None:
    """1,225 pairs without the diagonal, each with its cell of the table."""
    (tmp_path / "lee.cor").write_bytes(b"".join(b"text %d \xa3\n" % n for n in range(50)))
    lines = [
        "\t".join("1" if i == j else f"0.{i:02d}{j:02d}" for j in range(50)) for i in range(50)
    ]
    (tmp_path / "similarities0-1.txt").write_text("\n".join(lines), "utf-8")

    rows = lee.similarities(tmp_path, {}, "default", "test")["rows"].to_pylist()

    assert 1225 == len({(row["sentence1"], row["sentence2"]) for row in rows})
    assert all(
        row["score"]
        == float(f"0.{int(row['sentence1'].split()[1]):02d}{int(row['sentence2'].split()[1]):02d}")
        for row in rows
    )


def test_lee_leads_leave_out_repeated_articles_and_single_sentences(tmp_path: Path) -> None:
    """The lead is the query, and no part of its document."""
    path = tmp_path / "news.cor"
    path.write_text('One "went." He came.\nOne "went." He came.\nOnly one here.\nA b. C d. E f.\n')

    tables = lee.leads(path, {}, "default", "test")

    assert {"A b.", 'One "went.'} == set(tables["queries"]["text"].to_pylist())
    assert {"C d. E f.", "He came."} == set(tables["corpus"]["text"].to_pylist())


def write_emoji(folder: Path) -> None:
    """Four emoji, one of a skin tone, with names in two languages."""
    english = {"😀": ":smile:", "🐎": ":race_horse:", "👋🏽": ":wave_medium:", "⛄": ":snowman:"}
    german = {"😀": ":lachen:", "🐎": ":rennpferd:", "👋🏽": ":winken:", "⛄": ":Snowman:"}
    full = {key: {"en": name, "status": 2} for key, name in english.items()}
    full["☺"] = {"en": ":old_smile:", "status": 4}
    (folder / "emoji.json").write_text(json.dumps(full), "utf-8")
    (folder / "emoji_de.json").write_text(json.dumps(german), "utf-8")


def test_emoji_names_drop_skin_tones_and_names_that_are_the_same(tmp_path: Path) -> None:
    """What is left are translations that string comparison does not find."""
    write_emoji(tmp_path)

    rows = emoji.names(tmp_path, {}, "en-de", "test")["rows"].to_pylist()

    expected = [
        {"sentence1": "race horse", "sentence2": "rennpferd"},
        {"sentence1": "smile", "sentence2": "lachen"},
    ]
    assert expected == sorted(rows, key=lambda row: str(row["sentence1"]))


def test_no_emoji_is_named_in_two_languages(tmp_path: Path) -> None:
    """Training and test texts of a language classifier are no translations of each other."""
    full = {chr(0x1F400 + n): {"en": f":en_{n}:", "status": 2} for n in range(8)}
    (tmp_path / "emoji.json").write_text(json.dumps(full), "utf-8")
    german = {key: f":de_{n}:" for n, key in enumerate(full)}
    (tmp_path / "emoji_de.json").write_text(json.dumps(german), "utf-8")
    arguments = {"languages": ["en", "de"], "train": 2, "test": 2}

    tables = emoji.languages(tmp_path, arguments, "default", "test")
    rows = tables["train"].to_pylist() + tables["rows"].to_pylist()

    assert 8 == len({row["text"].split()[1] for row in rows})
    assert all(row["text"].startswith(row["label"]) for row in rows)
    assert [("de", 2), ("en", 2)] == sorted(
        (label, tables["rows"]["label"].to_pylist().count(label)) for label in ("en", "de")
    )


def write_catalogue(path: Path, messages: Mapping[str, str]) -> None:
    """A gettext .mo file of these messages, as msgfmt writes it."""
    entries = sorted({"": "Content-Type: text/plain; charset=UTF-8\n", **messages}.items())
    start = 28 + 16 * len(entries)
    keys, values, data = b"", b"", b""
    for column in (0, 1):
        for entry in entries:
            raw = entry[column].encode()
            place = struct.pack("<II", len(raw), start + len(data))
            keys, values = (keys + place, values) if column == 0 else (keys, values + place)
            data += raw + b"\0"
    count = len(entries)
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, start)
    path.parent.mkdir(parents=True)
    path.write_bytes(head + keys + values + data)


def test_iso_names_are_read_from_the_catalogue_of_the_subset(tmp_path: Path) -> None:
    """Untranslated, equal and repeated names are left out."""
    names = ["Spain", "Chad", "Oman", "Here", "There"]
    (tmp_path / "databases").mkdir()
    (tmp_path / "databases" / "iso3166-1.json").write_text(
        json.dumps({"3166-1": [{"name": name} for name in names]}), "utf-8"
    )
    write_catalogue(
        tmp_path / "locales" / "xy_Z" / "LC_MESSAGES" / "iso3166-1.mo",
        {"Spain": "Espainia", "Chad": "CHAD", "Here": "Same", "There": "Same"},
    )

    tables = iso_codes.names(tmp_path, {"standard": "3166-1"}, "en-xy_Z", "test")

    assert [{"sentence1": "Spain", "sentence2": "Espainia"}] == tables["rows"].to_pylist()


GAAP = {
    "_metadata": {"version": "1"},
    "ifrs-full_Assets": {"standard_tags": ["Assets"]},
    **{
        f"{word}Item{name}": {
            "statement": statement,
            "section": section,
            "display_name": item,
        }
        for word in ("Cash", "Trade", "Other")
        for name, statement, section, item in (
            ("Held", "BalanceSheet", "Current Assets", "Cash"),
            ("Owed", "BalanceSheet", "Current Assets", "Receivables"),
            ("Sold", "IncomeStatement", "Revenue", "Revenue"),
        )
    },
}


@pytest.fixture
def gaap(tmp_path: Path) -> Path:
    """A mapping file of nine concepts, three line items and two statements."""
    path = tmp_path / "gaap_mappings.json"
    path.write_text(json.dumps(GAAP), "utf-8")
    return path


def test_us_gaap_labels_split_every_label_alike(gaap: Path) -> None:
    """``train`` of each label go to the training table, ``test`` of the rest to rows."""
    arguments = {"label": "statement", "at_least": 3, "train": 1, "test": 2}

    tables = us_gaap.labels(gaap, arguments, "default", "test")

    assert ["BalanceSheet", "IncomeStatement"] == sorted(tables["train"]["label"].to_pylist())
    assert 4 == tables["rows"].num_rows
    assert not set(tables["train"]["text"].to_pylist()) & set(tables["rows"]["text"].to_pylist())


def test_us_gaap_labels_drop_rare_ones(gaap: Path) -> None:
    """Below ``at_least`` a label is no label."""
    tables = us_gaap.labels(gaap, {"label": "section", "at_least": 4}, "default", "test")

    assert {"Current Assets"} == set(tables["rows"]["label"].to_pylist())


def test_us_gaap_items_find_their_concepts(gaap: Path) -> None:
    """Three line items, each with the three concepts named for it."""
    tables = us_gaap.items(gaap, {}, "default", "test")

    assert (3, 9, 9) == tuple(tables[name].num_rows for name in ("queries", "corpus", "qrels"))


def test_us_gaap_pairs_draw_negatives_from_the_same_section(gaap: Path) -> None:
    """A section of one line item has no other to offer, so it is left out."""
    rows = us_gaap.pairs(gaap, {}, "default", "test")["rows"].to_pylist()
    own = {"Held": "Cash", "Owed": "Receivables"}

    assert 6 == len(rows)
    assert 3 == sum(row["label"] for row in rows)
    for row in rows:
        belongs = own[row["sentence1"].split()[-1]] == row["sentence2"]
        assert bool(row["label"]) == belongs
        assert row["sentence2"] in own.values()


SOURCE = '''
def first():
    """Return the number of things here.

    What is counted here is all that there is in it now. Return the number of things here.

    Parameters
    ----------
    secret : int
    """


class Second:
    """Say what this class is for.

    It is here so that two docstrings stand in one module of the package that is read.
    """

    def short(self):
        """Too short.

        Nothing to be found by, though the prose that follows would be long enough by itself.
        """
'''


def test_docstrings_leave_the_summary_and_the_sections_out_of_the_prose(tmp_path: Path) -> None:
    """Neither the summary nor a parameter stands in the document; tests are passed over."""
    (tmp_path / "pack" / "tests").mkdir(parents=True)
    (tmp_path / "pack" / "module.py").write_text(SOURCE, "utf-8")
    (tmp_path / "pack" / "tests" / "test_it.py").write_text(SOURCE, "utf-8")

    found = docstrings.read_docstrings(tmp_path)

    expected = [
        "Return the number of things here.",
        "Say what this class is for.",
    ]
    assert expected == [doc.summary for doc in found]
    assert "What is counted here is all that there is in it now." == found[0].body
    assert [("pack", "module")] * 2 == [doc.module for doc in found]


def test_docstring_pairs_draw_negatives_from_the_same_file(tmp_path: Path) -> None:
    """Half of the pairs belong together."""
    (tmp_path / "module.py").write_text(SOURCE, "utf-8")

    rows = docstrings.pairs(tmp_path, {}, "default", "test")["rows"].to_pylist()

    assert [0, 1] == sorted(row["label"] for row in rows)


@pytest.mark.parametrize(
    ("reader", "arguments", "subset"),
    [
        (lee.similarities, {}, "default"),
        (lee.leads, {}, "default"),
        (emoji.names, {}, "en-de"),
        (iso_codes.names, {"standard": "3166-1"}, "en-de"),
        (us_gaap.labels, {"label": "statement"}, "default"),
        (us_gaap.items, {}, "default"),
        (docstrings.summaries, {}, "default"),
    ],
)
@pytest.mark.parametrize("content", [None, "", "[1, 2]", '{"a": 1}', "\ufffd"])
def test_a_file_of_another_shape_is_one_line_that_says_what_to_install(
    reader: Reader, arguments: Mapping[str, Any], subset: str, content: str | None, tmp_path: Path
) -> None:
    """No reader fails with anything but a DataError, and none quotes the file."""
    path = tmp_path
    if content is not None and reader in (lee.leads, us_gaap.labels, us_gaap.items):
        path = tmp_path / "file"
        path.write_text(content, "utf-8")
    elif content is not None:
        (tmp_path / "databases").mkdir()
        for name in ("lee.cor", "emoji.json", "databases/iso3166-1.json", "module.py"):
            (tmp_path / name).write_text(content, "utf-8")

    with pytest.raises(DataError) as error:
        reader(path, arguments, subset, "test")

    assert str(tmp_path) in str(error.value)
    assert "pip install" in str(error.value)
    assert "\n" not in str(error.value)

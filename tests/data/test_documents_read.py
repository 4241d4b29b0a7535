"""Documents of a folder: formats, titles, rows, links, and files that cannot be read."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmark.data.documents.markup import read_html, read_markdown, read_plain
from benchmark.data.documents.read import Collection, list_files, read_folder
from benchmark.data.documents.record import Document
from benchmark.errors import MissingExtraError


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below a folder ``data``."""
    for name, content in files.items():
        path = folder / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder / "data"


def collect(folder: Path) -> Collection:
    """What is read of a folder."""
    return read_folder(folder.resolve(), list_files(folder))


@pytest.mark.parametrize(
    ("text", "title", "paragraphs"),
    [
        ("On dogs\n\nDogs\n  bark.\n", "On dogs", ("Dogs bark.",)),
        ("Dogs bark.\n\nCats do not.", "", ("Dogs bark.", "Cats do not.")),
        ("One line\nand another\n\nText.", "", ("One line and another", "Text.")),
        ("Alone", "", ("Alone",)),
        ("word " * 21 + "\n\nText.", "", (("word " * 21).strip(), "Text.")),
        (" \n\n", "", ()),
    ],
)
def test_plain_text(text: str, title: str, paragraphs: tuple[str, ...]) -> None:
    """A short first line alone is a title, a sentence is not."""
    assert (title, paragraphs) == read_plain(text)


@pytest.mark.parametrize(
    ("text", "title", "paragraphs"),
    [
        ("# On dogs\nDogs bark.", "On dogs", ("Dogs bark.",)),
        ("On dogs\n=======\n\nDogs bark.", "On dogs", ("Dogs bark.",)),
        ("Text.\n\n## Use `it` ##\n\nMore.", "Use it", ("Text.", "More.")),
        ("---\ntitle: 'On dogs'\ntags: x\n---\n# On dogs\nText.", "On dogs", ("Text.",)),
        ("---\ntitle: A\n---\n# B\nText.", "A", ("# B", "Text.")),
        ("```sh\n# no title\n```\n\n# Title\n", "Title", ("```sh", "# no title", "```")),
        ("<!-- no\n\n -->Seen\n- one\n- two\n| a |", "", ("Seen", "- one", "- two", "| a |")),
        ("# On dogs\r\n\r\nDogs bark.\r\n\r\nOr not.\r\n", "On dogs", ("Dogs bark.", "Or not.")),
    ],
)  # fmt: skip
def test_markdown(text: str, title: str, paragraphs: tuple[str, ...]) -> None:
    """Front matter before headings, headings of both sorts, none within a fence of code."""
    assert (title, paragraphs) == read_markdown(text)


PAGE = """<html><head><title> On
dogs </title><style>p{}</style><script>var a='<p>x</p>'</script></head>
<body><h1>On dogs</h1><p>Dogs &amp; cats<br>run.<p>Or &#x6e;ot."""


@pytest.mark.parametrize(
    ("text", "title", "paragraphs"),
    [
        (PAGE, "On dogs", ("Dogs & cats run.", "Or not.")),
        ("<h2>First</h2><div>One<div>Two</div>Three</div>", "First", ("One", "Two", "Three")),
        ("<table><tr><td>a<td>b</table>", "", ("a b",)),
        ("<title>T</title><p>x <svg><title>image</title></svg> y", "T", ("x image y",)),
        ("<title>never closed<p>text", "never closed", ("text",)),
        ("<p>a<script>1<2 && '</p>'", "", ("a",)),
        ("1 < 2 &unknown; <", "", ("1 < 2 &unknown; <",)),
    ],
)
def test_html(text: str, title: str, paragraphs: tuple[str, ...]) -> None:
    """Text only; broken pages are read as far as they go."""
    found, blocks = read_html(text)

    assert title == found
    assert paragraphs == tuple(
        " ".join(block.replace("image", " image ").split()) for block in blocks
    )


def test_a_folder_of_all_formats(tmp_path: Path) -> None:
    """Subfolders are walked, hidden files and other formats skipped; ids are paths and rows."""
    rows = [{"title": "On dogs", "text": "Dogs bark.", "n": 1}, {"title": None, "text": "Cats."}]
    sheet = pa.table({"name": ["bolt", None], "size": [3, 4], "tags": [["a", "b"], []]})
    folder = write(
        tmp_path,
        {
            "a.txt": "\ufeffPlain\n\nText.",
            "sub/deep/b.md": "# Mark\n\nText.",
            "c.HTM": "<title>Page</title>Text.",
            "rows.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
            "cells.csv": "Body,kind\nSome text.,x\n",
            "one.tsv.gz": gzip.compress(b"question\nWhat is it?\n"),
            "bare.csv": "3.5,This is a text of words.\n",
            ".hidden.txt": "x",
            ".git/d.txt": "x",
            "e.png": b"\x00",
        },
    )
    pq.write_table(sheet, folder / "sheet.parquet")

    found = collect(folder)

    assert (
        Document("a.txt", "Plain", ("Text.",)),
        Document("bare.csv:1", "", ("column1: 3.5", "column2: This is a text of words."), True),
        Document("c.HTM", "Page", ("Text.",)),
        Document("cells.csv:1", "", ("Some text.",)),
        Document("one.tsv.gz:1", "", ("What is it?",)),
        Document("rows.jsonl:1", "On dogs", ("Dogs bark.",)),
        Document("rows.jsonl:2", "", ("Cats.",)),
        Document("sheet.parquet:1", "", ("name: bolt", "size: 3", 'tags: ["a", "b"]'), True),
        Document("sheet.parquet:2", "", ("size: 4", "tags: []"), True),
        Document("sub/deep/b.md", "Mark", ("Text.",)),
    ) == found.documents  # fmt: skip
    assert () == found.problems
    assert 8 == found.files


def test_what_cannot_be_read_is_named_and_the_rest_is(tmp_path: Path) -> None:
    """Other encodings, zero bytes, broken rows, half a surrogate pair: no text of them is shown."""
    folder = write(
        tmp_path,
        {
            "good.txt": "Text.",
            "latin.txt": b"fine\nsecret caf\xe9",
            "utf16.md": "secret".encode("utf-16"),
            "zero.html": b"secret\x00",
            "broken.jsonl": '{"text": "secret"}\n{"text": \n',
            "half.jsonl": '{"text": "ok"}\n{"text": "\\ud83d secret"}\n',
        },
    )

    found = collect(folder)

    assert ["good.txt"] == [document.id for document in found.documents]
    assert (
        "broken.jsonl line 2: invalid JSON at column 10; mend the line",
        "half.jsonl:2: holds half a surrogate pair; write the whole character",
        "latin.txt line 2: not UTF-8 (byte 0xe9); save the file as UTF-8",
        "utf16.md line 1: not UTF-8 (byte 0xff); save the file as UTF-8",
        "zero.html: holds zero bytes, so it is no text; remove it or save it as text",
    ) == found.problems


def test_links_stay_in_the_folder(tmp_path: Path) -> None:
    """A link out is refused and named, one to nothing too; one within is read, a loop is not."""
    (tmp_path / "outside.txt").write_text("secret")
    folder = write(tmp_path, {"in.txt": "Text.", "sub/other.txt": "More."})
    (folder / "again.txt").symlink_to("in.txt")
    (folder / "gone.txt").symlink_to("nowhere.txt")
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "sub/loop").symlink_to(folder)
    (folder / "away").symlink_to(tmp_path)

    found = collect(folder)

    assert ["again.txt", "in.txt", "sub/other.txt"] == [each.id for each in found.documents]
    assert (
        "gone.txt: a link to nothing; remove it",
        "out.txt: a link that leaves the folder; put the file itself there",
    ) == found.problems


def test_a_name_that_is_not_unicode_is_a_problem(tmp_path: Path) -> None:
    """No id can be made of it."""
    folder = write(tmp_path, {"in.txt": "Text."})
    try:
        (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Text.")
    except OSError:
        pytest.skip("this file system has names in UTF-8 only")

    found = collect(folder)

    assert ["in.txt"] == [document.id for document in found.documents]
    assert ("caf\\udce9.txt: its name is not UTF-8; rename the file",) == found.problems


def pdf(text: str) -> bytes:
    """The smallest PDF that shows a line of text."""
    shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Font<</F1 5 0 R>>>>",
    ]
    data, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    start = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    tail = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(data))
    return data + start + tail


def test_pdf(tmp_path: Path) -> None:
    """With the extra: the text of all pages; a damaged file is a problem, without its text."""
    pytest.importorskip("pypdf")
    folder = write(tmp_path, {"good.pdf": pdf("Dogs bark."), "bad.pdf": b"%PDF-1.4 secret"})

    found = collect(folder)

    assert (Document("good.pdf", "", ("Dogs bark.",)),) == found.documents
    (problem,) = found.problems
    assert problem.startswith("bad.pdf: not readable as PDF (")
    assert "secret" not in problem


def test_pdf_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line that installs it."""
    folder = write(tmp_path, {"a.pdf": b"", "b.txt": "Text."})
    monkeypatch.setattr("benchmark.data.documents.read.find_spec", lambda name: None)

    with pytest.raises(MissingExtraError) as caught:
        collect(folder)

    assert str(caught.value) == (
        "a .pdf in data needs the package 'pypdf'; run: pip install 'embedmark[pdf]'"
    )
